//! Gross was taken for net: what had gone back was given back once more.

use crate::law::Law;
use crate::script::Step;

use super::Stories;
use super::steps::{
    CANCEL, EXACT, FIVE_MINUTES, NOTHING, OTHER_PART, PART, STOCK, THREE_HOURS, TOO_MUCH,
    give_back, order, pay, plain, refund, register, silent, slow_worker, wait,
};

pub(super) fn add_to(stories: &mut Stories) {
    let plain = plain();
    let slow_worker = slow_worker();
    let silent = silent();
    stories.add(
        "half of a cancelled order is given back twice when the other half comes",
        TOO_MUCH,
        plain,
        &[
            STOCK,
            order(0),
            register(1),
            pay(0, PART),
            CANCEL,
            wait(FIVE_MINUTES),
            refund(0),
            NOTHING,
            pay(1, EXACT),
        ],
    );
    let all_that_came = Step::Refund {
        order: 0,
        attempt: 0,
        part: 2,
    };
    stories.add(
        "what was given back by itself is given back again by staff",
        TOO_MUCH,
        silent,
        &[
            STOCK,
            order(0),
            wait(THREE_HOURS),
            NOTHING,
            pay(0, EXACT),
            all_that_came,
        ],
    );
    stories.add(
        "a refund by itself is no fact",
        (Law::L8, "a refund is no fact"),
        silent,
        &[STOCK, order(0), wait(THREE_HOURS), NOTHING, pay(0, EXACT)],
    );
    stories.add(
        "what was given back pays again",
        (Law::L2, "sold for less than is due"),
        plain,
        &[
            STOCK,
            order(0),
            pay(0, PART),
            refund(0),
            register(1),
            pay(1, OTHER_PART),
        ],
    );
    stories.add(
        "a second payment is registered over less than is due",
        (Law::L2, "a payment over what is not due"),
        plain,
        &[STOCK, order(0), pay(0, PART), refund(0), register(1)],
    );
    stories.add(
        "paying what is due is called too much",
        (Law::L2, "called overpaid without being so"),
        plain,
        &[
            STOCK,
            order(0),
            pay(0, PART),
            refund(0),
            register(1),
            pay(1, EXACT),
        ],
    );
    stories.add(
        "an order completes after its money has gone back",
        (Law::L6, "completed with less than is due"),
        slow_worker,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            Step::Reverse {
                order: 0,
                attempt: 0,
            },
        ],
    );
    stories.add(
        "a refunded order completes when it is paid once more",
        (Law::L6, "a refunded order came back by itself"),
        plain,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            give_back(false),
            pay(0, EXACT),
        ],
    );
}
