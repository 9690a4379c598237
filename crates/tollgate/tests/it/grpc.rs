//! `tollgate.v1`: every service, what its refusals are, and what else a client of gRPC counts on.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tollgate_proto::v1::{self, *};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::rpc::{Rpc, order, refusal, wire, with};
use crate::shop::{KEY, Shop};

pub(super) fn rpc(shop: &Shop) -> Rpc {
    Rpc::new(shop.grpc, KEY)
}

/// A message as the document that it is over REST.
fn document(message: &impl Serialize) -> Value {
    serde_json::to_value(message).expect("it can be written")
}

/// What REST shows, read as a message.
async fn shown<T: serde::de::DeserializeOwned>(shop: &Shop, path: &str) -> T {
    let answer = shop.get(path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.text).expect("it is a message")
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Status {
    answer.expect_err("it is refused")
}

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

/// The places of a request that a status names.
fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let places = details
        .bad_request()
        .map(|wrong| wrong.field_violations.clone());
    let places = places.unwrap_or_default().into_iter();
    places.map(|place| place.field).collect()
}

#[tokio::test]
async fn a_refusal_says_what_programs_and_people_need() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    shop.put_stock("A", 1).await;
    let made = rpc
        .orders
        .create_order(rpc.keyed(order("Z-1", "A", 1), "k"))
        .await
        .expect("it is");
    let again = refused(
        rpc.orders
            .create_order(rpc.keyed(order("Z-1", "A", 1), "k2"))
            .await,
    );
    assert_eq!(
        refusal(&again),
        (Code::AlreadyExists, "already_exists".into())
    );
    let known = &again
        .get_error_details()
        .error_info()
        .cloned()
        .expect("it")
        .metadata;
    assert_eq!(known["id"], made.into_inner().id);
    let short = rpc.keyed(order("Z-2", "A", 2), "k3");
    let short = refused(rpc.orders.create_order(short).await);
    assert_eq!(
        refusal(&short),
        (Code::ResourceExhausted, "out_of_stock".into())
    );
    assert_eq!(fields(&short), ["lines[0].sku"]);
    let details = short.get_error_details();
    let known = &details.error_info().expect("it").metadata;
    assert_eq!(
        known["skus"],
        r#"[{"available":0,"requested":2,"sku":"A"}]"#
    );
    assert_eq!(
        (
            known["retryable"].as_str(),
            known["new_key_required"].as_str()
        ),
        ("false", "true")
    );
    assert!(details.retry_info().is_none());
    assert!(
        short
            .message()
            .contains("there is not enough of A (0 of 2)"),
        "{}",
        short.message()
    );
    let wrong = CreateOrderRequest {
        hold_seconds: Some(1),
        metadata_json: Some("[1".into()),
        slot: Some(OrderSlot {
            not_before: Some(prost_types::Timestamp {
                seconds: i64::MAX,
                nanos: 0,
            }),
            ..OrderSlot::default()
        }),
        ..order("Z-3", "", 0)
    };
    let wrong = refused(rpc.orders.create_order(rpc.keyed(wrong, "k4")).await);
    assert_eq!(
        refusal(&wrong),
        (Code::InvalidArgument, "request_invalid".into())
    );
    let mut places = fields(&wrong);
    places.sort();
    places.dedup();
    let expected = [
        "hold_seconds",
        "lines[0].quantity",
        "lines[0].sku",
        "metadata_json",
        "slot",
        "slot.not_before",
    ];
    assert_eq!(places, expected);
    let unkeyed = refused(rpc.orders.create_order(rpc.ask(order("Z-4", "A", 1))).await);
    assert_eq!(
        refusal(&unkeyed),
        (Code::InvalidArgument, "idempotency_key_required".into())
    );
    let listed = ListOrdersRequest {
        status: vec![0, 99],
        limit: Some(0),
        ..Default::default()
    };
    let listed = refused(rpc.orders.list_orders(rpc.ask(listed)).await);
    assert_eq!(fields(&listed), ["status"]);
    assert!(
        listed
            .get_error_details()
            .bad_request()
            .expect("it")
            .field_violations[0]
            .description
            .contains("expected one of awaiting_payment")
    );
    for id in ["", "..", "%2e", "a\0b", "ord_nothing"] {
        let absent = rpc
            .orders
            .get_order(rpc.ask(GetOrderRequest { order: id.into() }))
            .await;
        assert_eq!(refused(absent).code(), Code::NotFound, "{id:?}");
    }
    // In the caller's language, with the request's id.
    let bearer = rpc.bearer.clone();
    let metadata = [
        ("authorization", bearer.as_str()),
        ("idempotency-key", "k5"),
        ("accept-language", "id"),
    ];
    let full = refused(
        rpc.orders
            .create_order(with(order("Z-1", "A", 1), &metadata))
            .await,
    );
    assert!(
        full.message().starts_with("Kode atau referensi"),
        "{}",
        full.message()
    );
    let id = full
        .metadata()
        .get("x-request-id")
        .expect("it has one")
        .to_str()
        .expect("a text");
    assert_eq!(
        full.get_error_details()
            .request_info()
            .expect("it")
            .request_id,
        id
    );
    shop.close().await;
}

