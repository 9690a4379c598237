//! K1 to K14 over REST, over gRPC and over both: whichever door a request came through first, the other one knows it.

use serde_json::{Value, json};
use tollgate_proto::v1::{self, CreateOrderRequest};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::grpc::rpc;
use super::idempotency::join_all;
use crate::database::Database;
use crate::rpc;
use crate::shop::{self, Answer, Shop};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Rest,
    Grpc,
}

use Door::{Grpc, Rest};

/// Which door is first, and which second.
const WAYS: [(Door, Door); 4] = [(Rest, Rest), (Grpc, Grpc), (Rest, Grpc), (Grpc, Rest)];

/// What a door has answered, in words that both have.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    /// The order, or the code of the refusal with what else it says.
    end: Result<Box<v1::Order>, (String, String)>,
    replayed: bool,
    /// A refusal that stays with its key.
    sticks: bool,
}

impl Said {
    fn code(&self) -> &str {
        match &self.end {
            Ok(_) => "made",
            Err((code, _)) => code,
        }
    }

    fn of_rest(answer: &Answer) -> Said {
        let end = match answer.status {
            201 => Ok(serde_json::from_str(&answer.text).expect("it is an order")),
            _ => {
                let detail = answer.body["detail"].as_str().unwrap_or_default();
                Err((answer.code().to_owned(), detail.to_owned()))
            }
        };
        Said {
            end,
            replayed: answer.header("idempotency-replayed") == Some("true"),
            sticks: answer.body["new_key_required"] == Value::Bool(true),
        }
    }

    fn of_grpc(answer: Result<tonic::Response<v1::Order>, Status>) -> Said {
        let replayed = |metadata: &tonic::metadata::MetadataMap| {
            let found = metadata.get("idempotency-replayed");
            found.is_some_and(|value| value == "true")
        };
        match answer {
            Ok(answer) => Said {
                replayed: replayed(answer.metadata()),
                end: Ok(Box::new(answer.into_inner())),
                sticks: false,
            },
            Err(status) => {
                assert_ne!(status.code(), Code::Internal, "{status:?}");
                let details = status.get_error_details();
                let info = details.error_info().expect("every refusal has a reason");
                Said {
                    replayed: replayed(status.metadata()),
                    sticks: info.metadata["new_key_required"] == "true",
                    end: Err((info.reason.clone(), status.message().to_owned())),
                }
            }
        }
    }
}

/// One request, as each door is asked it.
#[derive(Clone)]
struct Wanted {
    rest: Value,
    grpc: CreateOrderRequest,
}

/// An order with everything that a fingerprint is over, its members in another order and other spellings per door.
fn wanted(code: &str, quantity: i64) -> Wanted {
    let mut rest = shop::order(code, "A", quantity);
    rest["metadata"] = json!({ "b": [1, 2.5], "a": "x" });
    rest["discount_amount"] = json!(0);
    rest["customer"] = json!({ "name": "Dewi", "email": "" });
    let mut grpc = rpc::order(code, "A", quantity);
    grpc.metadata_json = Some("{\"a\":\"x\", \"b\":[1,2.5]}".to_owned());
    grpc.hold_seconds = Some(900);
    grpc.lines[0].stocked = Some(true);
    grpc.customer = Some(v1::Customer {
        name: Some("Dewi".to_owned()),
        ..v1::Customer::default()
    });
    Wanted { rest, grpc }
}

async fn ask(shop: &Shop, door: Door, key: &str, wanted: &Wanted) -> Said {
    match door {
        Rest => Said::of_rest(&shop.keyed("/v1/orders", key, &wanted.rest).await),
        Grpc => {
            let mut rpc = rpc(shop);
            let asked = rpc.keyed(wanted.grpc.clone(), key);
            Said::of_grpc(rpc.orders.create_order(asked).await)
        }
    }
}

async fn held(shop: &Shop) -> i64 {
    let stock = shop.get("/v1/stock/A").await;
    stock.body["held"].as_i64().expect("a number")
}

/// K7, K13: the same request is answered the same, and nothing is done again.
#[tokio::test]
async fn what_was_made_is_told_again_by_either_door() {
    let shop = Shop::open().await;
    shop.put_stock("A", 100).await;
    for (at, (first, second)) in (1..).zip(WAYS) {
        let (key, wanted) = (format!("k-{at}"), wanted(&format!("Z-{at}"), 1));
        let made = ask(&shop, first, &key, &wanted).await;
        assert_eq!((made.code(), made.replayed), ("made", false), "{first:?}");
        let again = ask(&shop, second, &key, &wanted).await;
        let expected = Said {
            replayed: true,
            ..made
        };
        assert_eq!(again, expected, "{first:?} {second:?}");
        assert_eq!(held(&shop).await, at);
    }
    shop.close().await;
}

