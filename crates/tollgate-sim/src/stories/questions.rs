//! Answers that prove nothing, and questions that answer for others.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::Step;

use super::Stories;
use super::steps::{
    CANCEL, DECLINED, EXACT, FIVE_MINUTES, LEAVES, PART, STOCK, THREE_HOURS, UNREADABLE, forge,
    order, pay, plain, slow_post, slow_worker, wait,
};

pub(super) fn add_to(stories: &mut Stories) {
    let plain = plain();
    let slow_worker = slow_worker();
    let slow_post = slow_post();
    let check = Step::Check {
        order: 0,
        attempt: 0,
    };
    let unreadable = Step::Trouble {
        asks: true,
        how: UNREADABLE,
    };
    stories.add(
        "an answer whose amount cannot be read pays the order",
        (Law::L11, "an unreadable amount became money"),
        slow_post,
        &[STOCK, order(0), pay(0, PART), unreadable, check],
    );
    stories.add(
        "a report confirmed by an unreadable amount pays the order",
        (Law::L11, "an unreadable amount became money"),
        plain,
        &[STOCK, order(2), unreadable, pay(2, PART)],
    );

    stories.add(
        "the second page of a reference is never asked about",
        (Law::L7, "a report was not asked about"),
        slow_worker,
        &[STOCK, order(2), pay(2, DECLINED), pay(2, EXACT)],
    );
    stories.add(
        "a stranger's own page settles the report of another",
        (Law::L7, "a stranger used up the question of a report"),
        slow_worker,
        &[STOCK, order(2), forge(1), pay(2, EXACT)],
    );
    stories.add(
        "a stranger's own page raises an alarm about another",
        (Law::L7, "a stranger raised an alarm"),
        plain,
        &[STOCK, order(2), forge(1)],
    );
    stories.add(
        "a reference that looks like a page is never confirmed",
        (Law::L7, "a report was not asked about"),
        Manner {
            page_like_references: true,
            ..plain
        },
        &[STOCK, order(2), pay(2, EXACT)],
    );
    stories.add(
        "pages that do not exist keep a real one from being asked about",
        (Law::L7, "a report waits long"),
        plain,
        &[
            STOCK,
            order(2),
            forge(2),
            forge(2),
            forge(2),
            forge(2),
            forge(2),
            wait(FIVE_MINUTES),
            pay(2, EXACT),
            wait(FIVE_MINUTES),
        ],
    );
    stories.add(
        "many false reports use up the room of the real one",
        (Law::L7, "a stranger used up the question of a report"),
        plain,
        &[STOCK, order(2), Step::Storm { order: 0 }, pay(2, EXACT)],
    );
    let dead_question = (Law::L7, "a question is left dead");
    stories.add(
        "a checkout that was left leaves a dead question",
        dead_question,
        plain,
        &[STOCK, order(2), pay(2, LEAVES), wait(THREE_HOURS)],
    );
    stories.add(
        "cancelling what cannot be asked leaves a dead question",
        dead_question,
        plain,
        &[STOCK, order(3), CANCEL],
    );
}
