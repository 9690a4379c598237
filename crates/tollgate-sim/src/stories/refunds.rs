//! Refunds without an end.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::Step;

use super::Stories;
use super::steps::{
    EXACT, HANGS_UP, NOTHING, STOCK, TOO_MUCH, give_back, order, pay, plain, refund, silent,
};

pub(super) fn add_to(stories: &mut Stories) {
    let plain = plain();
    let silent = silent();
    stories.add(
        "a refund of which nothing is said stays open",
        (Law::L8, "a refund stays open"),
        Manner {
            refunds_later: true,
            ..silent
        },
        &[STOCK, order(0), pay(0, EXACT), refund(0)],
    );
    let hangs_up = Step::Trouble {
        asks: false,
        how: HANGS_UP,
    };
    let part_back = Step::Refund {
        order: 0,
        attempt: 0,
        part: 1,
    };
    let retry = Step::Retry { which: 0 };
    stories.add(
        "a refund whose end was not seen stays unknown",
        (Law::L8, "a refund stays unknown"),
        silent,
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back],
    );
    stories.add(
        "a known key is taken for a refusal",
        (Law::L8, "a refund that was done is called failed"),
        silent,
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back, retry],
    );
    stories.add(
        "what was given back is ordered once more after a known key",
        TOO_MUCH,
        silent,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            hangs_up,
            refund(0),
            retry,
            refund(0),
        ],
    );
    let by_our_key = Manner {
        by_our_key: true,
        ..plain
    };
    stories.add(
        "a refund that the provider reported is offered for another try",
        (Law::L8, "a refund that was done is offered again"),
        by_our_key,
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back],
    );
    stories.add(
        "a second try gives back a second time",
        (Law::L8, "one refund done twice"),
        Manner {
            forgets_keys: true,
            ..by_our_key
        },
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back, retry],
    );
    stories.add(
        "a refund known by two names counts twice",
        (Law::L8, "a refund is no fact"),
        Manner {
            two_names: true,
            ..plain
        },
        &[STOCK, order(0), pay(0, EXACT), part_back],
    );

    stories.add(
        "waiting money that was given back in part is given back in full",
        TOO_MUCH,
        plain,
        &[NOTHING, pay(0, EXACT), give_back(true), order(0)],
    );
    stories.add(
        "waiting money that was charged back is given back as well",
        TOO_MUCH,
        plain,
        &[
            NOTHING,
            pay(0, EXACT),
            Step::Dispute {
                order: 0,
                attempt: 0,
            },
            order(0),
        ],
    );
}
