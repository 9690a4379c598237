//! Orders, stock and slots (scenarios B).

use tollgate_core::capacity::{Late, SlotWish, Unit};
use tollgate_core::command::{
    Action, AfterCancel, CreateOrder, OrderRef, RefuseCreation, TakeHold, Unknown,
};
use tollgate_core::decision::{Existing, Outcome, Refusal};
use tollgate_core::id::{HoldId, OrderId, RootId, SlotId};
use tollgate_core::order::AttentionCode;
use tollgate_core::payment::OrderedBy;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::time::Span;
use tollgate_core::word::Word;

use crate::store::Store;
use crate::words::*;

fn shop(shirts: i64) -> Store {
    let mut store = Store::new();
    store.stock("shirt", shirts);
    store
}

fn one_shirt(code: &str) -> CreateOrder {
    order(code, &[line("shirt", 1, 100)])
}

fn cancel(store: &mut Store, code: &str) -> Outcome {
    store.act(Action::CancelOrder(OrderRef::Code(code.to_owned())))
}

/// `events before | what happens | events after -> status hold, on hand/held, attention, effects`
/// for an order of one shirt at 100 and its payment `A-1`, of three shirts.
#[test]
fn an_order_follows_its_events() {
    let table = "
        // what happens                        -> order and hold             stock  attention
        -                                      -> AwaitingPayment active     3/1    -
        paid 100                               -> Paid consumed              2/0    -
        paid 100, paid 100                     -> Paid consumed              2/0    -
        paid 40                                -> PartiallyPaid active       3/1    -
        paid 40, b:paid 60                     -> Paid consumed              2/0    -
        paid 40, b:paid 80                     -> Paid consumed              2/0    overpaid
        paid 100, b:paid 100                   -> Paid consumed              2/0    duplicate_payment
        paid 150                               -> Paid consumed              2/0    overpaid
        paid 150, refund r1 50                 -> Paid consumed              2/0    overpaid
        expire                                 -> AwaitingPayment active     3/1    -
        expire, paid 100                       -> Paid consumed              2/0    -
        paid 100, expire                       -> Paid consumed              2/0    -
        authorized 100                         -> AwaitingPayment active     3/1    -
        authorized 100, time                   -> AwaitingPayment active     3/1    -
        authorized 100, voided, time           -> Expired expired            3/0    -
        time                                   -> Closing active             3/1    -
        time, paid 100                         -> Paid consumed              2/0    -
        time, authorized 100                   -> AwaitingPayment active     3/1    -
        time, expire                           -> Expired expired            3/0    -
        time, grace                            -> Expired expired            3/0    -
        time, grace, paid 100                  -> Paid consumed              2/0    -
        time, grace, paid 40                   -> Expired expired            3/0    partially_paid_expired
        time, grace, paid 40, b:paid 60        -> Paid consumed              2/0    partially_paid_expired
        time, paid 40, grace                   -> Expired expired            3/0    partially_paid_expired
        paid 40, time                          -> Expired expired            3/0    partially_paid_expired
        fail, time                             -> Expired expired            3/0    -
        cancel!                                -> Closing active             3/1    -
        cancel!, grace                         -> Cancelled released         3/0    -
        cancel!, cancel!                       -> Closing active             3/1    -
        cancel!, paid 100                      -> Paid consumed              2/0    -
        cancel!, authorized 100                -> Closing active             3/1    -
        fail, cancel!                          -> Cancelled released         3/0    -
        fail, cancel!, paid 100                -> Cancelled released         3/0    paid_unfulfillable
        time, grace, cancel!                   -> Expired expired            3/0    -
        time, cancel!, grace                   -> Cancelled released         3/0    -
        paid 100, refund r1 40                 -> PartiallyRefunded consumed 2/0    -
        paid 100, refund r1 100                -> Refunded consumed          2/0    -
        paid 100, refund r1 100, settled 100   -> Refunded consumed          2/0    -
        paid 100, refund r1 150                -> Refunded consumed          2/0    over_refunded
        refund r1 100, paid 100                -> Refunded consumed          2/0    -
        paid 100, reversed                     -> Paid consumed              2/0    payment_reversed
        paid 100, dispute                      -> Paid consumed              2/0    chargeback
        dispute, paid 100                      -> Paid consumed              2/0    chargeback
        paid 100, won                          -> Paid consumed              2/0    -
    ";
    for row in table.lines().map(str::trim) {
        if row.is_empty() || row.starts_with("//") {
            continue;
        }
        let (steps, expected) = row.split_once("->").expect("a row has an arrow");
        let mut store = shop(3);
        let id = store.order(with_payment(one_shirt("A"), "A-1"));
        for (place, step) in steps.split(',').map(str::trim).enumerate() {
            match step {
                "-" => {}
                "time" => {
                    store.later(Span::minutes(16));
                    store.due(id);
                }
                "grace" => {
                    store.later(Span::minutes(3));
                    store.due(id);
                }
                "cancel!" => drop(cancel(&mut store, "A")),
                words => drop(store.hear(&format!("k{place}"), "A-1", words)),
            }
            store.check_capacity();
        }
        let mut attention = store.attention(id);
        if attention.is_empty() {
            attention.push("-");
        }
        let is = format!(
            "{} {} {}",
            store.status(id),
            store.counts("shirt"),
            attention.join("+")
        );
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(is, expected.join(" "), "{row}");
    }
}

