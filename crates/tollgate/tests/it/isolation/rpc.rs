//! The same over gRPC.

use std::collections::BTreeSet;

use tollgate_proto::v1::*;

use super::filled::{Filled, Headers};
use crate::rpc::{Rpc, order};

const PROTOS: [&str; 4] = [
    include_str!("../../../../../proto/tollgate/v1/capacity.proto"),
    include_str!("../../../../../proto/tollgate/v1/events.proto"),
    include_str!("../../../../../proto/tollgate/v1/orders.proto"),
    include_str!("../../../../../proto/tollgate/v1/payments.proto"),
];

/// Every method there is.
fn methods() -> BTreeSet<&'static str> {
    let lines = PROTOS.iter().flat_map(|proto| proto.lines());
    let methods = lines.filter_map(|line| line.trim().strip_prefix("rpc ")?.split('(').next());
    methods.collect()
}

/// The key of tea, as a client of gRPC has it.
pub(super) fn client(main: &Filled, headers: &Headers) -> Rpc {
    let key = headers[0].1.trim_start_matches("Bearer ");
    Rpc::new(main.shop.grpc, key)
}

/// Calls a method about a thing of main: it is refused, or has nothing in it, and no word of main but that.
macro_rules! nothing {
    ($main:ident, $rpc:ident, $called:ident, $service:ident.$method:ident($name:literal, $message:expr)) => {{
        let message = $message;
        let carried = $main.words_in(&format!("{message:?}"));
        let key = format!("key-{}", $called.len());
        $called.insert($name);
        let request = $rpc.keyed(message, &key);
        match $rpc.$service.$method(request).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                assert_eq!(answer, Default::default(), "{}: {answer:?}", $name);
            }
            Err(status) => {
                let told = $main.said(&format!("{status:?}"), &carried);
                assert_eq!(told, None, "{}: {status:?}", $name);
                let code = status.code();
                assert!(
                    [
                        tonic::Code::NotFound,
                        tonic::Code::FailedPrecondition,
                        tonic::Code::InvalidArgument
                    ]
                    .contains(&code),
                    "{}: {status:?}",
                    $name
                );
            }
        }
    }};
}

