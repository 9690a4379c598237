//! What is written is what is read: every document of every kind, through the Gate and the file.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tollgate_core::capacity::{
    Booking, Calendar, Hold, HoldState, Late, Slot, SlotWish, Stock, Unit,
};
use tollgate_core::command::{Action, Forward, RawEvent};
use tollgate_core::decision::{Change, Decision, Outcome};
use tollgate_core::effect::{Receipt, ReceiptKind};
use tollgate_core::event::{
    CaptureState, Confirm, DisputeState, Event, Fact, FactKind, Policy, RefundState, Strength,
};
use tollgate_core::id::{
    EventId, HoldId, OrderId, PaymentId, ReceiptId, RefundId, RootId, SlotId, first_id,
};
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::money::{Currency, Money};
use tollgate_core::order::{
    Attention, AttentionCode, Closing, ClosingEnd, Customer, Line, Order, OrderStatus, Root,
};
use tollgate_core::payment::{OrderedBy, Payment, Refund, RefundProgress};
use tollgate_core::receipt_number::{NumberFormat, ReceiptNumber};
use tollgate_core::snapshot::{EventOutcome, EventState, Reason, StoredEvent};
use tollgate_core::time::{Span, Timestamp};
use tollgate_core::word::Word;

use crate::world::{SHOP, START, World, decide_or, server, submission};

/// Any text: other scripts, quotes, control characters, nothing. A NUL is refused at every edge, for
/// PostgreSQL has no text with one; a file keeps it all the same.
fn text() -> impl Strategy<Value = String> {
    let control = if server().is_some() { "\u{1}" } else { "\u{0}" };
    prop_oneof![
        "[a-zA-Z0-9._:+-]{1,12}",
        "\\PC{0,12}",
        Just(format!(
            "\"quoted\" \\ {control} \u{1f}\n\u{2028} ёжик नमस्ते שלום 🧵"
        )),
        Just(String::new()),
    ]
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![0..(1i64 << 47), Just(0), any::<i64>()].prop_map(Timestamp::from_millis)
}

fn minor() -> impl Strategy<Value = i64> {
    prop_oneof![0..1000i64, any::<i64>()]
}

fn currency() -> impl Strategy<Value = Currency> {
    "[A-Z]{3}".prop_map(|code| Currency::new(&code).expect("three letters"))
}

fn money() -> impl Strategy<Value = Money> {
    (minor(), currency()).prop_map(|(minor, currency)| Money { minor, currency })
}

fn id() -> impl Strategy<Value = u128> {
    prop_oneof![any::<u128>(), Just(0), Just(u128::MAX)]
}

fn root_id() -> impl Strategy<Value = RootId> {
    any::<u128>().prop_map(RootId::new)
}

fn fact() -> impl Strategy<Value = Fact> {
    use CaptureState::*;
    let capture = prop::sample::select(vec![
        Created,
        Pending,
        RequiresAction,
        Processing,
        Review,
        Failed,
        Denied,
        Expired,
        Cancelled,
        Authorized,
        Voided,
        Captured,
        Settled,
        Reversed,
    ]);
    let refund = prop::sample::select(vec![
        RefundState::Requested,
        RefundState::Pending,
        RefundState::Failed,
        RefundState::Succeeded,
        RefundState::Reversed,
    ]);
    let dispute = prop::sample::select(vec![
        DisputeState::Open,
        DisputeState::Won,
        DisputeState::Lost,
    ]);
    let kind = prop_oneof![
        capture.prop_map(FactKind::Capture),
        refund.prop_map(FactKind::Refund),
        dispute.prop_map(FactKind::Dispute),
        Just(FactKind::RefundedTotal),
    ];
    let strength = prop::sample::select(vec![
        Strength::Unsigned,
        Strength::PartlySigned,
        Strength::Signed,
        Strength::Asked,
    ]);
    let parts = (
        text(),
        kind,
        prop::option::of(money()),
        prop::option::of(time()),
        strength,
        any::<bool>(),
        prop_oneof![Just(0i64), any::<i64>()],
    );
    parts.prop_map(
        |(object, kind, money, occurred_at, strength, foreign_mode, fee_minor)| Fact {
            object,
            kind,
            money,
            occurred_at,
            strength,
            foreign_mode,
            fee_minor,
        },
    )
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec(fact(), 0..4)
}