/// K7, K8: a refusal too, though there is stock again.
#[tokio::test]
async fn what_was_refused_is_refused_again_by_either_door() {
    let shop = Shop::open().await;
    for (at, (first, second)) in (0..).zip(WAYS) {
        // All there is belongs to the orders of before.
        shop.put_stock("A", at).await;
        let (key, wanted) = (format!("k-{at}"), wanted(&format!("Z-{at}"), 1));
        let refused = ask(&shop, first, &key, &wanted).await;
        assert_eq!(
            (refused.code(), refused.replayed, refused.sticks),
            ("out_of_stock", false, true)
        );
        shop.put_stock("A", at + 5).await;
        let again = ask(&shop, second, &key, &wanted).await;
        let expected = Said {
            replayed: true,
            ..refused
        };
        assert_eq!(again, expected, "{first:?} {second:?}");
        let fresh = ask(&shop, second, &format!("new-{at}"), &wanted).await;
        assert_eq!(fresh.code(), "made");
    }
    shop.close().await;
}

/// K6: another request under the key learns nothing, whatever the first came to.
#[tokio::test]
async fn another_request_under_a_key_is_refused_by_either_door() {
    let shop = Shop::open().await;
    shop.put_stock("A", 50).await;
    for (at, (first, second)) in WAYS.into_iter().enumerate() {
        for (quantity, end) in [(1, "made"), (1000, "out_of_stock")] {
            let key = format!("k-{at}-{quantity}");
            let code = format!("SECRET-{at}-{quantity}");
            let done = ask(&shop, first, &key, &wanted(&code, quantity)).await;
            assert_eq!(done.code(), end);
            for other in [wanted(&code, 2), wanted("Z-other", quantity)] {
                let reused = ask(&shop, second, &key, &other).await;
                let said = (reused.code(), reused.replayed, reused.sticks);
                assert_eq!(
                    said,
                    ("idempotency_key_reused", false, true),
                    "{first:?} {second:?}"
                );
                assert!(!format!("{:?}", reused.end).contains("SECRET"));
            }
        }
    }
    shop.close().await;
}

/// K9: what was refused before anything was decided leaves the key as it was.
#[tokio::test]
async fn what_came_before_the_commit_is_not_kept_by_either_door() {
    let shop = Shop::open().await;
    shop.put_stock("A", 50).await;
    for (at, (first, second)) in WAYS.into_iter().enumerate() {
        let (key, good) = (format!("k-{at}"), wanted(&format!("Z-{at}"), 1));
        let mut wrong = good.clone();
        wrong.rest["hold_seconds"] = json!(1);
        wrong.grpc.hold_seconds = Some(1);
        let refused = ask(&shop, first, &key, &wrong).await;
        assert_eq!((refused.code(), refused.sticks), ("request_invalid", false));
        let made = ask(&shop, second, &key, &good).await;
        assert_eq!(
            (made.code(), made.replayed),
            ("made", false),
            "{first:?} {second:?}"
        );
    }
    shop.close().await;
}

/// K11, K13: at once through both doors it is one order, and everybody is told the same.
#[tokio::test]
async fn many_at_once_through_both_doors_are_one_order() {
    let shop = Shop::open().await;
    shop.put_stock("A", 50).await;
    for round in 0..5 {
        let (key, wanted) = (format!("k-{round}"), wanted(&format!("Z-{round}"), 1));
        let doors = (0..16).map(|number| if number % 2 == 0 { Rest } else { Grpc });
        let asked = doors.map(|door| ask(&shop, door, &key, &wanted)).collect();
        let said = join_all(asked).await;
        let fresh = said.iter().filter(|said| !said.replayed).count();
        assert_eq!(fresh, 1, "{said:?}");
        assert!(
            said.iter()
                .all(|one| one.end == said[0].end && one.code() == "made")
        );
        // Of different requests one is made, and the others are refused.
        let key = format!("d-{round}");
        let different: Vec<_> = (0..8).map(|number| wanted_of(round, number)).collect();
        let asked = different
            .iter()
            .map(|(door, wanted)| ask(&shop, *door, &key, wanted))
            .collect();
        let mut codes: Vec<String> = join_all(asked)
            .await
            .iter()
            .map(|said| said.code().to_owned())
            .collect();
        codes.sort();
        let mut expected = vec!["idempotency_key_reused"; 7];
        expected.push("made");
        assert_eq!(codes, expected);
    }
    assert_eq!(held(&shop).await, 10);
    shop.close().await;
}