#[test]
fn lines_on_one_sku_are_summed_before_the_check() {
    // B1
    let mut store = shop(3);
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
    store.order(order("A", &[line("shirt", 2, 10), line("shirt", 1, 10)]));
    assert_eq!(store.counts("shirt"), "3/3");
}

#[test]
fn a_code_or_reference_that_is_taken_is_answered_with_its_owner() {
    // B3: the second try with another key finds the order by its code.
    let mut store = shop(3);
    let first = store.order(with_payment(one_shirt("A"), "A-1"));
    let taken = Existing::Order(OrderId::on(first, 0));
    assert_eq!(store.refusal(one_shirt("A")), Refusal::AlreadyExists(taken));
    let payment = store.root(first).payments[0].id;
    assert_eq!(
        store.refusal(with_payment(one_shirt("B"), "A-1")),
        Refusal::AlreadyExists(Existing::Payment(payment))
    );
    assert_eq!(store.counts("shirt"), "3/1");
}

#[test]
fn her_own_hold_refuses_only_another_order() {
    // B3: the last shirt is held by the first order.
    let mut store = shop(1);
    store.order(one_shirt("A"));
    assert!(matches!(
        store.refusal(one_shirt("B")),
        Refusal::OutOfStock { .. }
    ));
}

#[test]
fn refusals_are_found_in_the_order_the_api_says() {
    let mut store = shop(1);
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 0, Late::Same),
        slots(1, 0, 3),
    );
    let taken = store.order(one_shirt("A"));
    let all_wrong = |code: &str, sku: &str, calendar: &str| CreateOrder {
        slot: earliest(calendar),
        ..order(code, &[line(sku, 1, 1), line("shirt", 1, 1)])
    };
    let exists = Refusal::AlreadyExists(Existing::Order(OrderId::on(taken, 0)));
    assert_eq!(store.refusal(all_wrong("A", "hat", "nowhere")), exists);
    assert_eq!(
        store.refusal(all_wrong("B", "hat", "x")),
        Refusal::SkuUnknown("hat".to_owned())
    );
    let unknown = Refusal::CalendarUnknown("x".to_owned());
    assert_eq!(store.refusal(all_wrong("B", "shirt", "x")), unknown);
    let short = Refusal::OutOfStock {
        skus: vec![("shirt".into(), 0, 2)],
        payment_waiting: false,
    };
    assert_eq!(store.refusal(all_wrong("B", "shirt", "kitchen")), short);
    let no_lines = CreateOrder {
        slot: earliest("kitchen"),
        ..order("B", &[])
    };
    assert_eq!(store.refusal(no_lines), Refusal::LargerThanSlot);
}

#[test]
fn what_the_edge_does_not_know_is_refused_after_what_exists_and_before_everything_else() {
    let mut store = shop(1);
    let taken = store.order(one_shirt("A"));
    let unknown = |code: &str| RefuseCreation {
        code: Some(code.to_owned()),
        payment: None,
        unknown: Unknown::Currency,
    };
    let mut refusal = |wanted| match store.act(Action::RefuseCreation(wanted)) {
        Outcome::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    };
    let exists = Refusal::AlreadyExists(Existing::Order(OrderId::on(taken, 0)));
    assert_eq!(refusal(unknown("A")), exists);
    assert_eq!(refusal(unknown("B")), Refusal::Unknown(Unknown::Currency));
}