#[tokio::test]
async fn nothing_is_told_over_grpc() {
    let main = Filled::open().await;
    let mut rpc = client(&main, &main.tea().await[0]);
    let before = main.seen().await;
    let mut called = BTreeSet::new();
    let thing = |noun: &str, number: usize| main.things[noun][number].clone();
    let (sku, name) = (thing("stock", 0), thing("calendars", 0));
    let (hold_id, refund_id) = (thing("holds", 0), thing("refunds", 0));
    let code = thing("attention", 0);
    for order in main.things["orders"].clone() {
        nothing!(
            main,
            rpc,
            called,
            orders.get_order(
                "GetOrder",
                GetOrderRequest {
                    order: order.clone()
                }
            )
        );
        let update = UpdateOrderRequest {
            order: order.clone(),
            note: Some("mine".into()),
            ..Default::default()
        };
        nothing!(
            main,
            rpc,
            called,
            orders.update_order("UpdateOrder", update)
        );
        nothing!(
            main,
            rpc,
            called,
            orders.cancel_order(
                "CancelOrder",
                CancelOrderRequest {
                    order: order.clone()
                }
            )
        );
        let resolve = ResolveOrderAttentionRequest {
            order: order.clone(),
            code: code.clone(),
            note: None,
        };
        nothing!(
            main,
            rpc,
            called,
            orders.resolve_order_attention("ResolveOrderAttention", resolve)
        );
        let timeline = GetOrderTimelineRequest {
            order: order.clone(),
        };
        nothing!(
            main,
            rpc,
            called,
            orders.get_order_timeline("GetOrderTimeline", timeline)
        );
        let list = ListOrdersRequest {
            code: Some(order.clone()),
            ..Default::default()
        };
        nothing!(main, rpc, called, orders.list_orders("ListOrders", list));
        let list = ListOrdersRequest {
            search: Some("okapi".into()),
            ..Default::default()
        };
        nothing!(main, rpc, called, orders.list_orders("ListOrders", list));
        let list = ListEventsRequest {
            order: Some(order.clone()),
            ..Default::default()
        };
        nothing!(main, rpc, called, events.list_events("ListEvents", list));
        let payment = CreatePaymentRequest {
            source: "manual".into(),
            reference: "mine".into(),
            order: Some(order),
            ..Default::default()
        };
        nothing!(
            main,
            rpc,
            called,
            payments.create_payment("CreatePayment", payment)
        );
    }
    for payment_id in main.things["payments"].clone() {
        let get = GetPaymentRequest {
            payment_id: payment_id.clone(),
        };
        nothing!(main, rpc, called, payments.get_payment("GetPayment", get));
        let update = UpdatePaymentRequest {
            payment_id: payment_id.clone(),
            metadata_json: Some("{}".into()),
        };
        nothing!(
            main,
            rpc,
            called,
            payments.update_payment("UpdatePayment", update)
        );
        let capture = CapturePaymentRequest {
            payment_id: payment_id.clone(),
            amount: 1,
            note: None,
        };
        nothing!(
            main,
            rpc,
            called,
            payments.capture_payment("CapturePayment", capture)
        );
        let check = CheckPaymentRequest {
            payment_id: payment_id.clone(),
        };
        nothing!(
            main,
            rpc,
            called,
            payments.check_payment("CheckPayment", check)
        );
        let refund = RefundPaymentRequest {
            payment_id: payment_id.clone(),
            amount: 1,
            ..Default::default()
        };
        nothing!(
            main,
            rpc,
            called,
            payments.refund_payment("RefundPayment", refund)
        );
        let resolve = ResolvePaymentAttentionRequest {
            payment_id: payment_id.clone(),
            code: code.clone(),
            note: None,
        };
        nothing!(
            main,
            rpc,
            called,
            payments.resolve_payment_attention("ResolvePaymentAttention", resolve)
        );
        let list = ListRefundsRequest {
            payment: payment_id,
            ..Default::default()
        };
        nothing!(
            main,
            rpc,
            called,
            payments.list_refunds("ListRefunds", list)
        );
    }
    let list = ListPaymentsRequest {
        reference: Some(thing("reference", 0)),
        ..Default::default()
    };
    nothing!(
        main,
        rpc,
        called,
        payments.list_payments("ListPayments", list)
    );
    nothing!(
        main,
        rpc,
        called,
        payments.list_payments("ListPayments", ListPaymentsRequest::default())
    );
    nothing!(
        main,
        rpc,
        called,
        payments.get_refund("GetRefund", GetRefundRequest { refund_id })
    );
    for event_id in main.things["events"].clone() {
        nothing!(
            main,
            rpc,
            called,
            events.get_event(
                "GetEvent",
                GetEventRequest {
                    event_id: event_id.clone()
                }
            )
        );
        nothing!(
            main,
            rpc,
            called,
            events.replay_event("ReplayEvent", ReplayEventRequest { event_id })
        );
    }
    nothing!(
        main,
        rpc,
        called,
        events.list_events("ListEvents", ListEventsRequest::default())
    );
    nothing!(
        main,
        rpc,
        called,
        orders.list_orders("ListOrders", ListOrdersRequest::default())
    );
    let mut wanted = order("mine", &sku, 1);
    nothing!(
        main,
        rpc,
        called,
        orders.create_order("CreateOrder", wanted.clone())
    );
    wanted.lines[0].stocked = Some(false);
    wanted.slot = Some(OrderSlot {
        slot_id: Some(thing("slot_id", 0)),
        ..Default::default()
    });
    nothing!(
        main,
        rpc,
        called,
        orders.create_order("CreateOrder", wanted.clone())
    );
    (wanted.slot, wanted.hold) = (None, Some(hold_id.clone()));
    nothing!(
        main,
        rpc,
        called,
        orders.create_order("CreateOrder", wanted)
    );
    nothing!(
        main,
        rpc,
        called,
        capacity.get_stock("GetStock", GetStockRequest { sku: sku.clone() })
    );
    let adjust = AdjustStockRequest {
        sku: sku.clone(),
        delta: 1,
        reason: None,
    };
    nothing!(
        main,
        rpc,
        called,
        capacity.adjust_stock("AdjustStock", adjust)
    );
    nothing!(
        main,
        rpc,
        called,
        capacity.list_stock("ListStock", ListStockRequest::default())
    );
    let put = PutStockRequest {
        sku: sku.clone(),
        on_hand: 1,
        if_version: Some(2),
        ..Default::default()
    };
    nothing!(main, rpc, called, capacity.put_stock("PutStock", put));
    nothing!(
        main,
        rpc,
        called,
        capacity.get_calendar("GetCalendar", GetCalendarRequest { name: name.clone() })
    );
    nothing!(
        main,
        rpc,
        called,
        capacity.list_calendars("ListCalendars", ListCalendarsRequest::default())
    );
    let list = ListSlotsRequest {
        name: name.clone(),
        ..Default::default()
    };
    nothing!(main, rpc, called, capacity.list_slots("ListSlots", list));
    let slot = NewSlot {
        starts_at: Some(prost_types::Timestamp {
            seconds: 4_000_000_000,
            nanos: 0,
        }),
        ends_at: Some(prost_types::Timestamp {
            seconds: 4_000_000_900,
            nanos: 0,
        }),
        capacity: None,
    };
    nothing!(
        main,
        rpc,
        called,
        capacity.put_slots(
            "PutSlots",
            PutSlotsRequest {
                name: name.clone(),
                slots: vec![slot]
            }
        )
    );
    // It has none of the names of a calendar and is refused.
    let put = PutCalendarRequest {
        name,
        ..Default::default()
    };
    nothing!(main, rpc, called, capacity.put_calendar("PutCalendar", put));
    let take = CreateHoldRequest {
        lines: vec![HoldLine { sku, quantity: 1 }],
        ..Default::default()
    };
    nothing!(main, rpc, called, capacity.create_hold("CreateHold", take));
    nothing!(
        main,
        rpc,
        called,
        capacity.get_hold(
            "GetHold",
            GetHoldRequest {
                hold_id: hold_id.clone()
            }
        )
    );
    nothing!(
        main,
        rpc,
        called,
        capacity.release_hold("ReleaseHold", ReleaseHoldRequest { hold_id })
    );
    // It has no end; streams have a test of their own.
    called.insert("WatchOrders");
    assert_eq!(called, methods());
    let after = main.seen().await;
    for (path, shown) in &before {
        assert_eq!(shown, &after[path], "{path} is another");
    }
    main.shop.close().await;
}
