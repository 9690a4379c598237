//! What REST shows of each noun, a call shows too, to its last field.

use serde_json::{Value, json};
use tollgate_proto::v1::{self, *};
use tonic::Code;
use tonic_types::StatusExt;

use super::{document, fields, refused, rpc, shown};
use crate::rpc::{order, refusal};
use crate::shop::Shop;

#[tokio::test]
async fn an_order_is_what_rest_shows_to_its_last_field() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    shop.put_stock("A", 9).await;
    let calendar = PutCalendarRequest {
        name: "kitchen".into(),
        unit: CalendarUnit::Orders as i32,
        capacity: 5,
        late: Some(LatePayment::Next as i32),
        slot_minutes: Some(60),
        timezone: Some("Asia/Jakarta".into()),
        weekly: vec![WeeklyHours {
            days: vec![
                Weekday::Mon as i32,
                Weekday::Sun as i32,
                Weekday::Wed as i32,
            ],
            opens: "00:00".into(),
            closes: "23:00".into(),
        }],
        closed: vec!["2030-01-01".into()],
        ..PutCalendarRequest::default()
    };
    let made = rpc
        .capacity
        .put_calendar(rpc.ask(calendar))
        .await
        .expect("it is put")
        .into_inner();
    assert_eq!(made, shown(&shop, "/v1/calendars/kitchen").await);
    assert_eq!(
        (made.unit(), made.late(), made.days_ahead),
        (CalendarUnit::Orders, LatePayment::Next, 7)
    );
    assert_eq!(made.weekly[0].days().next(), Some(Weekday::Mon));
    let wanted = CreateOrderRequest {
        discount_amount: Some(1000),
        shipping_amount: Some(500),
        customer: Some(Customer {
            name: Some("Dewi".into()),
            email: Some("dewi@example.com".into()),
            ..Customer::default()
        }),
        slot: Some(OrderSlot {
            calendar: Some("kitchen".into()),
            ..OrderSlot::default()
        }),
        hold_seconds: Some(600),
        payment: Some(OrderPayment {
            source: "midtrans".into(),
            reference: "ref-1".into(),
        }),
        metadata_json: Some("{\"z\": 1.50, \"a\":[]}".into()),
        ..order("Z-1", "A", 2)
    };
    let answer = rpc
        .orders
        .create_order(rpc.keyed(wanted, "k"))
        .await
        .expect("it is made");
    assert!(answer.metadata().get("idempotency-replayed").is_none());
    let id = answer.metadata().get("x-request-id").expect("it has one");
    assert!(id.to_str().expect("a text").starts_with("req_"));
    let made = answer.into_inner();
    assert_eq!(made, shown(&shop, "/v1/orders/Z-1").await);
    assert_eq!(made.status(), OrderStatus::AwaitingPayment);
    assert_eq!((made.total_amount, made.version), (9500, 1));
    assert_eq!(
        made.metadata_json.as_deref(),
        Some("{\"z\": 1.50, \"a\":[]}")
    );
    assert_eq!(made.lines[0].stocked, Some(true));
    assert_eq!(made.slot.as_ref().expect("it has one").calendar, "kitchen");
    assert_eq!(
        made.hold.as_ref().expect("it has one").state(),
        v1::HoldState::Active
    );
    assert_eq!(made.payments[0].status(), PaymentStatus::Pending);
    let got = rpc
        .orders
        .get_order(rpc.ask(GetOrderRequest {
            order: made.id.clone(),
        }))
        .await;
    assert_eq!(got.expect("it is there").into_inner(), made);
    // Nothing is lost on the way either: the document of the message is the document.
    let mut whole = shop.get("/v1/orders/Z-1").await.body;
    without_nulls(&mut whole);
    let mut written = document(&made);
    for time in [
        "/created_at",
        "/updated_at",
        "/hold/expires_at",
        "/slot/starts_at",
        "/slot/ends_at",
        "/slot/visible_at",
        "/payments/0/created_at",
        "/payments/0/updated_at",
    ] {
        // A time has another text without its zeros.
        let same = whole.pointer(time).cloned().expect("it has one");
        *written.pointer_mut(time).expect("it has one") = same;
    }
    for list in ["/attention", "/payments/0/refunds"] {
        assert_eq!(whole.pointer(list), Some(&json!([])));
    }
    whole
        .as_object_mut()
        .expect("an object")
        .remove("attention");
    whole["payments"][0]
        .as_object_mut()
        .expect("an object")
        .remove("refunds");
    assert_eq!(written, whole);
    shop.close().await;
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[tokio::test]
async fn orders_are_listed_changed_cancelled_and_told() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    shop.put_stock("A", 9).await;
    for code in ["Z-1", "Z-2", "Z-3"] {
        rpc.orders
            .create_order(rpc.keyed(order(code, "A", 1), code))
            .await
            .expect("it is made");
    }
    let cancel = CancelOrderRequest {
        order: "Z-2".into(),
    };
    let cancelled = rpc
        .orders
        .cancel_order(rpc.keyed(cancel, "c"))
        .await
        .expect("it is");
    assert_eq!(cancelled.into_inner().status(), OrderStatus::Cancelled);
    let list = ListOrdersRequest {
        status: vec![
            OrderStatus::AwaitingPayment as i32,
            OrderStatus::Paid as i32,
        ],
        limit: Some(1),
        sort: Some(Sort::Asc as i32),
        attention: Some(false),
        created_after: Some(prost_types::Timestamp {
            seconds: 1,
            nanos: 0,
        }),
        ..ListOrdersRequest::default()
    };
    let first = rpc
        .orders
        .list_orders(rpc.ask(list.clone()))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(first.orders.len(), 1);
    assert_eq!(first.orders[0].code, "Z-1");
    let next = ListOrdersRequest {
        cursor: first.next_cursor,
        ..list
    };
    let second = rpc
        .orders
        .list_orders(rpc.ask(next))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(
        (second.orders[0].code.as_str(), second.next_cursor),
        ("Z-3", None)
    );
    let change = UpdateOrderRequest {
        order: "Z-1".into(),
        customer: Some(Customer {
            name: Some("Dewi".into()),
            ..Customer::default()
        }),
        metadata_json: Some("{\"a\":1}".into()),
        note: Some("soon".into()),
        if_version: Some(1),
    };
    let changed = rpc
        .orders
        .update_order(rpc.ask(change.clone()))
        .await
        .expect("it is")
        .into_inner();
    assert_eq!(
        (changed.version, changed.note.as_deref()),
        (2, Some("soon"))
    );
    assert_eq!(changed.customer.expect("one").name.as_deref(), Some("Dewi"));
    let status = refused(rpc.orders.update_order(rpc.ask(change)).await);
    assert_eq!(
        refusal(&status),
        (Code::FailedPrecondition, "version_mismatch".into())
    );
    assert_eq!(
        status
            .get_error_details()
            .error_info()
            .expect("it")
            .metadata["version"],
        "2"
    );
    let nothing = UpdateOrderRequest {
        order: "Z-1".into(),
        note: Some(String::new()),
        customer: Some(Customer {
            name: Some(String::new()),
            ..Customer::default()
        }),
        metadata_json: Some("null".into()),
        ..UpdateOrderRequest::default()
    };
    let emptied = rpc
        .orders
        .update_order(rpc.ask(nothing))
        .await
        .expect("it is")
        .into_inner();
    assert_eq!(
        (emptied.note, emptied.metadata_json.as_deref()),
        (None, Some("{}"))
    );
    assert_eq!(emptied.customer, Some(Customer::default()));
    let resolve = ResolveOrderAttentionRequest {
        order: "Z-1".into(),
        code: "underpaid".into(),
        note: None,
    };
    let never = refused(rpc.orders.resolve_order_attention(rpc.ask(resolve)).await);
    assert_eq!(never.code(), Code::NotFound);
    let told = GetOrderTimelineRequest {
        order: "Z-1".into(),
    };
    let told = rpc
        .orders
        .get_order_timeline(rpc.ask(told))
        .await
        .expect("it is told")
        .into_inner();
    assert_eq!(told.entries[0].kind, "order.created");
    assert_eq!(told.entries[0].by.as_ref().expect("it was kept").who, "key");
    assert!(
        told.entries[0]
            .detail_json
            .as_deref()
            .is_some_and(|text| text.starts_with('{'))
    );
    assert_eq!(told.waits_for[0].what, "money");
    shop.close().await;
}