#[test]
fn totals_are_exact_and_bounded() {
    let mut store = shop(9);
    let big = (1 << 53) - 1;
    for (quantity, unit, discount, shipping, expected) in [
        (2, 100, 50, 7, Ok(157)),
        (1, 100, 100, 0, Ok(0)),
        (1, 100, 101, 0, Err(Refusal::TotalNegative)),
        (1, 100, 101, 1, Ok(0)),
        (1, big, 0, 0, Ok(big)),
        (1, big, 0, 1, Err(Refusal::AmountOverflow)),
        (2, big, big, 0, Ok(big)),
        (big, big, 0, 0, Err(Refusal::AmountOverflow)),
        (0, 100, 0, 0, Err(Refusal::AmountOverflow)),
        (1, -1, 0, 0, Err(Refusal::AmountOverflow)),
        (i64::MAX, 1, 0, 0, Err(Refusal::AmountOverflow)),
        (1, 1, i64::MIN, 0, Err(Refusal::AmountOverflow)),
    ] {
        let mut lines = [line("x", quantity, unit)];
        lines[0].stocked = false;
        let wanted = CreateOrder {
            discount_minor: discount,
            shipping_minor: shipping,
            ..order(&format!("{quantity}-{unit}-{discount}-{shipping}"), &lines)
        };
        let is = match store.try_order(wanted) {
            Outcome::Root(root) => Ok(root.order.expect("an order").total_minor),
            Outcome::Refused(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            is, expected,
            "{quantity} * {unit} - {discount} + {shipping}"
        );
    }
}

#[test]
fn a_total_of_nothing_is_paid_at_once() {
    let mut store = shop(3);
    let id = store.order(order("A", &[line("shirt", 1, 0)]));
    assert_eq!(store.status(id), "Completed consumed");
    let kinds: Vec<_> = store
        .entries
        .iter()
        .map(|entry| entry.kind.word())
        .collect();
    assert_eq!(
        kinds[kinds.len() - 3..],
        ["order.created", "order.paid", "order.completed"]
    );
    assert_eq!(store.counts("shirt"), "2/0");
    assert!(store.rows.effects.is_empty());
}

#[test]
fn paid_after_expiry_is_held_again_or_given_back() {
    // B6
    let mut store = shop(1);
    let id = store.order(with_payment(one_shirt("A"), "A-1"));
    store.later(Span::minutes(16));
    store.due(id);
    store.later(Span::minutes(3));
    store.due(id);
    assert_eq!(store.status(id), "Expired expired");
    let other = store.order(one_shirt("B"));
    assert_eq!(store.hear("k1", "A-1", "paid 100"), EventOutcome::Attention);
    assert_eq!(store.status(id), "Expired expired");
    assert_eq!(store.attention(id), ["paid_unfulfillable"]);
    let refunds = store.root(id).refunds.clone();
    assert_eq!(refunds.len(), 1);
    assert_eq!(
        (refunds[0].money, refunds[0].ordered_by),
        (idr(100), OrderedBy::Tollgate)
    );
    assert_eq!(
        store.effects("refund:"),
        [format!("refund:{}", refunds[0].id)]
    );
    assert_eq!(store.effects("receipt:sale:").len(), 1);
    assert_eq!(store.counts("shirt"), "1/1");

    // The other order goes. Money that is on its way back buys nothing; what comes on top does.
    cancel(&mut store, "B");
    assert_eq!(store.status(other), "Cancelled released");
    assert_eq!(store.hear("k2", "A-1", "settled 100"), EventOutcome::Stale);
    assert_eq!(
        store.hear("k3", "A-1", "b:paid 99"),
        EventOutcome::Attention
    );
    assert_eq!(store.status(id), "Expired expired");
    assert_eq!(store.effects("refund:").len(), 2);
    assert_eq!(store.hear("k4", "A-1", "c:paid 100"), EventOutcome::Applied);
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.effects("refund:").len(), 2);
    store.check_capacity();
}