fn payment() -> impl Strategy<Value = Payment> {
    let names = (id(), text(), text(), prop::option::of(text()));
    (
        names,
        money(),
        prop::option::of(time()),
        facts(),
        time(),
        time(),
    )
        .prop_map(
            |(
                (id, source, reference, provider_payment_id),
                due,
                expires_at,
                facts,
                created,
                updated,
            )| {
                let methods = facts
                    .iter()
                    .enumerate()
                    .map(|(place, fact): (usize, &Fact)| {
                        let kind = MethodKind::ALL[place % MethodKind::ALL.len()];
                        let detail = ["", "BCA"][place % 2];
                        (fact.object.clone(), PaymentMethod::new(kind, detail))
                    });
                Payment {
                    methods: methods.collect(),
                    id: PaymentId::from_u128(id),
                    source,
                    reference,
                    due,
                    expires_at,
                    provider_payment_id,
                    facts,
                    created_at: created,
                    updated_at: updated,
                }
            },
        )
}

fn refund() -> impl Strategy<Value = Refund> {
    use RefundProgress::*;
    let state = prop::sample::select(vec![Requested, Sent, Succeeded, Failed, Unknown]);
    (
        id(),
        id(),
        money(),
        state,
        text(),
        prop::option::of(text()),
        any::<bool>(),
        prop::collection::vec((text(), minor()), 0..3),
        any::<bool>(),
        time(),
    )
        .prop_map(
            |(
                id,
                payment,
                money,
                state,
                reason,
                provider_refund_id,
                by_merchant,
                restocked,
                released_slot,
                created_at,
            )| Refund {
                id: RefundId::from_u128(id),
                payment: PaymentId::from_u128(payment),
                money,
                state,
                ordered_by: match by_merchant {
                    true => OrderedBy::Merchant,
                    false => OrderedBy::Tollgate,
                },
                reason,
                provider_refund_id,
                restocked,
                released_slot,
                created_at,
            },
        )
}

fn hold() -> impl Strategy<Value = Hold> {
    let state = prop_oneof![
        Just(HoldState::Active),
        Just(HoldState::Consumed),
        Just(HoldState::Released),
        Just(HoldState::Expired),
        root_id().prop_map(|root| HoldState::TakenOver(OrderId::on(root, 0))),
    ];
    let booking = (id(), text(), time(), time(), time(), minor()).prop_map(
        |(slot, calendar, starts_at, ends_at, visible_at, units)| Booking {
            slot: SlotId::from_u128(slot),
            calendar,
            starts_at,
            ends_at,
            visible_at,
            units,
        },
    );
    let lines = prop::collection::vec((text(), minor()), 0..3);
    (id(), state, time(), lines, prop::option::of(booking)).prop_map(
        |(id, state, expires_at, lines, booking)| Hold {
            id: HoldId::from_u128(id),
            state,
            expires_at,
            lines,
            booking,
        },
    )
}