fn wanted_of(round: i64, number: i64) -> (Door, Wanted) {
    let door = if number % 2 == 0 { Rest } else { Grpc };
    (door, wanted(&format!("D-{round}-{number}"), 1))
}

/// K10, K12: an answer outlives a restart, and once it is forgotten the order's code still is taken.
#[tokio::test]
async fn an_answer_outlives_a_restart_and_a_code_outlives_its_answer() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = Shop::on(&database).await;
    shop.put_stock("A", 50).await;
    let mut made = Vec::new();
    for (at, (first, _)) in WAYS.into_iter().enumerate() {
        made.push(
            ask(
                &shop,
                first,
                &format!("k-{at}"),
                &wanted(&format!("Z-{at}"), 1),
            )
            .await,
        );
    }
    shop.close().await;
    let shop = Shop::on(&database).await;
    for (at, (first, second)) in WAYS.into_iter().enumerate() {
        let again = ask(
            &shop,
            second,
            &format!("k-{at}"),
            &wanted(&format!("Z-{at}"), 1),
        )
        .await;
        let expected = Said {
            replayed: true,
            ..made[at].clone()
        };
        assert_eq!(again, expected, "{first:?} {second:?}");
    }
    shop.close().await;
    // As a sweep does with what is older than it is kept for.
    database.change("delete from idempotency");
    let shop = Shop::on(&database).await;
    for (at, (_, second)) in WAYS.into_iter().enumerate() {
        let late = ask(
            &shop,
            second,
            &format!("k-{at}"),
            &wanted(&format!("Z-{at}"), 1),
        )
        .await;
        assert_eq!((late.code(), late.replayed), ("already_exists", false));
    }
    assert_eq!(held(&shop).await, 4);
    shop.close().await;
}

/// K3, K14: an operation has its own keys through either door, and a stranger is told nothing.
#[tokio::test]
async fn operations_and_callers_are_the_same_through_either_door() {
    let shop = Shop::open().await;
    shop.put_stock("A", 50).await;
    let mut rpc = rpc(&shop);
    for door in [Rest, Grpc] {
        assert_eq!(
            ask(&shop, door, "k", &wanted("Z-1", 1)).await.code(),
            "made"
        );
    }
    // A path's parameters are part of the request, as they were sent.
    let adjust = |sku: &str| v1::AdjustStockRequest {
        sku: sku.into(),
        delta: 1,
        reason: None,
    };
    let rest = shop
        .keyed("/v1/stock/A/adjust", "k", &json!({ "delta": 1 }))
        .await;
    let grpc = rpc
        .capacity
        .adjust_stock(rpc.keyed(adjust("A"), "\"k\""))
        .await
        .expect("it is told again");
    assert!(grpc.metadata().contains_key("idempotency-replayed"));
    assert_eq!(rest.body["on_hand"], grpc.into_inner().on_hand);
    let other = rpc
        .capacity
        .adjust_stock(rpc.keyed(adjust("B"), "k"))
        .await
        .expect_err("another one");
    assert_eq!(
        crate::rpc::refusal(&other),
        (Code::InvalidArgument, "idempotency_key_reused".into())
    );
    let cancelled = shop.keyed("/v1/orders/Z-1/cancel", "k", &json!({})).await;
    let again = v1::CancelOrderRequest {
        order: "Z-1".into(),
    };
    let again = rpc
        .orders
        .cancel_order(rpc.keyed(again, "k"))
        .await
        .expect("it is told again");
    assert!(again.metadata().contains_key("idempotency-replayed"));
    let again = again.into_inner();
    assert_eq!(
        again,
        serde_json::from_str(&cancelled.text).expect("it is an order")
    );
    let stranger = [
        ("authorization", "Bearer tg_nobody"),
        ("idempotency-key", "k"),
    ];
    let stranger = crate::rpc::with(wanted("Z-1", 1).grpc, &stranger);
    let refused = rpc
        .orders
        .create_order(stranger)
        .await
        .expect_err("nobody knows them");
    assert_eq!(refused.code(), Code::Unauthenticated);
    // Two keys are none.
    let mut two = rpc.keyed(wanted("Z-9", 1).grpc, "a");
    two.metadata_mut()
        .append("idempotency-key", "a".parse().expect("a text"));
    let two = rpc.orders.create_order(two).await.expect_err("it has two");
    assert_eq!(
        crate::rpc::refusal(&two),
        (Code::InvalidArgument, "idempotency_key_invalid".into())
    );
    shop.close().await;
}