#[test]
fn a_late_payment_takes_its_own_slot_or_the_next_where_that_is_allowed() {
    // late, is its slot taken meanwhile -> where the order ends up
    let its_own = Some(SlotId::from_u128((1 << 64) | 3));
    let next = Some(SlotId::from_u128((1 << 64) | 4));
    for (late, by_id, taken, expected) in [
        (Late::Same, false, false, its_own),
        (Late::Same, false, true, None),
        (Late::Next, false, true, next),
        (Late::Next, true, true, None),
        (Late::Next, true, false, its_own),
    ] {
        let mut store = shop(9);
        store.rules.after_cancel = AfterCancel::Rehold;
        store.put_calendar(calendar("kitchen", Unit::Orders, 1, late), slots(1, 0, 9));
        let wish = if by_id {
            SlotWish::Exactly(SlotId::from_u128((1 << 64) | 3))
        } else {
            let not_before = Some(minutes(30));
            SlotWish::Earliest {
                calendar: "kitchen".to_owned(),
                not_before,
            }
        };
        let wanted = |code: &str| CreateOrder {
            slot: Some(wish.clone()),
            ..one_shirt(code)
        };
        let id = store.order(with_payment(wanted("A"), "A-1"));
        store.hear("k1", "A-1", "expire");
        cancel(&mut store, "A");
        assert_eq!(store.status(id), "Cancelled released");
        if taken {
            store.order(wanted("B"));
        }
        store.hear("k2", "A-1", "paid 100");
        let consumed = store.root(id).is_fulfilled();
        let booking = store.root(id).hold().and_then(|hold| hold.booking.clone());
        let is = booking.filter(|_| consumed).map(|booking| booking.slot);
        assert_eq!(is, expected, "{late:?} by id {by_id} taken {taken}");
        assert_eq!(store.attention(id).len(), usize::from(expected.is_none()));
        store.check_capacity();
    }
}

#[test]
fn the_end_of_one_attempt_after_another_paid_changes_nothing() {
    // B7
    let mut store = shop(3);
    let id = store.order(with_payment(one_shirt("A"), "A-1"));
    store.register("A", "A-2");
    store.hear("k1", "A-2", "paid 100");
    store.hear("k2", "A-1", "expire");
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.attention(id), [""; 0]);
    assert_eq!(store.counts("shirt"), "2/0");
}

#[test]
fn the_second_of_two_paid_attempts_is_a_duplicate_payment() {
    // B8
    let mut store = shop(3);
    let id = store.order(with_payment(one_shirt("A"), "A-1"));
    let second = store.register("A", "A-2");
    store.hear("k1", "A-1", "paid 100");
    store.hear("k2", "A-2", "c:paid 100");
    let open: Vec<_> = store.root(id).open_attention().cloned().collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].code, AttentionCode::DuplicatePayment);
    assert_eq!(open[0].payment, Some(second));
    assert_eq!(store.root(id).ledger().all.captured, 200);
    assert_eq!(store.effects("receipt:sale:").len(), 2);
    assert_eq!(store.counts("shirt"), "2/0");
}

#[test]
fn cancel_and_pay_end_as_one_of_the_two_never_both() {
    // B9: paid first, the cancellation is refused; cancelled first, paid facts still win.
    let mut store = shop(3);
    let id = store.order(with_payment(one_shirt("A"), "A-1"));
    store.hear("k1", "A-1", "paid 100");
    assert_eq!(
        cancel(&mut store, "A"),
        Outcome::Refused(Refusal::OrderPaid)
    );
    assert_eq!(store.status(id), "Paid consumed");

    let id = store.order(with_payment(one_shirt("B"), "B-1"));
    cancel(&mut store, "B");
    assert_eq!(store.effects("ask:"), ["ask:bank:B-1:1"]);
    store.hear("k2", "B-1", "paid 100");
    assert_eq!(store.status(id), "Paid consumed");
    store.later(Span::minutes(9));
    store.due(id);
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.counts("shirt"), "1/0");
}

