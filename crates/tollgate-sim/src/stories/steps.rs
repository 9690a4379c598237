//! What the stories are made of.

use crate::law::Law;
use crate::provider::Manner;
use crate::script::Step;

pub(super) const EXACT: u8 = 0;
pub(super) const PART: u8 = 1;
pub(super) const SETS_ASIDE: u8 = 4;
pub(super) const OTHER_PART: u8 = 5;
pub(super) const DECLINED: u8 = 6;
pub(super) const LEAVES: u8 = 9;
pub(super) const HANGS_UP: u8 = 3;
pub(super) const UNREADABLE: u8 = 6;
pub(super) const FIVE_MINUTES: u8 = 2;
pub(super) const SIXTEEN_MINUTES: u8 = 3;
pub(super) const THREE_HOURS: u8 = 4;
pub(super) const EIGHT_DAYS: u8 = 6;

pub(super) const STOCK: Step = Step::Stock { sku: 0, n: 1 };
pub(super) const TWO: Step = Step::Stock { sku: 0, n: 2 };
pub(super) const NOTHING: Step = Step::Stock { sku: 0, n: 0 };
pub(super) const MUGS: Step = Step::Stock { sku: 1, n: 2 };

/// The order A, held for 15 minutes, to be paid by that attempt.
pub(super) const fn order(attempt: u8) -> Step {
    Step::Order {
        order: 0,
        shape: 0,
        attempt: Some(attempt),
    }
}

pub(super) const fn register(attempt: u8) -> Step {
    Step::Register {
        order: 0,
        attempt,
        part: false,
    }
}

pub(super) const fn pay(attempt: u8, mood: u8) -> Step {
    Step::Pay {
        order: 0,
        attempt,
        mood,
    }
}

/// Staff refunds all that is left of an attempt.
pub(super) const fn refund(attempt: u8) -> Step {
    Step::Refund {
        order: 0,
        attempt,
        part: 0,
    }
}

pub(super) const CANCEL: Step = Step::Cancel { order: 0 };

pub(super) const fn give_back(part: bool) -> Step {
    Step::GiveBack {
        order: 0,
        attempt: 0,
        part,
    }
}

pub(super) const fn settle(how: u8) -> Step {
    Step::Settle {
        order: 0,
        attempt: 0,
        how,
    }
}

pub(super) const fn wait(how: u8) -> Step {
    Step::Wait { how }
}

pub(super) const fn deliver(which: u8) -> Step {
    Step::Deliver { which }
}

/// An order with the earliest slot, held for three days.
pub(super) const fn booking(order: u8) -> Step {
    Step::Order {
        order,
        shape: 5,
        attempt: Some(0),
    }
}

/// The same, held for 15 minutes.
pub(super) const fn short_booking(order: u8) -> Step {
    Step::Order {
        order,
        shape: 6,
        attempt: Some(0),
    }
}

pub(super) const fn forge(how: u8) -> Step {
    Step::Forge { order: 0, how }
}

/// A payment that mentions what is another's.
pub(super) const OF_ANOTHER: Step = Step::Pay {
    order: 2,
    attempt: 0,
    mood: EXACT,
};

pub(super) const TOO_MUCH: (Law, &str) = (Law::L1, "more ordered back than is free");

pub(super) fn plain() -> Manner {
    Manner::default()
}

pub(super) fn slow_worker() -> Manner {
    Manner {
        slow_worker: true,
        ..plain()
    }
}

pub(super) fn slow_post() -> Manner {
    Manner {
        slow_post: true,
        ..plain()
    }
}

pub(super) fn silent() -> Manner {
    Manner {
        silent_refunds: true,
        ..plain()
    }
}

pub(super) fn cumulative() -> Manner {
    Manner {
        cumulative: true,
        ..plain()
    }
}

pub(super) fn colliding_ids() -> Manner {
    Manner {
        colliding_ids: true,
        ..plain()
    }
}