fn order() -> impl Strategy<Value = Order> {
    use OrderStatus as S;
    let status = prop::sample::select(vec![
        S::AwaitingPayment,
        S::PartiallyPaid,
        S::Closing,
        S::Paid,
        S::Completed,
        S::PartiallyRefunded,
        S::Refunded,
        S::Expired,
        S::Cancelled,
    ]);
    let line = (
        text(),
        prop::option::of(text()),
        minor(),
        minor(),
        any::<bool>(),
    )
        .prop_map(|(sku, name, quantity, unit_minor, stocked)| Line {
            sku,
            name,
            quantity,
            unit_minor,
            stocked,
        });
    let maybe = || prop::option::of(text());
    let customer = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe()).prop_map(
        |(name, email, phone, locale, address, tax_id)| Customer {
            name,
            email,
            phone,
            locale,
            address,
            tax_id,
        },
    );
    let wish = prop_oneof![
        (text(), prop::option::of(time())).prop_map(|(calendar, not_before)| {
            SlotWish::Earliest {
                calendar,
                not_before,
            }
        }),
        id().prop_map(|id| SlotWish::Exactly(SlotId::from_u128(id))),
    ];
    let end = prop::sample::select(vec![ClosingEnd::Expired, ClosingEnd::Cancelled]);
    let closing = (time(), end).prop_map(|(until, end)| Closing { until, end });
    (
        (
            text(),
            status,
            currency(),
            prop::collection::vec(line, 0..4),
        ),
        (minor(), minor(), minor(), minor()),
        (customer, maybe()),
        prop::option::of(wish),
        prop::option::of(closing),
    )
        .prop_map(
            |((code, status, currency, lines), amounts, (customer, note), slot_wish, closing)| {
                let (discount_minor, shipping_minor, total_minor, hold_ms) = amounts;
                Order {
                    code,
                    status,
                    currency,
                    lines,
                    discount_minor,
                    shipping_minor,
                    total_minor,
                    customer,
                    note,
                    slot_wish,
                    hold_ms,
                    closing,
                    paid_mail_waits: total_minor % 2 == 0,
                }
            },
        )
}

fn attention() -> impl Strategy<Value = Attention> {
    let code = prop::sample::select(AttentionCode::ALL);
    let payment = prop::option::of(id().prop_map(PaymentId::from_u128));
    (code, payment, time(), prop::option::of((time(), text()))).prop_map(
        |(code, payment, at, resolved)| Attention {
            code,
            payment,
            at,
            resolved,
        },
    )
}

fn root() -> impl Strategy<Value = Root> {
    let list = 0..3usize;
    (
        (root_id(), prop::option::of(order()), text()),
        prop::collection::vec(payment(), list.clone()),
        prop::collection::vec(refund(), list.clone()),
        prop::collection::vec(hold(), list.clone()),
        prop::collection::vec(attention(), list),
        (
            minor(),
            time(),
            time(),
            prop::collection::vec(minor(), 0..4),
        ),
    )
        .prop_map(
            |((id, order, metadata), payments, refunds, holds, attention, rest)| {
                let (version, created_at, updated_at, timeline) = rest;
                Root {
                    shop: SHOP,
                    id,
                    order,
                    payments,
                    refunds,
                    holds,
                    receipts: receipts(id, &timeline),
                    attention,
                    metadata,
                    version,
                    created_at,
                    updated_at,
                    timeline,
                }
            },
        )
}

/// Receipts as different as the numbers they are made of.
fn receipts(root: RootId, numbers: &[i64]) -> Vec<Receipt> {
    let kinds = [
        ReceiptKind::Sale,
        ReceiptKind::Refund,
        ReceiptKind::Reversal,
    ];
    numbers
        .iter()
        .zip(1..)
        .map(|(number, ordinal)| Receipt {
            id: ReceiptId::on(root, ordinal),
            kind: kinds[usize::from(ordinal) % 3],
            payment: PaymentId::on(root, ordinal),
            object: format!("object:{number}"),
            money: (number % 2 == 0).then(|| Money {
                minor: *number,
                currency: Currency::new("IDR").expect("it is one"),
            }),
            corrects: (number % 7 == 0).then_some(kinds[usize::from(ordinal + 1) % 3]),
            bought: (number % 11 != 0).then_some(*number),
            number: match number % 3 {
                0 => Some(ReceiptNumber::usual(2026, *number)),
                1 => NumberFormat::parse("INV/{year}/{n:06}", "")
                    .ok()
                    .map(|format| format.number(2026, *number)),
                _ => None,
            },
            issued_at: (number % 5 == 0).then(|| Timestamp::from_millis(*number)),
        })
        .collect()
}