#[test]
fn the_earliest_slot_is_found_behind_any_number_of_full_ones() {
    // B10: further than the first page reaches.
    let mut store = shop(99);
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 2, Late::Same),
        slots(1, 0, 60),
    );
    let wanted = |code: &str| CreateOrder {
        slot: earliest("kitchen"),
        ..order(code, &[])
    };
    for n in 0..100 {
        let id = store.order(wanted(&format!("A{n}")));
        let booking = store.root(id).hold().and_then(|hold| hold.booking.clone());
        assert_eq!(
            booking.map(|booking| booking.starts_at),
            Some(minutes(15 * (n / 2)))
        );
    }
    assert_eq!(store.misses, 0);
    // Slots that are not full but too small are walked over, in larger pages.
    let mut store = shop(99);
    store.put_calendar(
        calendar("kitchen", Unit::Items, 3, Late::Same),
        slots(1, 0, 60),
    );
    for n in 0..40 {
        let lines = [line("shirt", 2, 1)];
        store.order(CreateOrder {
            slot: earliest("kitchen"),
            ..order(&format!("B{n}"), &lines)
        });
    }
    let lines = [line("shirt", 2, 1)];
    let id = store.order(CreateOrder {
        slot: earliest("kitchen"),
        ..order("C", &lines)
    });
    let booking = store.root(id).hold().and_then(|hold| hold.booking.clone());
    assert_eq!(
        booking.map(|booking| booking.starts_at),
        Some(minutes(15 * 40))
    );
    assert!(0 < store.misses);
    let lines = [line("shirt", 4, 1)];
    let wanted = CreateOrder {
        slot: earliest("kitchen"),
        ..order("D", &lines)
    };
    assert_eq!(store.refusal(wanted), Refusal::LargerThanSlot);
}

#[test]
fn a_slot_known_by_chance_is_not_taken_for_the_earliest() {
    // B10: in one batch a far slot is known, and between it and the first page lie others.
    let mut store = shop(99);
    store.put_calendar(
        calendar("kitchen", Unit::Items, 3, Late::Same),
        slots(1, 0, 60),
    );
    for n in 0..10 {
        let lines = [line("shirt", 2, 1)];
        store.order(CreateOrder {
            slot: earliest("kitchen"),
            ..order(&format!("A{n}"), &lines)
        });
    }
    store.begin_batch();
    let far = SlotWish::Earliest {
        calendar: "kitchen".to_owned(),
        not_before: Some(minutes(15 * 40)),
    };
    store.order(CreateOrder {
        slot: Some(far),
        ..one_shirt("far")
    });
    let lines = [line("shirt", 2, 1)];
    let id = store.order(CreateOrder {
        slot: earliest("kitchen"),
        ..order("near", &lines)
    });
    let booking = store.root(id).hold().and_then(|hold| hold.booking.clone());
    assert_eq!(
        booking.map(|booking| booking.starts_at),
        Some(minutes(15 * 10))
    );
}

#[test]
fn a_slot_looked_for_before_it_was_made_is_found_after() {
    let mut store = shop(9);
    store.put_calendar(calendar("kitchen", Unit::Orders, 1, Late::Same), Vec::new());
    store.begin_batch();
    let wish = Some(SlotWish::Exactly(SlotId::from_u128((1 << 64) | 6)));
    let wanted = CreateOrder {
        slot: wish,
        ..one_shirt("A")
    };
    assert_eq!(store.refusal(wanted.clone()), Refusal::SlotUnknown);
    store.act(Action::PutSlots {
        calendar: "kitchen".to_owned(),
        slots: slots(1, 5, 1),
    });
    store.order(wanted);
    store.check_capacity();
}

#[test]
fn slots_made_ahead_leave_those_that_exist() {
    let mut store = shop(9);
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 1, Late::Same),
        slots(1, 0, 2),
    );
    let mut by_hand = slots(1, 3, 1);
    by_hand[0].capacity = Some(7);
    store.act(Action::PutSlots {
        calendar: "kitchen".to_owned(),
        slots: by_hand,
    });
    store.order(CreateOrder {
        slot: earliest("kitchen"),
        ..one_shirt("A")
    });
    let make = |version| Action::MakeSlots {
        calendar: "kitchen".to_owned(),
        version,
        slots: slots(1, 0, 6),
        made_until: minutes(90),
        make_at: minutes(60),
    };
    store.act(make(9));
    assert_eq!((store.changed, store.rows.slots.len()), (0, 3));
    store.act(make(1));
    let capacities: Vec<i64> = store
        .rows
        .slots
        .values()
        .map(|slot| slot.capacity)
        .collect();
    assert_eq!(capacities, [1, 1, 1, 7, 1, 1]);
    assert_eq!(store.rows.calendars["kitchen"].version, 2);
    assert_eq!(store.rows.calendars["kitchen"].make_at, Some(minutes(60)));
    store.check_capacity();
}

