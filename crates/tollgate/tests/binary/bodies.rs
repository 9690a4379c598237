//! Bodies: unusual, too large, slow, broken off, or no webhook at all.

use serde_json::{Value, json};
use tollgate_providers::Webhook;

use crate::harness::{
    Home, Request, Tollgate, in_parallel, now_ms, sign_bank, sign_standard, until,
};

const TOTAL: i64 = 15_000_000;

/// D7.
#[test]
fn unusual_but_valid_bytes_are_verified_as_they_came() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let bodies: [(&str, &[u8]); 6] = [
        ("escapes", br#"{"\u0074ype":"\u0070aid","data":{"id":"p1","order_id":"D7\u002descapes","amount":15000000,"currency":"IDR","status":"p\u0061id"}}"#),
        ("twice", br#"{"type":"paid","data":{"id":"p2","order_id":"somebody-else","order_id":"D7-twice","amount":1,"amount":15000000,"currency":"IDR","status":"failed","status":"paid"}}"#),
        ("space", b" \r\n\t{ \"type\" : \"paid\" ,\n\"data\":\t{\"id\":\"p3\",\"order_id\":\"D7-space\",\"amount\": 15000000 ,\"currency\":\"IDR\",\"status\":\"paid\"}}  "),
        ("newline", b"{\"type\":\"paid\",\"data\":{\"id\":\"p4\",\"order_id\":\"D7-newline\",\"amount\":15000000,\"currency\":\"IDR\",\"status\":\"paid\"}}\n"),
        ("unknown", br#"{"type":"paid","data":{"id":"p5","order_id":"D7-unknown","amount":15000000,"currency":"IDR","status":"paid"},"more":[1e999,null,{"a":{"b":[[]]}},"\ud83d\ude00"]}"#),
        ("slash", br#"{"type":"paid","data":{"id":"p\/6","order_id":"D7-slash","amount":15000000,"currency":"IDR","status":"paid"}}"#),
    ];
    for (name, body) in bodies {
        let code = format!("D7-{name}");
        client.create_order(&code, "standard", "IDR", TOTAL);
        let webhook = sign_standard(&format!("msg_{name}"), now_ms() / 1000, body);
        assert_eq!(
            client.deliver("standard", &webhook).outcome(),
            "applied",
            "{name}"
        );
        let order = client.get(&format!("/v1/orders/{code}"));
        assert_eq!(
            (&order["status"], &order["captured_amount"]),
            (&json!("paid"), &json!(TOTAL))
        );
    }
}

/// D7: what was kept is what came, byte for byte, and only an admin sees it.
#[test]
fn the_stored_body_is_the_one_that_came() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let body = b" {\"type\":\"note\", \"id\":\"kept\",\"text\":\"\\u0074ea \xc3\xa9\"}\n";
    let (id, _) = client.deliver("bank", &sign_bank(body)).event();
    let event = client.get(&format!("/v1/events/{id}"));
    let text = std::str::from_utf8(body).expect("it is UTF-8");
    assert!(
        event["body"] == text || event["raw"]["body"] == text,
        "the raw body is not in {event:#}"
    );
}

/// D8.
#[test]
fn a_body_that_is_too_large_is_refused_whole() {
    let mut home = Home::new();
    home.set("server", "body_bytes_max", 4096);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let fits = format!(
        "{{\"type\":\"note\",\"id\":\"fits\",\"text\":\"{}\"}}",
        "x".repeat(4000)
    );
    assert!(fits.len() <= 4096);
    assert_eq!(
        client
            .deliver("bank", &sign_bank(fits.as_bytes()))
            .outcome(),
        "stored"
    );
    let larger = format!(
        "{{\"type\":\"note\",\"id\":\"no\",\"text\":\"{}\"}}",
        "x".repeat(4096)
    );
    let larger = sign_bank(larger.as_bytes());
    assert_eq!(
        client.deliver("bank", &larger).refused(413),
        "body_too_large"
    );

    // In chunks, without a length said beforehand: as soon as it is too large, not at its end.
    let mut slowly = server.client();
    let head = "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    slowly
        .write_bytes(head.as_bytes())
        .expect("the head is taken");
    let chunk = format!("800\r\n{}\r\n", "x".repeat(0x800));
    for _ in 0..3 {
        // The server may have answered and closed before the third.
        let _ = slowly.write_bytes(chunk.as_bytes());
    }
    let answer = slowly.read().expect("it is answered");
    assert_eq!(answer.refused(413), "body_too_large");

    // An announced length alone is enough.
    let mut announced = server.client();
    let head = "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999\r\n\r\n";
    announced
        .write_bytes(head.as_bytes())
        .expect("the head is taken");
    assert_eq!(
        announced.read().expect("it is answered").refused(413),
        "body_too_large"
    );
    assert_eq!(client.list("/v1/events?source=bank").len(), 1);
}

/// D8: a delivery of more events than are taken is refused whole, like one of too many bytes.
#[test]
fn a_delivery_of_too_many_events_is_refused_whole() {
    let mut home = Home::new();
    home.set("server", "delivery_items_max", 100);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let delivery = |count: usize| {
        let items: Vec<Value> = (0..count)
            .map(|item| {
                json!({ "databaseId": 1, "type": "SALES_INVOICE", "uuid": item.to_string(),
                        "data": [{ "salesInvoiceId": item }] })
            })
            .collect();
        Webhook {
            headers: Vec::new(),
            body: json!(items).to_string().into_bytes(),
        }
    };
    assert_eq!(
        client.deliver("accurate", &delivery(101)).refused(413),
        "body_too_large"
    );
    assert_eq!(client.list("/v1/events"), Vec::<Value>::new());
    assert_eq!(
        client.deliver("accurate", &delivery(100)).events().len(),
        100
    );
}

/// D8: chunks of a body that is not too large are a body like any other.
#[test]
fn a_body_in_chunks_is_taken() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let webhook = sign_bank(br#"{"type":"note","id":"chunks"}"#);
    let mut bytes = format!(
        "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\nx-bank-signature: {}\r\n\
         transfer-encoding: chunked\r\n\r\n",
        webhook.headers[0].1
    )
    .into_bytes();
    for part in webhook.body.chunks(7) {
        bytes.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    client.write_bytes(&bytes).expect("it is taken");
    assert_eq!(client.read().expect("it is answered").outcome(), "stored");
}

/// D8.
#[test]
fn a_slow_body_is_ended_and_holds_up_no_other() {
    let mut home = Home::new();
    home.set("server", "body_timeout_ms", 300);
    let server = Tollgate::start(&home);
    let webhook = sign_bank(br#"{"type":"note","id":"slow"}"#);
    let slow = in_parallel(30, |_| {
        let mut client = server.client();
        let head = format!(
            "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\nx-bank-signature: {}\r\n\
             content-length: {}\r\n\r\n{{",
            webhook.headers[0].1,
            webhook.body.len()
        );
        client
            .write_bytes(head.as_bytes())
            .expect("the head is taken");
        // Others are served meanwhile.
        assert_eq!(server.client().call(&Request::get("/healthz")).status, 200);
        client.read().expect("it is answered")
    });
    for answer in slow {
        assert_eq!(answer.status, 408, "{}", answer.text());
    }
    let mut client = server.client();
    assert_eq!(
        client.deliver("bank", &webhook).outcome(),
        "stored",
        "nothing was taken of it"
    );
}

/// D8: a head that never ends does not keep its connection.
#[test]
fn a_slow_head_loses_its_connection() {
    let mut home = Home::new();
    home.set("server", "header_timeout_ms", 300);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client
        .write_bytes(b"POST /webhooks/bank HTTP/1.1\r\nhost: x\r\nx-slow: ")
        .expect("taken");
    match client.read() {
        Ok(answer) => assert_eq!(answer.status, 408),
        Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
    }
}

/// D8: connections that say nothing take the places of others only for a while.
#[test]
fn silent_connections_do_not_keep_others_out() {
    let mut home = Home::new();
    home.set("server", "connections_max", 3);
    home.set("server", "header_timeout_ms", 300);
    let server = Tollgate::start(&home);
    let mut silent: Vec<_> = (0..9).map(|_| server.client()).collect();
    for client in &mut silent {
        client.connect().expect("the system takes it");
    }
    let webhook = sign_bank(br#"{"type":"note","id":"spoken"}"#);
    assert_eq!(
        server.client().deliver("bank", &webhook).outcome(),
        "stored"
    );
}

/// D8: a head that is larger than any provider's is refused, and so is one that is no HTTP.
#[test]
fn a_head_that_is_none_is_refused() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let large = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let many = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n",
        "x: y\r\n".repeat(10_000)
    );
    let both = "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\
                content-length: 6\r\n\r\n{}{}{}";
    for bytes in [
        large.as_str(),
        many.as_str(),
        both,
        "\u{1}\u{2}\u{3}\r\n\r\n",
        "HELO x\r\n\r\n",
    ] {
        let mut client = server.client();
        // It may be answered and closed before all is written.
        let _ = client.write_bytes(bytes.as_bytes());
        if let Ok(answer) = client.read() {
            assert!((400..500).contains(&answer.status), "{}", answer.status);
        }
    }
    assert_eq!(server.client().call(&Request::get("/healthz")).status, 200);
}

/// D8: half a request, and then nothing more.
#[test]
fn a_request_that_ends_in_the_middle_is_nothing() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let webhook = sign_bank(br#"{"type":"note","id":"half"}"#);
    let mut client = server.client();
    for hang_up in [false, true] {
        let mut half = server.client();
        let head = format!(
            "POST /webhooks/bank HTTP/1.1\r\nhost: x\r\nx-bank-signature: {}\r\n\
             content-length: {}\r\n\r\n{{\"type\"",
            webhook.headers[0].1,
            webhook.body.len()
        );
        half.write_bytes(head.as_bytes())
            .expect("the head is taken");
        if hang_up {
            half.hang_up();
        } else {
            half.half_close().expect("it can be closed");
            if let Ok(answer) = half.read() {
                assert!((400..500).contains(&answer.status), "{}", answer.text());
            }
        }
        assert_eq!(client.call(&Request::get("/healthz")).status, 200);
    }
    assert_eq!(client.list("/v1/events?source=bank"), Vec::<Value>::new());
    assert_eq!(client.deliver("bank", &webhook).outcome(), "stored");
}

/// What is no webhook at all gets one clear answer, and a source that is not configured too.
#[test]
fn what_is_not_json_or_goes_nowhere_is_said_so() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for body in [
        &b""[..],
        b"{",
        b"[1,2",
        b"\xff\xfe",
        b"null",
        b"\"text\"",
        b"{} {}",
    ] {
        let answer = client.deliver("bank", &sign_bank(body));
        assert_eq!(answer.refused(400), "body_unreadable", "{body:?}");
    }
    let unknown = client.deliver("nobody", &sign_bank(b"{}"));
    assert_eq!(unknown.refused(404), "source_unknown");
    let unsigned = Webhook {
        headers: Vec::new(),
        body: b"{}".to_vec(),
    };
    assert_eq!(
        client.deliver("bank", &unsigned).refused(401),
        "signature_missing"
    );
    assert_eq!(client.call(&Request::get("/webhooks/bank")).status, 405);
    assert_eq!(client.list("/v1/events?source=bank"), Vec::<Value>::new());
    until("refused deliveries are kept", || {
        (7 < client.rejected().len()).then_some(())
    });
}

/// docs/gate.md, Poison: what no database keeps is refused at the edge, and harms no other request.
#[test]
fn names_that_no_database_keeps_are_refused_at_the_edge() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let long = "x".repeat(256);
    for (number, name) in ["a\\u0000b", "line\\nbreak", &long].into_iter().enumerate() {
        for member in ["id", "order", "payment"] {
            let body = format!(r#"{{"type":"note","{member}":"{name}","n":{number}}}"#);
            let answer = client.deliver("bank", &sign_bank(body.as_bytes()));
            match answer.status {
                200 => assert_eq!(answer.outcome(), "rejected", "{member} {name:?}"),
                _ => assert_eq!(answer.refused(400), "body_unreadable", "{member} {name:?}"),
            }
        }
    }
    assert_eq!(client.list("/v1/events?source=bank"), Vec::<Value>::new());
    // In a batch only the bad one is refused.
    let document = |uuid: &str| {
        json!({ "databaseId": 1, "type": "SALES_INVOICE", "uuid": uuid,
                "data": [{ "salesInvoiceId": 1 }] })
    };
    let batch = json!([document("good"), document("b\u{0}d"), document("fine")]);
    let batch = Webhook {
        headers: Vec::new(),
        body: batch.to_string().into_bytes(),
    };
    let events = client.deliver("accurate", &batch).events();
    let outcomes: Vec<&str> = events
        .iter()
        .filter_map(|e| e["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["stored", "rejected", "stored"]);
    client.assert_calm();
}

/// The most memory that a server has had so far, in bytes.
fn peak_bytes(server: &Tollgate) -> usize {
    let path = format!("/proc/{}/status", server.pid());
    let status = std::fs::read_to_string(path).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.expect("Linux says it") << 10
}

/// Bodies that are begun and never ended take no more memory than they may, and a good one is taken beside them.
#[cfg(target_os = "linux")]
#[test]
fn unfinished_bodies_take_no_more_memory_than_they_may() {
    const BUDGET: usize = 16 << 20;
    const BODY: usize = 900_000;
    const BODIES: usize = 120;
    let mut home = Home::new();
    home.set("server", "bodies_bytes_max", BUDGET as u64);
    let server = Tollgate::start(&home);
    server.client().get("/readyz");
    let before = peak_bytes(&server);
    let head = format!(
        "POST /webhooks/bank HTTP/1.1\r\nhost: shop\r\ncontent-length: {}\r\n\r\n",
        BODY + 1
    );
    let mut begun: Vec<(std::net::TcpStream, Vec<u8>)> = (0..BODIES)
        .map(|_| {
            let stream = std::net::TcpStream::connect(server.address()).expect("it listens");
            stream.set_nonblocking(true).expect("it is open");
            let mut left = head.clone().into_bytes();
            left.resize(head.len() + BODY, b' ');
            (stream, left)
        })
        .collect();
    let mut client = server.client();
    for round in 0..40 {
        for (stream, left) in &mut begun {
            // One that was refused takes no more.
            while let Ok(taken @ 1..) = std::io::Write::write(stream, left) {
                left.drain(..taken);
            }
        }
        if round % 10 == 9 {
            let note = format!("{{\"type\":\"note\",\"id\":\"n{round}\"}}");
            let taken = client.deliver("bank", &sign_bank(note.as_bytes()));
            assert_eq!(taken.outcome(), "stored");
        }
    }
    let grown = peak_bytes(&server) - before;
    // Half of the budget is that of webhooks; a body is copied as it grows, connections have buffers, and what was given
    // back is kept for a moment. All of the bodies would be 108 MB.
    assert!(grown < BUDGET * 5 / 2, "it has grown by {grown} bytes");
}