fn event() -> impl Strategy<Value = (EventId, StoredEvent)> {
    use EventOutcome as O;
    use EventState as S;
    let outcome = prop::sample::select(vec![
        O::Applied,
        O::Duplicate,
        O::Parked,
        O::Stale,
        O::Queued,
        O::Attention,
        O::Stored,
        O::Rejected,
    ]);
    let state = prop::sample::select(vec![
        S::Applied,
        S::Parked,
        S::Queued,
        S::Stale,
        S::Stored,
        S::Attention,
        S::Orphan,
        S::Dead,
    ]);
    let confirm = prop::sample::select(vec![Confirm::Before, Confirm::After, Confirm::Never]);
    let policy =
        (confirm, any::<bool>(), any::<bool>()).prop_map(|(confirm, can_ask, asks_by_own_id)| {
            Policy {
                confirm,
                can_ask,
                asks_by_own_id,
            }
        });
    let names = prop::collection::vec(text(), 0..3);
    let said = (
        (
            text(),
            text(),
            names,
            prop::option::of(text()),
            prop::option::of(text()),
        ),
        (facts(), any::<bool>(), prop::option::of(time())),
    )
        .prop_map(
            |((key, kind, names, code, provider_payment_id), rest)| Event {
                key,
                kind,
                names,
                code,
                provider_payment_id,
                method: rest
                    .1
                    .then(|| PaymentMethod::new(MethodKind::Card, "Visa 1111")),
                facts: rest.0,
                amount_unreadable: rest.1,
                occurred_at: rest.2,
            },
        );
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        text().prop_map(String::into_bytes),
    ];
    let raw = (body, text()).prop_map(|(body, header)| RawEvent {
        body,
        headers: serde_json::json!([["x", header]]).to_string(),
    });
    (
        (id(), text(), said, policy, time()),
        (
            outcome,
            state,
            prop::option::of(prop::sample::select(Reason::ALL)),
        ),
        (prop::option::of(root_id()), prop::option::of(time()), raw),
    )
        .prop_map(
            |((id, source, event, policy, received_at), (outcome, state, reason), rest)| {
                let (root, due_at, raw) = rest;
                let stored = StoredEvent {
                    source,
                    event,
                    policy,
                    received_at,
                    outcome,
                    state,
                    reason,
                    root,
                    due_at,
                    forwards: vec![
                        Forward {
                            route: "documents".to_owned(),
                            order_by: reason.map(|reason| reason.word().to_owned()),
                        };
                        usize::from(root.is_some())
                    ],
                    raw: Some(raw),
                };
                (EventId::from_u128(id), stored)
            },
        )
}

fn calendar() -> impl Strategy<Value = Calendar> {
    let unit = prop::sample::select(vec![Unit::Amount, Unit::Items, Unit::Orders]);
    let late = prop::sample::select(vec![Late::Same, Late::Next]);
    (
        (text(), unit, minor(), prop::option::of(currency()), text()),
        (
            minor(),
            minor(),
            late,
            time(),
            prop::option::of(time()),
            minor(),
        ),
    )
        .prop_map(|((name, unit, capacity, currency, rules), rest)| Calendar {
            name,
            unit,
            capacity,
            currency,
            rules,
            visible_lead: Span::millis(rest.0),
            booking_lead: Span::millis(rest.1),
            late: rest.2,
            made_until: rest.3,
            make_at: rest.4,
            version: rest.5,
        })
}

/// Stock and slots as they may stand: never oversold.
fn stock() -> impl Strategy<Value = Stock> {
    (
        text(),
        0..i64::MAX,
        0..i64::MAX,
        (minor(), minor()),
        prop::option::of(minor()),
    )
        .prop_map(|(sku, a, b, (sold, version), low_at)| Stock {
            sku,
            on_hand: a.max(b),
            held: a.min(b),
            sold,
            version,
            low_at,
        })
}

fn slot() -> impl Strategy<Value = Slot> {
    let units = 0..i64::MAX / 4;
    (
        (id(), text(), time(), time(), time()),
        (units.clone(), units.clone(), units, 0..3u8),
    )
        .prop_map(
            |((id, calendar, starts_at, ends_at, visible_at), (free, held, sold, made))| Slot {
                id: SlotId::from_u128(id),
                calendar,
                starts_at,
                ends_at,
                visible_at,
                capacity: free + held + sold,
                held,
                sold,
                by_hand: made == 1,
                closed: made == 2,
            },
        )
}

/// A store that writes whatever is put here, instead of deciding.
struct Writer {
    world: World,
    next: Arc<Mutex<Vec<Change>>>,
    runtime: tokio::runtime::Runtime,
}

