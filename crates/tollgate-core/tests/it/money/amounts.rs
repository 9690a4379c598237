//! Amounts that change, are named in other ways, or cannot be read (L11).

use std::collections::BTreeSet;

use proptest::prelude::*;
use tollgate_core::event::{
    CaptureState, DisputeState, Event, Fact, FactKind, RefundState, Strength,
};
use tollgate_core::id::{PaymentId, RootId};
use tollgate_core::payment::Payment;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Span;

use crate::store::START;
use crate::stories::*;
use crate::words::*;

#[test]
fn an_amount_that_changes_is_the_greatest_that_is_proved_best() {
    check_table(
        as_usual,
        "
        [A-1 paid 60, A-1 paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        [A-1 paid 100, A-1 settled 97]; receipts
        -> Completed consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        [A-1 paid 100, A-1 settled 40]; receipts
        -> Completed consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        A-1 paid 100; A-1 settled
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        A-1 settled; A-1 paid 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_unreadable

        [A-1 authorized 100, A-1 paid 60]
        -> PartiallyPaid active | 60 0 0 0 | 60 0 0 | - | -

        [A-1 authorized 120, A-1 paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 paid 60, A-1 paid 100, A-1 settled 97, A-1 refund r1 30]
        -> * | 100 30 0 0 | 100 30 0 | - | amount_changed

        register A-2; A-2 paid 100; A-1 settled 97; A-1 refund r1 100; A-1 paid 100
        -> Paid consumed | 200 100 0 0 | 200 100 0 | - | amount_changed, duplicate_payment

        A-1 paid 60; A-1 refund r1 60; A-1 paid 100; register A-2; A-2 paid 60
        -> Paid consumed | 160 60 0 0 | 160 60 0 | - | amount_changed

        [A-1 paid 60, asked A-1 paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_changed

        [A-1 paid 100, A-1 reversed 60]
        -> * | 0 0 0 0 | 100 0 100 | - | payment_reversed
        ",
    );
}

/// A capture that is reported under our reference at first, and under the provider's own id later.
#[test]
fn a_capture_without_its_id_is_one_of_those_with_it() {
    check_table(
        as_usual,
        "
        [A-1 A-1:paid 100, A-1 tx:paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 A-1:paid 100, A-1 tx:paid 100, A-1 tx:settled 100, A-1 A-1:pending]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 A-1:paid 100, A-1 x:paid 60, A-1 y:paid 40]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | *

        [A-1 A-1:paid 100, A-1 x:fail, A-1 y:paid 100]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -

        [A-1 A-1:paid 100, A-1 tx:reversed]
        -> * | 0 0 0 0 | 100 0 100 | - | *

        [A-1 A-1:paid 60, A-1 tx:paid 60]; A-1 y:paid 40
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | -
        ",
    );
}

#[test]
fn what_cannot_be_read_pays_nothing() {
    check_table(
        as_usual,
        "
        [A-1 paid, A-1 settled]
        -> AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | amount_unreadable

        A-1 paid -100
        -> AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | amount_unreadable

        A-1 paid 0
        -> AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | -

        A-1 paid 100; A-1 refund r1; staff may refund A-1 100
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | amount_unreadable

        A-1 paid 100; A-1 reversed; A-1 paid 100
        -> Paid consumed | 0 0 0 0 | 100 0 100 | - | payment_reversed
        ",
    );
    let mut store = shop().0;
    let id = *store.rows.roots.keys().next().expect("an order");
    let unreadable = Event {
        amount_unreadable: true,
        ..event("k1", &["A-1"], "paid 100")
    };
    store.take(unreadable, NEVER);
    assert_eq!(
        books(&store, id),
        "AwaitingPayment active | 0 0 0 0 | 0 0 0 | - | amount_unreadable"
    );
}

/// A provider that names another figure every second.
#[test]
fn figures_that_change_for_ever_are_few_facts() {
    let (mut store, id) = shop();
    send(&mut store, "k", "A-1 paid 100");
    for n in 0..3_000 {
        let words = match n % 4 {
            0 => format!("A-1 total {}", n % 90),
            1 => format!("A-1 settled {}", 10 + n % 90),
            2 => format!("A-1 refund r{} {}", n % 5, n % 17),
            _ => "A-1 pending".to_owned(),
        };
        send(&mut store, &format!("k{n}"), &words);
    }
    let known = &store.root(id).payments[0];
    assert!(known.facts.len() <= 64, "{}", known.facts.len());
    let all = store.root(id).ledger().all;
    assert_eq!((all.captured, all.refunded), (100, 88));
    assert_eq!(store.attention(id), ["amount_changed"]);
    // Every receipt of these thousands says something new.
    let receipts = &store.root(id).receipts;
    assert!(receipts.len() < 200, "{}", receipts.len());
    books(&store, id);
}

/// More objects than anybody can pay with: what does not fit is named, and what is known stays.
#[test]
fn more_facts_than_are_kept_are_shown() {
    let (mut store, id) = shop();
    store.rules.facts_max = 100;
    for n in 0..150 {
        send(&mut store, &format!("k{n}"), &format!("A-1 o{n}:fail"));
    }
    assert_eq!(store.root(id).payments[0].facts.len(), 100);
    assert_eq!(store.attention(id), ["too_many_facts"]);
    let outcome = store.hear("k", "A-1", "paid 100");
    assert_eq!(outcome, EventOutcome::Attention);
    assert_eq!(store.status(id), "AwaitingPayment active");
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let capture = prop::sample::select(vec![
        CaptureState::Created,
        CaptureState::Pending,
        CaptureState::Failed,
        CaptureState::Expired,
        CaptureState::Authorized,
        CaptureState::Voided,
        CaptureState::Captured,
        CaptureState::Settled,
        CaptureState::Reversed,
    ])
    .prop_map(FactKind::Capture);
    let refund = prop::sample::select(vec![
        RefundState::Requested,
        RefundState::Pending,
        RefundState::Failed,
        RefundState::Succeeded,
        RefundState::Reversed,
    ])
    .prop_map(FactKind::Refund);
    let dispute = prop::sample::select(vec![
        DisputeState::Open,
        DisputeState::Won,
        DisputeState::Lost,
    ])
    .prop_map(FactKind::Dispute);
    let kind =
        prop_oneof![4 => capture, 2 => refund, 1 => dispute, 1 => Just(FactKind::RefundedTotal)];
    let strength = prop::sample::select(vec![
        Strength::Unsigned,
        Strength::PartlySigned,
        Strength::Signed,
        Strength::Asked,
    ]);
    let money = prop_oneof![
        6 => (-2i64..120).prop_map(|minor| Some(idr(minor))),
        1 => Just(None),
        1 => Just(Some(idr(i64::MAX))),
    ];
    let object = prop::sample::select(vec!["A-1", "x", "y", "z"]);
    let at = prop::option::of(0i64..5);
    (
        kind,
        strength,
        money,
        object,
        at,
        prop::bool::weighted(0.02),
        prop_oneof![3 => Just(0i64), 1 => 1i64..30],
    )
        .prop_map(
            |(kind, strength, money, object, at, foreign_mode, fee_minor)| Fact {
                object: object.to_owned(),
                kind,
                money,
                occurred_at: at.map(|minutes| START.plus(Span::minutes(minutes))),
                strength,
                foreign_mode,
                fee_minor,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// What is dropped of a large set says nothing that the rest does not say.
    #[test]
    fn few_facts_come_to_what_all_of_them_come_to(
        facts in prop::collection::vec(any_fact(), 0..400),
    ) {
        let mut few = Payment {
            id: PaymentId::on(RootId::new(1 << 16), 0),
            source: "bank".to_owned(),
            reference: "A-1".to_owned(),
            due: idr(100),
            expires_at: None,
            provider_payment_id: None,
            facts: Vec::new(),
            methods: std::collections::BTreeMap::new(),
            created_at: START,
            updated_at: START,
        };
        let mut all = few.clone();
        let mut foreign = 0;
        let mut with_fee = BTreeSet::new();
        for (place, fact) in facts.into_iter().enumerate() {
            foreign += usize::from(fact.foreign_mode);
            few.add(fact.clone());
            if 0 < fact.fee_minor && matches!(fact.kind, FactKind::Capture(_)) {
                with_fee.insert((fact.object.clone(), fact.money));
            }
            let same = |known: &Fact| {
                known.foreign_mode && (known.kind, &known.object, known.money, known.fee_minor)
                        == (fact.kind, &fact.object, fact.money, fact.fee_minor)
            };
            // What does not count is shown, but once.
            if !fact.foreign_mode || !all.facts.iter().any(same) {
                all.facts.push(fact);
            }
            if place % 25 == 0 {
                prop_assert_eq!(few.fold(), all.fold());
            }
        }
        prop_assert_eq!(few.fold(), all.fold());
        // One word for the fee of each amount, and of the others what is best of each object.
        let most = 64 + foreign + with_fee.len();
        prop_assert!(few.facts.len() <= most, "{} of {most}", few.facts.len());
    }
}
