//! What the world found afterwards.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::Step;

use super::Stories;
use super::steps::{
    CANCEL, EIGHT_DAYS, EXACT, FIVE_MINUTES, OTHER_PART, PART, SETS_ASIDE, SIXTEEN_MINUTES, STOCK,
    THREE_HOURS, TOO_MUCH, UNREADABLE, colliding_ids, cumulative, deliver, give_back, order, pay,
    plain, refund, register, settle, slow_post, slow_worker, wait,
};

pub(super) fn add_to(stories: &mut Stories) {
    let plain = plain();
    let slow_worker = slow_worker();
    let slow_post = slow_post();
    let cumulative = cumulative();
    let colliding_ids = colliding_ids();
    stories.add(
        "an order of nothing never completes",
        (Law::L6, "an order of nothing never completes"),
        plain,
        &[
            STOCK,
            Step::Order {
                order: 0,
                shape: 7,
                attempt: None,
            },
        ],
    );
    stories.add(
        "money that was charged back is given back as well",
        TOO_MUCH,
        plain,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            Step::Dispute {
                order: 0,
                attempt: 0,
            },
            refund(0),
        ],
    );
    stories.add(
        "money stays set aside for a cancelled order without an alarm",
        (Law::L6, "money stays set aside for nothing"),
        plain,
        &[STOCK, order(0), pay(0, SETS_ASIDE), CANCEL],
    );

    let pay_of = |order: u8, attempt: u8, mood: u8| Step::Pay {
        order,
        attempt,
        mood,
    };
    stories.add(
        "too much stays after a refund that the bank refused, without an alarm",
        (Law::L6, "too much was paid without an alarm"),
        Manner {
            code_pattern: true,
            ..slow_worker
        },
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            refund(0),
            give_back(true),
            pay(1, EXACT),
        ],
    );
    stories.add(
        "money set aside beside a refunded charge raises no alarm",
        (Law::L6, "money stays set aside for nothing"),
        plain,
        &[
            STOCK,
            order(0),
            pay(0, SETS_ASIDE),
            pay(0, OTHER_PART),
            give_back(false),
        ],
    );
    stories.add(
        "money set aside for an order that has ended raises no alarm",
        (Law::L6, "money stays set aside for nothing"),
        plain,
        &[
            STOCK,
            order(3),
            pay(0, SETS_ASIDE),
            wait(SIXTEEN_MINUTES),
            wait(FIVE_MINUTES),
            register(0),
        ],
    );
    stories.add(
        "many false reports take the place of a confirmed one",
        (Law::L7, "a stranger used up the question of a report"),
        plain,
        &[
            Step::Storm { order: 0 },
            pay(2, EXACT),
            wait(1),
            STOCK,
            order(2),
        ],
    );
    stories.add(
        "money that went back before its payment was known is given back once more",
        TOO_MUCH,
        Manner {
            late_goes_back: true,
            ..plain
        },
        &[
            STOCK,
            Step::Order {
                order: 0,
                shape: 0,
                attempt: None,
            },
            wait(THREE_HOURS),
            pay(0, EXACT),
            give_back(false),
            register(0),
        ],
    );
    stories.add(
        "money that was reversed before its order came sells it",
        (Law::L2, "sold for less than is due"),
        plain,
        &[
            STOCK,
            pay(0, EXACT),
            Step::Reverse {
                order: 0,
                attempt: 0,
            },
            order(0),
        ],
    );
    stories.add(
        "two charges for an order that was sold meanwhile are too much in one order only",
        (Law::L4, "another order, another end"),
        plain,
        &[STOCK, order(1), pay(1, EXACT), pay(1, PART)],
    );
    stories.add(
        "money under a reference that reads like the id of another payment goes there",
        (Law::L9, "money that did not come"),
        colliding_ids,
        &[STOCK, order(0), pay_of(1, 0, EXACT), pay(0, EXACT)],
    );
    stories.add(
        "an order refused gives back money that only bears its reference as an id",
        TOO_MUCH,
        colliding_ids,
        &[
            pay(0, EXACT),
            Step::Stock { sku: 1, n: 0 },
            pay_of(1, 0, EXACT),
            Step::Order {
                order: 1,
                shape: 0,
                attempt: Some(0),
            },
        ],
    );
    stories.add(
        "cash that was handed over counts beside the bank's growing sum",
        (Law::L8, "a refund is no fact"),
        cumulative,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            Step::HandBack {
                order: 0,
                attempt: 0,
                part: true,
            },
            give_back(true),
        ],
    );
    stories.add(
        "an answer that only confirms takes nothing from money that was reported without an id",
        (Law::L6, "money that came is not counted"),
        Manner {
            asked_behind: true,
            late_ids: true,
            slow_post: true,
            ..plain
        },
        &[
            pay(0, EXACT),
            deliver(0),
            settle(2),
            Step::Alone {
                order: 0,
                attempt: 0,
                part: false,
            },
        ],
    );
    stories.add(
        "an answer that cannot be read puts nothing in doubt that was read before",
        (Law::L2, "sold for less than is due"),
        plain,
        &[
            pay_of(1, 0, EXACT),
            Step::GiveBack {
                order: 1,
                attempt: 0,
                part: false,
            },
            Step::Trouble {
                asks: true,
                how: UNREADABLE,
            },
            Step::Stock { sku: 1, n: 1 },
            wait(THREE_HOURS),
            Step::Order {
                order: 1,
                shape: 0,
                attempt: Some(0),
            },
        ],
    );
    stories.add(
        "an order that is paid in three parts is paid in part twice",
        (Law::T1, "a step of an order is not counted once"),
        plain,
        &[STOCK, order(0), register(1), pay(0, PART), pay(1, PART)],
    );
    stories.add(
        "money that an answer takes back is told and counted where a person is shown it already",
        (Law::T1, "money is not counted as it moves"),
        Manner {
            fee_on_top: true,
            ..slow_worker
        },
        &[
            pay_of(1, 0, EXACT),
            Step::Settle {
                order: 1,
                attempt: 0,
                how: 1,
            },
            wait(THREE_HOURS),
            Step::Alone {
                order: 1,
                attempt: 0,
                part: true,
            },
        ],
    );
    stories.add(
        "money goes back once more that was told beside the rest of what went",
        TOO_MUCH,
        Manner {
            late_goes_back: true,
            ..plain
        },
        &[
            pay_of(1, 0, EXACT),
            Step::Stock { sku: 1, n: 1 },
            Step::Order {
                order: 1,
                shape: 0,
                attempt: None,
            },
            Step::GiveBack {
                order: 1,
                attempt: 0,
                part: true,
            },
            wait(SIXTEEN_MINUTES),
            Step::GiveBack {
                order: 1,
                attempt: 0,
                part: false,
            },
            Step::Register {
                order: 1,
                attempt: 0,
                part: false,
            },
        ],
    );
    stories.add(
        "money that went back does not leave too much when more is told of it",
        (Law::L2, "called overpaid without being so"),
        slow_post,
        &[
            STOCK,
            order(0),
            Step::Cash { order: 0, mood: 2 },
            pay(0, EXACT),
            give_back(false),
            settle(1),
            deliver(2),
            deliver(1),
        ],
    );
    stories.add(
        "an order that was given back whole is paid again in two steps and completes",
        (Law::L6, "a refunded order came back by itself"),
        plain,
        &[
            STOCK,
            order(0),
            Step::Cash { order: 0, mood: 3 },
            refund(4),
            pay(1, EXACT),
            pay(1, OTHER_PART),
            Step::GiveBack {
                order: 0,
                attempt: 1,
                part: false,
            },
            register(1),
        ],
    );
    stories.add(
        "money that could not be read at first is not counted when it can be",
        (Law::L2, "a payment over what is not due"),
        plain,
        &[
            Step::Stock { sku: 1, n: 1 },
            Step::Trouble {
                asks: true,
                how: UNREADABLE,
            },
            pay_of(1, 2, EXACT),
            wait(EIGHT_DAYS),
            pay_of(1, 2, PART),
            Step::Order {
                order: 1,
                shape: 0,
                attempt: Some(2),
            },
            Step::Cash { order: 1, mood: 2 },
        ],
    );
}