#[tokio::test]
async fn payments_are_registered_captured_refunded_and_asked_about() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    let wanted = CreatePaymentRequest {
        source: "manual".into(),
        reference: "cash-1".into(),
        amount: Some(9000),
        currency: Some("IDR".into()),
        metadata_json: Some("{\"till\":1}".into()),
        ..CreatePaymentRequest::default()
    };
    let made = rpc
        .payments
        .create_payment(rpc.keyed(wanted, "k"))
        .await
        .expect("it is")
        .into_inner();
    let payment_id = made.id.clone();
    let capture = CapturePaymentRequest {
        payment_id: payment_id.clone(),
        amount: 9000,
        note: Some("cash".into()),
    };
    let paid = rpc
        .payments
        .capture_payment(rpc.keyed(capture, "k"))
        .await
        .expect("it is")
        .into_inner();
    assert_eq!(
        (paid.status(), paid.captured_amount),
        (PaymentStatus::Paid, 9000)
    );
    assert_eq!(
        paid.method.as_ref().expect("it is known").kind(),
        PaymentMethodKind::Cash
    );
    assert_eq!(paid.facts[0].amount, Some(9000));
    let refund = RefundPaymentRequest {
        payment_id: payment_id.clone(),
        amount: 4000,
        reason: Some("scratched".into()),
        ..RefundPaymentRequest::default()
    };
    let refund = rpc
        .payments
        .refund_payment(rpc.keyed(refund, "k"))
        .await
        .expect("it is")
        .into_inner();
    assert_eq!(
        (refund.state(), refund.ordered_by()),
        (RefundState::Succeeded, OrderedBy::Merchant)
    );
    let got = rpc.payments.get_refund(rpc.ask(GetRefundRequest {
        refund_id: refund.id.clone(),
    }));
    let got = got.await.expect("it is there").into_inner();
    assert_eq!(got, refund);
    let list = ListRefundsRequest {
        payment: payment_id.clone(),
        ..ListRefundsRequest::default()
    };
    let list = rpc
        .payments
        .list_refunds(rpc.ask(list))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(list.refunds, [refund]);
    let now = rpc.payments.get_payment(rpc.ask(GetPaymentRequest {
        payment_id: payment_id.clone(),
    }));
    let now = now.await.expect("it is there").into_inner();
    assert_eq!(
        now,
        shown(&shop, &format!("/v1/payments/{payment_id}")).await
    );
    assert_eq!(now.refunded_amount, 4000);
    let some = ListPaymentsRequest {
        status: vec![PaymentStatus::PartiallyRefunded as i32],
        ..ListPaymentsRequest::default()
    };
    let some = rpc
        .payments
        .list_payments(rpc.ask(some))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(some.payments, [now]);
    let update = UpdatePaymentRequest {
        payment_id: payment_id.clone(),
        metadata_json: Some("{\"till\":null,\"b\":2}".into()),
    };
    let update = rpc
        .payments
        .update_payment(rpc.ask(update))
        .await
        .expect("it is")
        .into_inner();
    assert_eq!(update.metadata_json.as_deref(), Some("{\"b\":2}"));
    let check = CheckPaymentRequest {
        payment_id: payment_id.clone(),
    };
    let status = refused(rpc.payments.check_payment(rpc.ask(check)).await);
    assert_eq!(
        refusal(&status),
        (
            Code::FailedPrecondition,
            "status_query_not_supported".into()
        )
    );
    let resolve = ResolvePaymentAttentionRequest {
        payment_id,
        code: "underpaid".into(),
        note: None,
    };
    let never = refused(
        rpc.payments
            .resolve_payment_attention(rpc.ask(resolve))
            .await,
    );
    assert_eq!(never.code(), Code::NotFound);
    shop.close().await;
}

