//! What a shop changes of what it keeps, and what it gives up.

use tollgate_core::capacity::{Late, Unit};
use tollgate_core::command::{
    Action, ChangeOrder, CustomerChange, MetadataChange, NewStock, OrderRef,
};
use tollgate_core::decision::{Detail, Entry, Outcome, Refusal};
use tollgate_core::id::PaymentId;
use tollgate_core::order::Root;
use tollgate_core::timeline::EntryKind;

use crate::store::Store;
use crate::words::*;

/// Whatever was kept, with what is to change behind it; more than twenty letters are too many.
fn joined(kept: &str, patch: &str) -> Option<String> {
    let joined = format!("{kept}{patch}");
    (joined.len() <= 20).then_some(joined)
}

fn metadata(patch: &str) -> Option<MetadataChange> {
    Some(MetadataChange {
        patch: patch.to_owned(),
        merge: joined,
    })
}

fn nothing(code: &str) -> ChangeOrder {
    ChangeOrder {
        order: OrderRef::Code(code.to_owned()),
        if_version: None,
        customer: CustomerChange::default(),
        metadata: None,
        note: None,
    }
}

fn change(store: &mut Store, wanted: ChangeOrder) -> Result<Root, Refusal> {
    match store.act(Action::ChangeOrder(Box::new(wanted))) {
        Outcome::Root(root) => Ok(*root),
        Outcome::Refused(refusal) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

fn last(store: &Store) -> &Entry {
    store.entries.last().expect("there are some")
}

#[test]
fn customer_metadata_and_note_change_in_every_status_and_the_entry_names_no_values() {
    let mut store = Store::new();
    store.stock("shirt", 5);
    store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    let text = |text: &str| Some(Some(text.to_owned()));
    let wanted = ChangeOrder {
        customer: CustomerChange {
            name: text("Dewi"),
            email: text("dewi@shop.example"),
            ..CustomerChange::default()
        },
        metadata: metadata("!"),
        note: text("rings twice"),
        ..nothing("A")
    };
    let changed = change(&mut store, wanted.clone()).expect("it changes");
    let order = changed.order.as_ref().expect("an order");
    assert_eq!(order.customer.name.as_deref(), Some("Dewi"));
    assert_eq!(order.note.as_deref(), Some("rings twice"));
    assert_eq!((changed.metadata.as_str(), changed.version), ("{}!", 2));
    let entry = last(&store).clone();
    let names = "customer.name, customer.email, metadata, note";
    assert_eq!(entry.kind, EntryKind::OrderChanged);
    assert_eq!(entry.detail, [("changed", Detail::Text(names.to_owned()))]);

    // What is so already changes nothing.
    let entries = store.entries.len();
    let again = change(
        &mut store,
        ChangeOrder {
            metadata: None,
            ..wanted
        },
    )
    .expect("it is so");
    assert_eq!((again, store.entries.len()), (changed, entries));

    store.hear("k1", "A-1", "paid 100");
    let taken_away = ChangeOrder {
        customer: CustomerChange {
            name: Some(None),
            ..CustomerChange::default()
        },
        note: Some(None),
        ..nothing("A")
    };
    let changed = change(&mut store, taken_away).expect("it changes");
    let order = changed.order.expect("an order");
    assert_eq!((order.customer.name, order.note), (None, None));
    assert_eq!(order.customer.email.as_deref(), Some("dewi@shop.example"));
}

#[test]
fn a_change_is_refused_over_another_version_and_beyond_what_is_kept() {
    let mut store = Store::new();
    store.stock("shirt", 5);
    let id = store.order(order("A", &[line("shirt", 1, 100)]));
    let stale = ChangeOrder {
        if_version: Some(2),
        note: Some(Some("n".to_owned())),
        ..nothing("A")
    };
    assert_eq!(
        change(&mut store, stale),
        Err(Refusal::VersionMismatch { version: 1 })
    );
    let large = ChangeOrder {
        metadata: metadata("twenty letters more"),
        note: Some(Some("n".to_owned())),
        ..nothing("A")
    };
    assert_eq!(change(&mut store, large), Err(Refusal::MetadataTooLarge));
    assert_eq!(store.rows.roots[&id].version, 1);
    assert_eq!(change(&mut store, nothing("B")), Err(Refusal::NotFound));
}

#[test]
fn a_payment_has_metadata_of_its_own_only_without_an_order() {
    let mut store = Store::new();
    store.stock("shirt", 5);
    let with = store.order(with_payment(order("A", &[line("shirt", 1, 100)]), "A-1"));
    let of_order = store.root(with).payments[0].id;
    let Outcome::Payment(alone, _) = store.try_register(None, "B-1") else {
        panic!("it is registered");
    };
    let mut change = |payment: PaymentId| {
        store.act(Action::ChangePayment {
            payment,
            metadata: metadata("!"),
        })
    };
    let refused = change(of_order);
    assert_eq!(refused, Outcome::Refused(Refusal::MetadataOfOrder));
    let Outcome::Payment(_, root) = change(alone) else {
        panic!("it changes");
    };
    assert_eq!(root.metadata, "{}!");
    assert_eq!(last(&store).kind, EntryKind::PaymentChanged);
}

fn put(sku: &str, on_hand: i64, if_version: Option<i64>) -> NewStock {
    NewStock {
        sku: sku.to_owned(),
        on_hand,
        if_version,
        low_at: None,
    }
}

#[test]
fn stock_of_several_skus_is_put_together_or_not_at_all() {
    let mut store = Store::new();
    store.stock("a", 5);
    store.stock("b", 5);
    store.order(order("A", &[line("a", 3, 100)]));
    let items = vec![put("a", 2, None), put("b", 7, Some(9)), put("c", 1, None)];
    assert_eq!(
        store.act(Action::PutStocks(items)),
        Outcome::Refused(Refusal::Several(vec![
            (0, Refusal::BelowHeld { held: 3 }),
            (1, Refusal::VersionMismatch { version: 1 }),
        ]))
    );
    assert_eq!(store.counts("b"), "5/0");
    assert!(!store.rows.stock.contains_key("c"));
    let items = vec![
        put("a", 3, None),
        put("b", 7, Some(1)),
        put("c", 1, Some(0)),
    ];
    let Outcome::Stocks(stocks) = store.act(Action::PutStocks(items)) else {
        panic!("all of it fits");
    };
    let counts = stocks
        .iter()
        .map(|stock| (stock.sku.as_str(), stock.on_hand, stock.version));
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [("a", 3, 2), ("b", 7, 2), ("c", 1, 1)]
    );
    assert_eq!(store.counts("a"), "3/3");
}

#[test]
fn a_sku_goes_when_no_hold_has_of_it_and_what_comes_back_finds_no_shelf() {
    let mut store = Store::new();
    store.stock("shirt", 5);
    let id = store.order(with_payment(order("A", &[line("shirt", 2, 50)]), "A-1"));
    let remove = Action::RemoveStock("shirt".to_owned());
    assert_eq!(
        store.act(remove.clone()),
        Outcome::Refused(Refusal::StockHeld { held: 2 })
    );
    store.act(Action::CancelOrder(OrderRef::Code("A".to_owned())));
    store.hear("k0", "A-1", "expire");
    assert_eq!(store.status(id), "Cancelled released");
    assert_eq!(store.act(remove.clone()), Outcome::Done);
    let entry = last(&store);
    assert_eq!(entry.kind, EntryKind::StockRemoved);
    assert!(
        entry.detail.contains(&("delta", Detail::Integer(-5))),
        "{entry:?}"
    );
    assert_eq!(store.act(remove), Outcome::Refused(Refusal::NotFound));
    assert_eq!(
        store.refusal(order("B", &[line("shirt", 1, 50)])),
        Refusal::SkuUnknown("shirt".to_owned())
    );
    // It may be stocked again, as something new.
    store.stock("shirt", 1);
    assert_eq!(store.rows.stock["shirt"].version, 1);
}

#[test]
fn a_calendar_goes_when_none_of_its_slots_to_come_is_booked() {
    let mut store = Store::new();
    store.stock("shirt", 9);
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 1, Late::Same),
        slots(1, 0, 8),
    );
    let mut booked = order("A", &[line("shirt", 1, 50)]);
    booked.slot = earliest("kitchen");
    store.order(booked.clone());
    let remove = Action::RemoveCalendar("kitchen".to_owned());
    let slot = Refusal::CalendarBooked {
        starts_at: minutes(0),
        booked: 1,
    };
    assert_eq!(store.act(remove.clone()), Outcome::Refused(slot.clone()));
    // It is going on: whoever has it is still there.
    store.now = minutes(14);
    assert_eq!(store.act(remove.clone()), Outcome::Refused(slot));
    store.now = minutes(15);
    assert_eq!(store.act(remove.clone()), Outcome::Done);
    let left: Vec<_> = store
        .rows
        .slots
        .values()
        .map(|slot| slot.starts_at)
        .collect();
    assert_eq!(
        left,
        [minutes(0)],
        "what is over stays for those who had it"
    );
    assert_eq!(store.act(remove), Outcome::Refused(Refusal::NotFound));
    booked.code = "B".to_owned();
    assert_eq!(
        store.refusal(booked),
        Refusal::CalendarUnknown("kitchen".to_owned())
    );
    // Its order gives back what it had.
    store.act(Action::CancelOrder(OrderRef::Code("A".to_owned())));
    store.check_capacity();
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 1, Late::Same),
        slots(2, 4, 8),
    );
    store.check_capacity();
}
