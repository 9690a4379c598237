//! HTTPS at the listeners: what is spoken, a certificate that changes, and handshakes that come to no end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::effects::PATIENCE;
use crate::shop::{KEY, Shop};
use crate::sign_in::PASSWORD;
use crate::tls;

const SERVER: [&[u8]; 2] = [
    include_bytes!("../../../tollgate-outbound/tests/it/tls/server.pem"),
    include_bytes!("../../../tollgate-outbound/tests/it/tls/server.key"),
];
const SECOND: [&[u8]; 2] = [
    include_bytes!("../../../tollgate-outbound/tests/it/tls/second.pem"),
    include_bytes!("../../../tollgate-outbound/tests/it/tls/second.key"),
];

/// Puts a certificate and its key into a folder.
fn put(folder: &Path, [certificate, key]: [&[u8]; 2]) {
    std::fs::write(folder.join("c.pem"), certificate).expect("it can be written");
    std::fs::write(folder.join("k.pem"), key).expect("it can be written");
}

/// A server with the files of a folder, and more in its `[server]`.
async fn open(folder: &Path, tls: &str, server: &str) -> Shop {
    let (certificate, key) = (folder.join("c.pem"), folder.join("k.pem"));
    let tls = format!("tls = {{ certificate = {certificate:?}, key = {key:?}{tls} }}\n{server}");
    Shop::set(&tls).await
}

/// What is spoken by clients that trust the root of the tests and the second certificate.
fn connector(protocols: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for file in [
        std::fs::read(tls::ROOT).expect("it is there"),
        SECOND[0].to_vec(),
    ] {
        let certificate = CertificateDer::from_pem_slice(&file).expect("it is one");
        roots.add(certificate).expect("it can be trusted");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(address: SocketAddr, protocols: &[&[u8]]) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("it is a name");
    let connected = connector(protocols).connect(name, stream).await;
    connected.expect("its certificate is good")
}

/// The certificate that a connection was shown.
fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().expect("there is one");
    chain[0].to_vec()
}

fn der([certificate, _]: [&[u8]; 2]) -> Vec<u8> {
    let certificate = CertificateDer::from_pem_slice(certificate);
    certificate.expect("it is one").to_vec()
}

/// Asks over a connection that stays, and reads the head of the answer and its body.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.expect("it reads");
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.ends_with("{\"status\":\"ok\"}") {
        let count = stream.read(&mut buffer).await.expect("it answers");
        assert_ne!(count, 0, "it ended after {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

#[tokio::test]
async fn https_is_spoken_and_who_speaks_http_is_told_so() {
    let folder = tempfile::tempdir().expect("there is room");
    put(folder.path(), SERVER);
    let shop = open(folder.path(), "", "").await;
    let mut stream = connect(shop.address, &[b"http/1.1"]).await;
    let answer = ask(&mut stream).await;
    assert!(
        answer.contains("strict-transport-security: max-age=31536000"),
        "{answer}"
    );
    let both = connect(shop.address, &[b"h2", b"http/1.1"]).await;
    assert_eq!(both.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // A body is on its way, too: the answer is not lost for it.
    let body = [b' '; 10_000];
    let told = shop.send("POST", "/v1/orders", &[], &body).await;
    assert_eq!(
        (told.status, told.code()),
        (400, "https_wanted"),
        "{told:?}"
    );
    assert_eq!(told.header("connection"), Some("close"));
    drop((stream, both));
    shop.close().await;
}

/// Asks over a connection of its own, and reads the answer to its end.
async fn ask_once(address: SocketAddr, head: &str, body: &Value) -> String {
    let mut stream = connect(address, &[b"http/1.1"]).await;
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let request = format!(
        "{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let sent = stream.write_all(request.as_bytes()).await;
    sent.expect("it reads");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer).await;
    read.expect("it answers");
    answer
}

/// docs/access.md: only what comes over plain HTTP has a cookie that does so.
#[tokio::test]
async fn a_session_over_https_has_the_cookie_of_https() {
    let folder = tempfile::tempdir().expect("there is room");
    put(folder.path(), SERVER);
    let shop = open(folder.path(), "", "").await;
    let email = "a@example.com";
    let user = json!({ "email": email, "name": "A", "role": "viewer", "password": PASSWORD });
    let head = format!("POST /v1/users HTTP/1.1\r\nauthorization: Bearer {KEY}");
    let made = ask_once(shop.address, &head, &user).await;
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
    let who = json!({ "email": email, "password": PASSWORD });
    let session = ask_once(shop.address, "POST /v1/session HTTP/1.1", &who).await;
    let cookie = session
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .expect("it has one");
    let (pair, attributes) = cookie.split_once(';').expect("it has attributes");
    assert!(pair.starts_with("__Host-tollgate="), "{cookie}");
    assert_eq!(
        attributes, " Path=/; HttpOnly; SameSite=Strict; Secure",
        "{cookie}"
    );
    let with = |cookie: &str| format!("GET /v1/session HTTP/1.1\r\ncookie: {cookie}");
    let known = ask_once(shop.address, &with(pair), &Value::Null).await;
    assert!(known.starts_with("HTTP/1.1 200 "), "{known}");
    // What another port of this machine could set without TLS opens nothing.
    let tossed = pair.replace("__Host-", "");
    let unknown = ask_once(shop.address, &with(&tossed), &Value::Null).await;
    assert!(unknown.starts_with("HTTP/1.1 401 "), "{unknown}");
    shop.close().await;
}

#[tokio::test]
async fn a_new_certificate_is_served_and_open_connections_go_on() {
    let folder = tempfile::tempdir().expect("there is room");
    put(folder.path(), SERVER);
    let shop = open(folder.path(), "", "").await;
    let mut before = connect(shop.address, &[]).await;
    assert_eq!(shown(&before), der(SERVER));
    ask(&mut before).await;
    put(folder.path(), SECOND);
    let since = Instant::now();
    let mut after = loop {
        let stream = connect(shop.address, &[]).await;
        if shown(&stream) == der(SECOND) {
            break stream;
        }
        assert!(since.elapsed() < PATIENCE, "the old one is served still");
        // One that is silent for long is ended.
        ask(&mut before).await;
        // Only so that asking leaves the machine to what is asked about.
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    ask(&mut before).await;
    ask(&mut after).await;
    drop((before, after));
    shop.close().await;
}

/// Whoever connects and says nothing holds no place, and no handshake for longer than others need one.
#[tokio::test]
async fn handshakes_that_come_to_no_end_keep_nobody_out() {
    let folder = tempfile::tempdir().expect("there is room");
    put(folder.path(), SERVER);
    let slow = ", handshakes_max = 3, handshake_timeout_ms = 600000";
    let shop = open(folder.path(), slow, "connections_max = 1").await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        let stream = TcpStream::connect(shop.address).await;
        silent.push(stream.expect("it listens"));
    }
    let mut stream = connect(shop.address, &[]).await;
    ask(&mut stream).await;
    drop((silent, stream));
    shop.close().await;
}

#[tokio::test]
async fn a_server_does_not_start_with_what_cannot_be_served() {
    let folder = tempfile::tempdir().expect("there is room");
    put(folder.path(), [SERVER[0], SECOND[1]]);
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ntls = {{ certificate = {certificate:?}, key = {key:?} }}\n"
    );
    let config = tollgate_server::Config::from_toml_str(&text);
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    let refused = tollgate_server::Listeners::bind(&config.server).await;
    let Err(error) = refused else {
        panic!("it was taken")
    };
    let error = error.to_string();
    assert!(error.starts_with("server.tls: "), "{error}");
    assert!(error.contains("k.pem"), "{error}");
}
