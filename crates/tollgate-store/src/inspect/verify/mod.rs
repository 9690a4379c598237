//! Verify: every invariant as a question to the live data, with the rows that break it.
//!
//! Tables are walked along their keys, chunk by chunk. A chunk and what it is compared with are read
//! over one state of the database, so that a commit in between is never taken for a fault, and no read
//! is long. Sums over many chunks are brought up to date with the feed before they are compared
//! (`capacity.rs`). Documents are read by the code that reads them elsewhere (`tables/`).

mod capacity;
mod effects;
mod events;
mod feed;
mod money;
mod names;
mod receipts;
mod roots;
mod totals;

use tollgate_core::id::{HoldId, OrderId, PaymentId, RootId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::OpenError;
use crate::db::{Db, Error};
use crate::error::ReadError;
use crate::options::Place;
use crate::report::{Checked, Level, Report};
use crate::store::look_at;
use crate::tables::horizon::{self, Horizon, Lost};

/// An invariant.
struct Invariant {
    name: &'static str,
    about: &'static str,
    /// What a person does about it.
    fix: &'static str,
}

/// What is wrong in a row is never mended by the program: it would hide what made it so.
const KEEP: &str = "a fault of the program or a row changed by hand: keep the rows and report them; \
                    restore the row from a backup if it was changed by hand";

/// What is only late is done by the server when it runs.
const RUN: &str = "start `tollgate serve`; if it runs, look for errors in its log";

/// What a person has to say.
const RETRY: &str = "look why, then `tollgate effects retry ID` (or POST /v1/effects/{id}/retry), or, of an \
                     unknown one whose end you have found out, POST /v1/effects/{id}/settle";

/// Books of an earlier version.
const CORRECT: &str = "look at the payment, then send what stands at the end of each line; \
                       `tollgate verify --repair-plan` prints them all";

/// Somebody has to ask the provider.
const REFUND: &str = "look at the refund at the provider, then settle or retry its effect";

const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "documents",
        about: "every document can be read",
        fix: KEEP,
    },
    Invariant {
        name: "columns",
        about: "columns of orders, payments and holds say what their documents say",
        fix: KEEP,
    },
    Invariant {
        name: "stock.held",
        about: "units held of a sku are those of active holds",
        fix: KEEP,
    },
    Invariant {
        name: "stock.bounds",
        about: "0 <= held <= on_hand (I6)",
        fix: KEEP,
    },
    Invariant {
        name: "slot.held",
        about: "units held in a slot are those of active holds",
        fix: KEEP,
    },
    Invariant {
        name: "slot.sold",
        about: "units sold in a slot are those of consumed holds",
        fix: KEEP,
    },
    Invariant {
        name: "slot.bounds",
        about: "held + sold <= capacity (I6)",
        fix: KEEP,
    },
    Invariant {
        name: "slot.overlap",
        about: "no time of a calendar is sold twice, and a closed slot sells nothing more (L5)",
        fix: "put the calendar again: `PUT /v1/calendars/{name}` lays its slots again",
    },
    Invariant {
        name: "order.status",
        about: "an order's status is what its payments come to",
        fix: KEEP,
    },
    Invariant {
        name: "order.hold",
        about: "a paid order with stock or a slot has a consumed hold",
        fix: KEEP,
    },
    Invariant {
        name: "payment.receipt",
        about: "every receipt has the effect that issues it (I4)",
        fix: KEEP,
    },
    Invariant {
        name: "receipt.number",
        about: "receipts are numbered without gaps, pending ones too, up to the shop's last number",
        fix: KEEP,
    },
    Invariant {
        name: "receipt.issued",
        about: "a receipt that is issued is known to its root, and one that its root says is issued is there",
        fix: KEEP,
    },
    Invariant {
        name: "money.ordered_back",
        about: "no more was ordered back than came (L1)",
        fix: KEEP,
    },
    Invariant {
        name: "money.papers",
        about: "sales less refunds less reversals are what the ledger says (L3)",
        fix: CORRECT,
    },
    Invariant {
        name: "money.unrecorded",
        about: "what was given back automatically is a refund (L3)",
        fix: CORRECT,
    },
    Invariant {
        name: "money.stranded",
        about: "captured money is a paid order's, ordered back, or shown to a person (L6)",
        fix: KEEP,
    },
    Invariant {
        name: "question.waits",
        about: "reports that prove nothing are asked about (L7)",
        fix: RUN,
    },
    Invariant {
        name: "money.refund_open",
        about: "ordered refunds end (L8)",
        fix: REFUND,
    },
    Invariant {
        name: "time.ahead",
        about: "nothing was written at a time that is still to come (L10)",
        fix: "look at `tollgate doctor`, check `clock`; what is ahead comes due when its time has come",
    },
    Invariant {
        name: "money.unread",
        about: "money counts only with an amount (L11)",
        fix: "look at the payment at the provider, and record what came",
    },
    Invariant {
        name: "payment.refunded",
        about: "no more went back than came, unless attention was raised",
        fix: KEEP,
    },
    Invariant {
        name: "names",
        about: "a payment's reference leads to it, and a name to a payment that is there",
        fix: KEEP,
    },
    Invariant {
        name: "codes",
        about: "an order's code leads to it, and a code to an order that is there",
        fix: KEEP,
    },
    Invariant {
        name: "event_keys",
        about: "an event's key leads to it, and a key to one event that is there (I2)",
        fix: KEEP,
    },
    Invariant {
        name: "event.root",
        about: "an event belongs to a root that is there",
        fix: KEEP,
    },
    Invariant {
        name: "event.parked",
        about: "a parked event stands at its names, and none of them leads to a payment",
        fix: KEEP,
    },
    Invariant {
        name: "event.late",
        about: "parked events are looked at when they are due",
        fix: RUN,
    },
    Invariant {
        name: "effect.key",
        about: "an effect's id is its key's, and its root is there (I4)",
        fix: KEEP,
    },
    Invariant {
        name: "effect.late",
        about: "effects are done within a day of their time",
        fix: RUN,
    },
    Invariant {
        name: "effect.lease",
        about: "what a worker has it has under a lease, and it is taken from it when that has ended",
        fix: RUN,
    },
    Invariant {
        name: "effect.order",
        about: "an effect that waits for its turn has one before it",
        fix: RETRY,
    },
    Invariant {
        name: "effect.given_up",
        about: "no effect is dead or unknown",
        fix: RETRY,
    },
    Invariant {
        name: "effect.endpoint",
        about: "no notice is due to an endpoint that is gone",
        fix: RUN,
    },
    Invariant {
        name: "root.late",
        about: "holds and closings end when they are due",
        fix: RUN,
    },
    Invariant {
        name: "story",
        about: "every entry that an order names is in the timeline",
        fix: KEEP,
    },
    Invariant {
        name: "feed",
        about: "positions of the feed have no gap and end at the shop's head",
        fix: KEEP,
    },
];

