//! What is sent, and what is made of an answer.

use std::time::Duration;

use reqwest::header::HeaderValue;
use tollgate_outbound::calls::{BodyEnd, Call, Trust};
use tollgate_providers::HttpRequest;

use super::{Script, Server, answer, answered, call, client, settings};

#[tokio::test]
async fn a_call_brings_its_headers_and_its_answer_back() {
    let script = answer("503 Service Unavailable", "retry-after: 7\r\n", "later");
    let server = Server::start(Script::Says(script)).await;
    let client = client(&settings(&[]));
    let url = server.url();
    let mut call = call(Trust::Operator, &url);
    call.headers
        .insert("webhook-id", HeaderValue::from_static("notify:1"));
    let exchange = client.call(call).await;
    let answer = answered(exchange.outcome);
    assert_eq!(answer.head(), "HTTP/1.1 503 Service Unavailable\nlater");
    let wait = answer.retry_after(tollgate_core::time::Timestamp::from_millis(0));
    assert_eq!(wait.map(|span| span.as_millis()), Some(7000));
    assert!(exchange.took < Duration::from_secs(20));
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    for line in [
        "webhook-id: notify:1",
        "user-agent: Tollgate/",
        "content-length: 7",
    ] {
        assert!(request.contains(&format!("\r\n{line}")), "{request}");
    }
    for name in ["accept-encoding", "cookie", "referer", "proxy"] {
        assert!(!request.contains(name), "{request}");
    }
}

#[tokio::test]
async fn a_question_to_a_provider_is_sent_as_it_was_written() {
    let server = Server::start(Script::Says(answer("200 OK", "", "{}"))).await;
    let client = client(&settings(&[]));
    let mut request = HttpRequest {
        method: "GET",
        url: server.url(),
        headers: vec![("Authorization", "Basic c2VjcmV0".to_owned())],
        body: Vec::new(),
    };
    let call = Call::to_provider(&request, 1024).expect("it can be sent");
    let answer = answered(client.call(call).await.outcome);
    let response = answer.of_provider().expect("it is whole");
    assert_eq!((response.status, response.body), (200, &b"{}"[..]));
    let sent = server.requests().remove(0);
    assert!(sent.starts_with("GET /hook HTTP/1.1\r\n"), "{sent}");
    assert!(
        sent.contains("\r\nauthorization: Basic c2VjcmV0\r\n"),
        "{sent}"
    );
    request.headers.push(("X-Odd", "secret\r\n".to_owned()));
    let error = Call::to_provider(&request, 1024)
        .err()
        .expect("it cannot be sent");
    assert_eq!(error.to_string(), "the header X-Odd cannot be sent");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = Server::start(Script::Says(answer("200 OK", "", ""))).await;
    let location = format!("location: {}\r\n", elsewhere.url());
    let server = Server::start(Script::Says(answer(
        "307 Temporary Redirect",
        &location,
        "",
    )))
    .await;
    let client = client(&settings(&[]));
    let outcome = client
        .call(call(Trust::Operator, &server.url()))
        .await
        .outcome;
    assert_eq!(answered(outcome).status, 307);
    assert_eq!((server.connections(), elsewhere.connections()), (1, 0));
}

#[tokio::test]
async fn no_more_of_an_answer_is_read_than_was_asked_for() {
    let client = client(&settings(&[]));
    let exact = Server::start(Script::Says(answer("200 OK", "", &"a".repeat(1024)))).await;
    let outcome = client
        .call(call(Trust::Operator, &exact.url()))
        .await
        .outcome;
    let whole = answered(outcome);
    assert_eq!((whole.body.len(), whole.end), (1024, BodyEnd::Whole));
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let piece = format!("1000\r\n{}\r\n", "a".repeat(0x1000)).into_bytes();
    let endless = Server::start(Script::NeverEnds(head, piece)).await;
    let outcome = client
        .call(call(Trust::Operator, &endless.url()))
        .await
        .outcome;
    let cut = answered(outcome);
    assert_eq!((cut.body.len(), cut.end.clone()), (1024, BodyEnd::Cut));
    assert!(cut.of_provider().is_none());
}

#[tokio::test]
async fn a_status_is_an_answer_whatever_becomes_of_the_body() {
    let mut short = settings(&[]);
    short.connect_timeout = Duration::from_millis(200);
    short.timeout = Duration::from_millis(400);
    let client = client(&short);
    let part = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfive!".to_vec();
    for script in [
        Script::SaysAndCloses(part.clone()),
        Script::SaysAndWaits(part),
    ] {
        let server = Server::start(script).await;
        let outcome = client
            .call(call(Trust::Operator, &server.url()))
            .await
            .outcome;
        let answer = answered(outcome);
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_slice()),
            (200, &b"five!"[..])
        );
        assert!(matches!(answer.end, BodyEnd::Lost(_)), "{:?}", answer.end);
        assert!(answer.of_provider().is_none());
    }
}
