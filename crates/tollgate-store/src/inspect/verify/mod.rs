//! Verify: every invariant as a question to the live data, with the rows that break it.
//!
//! Tables are walked along their keys, chunk by chunk. A chunk and what it is compared with are read
//! over one state of the database, so that a commit in between is never taken for a fault, and no read
//! is long. Sums over many chunks are brought up to date with the feed before they are compared
//! (`capacity.rs`). Documents are read by the code that reads them elsewhere (`tables/`).

mod access;
mod capacity;
mod contents;
mod derived;
mod effects;
mod events;
mod feed;
mod invariants;
mod money;
mod names;
mod parts;
mod receipts;
mod roots;
mod shelf;
mod sundry;
mod told;
mod totals;

use invariants::INVARIANTS;
use tollgate_core::id::{HoldId, OrderId, PaymentId, RootId, ShopId};
use tollgate_core::order::Root;
use tollgate_core::time::Timestamp;

use crate::Store;
use crate::db::OpenError;
use crate::db::{Db, Error};
use crate::error::ReadError;
use crate::looking::look_at;
use crate::options::Place;
use crate::report::{Checked, Level, Report};
use crate::tables::horizon::{self, Horizon, Lost};

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
    let ids: Vec<ShopId> = shops.iter().map(|(shop, _)| *shop).collect();
    let strays = sundry::rows_without_shop(db, &ids)?;
    let check = report.checks.iter_mut().find(|check| check.name == "shops");
    let check = check.expect("it is an invariant of the table");
    for seen in strays {
        check.see(Level::Fail, seen);
    }
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
        let open = names::walk_names(&mut verifying)?;
        names::look_at_questions(&mut verifying, &open)?;
        names::walk_codes(&mut verifying)?;
        names::walk_event_keys(&mut verifying)?;
        events::walk(&mut verifying)?;
        receipts::walk(&mut verifying)?;
        money::walk(&mut verifying)?;
        effects::walk(&mut verifying)?;
        feed::walk_timeline(&mut verifying)?;
        derived::walk_words(&mut verifying)?;
        derived::count_errors(&mut verifying)?;
        sundry::walk_answers(&mut verifying)?;
        sundry::walk_records(&mut verifying)?;
        sundry::walk_deliveries(&mut verifying)?;
        sundry::read_documents(&mut verifying)?;
        access::look_at(&mut verifying)?;
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