#[test]
fn a_slot_too_near_is_no_candidate() {
    let mut store = shop(9);
    let mut kitchen = calendar("kitchen", Unit::Orders, 1, Late::Same);
    kitchen.booking_lead = Span::minutes(40);
    store.put_calendar(kitchen, slots(1, 0, 9));
    let id = store.order(CreateOrder {
        slot: earliest("kitchen"),
        ..one_shirt("A")
    });
    let booking = store.root(id).hold().and_then(|hold| hold.booking.clone());
    assert_eq!(booking.map(|booking| booking.starts_at), Some(minutes(45)));
    let near = Some(SlotWish::Exactly(SlotId::from_u128((1 << 64) | 3)));
    assert_eq!(
        store.refusal(CreateOrder {
            slot: near,
            ..one_shirt("B")
        }),
        Refusal::SlotFull {
            payment_waiting: false
        }
    );
    let unknown = Some(SlotWish::Exactly(SlotId::from_u128(77)));
    let wanted = CreateOrder {
        slot: unknown,
        ..one_shirt("B")
    };
    assert_eq!(store.refusal(wanted), Refusal::SlotUnknown);
    // What has begun is not full, it is gone.
    store.now = minutes(46);
    let past = CreateOrder {
        slot: Some(SlotWish::Exactly(SlotId::from_u128((1 << 64) | 3))),
        ..one_shirt("B")
    };
    assert_eq!(store.refusal(past), Refusal::SlotUnknown);
}

#[test]
fn a_stale_version_of_stock_is_refused() {
    // B11
    let mut store = shop(10);
    let put = |store: &mut Store, on_hand, if_version| {
        store.act(Action::PutStock {
            sku: "shirt".to_owned(),
            on_hand,
            if_version,
            low_at: None,
        })
    };
    assert_eq!(
        put(&mut store, 9, Some(0)),
        Outcome::Refused(Refusal::VersionMismatch { version: 1 })
    );
    assert!(matches!(put(&mut store, 9, Some(1)), Outcome::Stock(stock) if stock.version == 2));
    // A hold leaves the version, a sale moves it.
    let id = store.order(with_payment(order("A", &[line("shirt", 4, 25)]), "A-1"));
    assert_eq!(store.rows.stock["shirt"].version, 2);
    assert_eq!(
        put(&mut store, 3, None),
        Outcome::Refused(Refusal::BelowHeld { held: 4 })
    );
    store.hear("k1", "A-1", "paid 100");
    assert_eq!(store.status(id), "Paid consumed");
    assert_eq!(store.rows.stock["shirt"].version, 3);
    assert_eq!(store.counts("shirt"), "5/0");
}