#[tokio::test]
async fn capacity_is_put_held_and_given_back() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    let sku = "SHIRT/M #2 é";
    let put = PutStockRequest {
        sku: sku.into(),
        on_hand: 9,
        low_at: Some(2),
        if_version: Some(0),
    };
    let stock = rpc
        .capacity
        .put_stock(rpc.ask(put))
        .await
        .expect("it is")
        .into_inner();
    assert_eq!(
        (stock.sku.as_str(), stock.available, stock.low_at),
        (sku, 9, Some(2))
    );
    let adjust = AdjustStockRequest {
        sku: sku.into(),
        delta: -2,
        reason: Some("broken".into()),
    };
    for _ in 0..2 {
        let stock = rpc
            .capacity
            .adjust_stock(rpc.keyed(adjust.clone(), "k"))
            .await;
        assert_eq!(stock.expect("it is").into_inner().on_hand, 7);
    }
    let stock = rpc
        .capacity
        .get_stock(rpc.ask(GetStockRequest { sku: sku.into() }))
        .await;
    let stock = stock.expect("it is there").into_inner();
    let list = rpc
        .capacity
        .list_stock(rpc.ask(ListStockRequest::default()))
        .await;
    assert_eq!(list.expect("a page").into_inner().stock, [stock]);
    let calendar = PutCalendarRequest {
        name: "van".into(),
        unit: CalendarUnit::Items as i32,
        capacity: 4,
        ..PutCalendarRequest::default()
    };
    let calendar = rpc
        .capacity
        .put_calendar(rpc.ask(calendar))
        .await
        .expect("it is")
        .into_inner();
    let again = rpc
        .capacity
        .get_calendar(rpc.ask(GetCalendarRequest { name: "van".into() }))
        .await;
    assert_eq!(again.expect("it is there").into_inner(), calendar);
    let list = rpc
        .capacity
        .list_calendars(rpc.ask(ListCalendarsRequest::default()))
        .await;
    assert_eq!(list.expect("a page").into_inner().calendars, [calendar]);
    let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let slots = PutSlotsRequest {
        name: "van".into(),
        slots: vec![NewSlot {
            starts_at: time(4_000_000_000),
            ends_at: time(4_000_003_600),
            capacity: None,
        }],
    };
    let slots = rpc
        .capacity
        .put_slots(rpc.ask(slots))
        .await
        .expect("they are")
        .into_inner()
        .slots;
    assert_eq!(
        (slots.len(), slots[0].starts_at, slots[0].capacity),
        (1, time(4_000_000_000), 4)
    );
    let list = ListSlotsRequest {
        name: "van".into(),
        to: time(4_100_000_000),
        ..Default::default()
    };
    let list = rpc
        .capacity
        .list_slots(rpc.ask(list))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(list.slots, slots);
    let hold = CreateHoldRequest {
        lines: vec![HoldLine {
            sku: sku.into(),
            quantity: 3,
        }],
        slot: Some(HoldSlot {
            slot_id: Some(slots[0].id.clone()),
            units: 3,
            ..HoldSlot::default()
        }),
        seconds: Some(60),
    };
    let hold = rpc
        .capacity
        .create_hold(rpc.keyed(hold, "k"))
        .await
        .expect("it is")
        .into_inner();
    assert_eq!(
        (hold.state(), hold.lines[0].quantity),
        (v1::HoldState::Active, 3)
    );
    let hold_id = hold.id.clone();
    let got = rpc
        .capacity
        .get_hold(rpc.ask(GetHoldRequest {
            hold_id: hold_id.clone(),
        }))
        .await;
    assert_eq!(got.expect("it is there").into_inner(), hold);
    let released = rpc
        .capacity
        .release_hold(rpc.ask(ReleaseHoldRequest { hold_id }))
        .await;
    assert_eq!(
        released.expect("it is").into_inner().state(),
        v1::HoldState::Released
    );
    let unnamed = PutCalendarRequest {
        name: "x".into(),
        capacity: 1,
        ..Default::default()
    };
    let status = refused(rpc.capacity.put_calendar(rpc.ask(unnamed)).await);
    assert_eq!(fields(&status), ["unit"]);
    shop.close().await;
}

