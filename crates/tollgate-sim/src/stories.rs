//! Stories that went wrong once, each the shortest of its kind. Kept as regressions.
//!
//! A fault is *open* until the engine is mended; its story must then break its law, so that the list
//! never claims more than is true. Once mended the story must break no law at all.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::{Script, Step};

/// A story with a name.
#[derive(Debug, Clone)]
pub struct Named {
    /// What went wrong, in short.
    pub name: &'static str,
    /// Which law it broke.
    pub law: Law,
    /// How it broke it.
    pub kind: &'static str,
    /// The engine still breaks it.
    pub open: bool,
    /// What happens.
    pub script: Script,
}

const EXACT: u8 = 0;
const PART: u8 = 1;
const SETS_ASIDE: u8 = 4;
const OTHER_PART: u8 = 5;
const DECLINED: u8 = 6;
const LEAVES: u8 = 9;
const HANGS_UP: u8 = 3;
const UNREADABLE: u8 = 6;
const FIVE_MINUTES: u8 = 2;
const SIXTEEN_MINUTES: u8 = 3;
const THREE_HOURS: u8 = 4;

const STOCK: Step = Step::Stock { sku: 0, n: 1 };
const TWO: Step = Step::Stock { sku: 0, n: 2 };
const NOTHING: Step = Step::Stock { sku: 0, n: 0 };
const MUGS: Step = Step::Stock { sku: 1, n: 2 };

/// The order A, held for 15 minutes, to be paid by that attempt.
const fn order(attempt: u8) -> Step {
    Step::Order {
        order: 0,
        shape: 0,
        attempt: Some(attempt),
    }
}

const fn register(attempt: u8) -> Step {
    Step::Register {
        order: 0,
        attempt,
        part: false,
    }
}

const fn pay(attempt: u8, mood: u8) -> Step {
    Step::Pay {
        order: 0,
        attempt,
        mood,
    }
}

/// Staff refunds all that is left of an attempt.
const fn refund(attempt: u8) -> Step {
    Step::Refund {
        order: 0,
        attempt,
        part: 0,
    }
}

const CANCEL: Step = Step::Cancel { order: 0 };

const fn give_back(part: bool) -> Step {
    Step::GiveBack {
        order: 0,
        attempt: 0,
        part,
    }
}

const fn settle(how: u8) -> Step {
    Step::Settle {
        order: 0,
        attempt: 0,
        how,
    }
}

const fn wait(how: u8) -> Step {
    Step::Wait { how }
}

const fn deliver(which: u8) -> Step {
    Step::Deliver { which }
}

/// An order with the earliest slot, held for three days.
const fn booking(order: u8) -> Step {
    Step::Order {
        order,
        shape: 5,
        attempt: Some(0),
    }
}

/// The same, held for 15 minutes.
const fn short_booking(order: u8) -> Step {
    Step::Order {
        order,
        shape: 6,
        attempt: Some(0),
    }
}

const fn forge(how: u8) -> Step {
    Step::Forge { order: 0, how }
}

