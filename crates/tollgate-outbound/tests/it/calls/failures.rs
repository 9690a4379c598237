//! What never left, and what may have arrived.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tollgate_outbound::calls::{Client, NotSent, OutgoingSettings, Trust};

use super::{
    Script, Server, answered, call, client, client_by, lookup, not_sent, settings, unclear,
};
use crate::tls;

#[tokio::test]
async fn silence_after_the_call_is_unclear() {
    let mut short = settings(&[]);
    short.connect_timeout = Duration::from_millis(200);
    short.timeout = Duration::from_millis(400);
    let client = client(&short);
    let silent = Server::start(Script::SaysAndWaits(Vec::new())).await;
    let exchange = client.call(call(Trust::Operator, &silent.url())).await;
    assert_eq!(unclear(exchange.outcome), "no answer within 400 ms");
    assert_eq!(silent.requests().len(), 1);
    let closing = Server::start(Script::SaysAndCloses(Vec::new())).await;
    let exchange = client.call(call(Trust::Operator, &closing.url())).await;
    let reason = unclear(exchange.outcome);
    assert!(!reason.contains("http://"), "{reason}");
    assert_eq!(closing.requests().len(), 1);
}

#[tokio::test]
async fn what_never_left_is_distinguished_from_what_may_have() {
    let client = client(&settings(&[]));
    // Bound, so that no one else takes the port, and not listening.
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket
        .bind("127.0.0.1:0".parse().expect("it is one"))
        .expect("a port is free");
    let closed = format!("http://{}/", socket.local_addr().expect("it is bound"));
    let reason = not_sent(client.call(call(Trust::Operator, &closed)).await.outcome);
    assert!(matches!(reason, NotSent::Connect(_)), "{reason}");

    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let url = format!("https://{}/", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        // Until the other side has gone.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let reason = not_sent(client.call(call(Trust::Operator, &url)).await.outcome);
    assert!(matches!(reason, NotSent::Tls(_)), "{reason:?}");

    let nowhere = client_by(&settings(&[]), lookup(&[&[]]));
    let reason = not_sent(
        nowhere
            .call(call(Trust::Operator, "http://shop.example/"))
            .await
            .outcome,
    );
    assert_eq!(reason, NotSent::Name("it has no address".to_owned()));

    let reason = not_sent(
        client
            .call(call(Trust::Operator, "ftp://shop.example/"))
            .await
            .outcome,
    );
    assert!(matches!(reason, NotSent::Invalid(_)), "{reason:?}");
}

#[tokio::test]
async fn over_tls_only_a_trusted_certificate_of_the_right_name_is_spoken_to() {
    let port = tls::start().await.port();
    let url = |host: &str| format!("https://{host}:{port}/");
    let loopback = || lookup(&[&["127.0.0.1"]]);
    let trusting = OutgoingSettings {
        root_certificate: Some(tls::ROOT.into()),
        ..settings(&[])
    };
    let trusts = client_by(&trusting, loopback());
    for host in ["shop.example", "127.0.0.1"] {
        let outcome = trusts.call(call(Trust::Operator, &url(host))).await.outcome;
        assert_eq!(answered(outcome).head(), "HTTP/2.0 200 OK\nhello", "{host}");
    }
    let reason = not_sent(
        trusts
            .call(call(Trust::Operator, &url("tea.example")))
            .await
            .outcome,
    );
    assert!(matches!(reason, NotSent::Tls(_)), "{reason:?}");
    let distrusts = client_by(&settings(&[]), loopback());
    let outcome = distrusts
        .call(call(Trust::Operator, &url("shop.example")))
        .await
        .outcome;
    let reason = not_sent(outcome);
    assert!(matches!(reason, NotSent::Tls(_)), "{reason:?}");
}

#[test]
fn a_file_without_certificates_is_refused_by_its_key() {
    for file in [
        "/nowhere/at/all.pem",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ] {
        let settings = OutgoingSettings {
            root_certificate: Some(file.into()),
            ..settings(&[])
        };
        let error = Client::new(&settings)
            .err()
            .expect("there is none")
            .to_string();
        assert!(
            error.starts_with(&format!("outgoing.root_certificate: found {file}: ")),
            "{error}"
        );
    }
}
