//! Holds, calendars, time.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::Step;

use super::Stories;
use super::steps::{
    DECLINED, EXACT, FIVE_MINUTES, LEAVES, MUGS, SETS_ASIDE, SIXTEEN_MINUTES, STOCK, THREE_HOURS,
    TWO, booking, order, pay, plain, short_booking, wait,
};

pub(super) fn add_to(stories: &mut Stories) {
    let plain = plain();
    stories.add(
        "money set aside and taken in part ends its order at once",
        (Law::L10, "an order ended as its money came"),
        plain,
        &[
            STOCK,
            order(0),
            pay(0, SETS_ASIDE),
            wait(THREE_HOURS),
            Step::Take {
                order: 0,
                attempt: 0,
                part: true,
            },
        ],
    );
    stories.add(
        "an attempt of several tries takes its order along when it ends",
        (Law::L10, "an order ended early"),
        Manner {
            asked_behind: true,
            ..plain
        },
        &[
            STOCK,
            order(0),
            Step::Attempt {
                order: 0,
                attempt: 1,
                days: false,
            },
            pay(1, LEAVES),
            pay(1, DECLINED),
        ],
    );
    stories.add(
        "fewer days ahead close the days that come later",
        (Law::L5, "the calendar sells nothing"),
        plain,
        &[
            Step::Calendar { shape: 1 },
            Step::Calendar { shape: 0 },
            wait(5),
        ],
    );
    stories.add(
        "a closed day sells the slot that has a booking",
        (Law::L5, "a closed slot was sold"),
        plain,
        &[
            TWO,
            Step::Calendar { shape: 4 },
            booking(0),
            Step::Calendar { shape: 3 },
            booking(2),
        ],
    );
    stories.add(
        "longer slots overlap those that are booked",
        (Law::L5, "slots that overlap were sold twice"),
        plain,
        &[
            TWO,
            MUGS,
            Step::Calendar { shape: 0 },
            short_booking(0),
            booking(2),
            wait(SIXTEEN_MINUTES),
            wait(FIVE_MINUTES),
            Step::Calendar { shape: 2 },
            booking(1),
        ],
    );
    stories.add(
        "a slot that has begun is sold to a late payment",
        (Law::L5, "a slot that has begun was sold late"),
        plain,
        &[
            STOCK,
            Step::Calendar { shape: 0 },
            booking(0),
            Step::Sleep { how: 6 },
            pay(0, EXACT),
        ],
    );
}
