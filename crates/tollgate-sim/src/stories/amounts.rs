//! Amounts that change, and the receipts over them.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::Step;

use super::Stories;
use super::steps::{
    EXACT, PART, STOCK, cumulative, deliver, give_back, order, pay, plain, register, settle,
};

pub(super) fn add_to(stories: &mut Stories) {
    let plain = plain();
    let cumulative = cumulative();
    let grow = Step::Grow {
        order: 0,
        attempt: 0,
    };
    stories.add(
        "what was taken in a second step on one charge has no receipt",
        (Law::L3, "receipts do not add up"),
        plain,
        &[STOCK, order(0), pay(0, PART), grow],
    );
    stories.add(
        "two amounts of one charge come to another receipt in another order",
        (Law::L4, "another order, another end"),
        plain,
        &[STOCK, order(0), pay(0, PART), grow],
    );
    stories.add(
        "a fee that was kept makes the money less",
        (Law::L6, "money that came is not counted"),
        plain,
        &[STOCK, order(0), pay(0, EXACT), settle(1)],
    );
    stories.add(
        "a settlement over two fifths raises no alarm",
        (Law::L6, "an amount changed without an alarm"),
        plain,
        &[STOCK, order(0), pay(0, EXACT), settle(2)],
    );

    stories.add(
        "an order paid by a second step on one charge never completes",
        (Law::L6, "a paid order never completes"),
        plain,
        &[STOCK, order(0), pay(0, PART), grow],
    );

    let receipts = (Law::L3, "receipts do not add up");
    stories.add(
        "growing sums have a receipt each, in full",
        receipts,
        cumulative,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            give_back(true),
            give_back(true),
        ],
    );
    stories.add(
        "a smaller sum that comes late has a receipt",
        receipts,
        Manner {
            slow_post: true,
            ..cumulative
        },
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            deliver(0),
            give_back(true),
            give_back(true),
            deliver(1),
            deliver(0),
        ],
    );
    stories.add(
        "a refund sent by itself and again in a sum has two receipts",
        receipts,
        Manner {
            reported_both_ways: true,
            ..plain
        },
        &[STOCK, order(0), pay(0, EXACT), give_back(true)],
    );
    let fee_on_top = Manner {
        fee_on_top: true,
        ..plain
    };
    stories.add(
        "what came with its fee on top is called too much",
        (Law::L2, "called overpaid without being so"),
        fee_on_top,
        &[STOCK, order(0), pay(0, EXACT)],
    );
    stories.add(
        "paid again after all was given back, a fee on top is called too much",
        (Law::L2, "called overpaid without being so"),
        fee_on_top,
        &[
            STOCK,
            order(0),
            pay(0, PART),
            give_back(false),
            register(1),
            pay(1, EXACT),
        ],
    );
    stories.add(
        "a fee that has gone back before what was bought is due again",
        (Law::L2, "a payment over what is not due"),
        fee_on_top,
        &[STOCK, order(0), pay(0, EXACT), give_back(true), register(1)],
    );
    stories.add(
        "a dispute that was lost has no receipt",
        receipts,
        plain,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            Step::Dispute {
                order: 0,
                attempt: 0,
            },
            Step::Judge {
                order: 0,
                attempt: 0,
                won: false,
            },
        ],
    );
}