#[tokio::test]
async fn keys_and_scopes_are_those_of_rest() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    let wanted = json!({ "name": "eye", "scopes": ["read"] });
    let key = shop.post("/v1/keys", &wanted).await.body["key"]
        .as_str()
        .expect("a key")
        .to_owned();
    let reading = format!("Bearer {key}");
    for (bearer, code, reason) in [
        (None, Code::Unauthenticated, "key_missing"),
        (
            Some("Bearer tg_nobody"),
            Code::Unauthenticated,
            "key_invalid",
        ),
        (
            Some(reading.as_str()),
            Code::PermissionDenied,
            "scope_missing",
        ),
    ] {
        let mut metadata = vec![("idempotency-key", "k")];
        metadata.extend(bearer.map(|bearer| ("authorization", bearer)));
        let status = refused(
            rpc.orders
                .create_order(with(order("Z-1", "A", 1), &metadata))
                .await,
        );
        assert_eq!(refusal(&status), (code, reason.to_owned()));
    }
    for (bearer, code) in [
        (None, Code::Unauthenticated),
        (Some("Bearer tg_no"), Code::Unauthenticated),
    ] {
        let metadata: Vec<_> = bearer
            .map(|bearer| ("authorization", bearer))
            .into_iter()
            .collect();
        let watch = rpc
            .orders
            .watch_orders(with(WatchOrdersRequest::default(), &metadata))
            .await;
        assert_eq!(refused(watch.map(drop)).code(), code);
    }
    let list = with(ListOrdersRequest::default(), &[("authorization", &reading)]);
    assert!(rpc.orders.list_orders(list).await.is_ok());
    shop.close().await;
}

#[tokio::test]
async fn a_deadline_is_obeyed_and_what_was_decided_stays() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    shop.put_stock("A", 9).await;
    let mut none = rpc.keyed(order("Z-1", "A", 1), "k");
    none.metadata_mut()
        .insert("grpc-timeout", "0n".parse().expect("a text"));
    let late = refused(rpc.orders.create_order(none).await);
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert!(late.metadata().get("x-request-id").is_some());
    let mut much = rpc.keyed(order("Z-1", "A", 1), "k");
    much.set_timeout(Duration::from_secs(30));
    let made = rpc.orders.create_order(much).await.expect("there is time");
    assert_eq!(made.into_inner().code, "Z-1");
    assert_eq!(shop.get("/v1/stock/A").await.body["held"], 1);
    let mut wrong = rpc.ask(ListOrdersRequest::default());
    wrong
        .metadata_mut()
        .insert("grpc-timeout", "soon".parse().expect("a text"));
    assert_eq!(
        refused(rpc.orders.list_orders(wrong).await).code(),
        Code::InvalidArgument
    );
    shop.close().await;
}

