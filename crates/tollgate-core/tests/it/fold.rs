//! The fold of a payment's facts.

use proptest::prelude::*;
use tollgate_core::event::{Fact, Strength};
use tollgate_core::id::{PaymentId, RootId};
use tollgate_core::money::Money;
use tollgate_core::payment::{Added, Payment, PaymentStatus};
use tollgate_core::time::Timestamp;

use crate::store::START;
use crate::words::*;

fn payment(due: i64) -> Payment {
    Payment {
        id: PaymentId::on(RootId::new(1 << 16), 0),
        source: "bank".to_owned(),
        reference: "A-1".to_owned(),
        due: idr(due),
        expires_at: None,
        provider_payment_id: None,
        facts: Vec::new(),
        methods: std::collections::BTreeMap::new(),
        created_at: START,
        updated_at: START,
    }
}

/// `facts -> status captured refunded`, for a payment of 100.
fn check(row: &str) {
    let (facts, expected) = row.split_once("->").expect("a row has an arrow");
    let mut payment = payment(100);
    for words in facts
        .split(',')
        .map(str::trim)
        .filter(|words| !words.is_empty())
    {
        payment.add(fact(words, idr));
    }
    let is = payment.projection();
    let is = format!(
        "{:?} {} {}",
        is.status, is.captured_minor, is.refunded_minor
    );
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(is, expected.join(" "), "{row}");
}

#[test]
fn facts_come_to_a_status_and_amounts() {
    let table = "
        ->                                                        Pending 0 0
        created                                                -> Pending 0 0
        pending                                                -> Pending 0 0
        review                                                 -> Review 0 0
        authorized 100                                         -> Authorized 0 0
        authorized 100, pending                                -> Authorized 0 0
        authorized 100, voided                                 -> Cancelled 0 0
        authorized 100, fail                                   -> Authorized 0 0
        fail                                                   -> Failed 0 0
        deny                                                   -> Failed 0 0
        expire                                                 -> Expired 0 0
        cancel                                                 -> Cancelled 0 0
        fail, b:pending                                        -> Pending 0 0
        fail, b:authorized 100                                 -> Authorized 0 0
        paid 100                                               -> Paid 100 0
        paid 100, expire                                       -> Paid 100 0
        expire, paid 100                                       -> Paid 100 0
        paid 100, settled 100                                  -> Paid 100 0
        settled 90, paid 100                                   -> Paid 100 0
        paid 40                                                -> Pending 40 0
        paid 40, b:paid 60                                     -> Paid 100 0
        paid 40, authorized 100                                -> Pending 40 0
        paid 100, b:paid 100                                   -> Paid 200 0
        paid                                                   -> Pending 0 0
        paid -5                                                -> Pending 0 0
        settled, paid 80                                       -> Pending 80 0
        paid 100, reversed                                     -> Failed 0 0
        reversed, paid 100                                     -> Failed 0 0
        paid 100, refund r1 30                                 -> PartiallyRefunded 100 30
        refund r1 30, paid 100                                 -> PartiallyRefunded 100 30
        paid 100, refund r1 30, refund r2 70                   -> Refunded 100 100
        paid 100, refund r1                                    -> Paid 100 0
        paid 100, refund-pending r1 30                         -> Paid 100 0
        paid 100, refund r1 30, refund-reversed r1 30          -> Paid 100 0
        paid 100, total 30, total 50                           -> PartiallyRefunded 100 50
        paid 100, total 30, refund r1 20, refund r2 20         -> PartiallyRefunded 100 40
        paid 100, total 50, refund r1 20                       -> PartiallyRefunded 100 50
        refund r1 30                                           -> Pending 0 30
        dispute                                                -> Pending 0 0
        paid 100, dispute                                      -> ChargedBack 100 0
        paid 100, dispute, won                                 -> Paid 100 0
        paid 100, won, lost                                    -> ChargedBack 100 0
        paid 100, dispute, refund r1 100                       -> Refunded 100 100
        paid 9223372036854775807, b:paid 9223372036854775807   -> Paid 9223372036854775807 0
    ";
    for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
        check(row);
    }
}

#[test]
fn money_of_another_currency_or_mode_never_counts_and_is_kept() {
    let mut payment = payment(100);
    let usd = |minor| Money {
        minor,
        currency: currency("USD"),
    };
    assert_eq!(payment.add(fact("paid 100", usd)), Added::New);
    let foreign = Fact {
        foreign_mode: true,
        fee_minor: 0,
        ..fact("paid 100", idr)
    };
    assert_eq!(payment.add(foreign), Added::New);
    assert_eq!(payment.projection().status, PaymentStatus::Pending);
    assert_eq!(payment.projection().captured_minor, 0);
    assert_eq!(payment.facts.len(), 2);
    assert_eq!(
        (payment.fold().foreign_currency, payment.fold().foreign_mode),
        (1, 1)
    );
}