#[tokio::test]
async fn events_are_listed_shown_and_replayed() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    let webhook = shop.webhook("lost", "tx-1", 5000);
    assert_eq!(
        shop.deliver("/webhooks/midtrans", &webhook).await.status,
        200
    );
    let list = ListEventsRequest {
        state: vec![EventState::Parked as i32, EventState::Queued as i32],
        source: Some("midtrans".into()),
        ..ListEventsRequest::default()
    };
    let list = rpc
        .events
        .list_events(rpc.ask(list))
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(list.events.len(), 1);
    assert_eq!(list.events[0].references[0], "lost");
    assert_eq!(list.events[0].headers_json, None);
    let event_id = list.events[0].id.clone();
    let event = rpc
        .events
        .get_event(rpc.ask(GetEventRequest {
            event_id: event_id.clone(),
        }))
        .await;
    let event = event.expect("it is there").into_inner();
    assert_eq!(event, shown(&shop, &format!("/v1/events/{event_id}")).await);
    // The key of the tests is an admin's.
    let body = String::from_utf8(webhook.body).expect("it is JSON");
    assert_eq!(event.body, Some(body));
    assert!(
        event
            .headers_json
            .is_some_and(|text| text.starts_with("[[\":method\""))
    );
    let replayed = rpc
        .events
        .replay_event(rpc.ask(ReplayEventRequest { event_id }))
        .await;
    let replayed = replayed.expect("it is").into_inner();
    assert_eq!((replayed.id, replayed.outcome), (event.id, event.outcome));
    shop.close().await;
}
