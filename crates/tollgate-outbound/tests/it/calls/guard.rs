//! Which addresses are connected to.

use tollgate_outbound::calls::{Call, Trust};

use super::{Script, Server, answer, answered, call, client, client_by, lookup, refused, settings};

#[tokio::test]
async fn a_private_address_is_refused_whether_it_is_written_or_looked_up() {
    let server = Server::start(Script::Says(answer("200 OK", "", ""))).await;
    let private = lookup(&[&["127.0.0.1", "::1"]]);
    let client = client_by(&settings(&["10.0.0.0/8"]), private);
    for url in [
        server.url(),
        server.named_url("shop.example"),
        server.named_url("localhost"),
    ] {
        let refusal = refused(client.call(call(Trust::Api, &url)).await.outcome);
        assert_eq!(refusal.what, "loopback", "{url}");
        assert!(refusal.to_string().contains("allow_networks"), "{refusal}");
    }
    assert_eq!(server.connections(), 0);
    // The operator's word is enough, and so is an allowed network.
    let url = server.named_url("shop.example");
    answered(client.call(call(Trust::Operator, &url)).await.outcome);
    let private = lookup(&[&["127.0.0.1"]]);
    let allowed = client_by(&settings(&["127.0.0.0/8"]), private);
    for url in [server.url(), url] {
        answered(allowed.call(call(Trust::Api, &url)).await.outcome);
    }
}

#[tokio::test]
async fn an_answer_that_changes_between_two_calls_is_refused_at_the_second() {
    let server = Server::start(Script::SaysAndCloses(answer(
        "200 OK",
        "connection: close\r\n",
        "",
    )))
    .await;
    let changing = lookup(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let client = client_by(&settings(&["127.0.0.1/32"]), changing);
    let url = server.named_url("shop.example");
    answered(client.call(call(Trust::Api, &url)).await.outcome);
    let refusal = refused(client.call(call(Trust::Api, &url)).await.outcome);
    assert_eq!(refusal.address.to_string(), "127.0.0.2");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn of_several_addresses_only_those_that_may_be_called_are_connected_to() {
    let server = Server::start(Script::Says(answer("200 OK", "", ""))).await;
    let url = server.named_url("shop.example");
    for (allowed, connections) in [("127.0.0.2/32", 0), ("127.0.0.1/32", 1)] {
        let mixed = lookup(&[&["169.254.169.254", "127.0.0.1", "127.0.0.2"]]);
        let client = client_by(&settings(&[allowed]), mixed);
        // Whether anything listens at 127.0.0.2 is not known here.
        let _ = client.call(call(Trust::Api, &url)).await;
        assert_eq!(server.connections(), connections, "{allowed}");
    }
}

#[tokio::test]
async fn a_connection_of_the_operators_is_not_lent_to_the_api() {
    let server = Server::start(Script::Says(answer("200 OK", "", ""))).await;
    let client = client_by(&settings(&[]), lookup(&[&["127.0.0.1"]]));
    let url = server.named_url("shop.example");
    for alone in [false, true] {
        let of = |trust| Call {
            alone,
            ..call(trust, &url)
        };
        answered(client.call(of(Trust::Operator)).await.outcome);
        refused(client.call(of(Trust::Api)).await.outcome);
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_call_that_must_not_be_repeated_has_a_connection_of_its_own() {
    let server = Server::start(Script::Says(answer("200 OK", "", ""))).await;
    let client = client(&settings(&[]));
    let url = server.url();
    for _ in 0..20 {
        answered(client.call(call(Trust::Operator, &url)).await.outcome);
    }
    // A call may come before the connection of the one before is free again, but not each of them.
    let shared = server.connections();
    assert!(shared < 20, "{shared}");
    for _ in 0..20 {
        let alone = Call {
            alone: true,
            ..call(Trust::Operator, &url)
        };
        answered(client.call(alone).await.outcome);
    }
    assert_eq!(server.connections(), shared + 20);
}
