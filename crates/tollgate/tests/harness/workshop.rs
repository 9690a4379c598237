//! A store without its program: tests bring effects into the states they need, as a worker would.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use tollgate_core::command::{
    Action, Command, Health, RegisterPayment, Rules, SettleEffect, Settlement,
};
use tollgate_core::decision::Outcome;
use tollgate_core::effect::{
    Attempt, EffectContent, IssuedReceipt, Lease, StoredEffect, TargetKind,
};
use tollgate_core::id::{EffectId, PaymentId, RootId, ShopId};
use tollgate_core::money::Currency;
use tollgate_core::order::Root;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::{
    Claim, Class, Isolation, Limits, Options, Place, Reply, SecretKeys, ServerPlace, Store,
    Submission,
};

use super::database::Database;

/// An open store, and its shop `main`.
pub(crate) struct Workshop {
    pub(crate) store: Store,
    pub(crate) shop: ShopId,
    leases: AtomicU64,
}

/// The time now.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("it is after the epoch");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("it is before the end"))
}

impl Workshop {
    /// Opens a database that no server has open.
    pub(crate) fn open(database: &Database) -> Workshop {
        Workshop::open_at(database, now)
    }

    /// The same with a clock of its own: what happens in it happened then.
    pub(crate) fn open_at(
        database: &Database,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Workshop {
        let place = match database {
            Database::File(path) => Place::File(path.clone()),
            Database::Memory => panic!("only its server can open it"),
            Database::Server { .. } => Place::Server(ServerPlace {
                url: database.url(),
                isolation: Isolation::ReadCommitted,
                root_certificate: None,
                lanes: 1,
            }),
        };
        let store = Store::open(Options {
            place,
            shops: vec!["main".to_owned()],
            rules: Rules::default(),
            mailing: Vec::new(),
            number_formats: Vec::new(),
            secret_keys: SecretKeys::default(),
            limits: Limits::default(),
            clock: Arc::new(clock),
            decide: Arc::new(tollgate_core::decide::decide),
            make_slots: Arc::new(|_, _| None),
            receipt_year: Arc::new(|_, _| 2026),
            pause: None,
            observer: None,
            create: false,
        })
        .unwrap_or_else(|error| panic!("{error}"));
        let shop = store.shop("main").expect("it was named");
        Workshop {
            store,
            shop,
            leases: AtomicU64::new(1),
        }
    }

    /// Closes the store, so that a server can open it.
    pub(crate) async fn close(self) {
        let store = self.store;
        tokio::task::spawn_blocking(move || store.close())
            .await
            .expect("it closes");
    }

    pub(crate) async fn submit(&self, action: Action) -> Outcome {
        let submission = Submission {
            command: Command {
                shop: self.shop,
                action,
            },
            by: None,
            origin: None,
            class: Class::Orders,
            bytes: 512,
            idempotency: None,
            render: None,
        };
        match self.store.submit(submission).await {
            Ok(Reply::Decided { outcome, .. }) => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// A payment without an order that was made in cash: its receipt is pending. In IDR.
    pub(crate) async fn cash(&self, reference: &str, minor: i64) -> Root {
        let registered = self
            .submit(Action::RegisterPayment(RegisterPayment {
                fresh: fresh(),
                order: None,
                source: "manual".to_owned(),
                reference: reference.to_owned(),
                minor: Some(minor),
                currency: Currency::new("IDR"),
                expires_at: None,
                metadata: "{}".to_owned(),
            }))
            .await;
        let payment = match registered {
            Outcome::Root(root) => root.payments[0].id,
            Outcome::Payment(id, _) => id,
            other => panic!("{other:?}"),
        };
        self.capture(payment, minor).await
    }

    /// Takes cash for a payment.
    pub(crate) async fn capture(&self, payment: PaymentId, minor: i64) -> Root {
        let captured = self
            .submit(Action::CapturePayment {
                payment,
                minor,
                note: String::new(),
                fresh: fresh(),
            })
            .await;
        match captured {
            Outcome::Payment(_, root) | Outcome::Root(root) => *root,
            other => panic!("{other:?}"),
        }
    }

    /// Claims every receipt that is due, for an hour: no worker of a server takes them meanwhile.
    pub(crate) async fn claim_receipts(&self) -> Vec<(EffectId, StoredEffect)> {
        let number = self.leases.fetch_add(1, Ordering::Relaxed);
        let claim = Claim {
            shop: self.shop,
            lease: Lease(u128::from(number)),
            lease_for: Span::hours(1),
            lease_max: Span::hours(1),
            room: 100,
            room_of_target: 100,
            room_of_kind: 100,
            rooms_of_kinds: BTreeMap::new(),
            rooms: BTreeMap::new(),
            kinds: vec![TargetKind::Receipt],
            asks_per_second: 1,
        };
        let claimed = self.store.claim(claim).await;
        claimed.unwrap_or_else(|error| panic!("{error}")).effects
    }

    /// Says what became of a claimed effect after one attempt that was answered.
    pub(crate) async fn settle(
        &self,
        (id, effect): &(EffectId, StoredEffect),
        settlement: Settlement,
    ) {
        let settled = SettleEffect {
            effect: *id,
            target: effect.content.target(),
            lease: effect.lease.expect("it was claimed"),
            attempt: Some(Attempt {
                at: now(),
                took_ms: 12,
                status: Some(500),
                error: Some("it did not work".to_owned()),
                head: Some("HTTP/1.1 500 Internal Server Error\nwhat they said".to_owned()),
            }),
            settlement,
            health: Health::Unsaid,
            chance: 0,
        };
        let outcome = self.submit(Action::SettleEffect(Box::new(settled))).await;
        assert!(matches!(outcome, Outcome::Effect(..)), "{outcome:?}");
    }

    /// Issues a claimed receipt.
    pub(crate) async fn issue(
        &self,
        claimed: &(EffectId, StoredEffect),
        document: &str,
        pdf: &[u8],
        token: &str,
    ) {
        let at = Timestamp::from_millis(1_769_076_000_000);
        self.issue_at(at, claimed, document, pdf, token).await;
    }

    /// The same at another time.
    pub(crate) async fn issue_at(
        &self,
        at: Timestamp,
        claimed: &(EffectId, StoredEffect),
        document: &str,
        pdf: &[u8],
        token: &str,
    ) {
        assert!(matches!(claimed.1.content, EffectContent::Receipt { .. }));
        let issued = IssuedReceipt {
            at,
            document: document.to_owned(),
            pdf: pdf.into(),
            sha256: Sha256::digest(pdf).into(),
            token: token.to_owned(),
        };
        self.settle(claimed, Settlement::Issued(issued)).await;
    }
}

/// An id of nothing.
pub(crate) fn fresh() -> RootId {
    RootId::new(uuid::Uuid::now_v7().as_u128())
}