#[test]
fn a_stronger_fact_replaces_and_a_weaker_one_is_known() {
    let mut payment = payment(100);
    let said = |strength, at: Option<i64>| Fact {
        strength,
        occurred_at: at.map(Timestamp::from_millis),
        ..fact("paid 100", idr)
    };
    assert_eq!(payment.add(said(Strength::Signed, Some(5))), Added::New);
    assert_eq!(payment.add(said(Strength::Signed, Some(5))), Added::Known);
    assert_eq!(payment.add(said(Strength::Signed, None)), Added::Known);
    assert_eq!(
        payment.add(said(Strength::PartlySigned, Some(9))),
        Added::Known
    );
    assert_eq!(payment.add(said(Strength::Signed, Some(6))), Added::Renewed);
    assert_eq!(payment.add(said(Strength::Asked, None)), Added::Renewed);
    assert_eq!(payment.facts.len(), 1);
}

#[test]
fn equal_ranks_are_settled_by_strength_then_time_then_amount() {
    let said = |words, strength, at: Option<i64>| Fact {
        strength,
        occurred_at: at.map(Timestamp::from_millis),
        ..fact(words, idr)
    };
    let mut ended = payment(100);
    ended.add(said("fail", Strength::Asked, None));
    ended.add(said("cancel", Strength::Signed, Some(9)));
    assert_eq!(ended.projection().status, PaymentStatus::Failed);
    ended.add(said("expire", Strength::Asked, Some(1)));
    assert_eq!(ended.projection().status, PaymentStatus::Expired);
    let mut taken = payment(100);
    taken.add(said("paid 100", Strength::Signed, Some(9)));
    taken.add(said("paid 90", Strength::Asked, None));
    assert_eq!(taken.projection().captured_minor, 90);
    taken.add(said("paid 95", Strength::Asked, None));
    assert_eq!(taken.projection().captured_minor, 95);
}

pub(crate) fn any_fact() -> impl Strategy<Value = Fact> {
    let words = prop::sample::select(vec![
        "created",
        "pending",
        "review",
        "authorized",
        "voided",
        "paid",
        "settled",
        "reversed",
        "fail",
        "deny",
        "expire",
        "cancel",
        "refund r1",
        "refund r2",
        "refund-pending r1",
        "refund-reversed r1",
        "total",
        "dispute",
        "won",
        "lost",
    ]);
    let amount = prop::sample::select(vec![0, 1, 60, 100, -1, i64::MAX, i64::MIN]);
    let strength = prop::sample::select(vec![
        Strength::Unsigned,
        Strength::PartlySigned,
        Strength::Signed,
        Strength::Asked,
    ]);
    let at = prop::option::of(0..3i64);
    let money = prop::option::weighted(0.9, (amount, prop::bool::weighted(0.9)));
    (
        words,
        prop::bool::ANY,
        money,
        strength,
        at,
        prop::bool::weighted(0.1),
        prop_oneof![3 => Just(0i64), 1 => 1i64..30],
    )
        .prop_map(
            |(words, second, money, strength, at, foreign_mode, fee_minor)| {
                let words = if second {
                    format!("b:{words}")
                } else {
                    words.to_owned()
                };
                Fact {
                    money: money.map(|(minor, own)| Money {
                        minor,
                        currency: currency(if own { "IDR" } else { "USD" }),
                    }),
                    strength,
                    occurred_at: at.map(Timestamp::from_millis),
                    foreign_mode,
                    fee_minor,
                    ..fact(&words, idr)
                }
            },
        )
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_changes_what_facts_come_to(
        facts in prop::collection::vec(any_fact(), 0..24),
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut orderly = payment(100);
        for fact in &facts {
            orderly.add(fact.clone());
        }
        let mut shuffled = payment(100);
        if !facts.is_empty() {
            for swap in &swaps {
                shuffled.add(swap.get(&facts).clone());
            }
        }
        for fact in facts.iter().rev() {
            shuffled.add(fact.clone());
            prop_assert_eq!(shuffled.add(fact.clone()), Added::Known);
        }
        prop_assert_eq!(&orderly.facts, &shuffled.facts);
        prop_assert_eq!(orderly.fold(), shuffled.fold());
        prop_assert!(0 <= orderly.projection().captured_minor);
        prop_assert!(0 <= orderly.projection().refunded_minor);
    }
}
