//! Orders, stock and slots (scenarios B).

use tollgate_core::decision::Refusal;
use tollgate_core::snapshot::EventOutcome;

use crate::store::Store;
use crate::words::*;

#[test]
fn an_order_is_paid_by_its_event() {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let id = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    assert_eq!(store.status(id), "AwaitingPayment active");
    assert_eq!(store.counts("shirt"), "3/1");
    assert_eq!(store.hear("e1", "A-1", "paid 100"), EventOutcome::Applied);
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.counts("shirt"), "2/0");
    assert_eq!(store.effects("receipt:sale:").len(), 1);
    assert_eq!(store.hear("e1", "A-1", "paid 100"), EventOutcome::Duplicate);
    assert_eq!(store.changed, 0);
    store.check_capacity();
}

#[test]
fn lines_on_one_sku_are_summed_before_the_check() {
    let mut store = Store::new();
    store.stock("shirt", 3);
    let lines = [line("shirt", 2, 10), line("shirt", 2, 10)];
    let short = vec![("shirt".to_owned(), 3, 4)];
    assert_eq!(
        store.refusal(order("A", &lines)),
        Refusal::OutOfStock {
            skus: short,
            payment_waiting: false
        }
    );
    assert_eq!(store.counts("shirt"), "3/0");
}
