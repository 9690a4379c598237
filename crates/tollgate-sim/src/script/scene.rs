//! Scenes: steps that belong together, which single draws would hardly ever bring about.

use crate::rng::Rng;

use super::ORDERS;
use super::draw::Cast;
use super::step::Step;

/// What often happens one after the other.
pub(super) fn scene(rng: &mut Rng, cast: &Cast) -> Vec<Step> {
    let order = rng.small(cast.orders);
    let (attempt, other) = (cast.attempt(rng), cast.attempt(rng));
    let pay = |attempt: u8, mood: u8| Step::Pay {
        order,
        attempt,
        mood,
    };
    let part = rng.small(3);
    let refund = Step::Refund {
        order,
        attempt,
        part,
    };
    let register = |attempt: u8| Step::Register {
        order,
        attempt,
        part: false,
    };
    let begun = |rng: &mut Rng| cast.order(rng, order);
    let trouble = |asks: bool, how: u8| Step::Trouble { asks, how };
    let all = rng.one_in(2);
    let give_back = Step::GiveBack {
        order,
        attempt,
        part: !all,
    };
    let wait = Step::Wait {
        how: 2 + rng.small(3),
    };
    match rng.small(24) {
        // The line breaks while money is ordered back, and staff tries again.
        0 => vec![
            pay(attempt, 0),
            trouble(false, 3),
            refund,
            Step::Retry { which: 0 },
            refund,
        ],
        // Part is paid and given back before the rest comes.
        1 => vec![pay(attempt, 1), refund, register(other), pay(other, 5)],
        2 => vec![pay(attempt, 1), give_back, register(other), pay(other, 0)],
        // Money is set aside and taken much later.
        3 => vec![
            pay(attempt, 4),
            wait,
            Step::Take {
                order,
                attempt,
                part: all,
            },
        ],
        4 => vec![pay(attempt, 4), Step::Cancel { order }, wait],
        // The shelf is empty when the order comes, and filled for the next try.
        5 => vec![
            Step::Stock {
                sku: order % 2,
                n: 0,
            },
            pay(attempt, 0),
            begun(rng),
            Step::Stock {
                sku: order % 2,
                n: 1 + rng.small(2),
            },
            begun(rng),
            Step::Again {
                which: rng.small(4),
                fresh: true,
            },
        ],
        // The order ends before its money comes.
        6 => vec![
            pay(attempt, 1),
            Step::Cancel { order },
            wait,
            refund,
            Step::Stock {
                sku: order % 2,
                n: rng.small(2),
            },
            pay(other, 5 * u8::from(all)),
        ],
        7 => vec![
            Step::Wait { how: 4 },
            Step::Stock {
                sku: order % 2,
                n: rng.small(2),
            },
            pay(attempt, 0),
            refund,
        ],
        // One charge, two amounts.
        8 => vec![
            pay(attempt, 1 + 4 * rng.small(2)),
            Step::Grow { order, attempt },
        ],
        9 => vec![
            pay(attempt, 0),
            Step::Settle {
                order,
                attempt,
                how: part,
            },
        ],
        10 => vec![pay(attempt, 0), give_back, give_back],
        11 => vec![
            pay(attempt, 0),
            Step::Dispute { order, attempt },
            refund,
            Step::Judge {
                order,
                attempt,
                won: all,
            },
        ],
        12 => vec![pay(attempt, 0), Step::Reverse { order, attempt }],
        // Strangers about, and one page after the other.
        13 => vec![
            Step::Forge {
                order,
                how: rng.small(3),
            },
            pay(2, 6),
            pay(2, 0),
        ],
        14 => {
            let mut steps = vec![Step::Forge { order, how: 2 }; 5];
            steps.extend([wait, pay(2, 0), wait]);
            steps
        }
        // The calendar changes between two bookings.
        15 => {
            let booking = |order: u8, shape: u8| Step::Order {
                order,
                shape,
                attempt: Some(attempt),
            };
            vec![
                Step::Stock { sku: 0, n: 2 },
                Step::Stock { sku: 1, n: 2 },
                Step::Calendar {
                    shape: rng.small(6),
                },
                booking(0, 5 + rng.small(2)),
                booking(2, 5),
                wait,
                Step::Calendar {
                    shape: rng.small(6),
                },
                booking(1, 5),
            ]
        }
        // Goods come back, in one piece or in two, and more than there were.
        16 => {
            let back = |units: u8, slot: bool| Step::Return {
                order,
                attempt,
                part: true,
                units,
                slot,
            };
            let slot = cast.with_calendar;
            vec![
                pay(attempt, 0),
                back(1 + rng.small(2), slot && all),
                back(1, slot),
                back(1 + rng.small(2), slot),
            ]
        }
        17 => {
            let hand_back = |part: bool| Step::HandBack {
                order,
                attempt,
                part,
            };
            vec![pay(attempt, 0), hand_back(all), refund, hand_back(false)]
        }
        // An attempt ends, and its money comes all the same, alone or before another's.
        18 => {
            let own = rng.small(4);
            let mut steps = vec![
                begun(rng),
                Step::Attempt {
                    order,
                    attempt: own,
                    days: false,
                },
                wait,
                pay(own, part),
            ];
            if all {
                steps.extend([register(attempt), pay(attempt, 0)]);
            }
            steps
        }
        // Money comes for a payment that stands alone.
        19 => vec![
            Step::Alone {
                order,
                attempt,
                part: all,
            },
            pay(attempt, part),
            Step::ResolveAlone { which: 0 },
            pay(attempt, 0),
            refund,
            Step::ResolveAlone { which: 0 },
        ],
        // The last unit lies in a cart. Its time may be up before anybody looks.
        20 => {
            let buyer = cast.orders % ORDERS;
            let pause = match part {
                0 => Step::Sleep { how: 3 },
                _ => wait,
            };
            vec![
                Step::Stock {
                    sku: order % 2,
                    n: 1,
                },
                Step::Cart {
                    sku: order % 2,
                    two: false,
                    slot: cast.with_calendar && all,
                    days: part == 1,
                },
                cast.cart(rng),
                begun(rng),
                pause,
                Step::CheckOut {
                    order: buyer,
                    which: 0,
                    attempt: Some(attempt),
                },
                Step::Pay {
                    order: buyer,
                    attempt,
                    mood: 0,
                },
            ]
        }
        21 => {
            let day = u8::from(all);
            let slot = |place: u8, capacity: u8| Step::Slot {
                day,
                place,
                capacity,
            };
            let booking = |order: u8| Step::Order {
                order,
                shape: 5,
                attempt: Some(attempt),
            };
            vec![
                Step::Stock { sku: 0, n: 3 },
                Step::Stock { sku: 1, n: 2 },
                Step::Calendar {
                    shape: rng.small(6),
                },
                booking(0),
                slot(rng.small(4), 1 + rng.small(2)),
                booking(2),
                wait,
                slot(rng.small(4), rng.small(3)),
                booking(1),
            ]
        }
        // A refund comes back, and somebody doubts the receipts.
        22 => vec![
            pay(attempt, 0),
            give_back,
            Step::Bounce { order, attempt },
            Step::Correct { order, attempt },
        ],
        // An answer that cannot be read.
        _ => vec![
            trouble(true, 6),
            pay(attempt, rng.small(2)),
            Step::Check { order, attempt },
        ],
    }
}