impl Writer {
    fn new() -> Writer {
        let next = Arc::new(Mutex::new(Vec::new()));
        let changes = Arc::clone(&next);
        let world = World::with(|options| {
            // Nothing is swept: these rows are due whenever chance has it.
            options.shops.clear();
            options.decide = decide_or(move |_| {
                let mut decision = Decision::unchanged(Outcome::Done);
                decision.changes = changes.lock().expect("no holder panics").clone();
                Some(decision)
            });
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("it starts");
        Writer {
            world,
            next,
            runtime,
        }
    }

    /// Writes one row; the row as it is read again.
    fn write<T>(&self, change: Change, read: impl AsyncFnOnce(&World) -> T) -> T {
        *self.next.lock().expect("no holder panics") = vec![change];
        self.runtime.block_on(async {
            let nothing = Action::ReleaseHold(HoldId::from_u128(0));
            let reply = self.world.store.submit(submission(nothing)).await;
            assert!(reply.is_ok(), "{reply:?}");
            read(&self.world).await
        })
    }
}

/// Runs over many values; each is a row of its own, because what stands there already is not loaded.
fn check<T: std::fmt::Debug>(
    values: impl Strategy<Value = T>,
    test: impl Fn(&Writer, T, u64) -> Result<(), TestCaseError>,
) {
    let writer = Writer::new();
    let serial = std::cell::Cell::new(0);
    let config = ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&values, |value| {
        serial.set(serial.get() + 1);
        test(&writer, value, serial.get())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The id of a row of its own: any, but that on a server it belongs to a month that there is.
fn row_id(id: u128, serial: u64) -> u128 {
    let id = id & !0xffff_ffff_ffff | u128::from(serial) << 16;
    match server() {
        None => id,
        Some(_) => id & (u128::MAX >> 48) | first_id(START),
    }
}

#[test]
fn a_root_is_read_as_it_was_written() {
    check(root(), |writer, mut root, serial| {
        root.id = RootId::new(row_id(root.id.as_u128(), serial));
        let id = root.id;
        let read = writer.write(Change::Root(Box::new(root.clone())), async |world| {
            world.store.root(SHOP, id).await.expect("it reads")
        });
        prop_assert_eq!(read, Some(root));
        Ok(())
    });
}

#[test]
fn an_event_is_read_as_it_was_written() {
    check(event(), |writer, (id, event), serial| {
        let id = EventId::from_u128(row_id(id.as_u128(), serial));
        let change = Change::Event(id, Box::new(event.clone()));
        let read = writer.write(change, async |world| {
            world.store.event(SHOP, id).await.expect("it reads")
        });
        prop_assert_eq!(read, Some(event));
        Ok(())
    });
}

#[test]
fn a_calendar_is_read_as_it_was_written() {
    check(calendar(), |writer, calendar, _| {
        let change = Change::Calendar(Box::new(calendar.clone()));
        let read = writer.write(change, async |world| {
            world
                .store
                .calendar(SHOP, &calendar.name)
                .await
                .expect("it reads")
        });
        prop_assert_eq!(read, Some(calendar));
        Ok(())
    });
}

#[test]
fn stock_is_read_as_it_was_written() {
    check(stock(), |writer, mut stock, serial| {
        stock.sku = format!("{serial}:{}", stock.sku);
        let read = writer.write(Change::Stock(stock.clone()), async |world| {
            world.store.stock(SHOP, &stock.sku).await.expect("it reads")
        });
        prop_assert_eq!(read, Some(stock));
        Ok(())
    });
}

#[test]
fn a_slot_is_read_as_it_was_written() {
    check(slot(), |writer, mut slot, serial| {
        slot.calendar = format!("{serial}:{}", slot.calendar);
        slot.id = SlotId::from_u128(u128::from(serial));
        let (from, to) = (slot.starts_at, slot.starts_at.plus(Span::millis(1)));
        let read = writer.write(Change::Slot(slot.clone()), async |world| {
            world
                .store
                .slots(SHOP, &slot.calendar, from, to)
                .await
                .expect("it reads")
        });
        prop_assert_eq!(read, if from < to { vec![slot] } else { Vec::new() });
        Ok(())
    });
}
