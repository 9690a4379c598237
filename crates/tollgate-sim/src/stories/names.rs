//! Money of an earlier order, and names that belong to another.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::Step;

use super::Stories;
use super::steps::{
    EXACT, NOTHING, OF_ANOTHER, STOCK, colliding_ids, give_back, order, pay, plain, settle, silent,
};

pub(super) fn add_to(stories: &mut Stories) {
    let plain = plain();
    let silent = silent();
    let colliding_ids = colliding_ids();
    stories.add(
        "money that was given back sells a later order of the same code",
        (Law::L9, "sold for money that was given back"),
        plain,
        &[NOTHING, pay(0, EXACT), order(0), STOCK, order(0)],
    );
    stories.add(
        "money that came and went before its order sells it",
        (Law::L2, "sold for less than is due"),
        plain,
        &[STOCK, pay(0, EXACT), give_back(false), order(0)],
    );
    stories.add(
        "an old settlement sent again pays a later order of the same code",
        (Law::L9, "sold for money that was given back"),
        silent,
        &[
            NOTHING,
            pay(0, EXACT),
            order(0),
            STOCK,
            order(0),
            Step::Again {
                which: 0,
                fresh: true,
            },
        ],
    );
    stories.add(
        "an id that looks like another reference takes its money along",
        (Law::L9, "money that did not come"),
        colliding_ids,
        &[STOCK, order(0), OF_ANOTHER],
    );
    stories.add(
        "an id that looks like another reference takes its refund along",
        (Law::L4, "what went back is not counted"),
        colliding_ids,
        &[
            STOCK,
            order(0),
            OF_ANOTHER,
            Step::GiveBack {
                order: 2,
                attempt: 0,
                part: false,
            },
        ],
    );
    stories.add(
        "money under an id that looks like another reference raises no alarm",
        (Law::L6, "money of no order without an alarm"),
        colliding_ids,
        &[STOCK, order(0), OF_ANOTHER],
    );
    stories.add(
        "a charge reported first without its id counts twice",
        (Law::L9, "money that did not come"),
        Manner {
            late_ids: true,
            ..plain
        },
        &[STOCK, order(0), pay(0, EXACT), settle(0)],
    );
}
