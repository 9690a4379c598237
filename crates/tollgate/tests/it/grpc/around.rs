//! Compression, health and reflection: what tools around a call need.

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::{refused, rpc};
use crate::rpc::{order, refusal, wire};
use crate::shop::Shop;

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