fn cart(store: &mut Store, lines: &[(&str, i64)]) -> RootId {
    let fresh = store.fresh();
    let lines = lines
        .iter()
        .map(|(sku, units)| ((*sku).to_owned(), *units))
        .collect();
    let hold = Span::minutes(10);
    match store.act(Action::TakeHold(TakeHold {
        fresh,
        lines,
        slot: None,
        hold,
    })) {
        Outcome::Root(root) => root.id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hold_released_twice_is_given_back_once() {
    // B12
    let mut store = shop(3);
    let cart = cart(&mut store, &[("shirt", 2)]);
    let release = Action::ReleaseHold(HoldId::on(cart, 0));
    store.act(release.clone());
    assert_eq!(store.counts("shirt"), "3/0");
    assert!(matches!(store.act(release), Outcome::Root(_)));
    assert_eq!(store.changed, 0);
    assert_eq!(store.counts("shirt"), "3/0");
}

#[test]
fn an_order_takes_a_carts_hold_over_and_needs_room_only_for_the_difference() {
    // cart holds, order wants, of 3 -> stock then
    for (held, wanted, expected) in [
        (3, 3, Ok("3/3")),
        (3, 1, Ok("3/1")),
        (1, 3, Ok("3/3")),
        (3, 4, Err("3/3")),
    ] {
        let mut store = shop(3);
        let cart = cart(&mut store, &[("shirt", held)]);
        let take_over = Some(HoldId::on(cart, 0));
        let lines = [line("shirt", wanted, 1)];
        let outcome = store.try_order(CreateOrder {
            take_over,
            ..order("A", &lines)
        });
        match (outcome, expected) {
            (Outcome::Root(root), Ok(counts)) => {
                assert_eq!(root.hold().map(|hold| hold.id), Some(HoldId::on(cart, 0)));
                assert_eq!(store.counts("shirt"), counts);
                let again = CreateOrder {
                    take_over,
                    ..order("B", &lines)
                };
                assert_eq!(store.refusal(again), Refusal::HoldNotActive);
                let released = store.act(Action::ReleaseHold(HoldId::on(cart, 0)));
                assert_eq!(released, Outcome::Refused(Refusal::HoldNotActive));
            }
            (Outcome::Refused(Refusal::OutOfStock { .. }), Err(counts)) => {
                assert_eq!(store.counts("shirt"), counts);
            }
            (other, _) => panic!("{held} then {wanted}: {other:?}"),
        }
        store.check_capacity();
    }
}

#[test]
fn a_carts_hold_that_ran_out_is_not_taken_over() {
    let mut store = shop(3);
    let cart = cart(&mut store, &[("shirt", 1)]);
    store.later(Span::minutes(10));
    let take_over = Some(HoldId::on(cart, 0));
    let wanted = CreateOrder {
        take_over,
        ..one_shirt("A")
    };
    assert_eq!(store.refusal(wanted), Refusal::HoldNotActive);
    store.due(cart);
    assert_eq!(store.counts("shirt"), "3/0");
    assert_eq!(
        store.entries.last().map(|entry| entry.kind.word()),
        Some("hold.expired")
    );
}

#[test]
fn nothing_due_changes_nothing() {
    let mut store = shop(3);
    let id = store.order(with_payment(one_shirt("A"), "A-1"));
    store.later(Span::minutes(14));
    assert_eq!(store.act(Action::RootDue(id)), Outcome::Done);
    assert_eq!(store.changed, 0);
    assert_eq!(store.root(id).due_at(), Some(minutes(15)));
}

#[test]
fn a_calendar_keeps_what_is_booked() {
    let mut store = shop(9);
    let kitchen = calendar("kitchen", Unit::Orders, 2, Late::Same);
    store.put_calendar(kitchen.clone(), slots(1, 0, 4));
    store.order(CreateOrder {
        slot: earliest("kitchen"),
        ..one_shirt("A")
    });
    store.order(CreateOrder {
        slot: earliest("kitchen"),
        ..one_shirt("B")
    });
    let smaller = calendar("kitchen", Unit::Orders, 1, Late::Same);
    let refused = store.act(Action::PutCalendar {
        calendar: Box::new(smaller),
        slots: slots(1, 0, 4),
    });
    let starts_at = minutes(0);
    assert_eq!(
        refused,
        Outcome::Refused(Refusal::BelowBooked {
            starts_at,
            booked: 2
        })
    );
    let larger = calendar("kitchen", Unit::Orders, 5, Late::Same);
    store.put_calendar(larger, slots(1, 2, 3));
    let capacities: Vec<i64> = store
        .rows
        .slots
        .values()
        .map(|slot| slot.capacity)
        .collect();
    // Booked and no longer made, no longer made, made again, made again, new.
    assert_eq!(capacities, [2, 0, 5, 5, 5]);
    store.check_capacity();
}

#[test]
fn low_stock_and_full_slots_are_recorded_once() {
    let mut store = shop(3);
    let put = Action::PutStock {
        sku: "shirt".to_owned(),
        on_hand: 3,
        if_version: None,
        low_at: Some(1),
    };
    store.act(put);
    store.put_calendar(
        calendar("kitchen", Unit::Orders, 2, Late::Same),
        slots(1, 0, 1),
    );
    for code in ["A", "B"] {
        store.order(CreateOrder {
            slot: earliest("kitchen"),
            ..one_shirt(code)
        });
    }
    store.order(one_shirt("C"));
    let count = |kind| {
        store
            .entries
            .iter()
            .filter(|entry| entry.kind.word() == kind)
            .count()
    };
    assert_eq!((count("stock.low"), count("slot.full")), (1, 1));
}