/// All named stories.
pub fn stories() -> Vec<Named> {
    let plain = Manner::default();
    let slow_worker = Manner {
        slow_worker: true,
        ..plain
    };
    let slow_post = Manner {
        slow_post: true,
        ..plain
    };
    let silent = Manner {
        silent_refunds: true,
        ..plain
    };
    let cumulative = Manner {
        cumulative: true,
        ..plain
    };
    let mut stories = Vec::new();
    let mut tell =
        |name: &'static str, (law, kind): (Law, &'static str), manner: Manner, steps: &[Step]| {
            stories.push(Named {
                name,
                law,
                kind,
                open: false,
                script: Script {
                    manner,
                    steps: steps.to_vec(),
                },
            });
        };

    // Gross for net.
    let too_much = (Law::L1, "more ordered back than is free");
    tell(
        "half of a cancelled order is given back twice when the other half comes",
        too_much,
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
    tell(
        "what was given back by itself is given back again by staff",
        too_much,
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
    tell(
        "a refund by itself is no fact",
        (Law::L8, "a refund is no fact"),
        silent,
        &[STOCK, order(0), wait(THREE_HOURS), NOTHING, pay(0, EXACT)],
    );
    tell(
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
    tell(
        "a second payment is registered over less than is due",
        (Law::L2, "a payment over what is not due"),
        plain,
        &[STOCK, order(0), pay(0, PART), refund(0), register(1)],
    );
    tell(
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
    tell(
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
    tell(
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

    // Amounts that change.
    let grow = Step::Grow {
        order: 0,
        attempt: 0,
    };
    tell(
        "what was taken in a second step on one charge has no paper",
        (Law::L3, "papers do not add up"),
        plain,
        &[STOCK, order(0), pay(0, PART), grow],
    );
    tell(
        "two amounts of one charge come to another paper in another order",
        (Law::L4, "another order, another end"),
        plain,
        &[STOCK, order(0), pay(0, PART), grow],
    );
    tell(
        "a fee that was kept makes the money less",
        (Law::L6, "money that came is not counted"),
        plain,
        &[STOCK, order(0), pay(0, EXACT), settle(1)],
    );
    tell(
        "a settlement over two fifths is told to nobody",
        (Law::L6, "an amount changed and nobody is told"),
        plain,
        &[STOCK, order(0), pay(0, EXACT), settle(2)],
    );

    tell(
        "an order paid by a second step on one charge never completes",
        (Law::L6, "a paid order never completes"),
        plain,
        &[STOCK, order(0), pay(0, PART), grow],
    );

    // Papers.
    let papers = (Law::L3, "papers do not add up");
    tell(
        "growing sums are papered each in full",
        papers,
        cumulative,
        &[
            STOCK,
            order(0),
            pay(0, EXACT),
            give_back(true),
            give_back(true),
        ],
    );
    tell(
        "a smaller sum that comes late is papered",
        papers,
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
    tell(
        "a refund told by itself and again as a sum is papered twice",
        papers,
        Manner {
            told_both_ways: true,
            ..plain
        },
        &[STOCK, order(0), pay(0, EXACT), give_back(true)],
    );
    tell(
        "a dispute that was lost has no paper",
        papers,
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

    // Answers that prove nothing.
    let check = Step::Check {
        order: 0,
        attempt: 0,
    };
    let unreadable = Step::Trouble {
        asks: true,
        how: UNREADABLE,
    };
    tell(
        "an answer whose amount cannot be read pays the order",
        (Law::L11, "an unreadable amount became money"),
        slow_post,
        &[STOCK, order(0), pay(0, PART), unreadable, check],
    );
    tell(
        "a report confirmed by an unreadable amount pays the order",
        (Law::L11, "an unreadable amount became money"),
        plain,
        &[STOCK, order(2), unreadable, pay(2, PART)],
    );

    // Refunds without an end.
    tell(
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
    tell(
        "a refund whose end was not seen stays unknown",
        (Law::L8, "a refund stays unknown"),
        silent,
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back],
    );
    tell(
        "a known key is taken for a refusal",
        (Law::L8, "a refund that was done is called failed"),
        silent,
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back, retry],
    );
    tell(
        "what was given back is ordered once more after a known key",
        too_much,
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
    tell(
        "a refund that the provider told of is offered for another try",
        (Law::L8, "a refund that was done is offered again"),
        by_our_key,
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back],
    );
    tell(
        "a second try gives back a second time",
        (Law::L8, "one refund done twice"),
        Manner {
            forgets_keys: true,
            ..by_our_key
        },
        &[STOCK, order(0), pay(0, EXACT), hangs_up, part_back, retry],
    );
    tell(
        "a refund known by two names counts twice",
        (Law::L8, "a refund is no fact"),
        Manner {
            two_names: true,
            ..plain
        },
        &[STOCK, order(0), pay(0, EXACT), part_back],
    );

    tell(
        "waiting money that was given back in part is given back in full",
        too_much,
        plain,
        &[NOTHING, pay(0, EXACT), give_back(true), order(0)],
    );
    tell(
        "waiting money that was charged back is given back as well",
        too_much,
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

    // Questions that answer for others.
    tell(
        "the second page of a reference is never asked about",
        (Law::L7, "a report was not asked about"),
        slow_worker,
        &[STOCK, order(2), pay(2, DECLINED), pay(2, EXACT)],
    );
    tell(
        "a stranger's own page settles the report of another",
        (Law::L7, "a stranger used up the question of a report"),
        slow_worker,
        &[STOCK, order(2), forge(1), pay(2, EXACT)],
    );
    tell(
        "a stranger's own page raises an alarm about another",
        (Law::L7, "a stranger raised an alarm"),
        plain,
        &[STOCK, order(2), forge(1)],
    );
    tell(
        "a reference that looks like a page is never confirmed",
        (Law::L7, "a report was not asked about"),
        Manner {
            page_like_references: true,
            ..plain
        },
        &[STOCK, order(2), pay(2, EXACT)],
    );
    tell(
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
    tell(
        "a crowd of false reports uses up the room of the real one",
        (Law::L7, "a stranger used up the question of a report"),
        plain,
        &[STOCK, order(2), Step::Storm { order: 0 }, pay(2, EXACT)],
    );
    let dead_question = (Law::L7, "a question is left dead");
    tell(
        "a checkout that was left leaves a dead question",
        dead_question,
        plain,
        &[STOCK, order(2), pay(2, LEAVES), wait(THREE_HOURS)],
    );
    tell(
        "cancelling what cannot be asked leaves a dead question",
        dead_question,
        plain,
        &[STOCK, order(3), CANCEL],
    );

    let of_another = Step::Pay {
        order: 2,
        attempt: 0,
        mood: EXACT,
    };
    let colliding_ids = Manner {
        colliding_ids: true,
        ..plain
    };

    // Money of an earlier order, and names that belong to another.
    tell(
        "money that was given back sells a later order of the same code",
        (Law::L9, "sold for money that was given back"),
        plain,
        &[NOTHING, pay(0, EXACT), order(0), STOCK, order(0)],
    );
    tell(
        "money that came and went before its order sells it",
        (Law::L2, "sold for less than is due"),
        plain,
        &[STOCK, pay(0, EXACT), give_back(false), order(0)],
    );
    tell(
        "an old settlement told again pays a later order of the same code",
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
    tell(
        "an id that looks like another reference takes its money along",
        (Law::L9, "money that did not come"),
        colliding_ids,
        &[STOCK, order(0), of_another],
    );
    tell(
        "an id that looks like another reference takes its refund along",
        (Law::L4, "what went back is not counted"),
        colliding_ids,
        &[
            STOCK,
            order(0),
            of_another,
            Step::GiveBack {
                order: 2,
                attempt: 0,
                part: false,
            },
        ],
    );
    tell(
        "money under an id that looks like another reference is told to nobody",
        (Law::L6, "money of nobody and nobody is told"),
        colliding_ids,
        &[STOCK, order(0), of_another],
    );
    tell(
        "a charge told first without its id counts twice",
        (Law::L9, "money that did not come"),
        Manner {
            late_ids: true,
            ..plain
        },
        &[STOCK, order(0), pay(0, EXACT), settle(0)],
    );

    // Holds, calendars, time.
    tell(
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
    tell(
        "fewer days ahead close the days that come later",
        (Law::L5, "the calendar sells nothing"),
        plain,
        &[
            Step::Calendar { shape: 1 },
            Step::Calendar { shape: 0 },
            wait(5),
        ],
    );
    tell(
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
    tell(
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
    tell(
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

    // Smaller.
    tell(
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
    tell(
        "money that was charged back is given back as well",
        too_much,
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
    tell(
        "money stays set aside for a cancelled order and nobody is told",
        (Law::L6, "money stays set aside for nothing"),
        plain,
        &[STOCK, order(0), pay(0, SETS_ASIDE), CANCEL],
    );

    // What the world found afterwards.
    let pay_of = |order: u8, attempt: u8, mood: u8| Step::Pay {
        order,
        attempt,
        mood,
    };
    tell(
        "too much stays after a refund that the bank refused, and nobody is told",
        (Law::L6, "too much was paid and nobody is told"),
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
    tell(
        "money set aside beside a refunded charge is told to nobody",
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
    tell(
        "money set aside for an order that has ended is told to nobody",
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
    tell(
        "a crowd of false reports takes the place of a confirmed one",
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
    tell(
        "money that went back before its payment was known is given back once more",
        too_much,
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
    tell(
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
    tell(
        "two charges for an order that was sold meanwhile are too much in one order only",
        (Law::L4, "another order, another end"),
        plain,
        &[STOCK, order(1), pay(1, EXACT), pay(1, PART)],
    );
    tell(
        "money under a reference that reads like the id of another payment goes there",
        (Law::L9, "money that did not come"),
        colliding_ids,
        &[STOCK, order(0), pay_of(1, 0, EXACT), pay(0, EXACT)],
    );
    tell(
        "an order refused gives back money that only bears its reference as an id",
        too_much,
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
    tell(
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
    tell(
        "an answer that only confirms takes nothing from money that was told without an id",
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
    tell(
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
    stories
}