/// What comes due is done within this time while the server runs.
const LATE_MS: i64 = 15 * 60 * 1000;

impl Store {
    /// Asks every invariant of the live data, beside everything else; takes as long as reading all of
    /// it once does.
    pub async fn verify(&self) -> Result<Report, ReadError> {
        self.read_apart(run).await
    }

    /// The same of a database that is not open here, or that another process serves: it is only read.
    pub fn verify_at(place: &Place, now: Timestamp) -> Result<Report, OpenError> {
        look_at(place, |db| run(db, now))
    }
}

/// What is verified, and what was found so far.
struct Verifying<'a> {
    db: &'a Db,
    now: Timestamp,
    shop: ShopId,
    shop_name: &'a str,
    /// What retention has taken, and may therefore be missing.
    horizon: Horizon,
    /// What restores have left out.
    lost: Lost,
    report: &'a mut Report,
}

/// `verify.shops`: a handful.
const SHOPS: &str = "select shop_id, name from shops order by shop_id";

/// Asks everything of every shop.
pub(crate) fn run(db: &Db, now: Timestamp) -> Result<Report, Error> {
    let mut report = Report {
        checks: INVARIANTS
            .iter()
            .map(|invariant| Checked::new(invariant.name, invariant.about))
            .collect(),
        totals: Vec::new(),
    };
    let shops = db.all(SHOPS, &[], |row| {
        Ok((ShopId(row.get(0)?), row.get::<String>(1)?))
    })?;
    for (shop, name) in &shops {
        let mut verifying = Verifying {
            db,
            now,
            shop: *shop,
            shop_name: name,
            horizon: horizon::read(db, *shop)?,
            lost: horizon::lost(db, *shop)?,
            report: &mut report,
        };
        let room = roots::walk(&mut verifying)?;
        capacity::compare(&mut verifying, room)?;
        names::walk_names(&mut verifying)?;
        names::walk_codes(&mut verifying)?;
        names::walk_event_keys(&mut verifying)?;
        events::walk(&mut verifying)?;
        receipts::walk(&mut verifying)?;
        money::walk(&mut verifying)?;
        effects::walk(&mut verifying)?;
        feed::walk_timeline(&mut verifying)?;
    }
    for check in &mut report.checks {
        if check.level != Level::Ok
            && let Some(invariant) = INVARIANTS.iter().find(|known| known.name == check.name)
        {
            check.fix = invariant.fix.to_owned();
        }
    }
    Ok(report)
}

impl Verifying<'_> {
    /// Something that must not be.
    fn fail(&mut self, name: &str, seen: String) {
        self.see(name, Level::Fail, seen);
    }

    /// Something that is late.
    fn warn(&mut self, name: &str, seen: String) {
        self.see(name, Level::Warn, seen);
    }

    fn see(&mut self, name: &str, level: Level, seen: String) {
        let seen = match self.shop_name {
            "main" => seen,
            shop => format!("shop {shop}: {seen}"),
        };
        self.report
            .checks
            .iter_mut()
            .find(|check| check.name == name)
            .expect("an invariant of the table was asked")
            .see(level, seen);
    }
}

/// A root for people: what it is, and its id.
fn shown(root: &Root) -> String {
    match (&root.order, root.payments.first(), root.holds.first()) {
        (Some(order), _, _) => format!("order {} ({})", OrderId::on(root.id, 0), order.code),
        (None, Some(_), _) => format!("payment {}", PaymentId::on(root.id, 0)),
        (None, None, _) => format!("hold {}", HoldId::on(root.id, 0)),
    }
}

/// The id of a root of which nothing else is known.
fn shown_id(id: RootId) -> String {
    format!("{id:?}")
}

/// Milliseconds as a length of time for people.
fn lasting(millis: i64) -> String {
    let minutes = millis / 60_000;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}
