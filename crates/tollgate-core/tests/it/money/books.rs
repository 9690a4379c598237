//! Whatever happens, the books add up.

use proptest::prelude::*;
use tollgate_core::command::Action;
use tollgate_core::decision::Outcome;
use tollgate_core::event::RefundState;
use tollgate_core::order::OrderStatus;

use crate::stories::*;
use crate::worker::*;

/// The examples of docs/money.md.
#[test]
fn the_worked_examples_are_true() {
    check_table(
        after_cancel_rehold,
        "
        A-1 paid 40; staff refunds A-1 40; register A-2; A-2 owes 100; the provider refunds;
        A-2 b:paid 60; register A-3; A-3 owes 40; A-3 c:paid 40
        -> Paid consumed | 140 40 0 0 | 140 40 0 | A-1 40 | -

        A-1 paid 40; staff refunds A-1 40; the bank refuses; register A-2; A-2 owes 60; A-2 b:paid 60
        -> Paid consumed | 100 0 0 0 | 100 0 0 | A-1 40 | -

        A-1 paid 50; cancel; sold elsewhere; staff refunds A-1 50; the provider refunds;
        register A-2; A-2 b:paid 50; register A-3; A-3 c:paid 100
        -> Cancelled released | 200 50 0 150 | 200 50 0 | A-1 50, A-2 50, A-3 100 | *

        A-1 paid 100; asked A-1 settled 97; A-1 refund r1 40; A-1 refund-reversed r1 40
        -> Paid consumed | 97 0 0 0 | 97 0 0 | - | amount_changed

        run out; register A-2; [A-1 paid 60, A-2 b:paid 40]
        -> Paid consumed | 100 0 0 0 | 100 0 0 | - | partially_paid_expired

        run out; sold elsewhere; register A-2; [A-1 paid 60, A-2 b:paid 40]
        -> Expired expired | 100 0 0 100 | 100 0 0 | A-1 60, A-2 40
           | paid_unfulfillable, partially_paid_expired
        ",
    );
}

/// What may happen to an order that is paid in two parts, in whatever sense or nonsense.
const ANYTHING: &[&str] = &[
    "A-1 paid 60",
    "A-1 paid 100",
    "A-1 settled 97",
    "asked A-1 settled 97",
    "A-1 y:paid 40",
    "A-1 A-1:paid 60",
    "A-2 b:paid 40",
    "A-2 b:settled 40",
    "A-1 authorized 100",
    "A-1 fail",
    "A-1 reversed",
    "A-2 b:reversed 40",
    "A-1 refund r1 30",
    "A-1 refund r1 20",
    "A-1 refund-pending r2 10",
    "A-1 refund r2 10",
    "A-1 refund-reversed r1 30",
    "A-1 total 30",
    "A-1 total 50",
    "A-2 total 40",
    "A-1 dispute d1 40",
    "A-1 dispute d2",
    "A-1 won d1 40",
    "A-1 lost d1 40",
    "A-1 lost d2",
    "try A-1 30",
    "try A-1 100",
    "try A-2 40",
    "the provider refunds",
    "the calls fail",
    "cancel",
    "run out",
    "sold elsewhere",
    "receipts",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// After every step: receipts say what the ledger says, nothing is ordered back that is not free, an
    /// order is sold only while it is covered, and money of an ended order goes back or is shown.
    #[test]
    fn whatever_happens_the_books_add_up(
        steps in prop::collection::vec(prop::sample::select(ANYTHING.to_vec()), 1..25),
    ) {
        let (mut store, id) = shop();
        store.register("A", "A-2");
        for (place, words) in steps.iter().enumerate() {
            let before = (store.root(id).ledger(), store.root(id).refunds.len());
            let was_sold = store.root(id).is_fulfilled();
            let parts: Vec<&str> = words.split_whitespace().collect();
            match parts.as_slice() {
                ["try", reference, minor] => {
                    let payment = payment(&store, id, reference);
                    let free = before.0.of_payment(payment).free();
                    let minor = minor.parse().expect("an amount");
                    let outcome = staff_refund(&mut store, payment, minor);
                    let ordered = matches!(outcome, Outcome::Refund(..));
                    prop_assert_eq!(ordered, minor <= free, "{:?}: {:?}", steps, outcome);
                }
                ["the", "calls", "fail"] => {
                    for key in store.effects("refund:") {
                        if !store.rows.claimed.contains_key(&effect_id(&key))
                            && takes_up(&mut store, &key)
                        {
                            ends(&mut store, &key, refused());
                        }
                    }
                }
                ["the", "provider", "refunds"] => {
                    for key in store.effects("refund:") {
                        if !store.rows.claimed.contains_key(&effect_id(&key))
                            && takes_up(&mut store, &key)
                        {
                            ends(&mut store, &key, taken_as(None, RefundState::Succeeded));
                        }
                    }
                }
                ["sold", "elsewhere"] => drop(store.act(Action::PutStock {
                    sku: "shirt".to_owned(),
                    on_hand: 0,
                    if_version: None,
                    low_at: None,
                })),
                _ => step(&mut store, id, &format!("k{place}"), words),
            }
            receipts(&store, id);
            store.check_capacity();
            let root = store.root(id);
            let ledger = root.ledger();
            for refund in &root.refunds[before.1..] {
                // What was ordered in this step was free in it.
                let account = ledger.of_payment(refund.payment);
                prop_assert!(account.reserved <= account.kept(), "{:?}: {:?}", steps, account);
            }
            let sold_now = root.is_fulfilled() && !was_sold;
            // What goes back may be reported before what came: then it did come.
            let early = ledger.all.refunded + ledger.all.charged_back;
            prop_assert!(!sold_now || ledger.due <= ledger.all.kept() + early, "{:?}", steps);
            let order = root.order.as_ref().expect("an order");
            let is_completed = order.status == OrderStatus::Completed;
            let was_completed = is_completed && ledger == before.0;
            prop_assert!(
                !is_completed || was_completed || ledger.is_covered() || !store.attention(id).is_empty(),
                "{:?}", steps
            );
            let has_ended = matches!(order.status, OrderStatus::Expired | OrderStatus::Cancelled);
            if has_ended && 0 < ledger.at_rest() {
                prop_assert!(!store.attention(id).is_empty(), "{:?}: {:?}", steps, ledger);
            }
        }
    }
}