#[tokio::test]
async fn a_message_is_no_larger_than_a_body_also_once_it_is_unpacked() {
    let shop = Shop::open().await;
    let mut rpc = rpc(&shop);
    let large = || CreateOrderRequest {
        hold: Some("x".repeat(30_000)),
        ..order("Z-1", "A", 1)
    };
    let plain = refused(rpc.orders.create_order(rpc.keyed(large(), "k")).await);
    assert_eq!(
        refusal(&plain),
        (Code::ResourceExhausted, "body_too_large".into())
    );
    let gzip = tonic::codec::CompressionEncoding::Gzip;
    let mut packing = rpc
        .orders
        .clone()
        .send_compressed(gzip)
        .accept_compressed(gzip);
    let packed = refused(packing.create_order(rpc.keyed(large(), "k")).await);
    assert!(
        matches!(packed.code(), Code::ResourceExhausted | Code::OutOfRange),
        "{packed:?}"
    );
    // What fits comes through, and a long answer comes back packed.
    shop.put_stock("A", 500).await;
    for number in 0..30 {
        let code = format!("Z-{number}");
        packing
            .create_order(rpc.keyed(order(&code, "A", 1), &code))
            .await
            .expect("it is made");
    }
    let mut taking = rpc.orders.clone().accept_compressed(gzip);
    for client in [&mut packing, &mut taking] {
        let list = client
            .list_orders(rpc.ask(ListOrdersRequest::default()))
            .await
            .expect("a page");
        assert_eq!(
            list.metadata().get("grpc-encoding").expect("it is packed"),
            "gzip"
        );
        assert_eq!(list.into_inner().orders.len(), 30);
    }
    let list = rpc
        .orders
        .list_orders(rpc.ask(ListOrdersRequest::default()))
        .await
        .expect("a page");
    assert!(list.metadata().get("grpc-encoding").is_none());
    shop.close().await;
}

/// What an answer's metadata says under this name.
fn said<'a, T>(answer: &'a tonic::Response<T>, name: &str) -> Option<&'a str> {
    answer.metadata().get(name)?.to_str().ok()
}

/// Most messages come whole, alone and plain, and are answered along a shorter way than all others.
#[tokio::test]
async fn a_call_is_answered_the_same_whether_it_comes_plain_or_compressed() {
    let shop = Shop::open().await;
    let rpc = rpc(&shop);
    shop.put_stock("A", 2).await;
    let gzip = tonic::codec::CompressionEncoding::Gzip;
    let plain = rpc.orders.clone().accept_compressed(gzip);
    let packed = plain.clone().send_compressed(gzip);
    // Made, told again, and refused: the first of each by one way, the second by the other.
    for (mut first, mut second, code) in [
        (plain.clone(), packed.clone(), "Z-1"),
        (packed, plain, "Z-2"),
    ] {
        let wanted = || rpc.keyed(order(code, "A", 1), code);
        let made = first.create_order(wanted()).await.expect("it is made");
        let again = second.create_order(wanted()).await.expect("it is told");
        assert!(made.metadata().get("idempotency-replayed").is_none());
        assert_eq!(said(&again, "idempotency-replayed"), Some("true"));
        for answer in [&made, &again] {
            assert_eq!(said(answer, "content-type"), Some("application/grpc"));
            assert_eq!(said(answer, "grpc-encoding"), Some("gzip"));
            assert!(answer.metadata().contains_key("x-request-id"));
        }
        assert_eq!(made.into_inner(), again.into_inner());
        let other = || rpc.keyed(order(code, "A", 2), code);
        let one = refused(first.create_order(other()).await);
        let two = refused(second.create_order(other()).await);
        assert_eq!(refusal(&one), refusal(&two));
        assert_eq!(
            refusal(&one),
            (Code::InvalidArgument, "idempotency_key_reused".into())
        );
        assert_eq!(one.message(), two.message());
    }
    shop.close().await;
}

#[tokio::test]
async fn health_says_what_readyz_says() {
    let shop = Shop::open().await;
    let (wire, uri) = wire(shop.grpc);
    let mut health = HealthClient::with_origin(wire, uri);
    for service in ["", "tollgate.v1.OrderService", "tollgate.v1.EventService"] {
        let check = HealthCheckRequest {
            service: service.into(),
        };
        let said = health.check(check).await.expect("it is known").into_inner();
        assert_eq!(said.status(), ServingStatus::Serving);
    }
    let unknown = HealthCheckRequest {
        service: "tollgate.v1.Nothing".into(),
    };
    assert_eq!(
        refused(health.check(unknown.clone()).await).code(),
        Code::NotFound
    );
    let mut watched = health
        .watch(unknown)
        .await
        .expect("it is watched")
        .into_inner();
    let said = watched
        .message()
        .await
        .expect("it is told")
        .expect("something");
    assert_eq!(said.status(), ServingStatus::ServiceUnknown);
    let all = HealthCheckRequest::default();
    let mut watched = health.watch(all).await.expect("it is watched").into_inner();
    let said = watched
        .message()
        .await
        .expect("it is told")
        .expect("something");
    assert_eq!(said.status(), ServingStatus::Serving);
    // It does not keep the server from stopping.
    shop.close().await;
    let end = watched.message().await;
    assert!(!matches!(end, Ok(Some(_))), "{end:?}");
}

/// Asks for the services, and for the file of one, in one version of reflection.
macro_rules! reflected {
    ($version:ident, $shop:expr) => {{
        use tonic_reflection::pb::$version::ServerReflectionRequest;
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
        let (wire, uri) = wire($shop.grpc);
        let mut client = ServerReflectionClient::with_origin(wire, uri);
        let symbol = "tollgate.v1.OrderService".to_owned();
        let asked = [
            MessageRequest::ListServices(String::new()),
            MessageRequest::FileContainingSymbol(symbol),
        ];
        let asked = asked.map(|asked| ServerReflectionRequest {
            host: String::new(),
            message_request: Some(asked),
        });
        let answers = client
            .server_reflection_info(tokio_stream::iter(asked))
            .await;
        let mut answers = answers.expect("it is answered").into_inner();
        let mut next = async || {
            let answer = answers.message().await.expect("it goes on");
            answer.expect("it goes on").message_response
        };
        let Some(MessageResponse::ListServicesResponse(list)) = next().await else {
            panic!("it is no list");
        };
        let Some(MessageResponse::FileDescriptorResponse(file)) = next().await else {
            panic!("it is no file");
        };
        let names: Vec<String> = list.service.into_iter().map(|one| one.name).collect();
        (names, file.file_descriptor_proto.concat())
    }};
}

#[tokio::test]
async fn tools_learn_all_services_by_both_versions_of_reflection() {
    let shop = Shop::open().await;
    for (names, file) in [reflected!(v1, shop), reflected!(v1alpha, shop)] {
        for expected in [
            "grpc.health.v1.Health",
            "tollgate.v1.CapacityService",
            "tollgate.v1.EventService",
            "tollgate.v1.OrderService",
            "tollgate.v1.PaymentService",
        ] {
            assert!(
                names.iter().any(|name| name == expected),
                "{expected} in {names:?}"
            );
        }
        let name = b"tollgate/v1/orders.proto";
        assert!(file.windows(name.len()).any(|window| window == name));
    }
    shop.close().await;
}

#[tokio::test]
async fn what_is_no_call_of_ours_is_told_so() {
    let shop = Shop::open().await;
    // A method that nobody has declared, of a service that is there and of one that is not.
    for path in [
        "/tollgate.v1.OrderService/DeleteOrder",
        "/tollgate.v2.Orders/Create",
    ] {
        let (wire, uri) = wire(shop.grpc);
        let request =
            hyper::Request::post(format!("{}{path}", uri.to_string().trim_end_matches('/')))
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body(tonic::body::Body::empty())
                .expect("it can be written");
        let answer = wire.request(request).await.expect("it is answered");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["grpc-status"], "12", "{path}");
        assert!(answer.headers().contains_key("x-request-id"));
    }
    // HTTP/1, and HTTP/2 that is no gRPC.
    let mut stream = tokio::net::TcpStream::connect(shop.grpc)
        .await
        .expect("it listens");
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /v1/orders HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .expect("it reads");
    let answer = crate::shop::read_answer(&mut stream).await;
    assert_eq!(
        (answer.status, answer.code()),
        (415, "content_type_unsupported")
    );
    assert!(
        answer.body["detail"]
            .as_str()
            .is_some_and(|text| text.contains("speaks gRPC"))
    );
    shop.close().await;
}
