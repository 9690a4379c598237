//! Secrets that are wrong, mended and changed, clocks that differ, addresses that are not listed.

use serde_json::{Value, json};
use tollgate_providers::Webhook;

use crate::harness::{Home, Request, Said, Tollgate, now_ms, until};

const TOTAL: i64 = 15_000_000;

/// D1: the provider's own retries.
#[test]
fn deliveries_refused_for_a_wrong_secret_are_taken_when_they_come_again() {
    let mut home = Home::new();
    for source in ["standard", "midtrans"] {
        let right = home.config["sources"][source]["secrets"].clone();
        let webhook = home.webhook(Said::paid(source, "D1", TOTAL));

        home.set_source(
            source,
            "secrets",
            json!(["whsec_d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmc="]),
        );
        let server = Tollgate::start(&home);
        let mut client = server.client();
        client.create_order(&format!("D1-{source}"), "manual", "IDR", TOTAL);
        for _ in 0..3 {
            assert_eq!(
                client.deliver(source, &webhook).refused(401),
                "signature_invalid"
            );
        }
        assert_eq!(
            client.list(&format!("/v1/events?source={source}")),
            Vec::<Value>::new()
        );
        assert!(server.stop().success());

        home.set_source(source, "secrets", right);
        let server = Tollgate::start(&home);
        let mut client = server.client();
        assert_eq!(
            client.deliver(source, &webhook).outcome(),
            "parked",
            "no key was poisoned"
        );
        assert_eq!(client.deliver(source, &webhook).outcome(), "duplicate");
        assert!(server.stop().success());
    }
}

/// D1: what was kept, for a provider that does not try again.
#[test]
fn deliveries_kept_while_the_secret_was_wrong_can_be_verified_again() {
    let mut home = Home::new();
    let right = home.config["sources"]["standard"]["secrets"].clone();
    let webhook = home.webhook(Said::paid("standard", "D1-KEPT", TOTAL));
    home.set_source(
        "standard",
        "secrets",
        json!(["whsec_d3Jvbmctd3Jvbmctd3Jvbmctd3Jvbmc="]),
    );
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("D1-KEPT", "standard", "IDR", TOTAL);
    assert_eq!(
        client.deliver("standard", &webhook).refused(401),
        "signature_invalid"
    );
    // The answer does not wait for it to be kept.
    let kept = until("the refused delivery is kept", || client.rejected().pop());
    assert_eq!(kept["code"], "signature_invalid", "{kept:#}");
    let id = kept["id"]
        .as_str()
        .expect("a delivery has an id")
        .to_owned();
    let verify = Request::post(format!("/v1/deliveries/{id}/verify"), &json!({}));
    let still = client.call(&verify);
    assert_eq!(
        still.refused(401),
        "signature_invalid",
        "the secret is still wrong"
    );
    assert!(server.stop().success());

    home.set_source("standard", "secrets", right);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let event = client.call(&verify).event();
    assert_eq!(event.1, "applied");
    assert_eq!(client.get("/v1/orders/D1-KEPT")["status"], "paid");
    assert_eq!(
        client.rejected(),
        Vec::<Value>::new(),
        "it is rejected no longer"
    );

    // Verified twice, and sent once more by the provider: still one event.
    let again = client.call(&verify);
    assert!(again.status < 500, "{}", again.text());
    assert_eq!(
        client.deliver("standard", &webhook).event(),
        (event.0, "duplicate".to_owned())
    );
    assert_eq!(client.get("/v1/orders/D1-KEPT")["captured_amount"], TOTAL);
    assert_eq!(client.list("/v1/events?source=standard").len(), 1);
}

/// D4.
#[test]
fn while_a_secret_is_being_changed_both_are_accepted() {
    let mut home = Home::new();
    let old = home.config["sources"]["standard"]["secrets"][0].clone();
    let new = json!("whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXc=");
    let mut signed_with = |secret: &Value, reference: &str| {
        home.set_source("standard", "secrets", json!([secret]));
        home.webhook(Said::paid("standard", reference, TOTAL))
    };
    let by_old = signed_with(&old, "by-old");
    let by_new = signed_with(&new, "by-new");
    let late = signed_with(&old, "late");
    home.set_source("standard", "secrets", json!([new, old]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    assert_eq!(client.deliver("standard", &by_old).outcome(), "parked");
    assert_eq!(client.deliver("standard", &by_new).outcome(), "parked");
    assert!(server.stop().success());

    home.set_source("standard", "secrets", json!([new]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    assert_eq!(
        client.deliver("standard", &late).refused(401),
        "signature_invalid"
    );
    assert_eq!(client.deliver("standard", &by_new).outcome(), "duplicate");
}

/// D5. The exact edge is tested where the clock is an argument; here is well inside and outside.
#[test]
fn what_was_signed_too_long_ago_or_ahead_is_refused() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for (seconds, taken) in [(-330, false), (-270, true), (270, true), (330, false)] {
        let reference = format!("D5-{seconds}");
        let said = Said::paid("standard", &reference, TOTAL).at(now_ms() + seconds * 1000);
        let answer = client.deliver("standard", &home.webhook(said));
        match taken {
            true => assert_eq!(answer.outcome(), "parked", "{seconds} s"),
            false => assert_eq!(
                answer.refused(401),
                "timestamp_out_of_tolerance",
                "{seconds} s"
            ),
        }
    }
    // No key was taken by the refused ones.
    let fresh = home.webhook(Said::paid("standard", "D5--330", TOTAL));
    assert_eq!(client.deliver("standard", &fresh).outcome(), "parked");
}

/// A source behind a list of addresses takes nothing from others.
#[test]
fn an_address_that_is_not_listed_is_refused() {
    let mut home = Home::new();
    home.set_source("accurate", "addresses", json!(["192.0.2.1"]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let body = json!([{ "databaseId": 1, "type": "SALES_INVOICE", "uuid": "u",
                        "data": [{ "salesInvoiceId": 1 }] }]);
    let webhook = Webhook {
        // Only a trusted proxy may say for whom it speaks.
        headers: vec![("x-forwarded-for".to_owned(), "192.0.2.1".to_owned())],
        body: body.to_string().into_bytes(),
    };
    assert_eq!(
        client.deliver("accurate", &webhook).refused(403),
        "address_not_allowed"
    );
    assert_eq!(
        client.list("/v1/events?source=accurate"),
        Vec::<Value>::new()
    );
}

/// Behind a proxy that is trusted, the address it names counts; what others put there does not.
#[test]
fn only_a_trusted_proxy_says_for_whom_it_speaks() {
    let mut home = Home::new();
    home.set_source("accurate", "addresses", json!(["192.0.2.1"]));
    home.set("server", "trusted_proxies", json!(["127.0.0.1"]));
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for (number, (name, value, taken)) in [
        ("x-forwarded-for", "192.0.2.1", true),
        ("x-forwarded-for", "203.0.113.9, 192.0.2.1", true),
        // The proxy's caller has written the first part itself.
        ("x-forwarded-for", "192.0.2.1, 203.0.113.9", false),
        ("x-forwarded-for", "nonsense", false),
        ("forwarded", "for=192.0.2.1;proto=https", true),
        ("forwarded", "for=192.0.2.1, for=203.0.113.9", false),
        ("x-other", "192.0.2.1", false),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!([{ "databaseId": 1, "type": "SALES_INVOICE", "uuid": number.to_string(),
                            "data": [{ "salesInvoiceId": 1 }] }]);
        let webhook = Webhook {
            headers: vec![(name.to_owned(), value.to_owned())],
            body: body.to_string().into_bytes(),
        };
        let answer = client.deliver("accurate", &webhook);
        match taken {
            true => assert_eq!(answer.outcome(), "stored", "{name}: {value}"),
            false => assert_eq!(
                answer.refused(403),
                "address_not_allowed",
                "{name}: {value}"
            ),
        }
    }
}

/// D1: a header that is itself the secret is kept redacted, and can be verified again.
#[test]
fn a_header_that_is_a_secret_is_nowhere_to_be_read() {
    let mut home = Home::new();
    let v2 = |passwords: &[&str]| {
        let credentials: Vec<Value> = passwords
            .iter()
            .map(|password| json!({ "username": "shop_hooks", "password": password }))
            .collect();
        json!({ "provider": "phonepe", "version": "v2", "credentials": credentials })
    };
    home.config["sources"]["phonepe"] = v2(&["old1password"]);
    let webhook = home.webhook(Said::paid("phonepe", "REDACTED", TOTAL));
    let header = webhook
        .headers
        .iter()
        .find(|(name, _)| name == "authorization");
    let header = header.expect("it is the secret").1.clone();

    home.config["sources"]["phonepe"] = v2(&["new1password"]);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    assert_eq!(
        client.deliver("phonepe", &webhook).refused(401),
        "signature_invalid"
    );
    let kept = until("the refused delivery is kept", || client.rejected().pop());
    assert!(!kept.to_string().contains(&header), "{kept}");
    let id = kept["id"].as_str().expect("a delivery has an id");
    assert!(
        !client
            .get(&format!("/v1/deliveries/{id}"))
            .to_string()
            .contains(&header)
    );
    assert!(server.stop().success());

    // Mended: both are accepted, and the one it came with is not the first.
    home.config["sources"]["phonepe"] = v2(&["new1password", "old1password"]);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    let verify = Request::post(format!("/v1/deliveries/{id}/verify"), &json!({}));
    let (event, outcome) = client.call(&verify).event();
    assert_eq!(outcome, "parked");
    assert!(
        !client
            .get(&format!("/v1/events/{event}"))
            .to_string()
            .contains(&header)
    );
    assert_eq!(client.deliver("phonepe", &webhook).outcome(), "duplicate");
    for entry in std::fs::read_dir(home.path()).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        let bytes = std::fs::read(&path).expect("it can be read");
        let found = bytes
            .windows(header.len())
            .any(|window| window == header.as_bytes());
        assert!(!found, "the secret stands in {}", path.display());
    }
}

/// However much is logged, no secret is.
#[test]
fn no_secret_is_ever_logged() {
    let mut home = Home::new();
    home.set("log", "level", "trace");
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.create_order("LOGGED", "standard", "IDR", TOTAL);
    let mut signatures = Vec::new();
    for source in ["standard", "bank", "midtrans", "phonepe"] {
        let webhook = home.webhook(Said::paid(source, "LOGGED", TOTAL));
        client.deliver(source, &webhook).event();
        let mut forged = webhook.clone();
        forged.body[20] ^= 1;
        client.deliver(source, &forged);
        let signed = webhook
            .headers
            .iter()
            .filter(|(name, _)| name.contains("signature") || name.contains("verify"));
        signatures.extend(signed.map(|(_, value)| value.clone()));
    }
    let stranger = "tg_a_key_that_somebody_tried";
    server
        .client_as(Some(stranger))
        .call(&Request::get("/v1/orders"))
        .refused(401);
    let said = server.stop_and_read_log();
    let secrets = [
        crate::harness::ADMIN_KEY,
        stranger,
        "server-key-of-the-tests",
        "secret-of-the-bank",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
        "099eb0cd-02cf-4e2a-8aca-3e6c6aff0399",
    ];
    for secret in secrets
        .into_iter()
        .chain(signatures.iter().map(String::as_str))
    {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is logged");
    }
    assert!(!said.is_empty(), "at this level something is logged");
}

/// Refused deliveries are kept within bounds; beyond them they are counted.
#[test]
fn refused_deliveries_are_kept_within_bounds() {
    let mut home = Home::new();
    home.set("retention", "rejected_per_source_max", 5);
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for number in 0..20 {
        let body = format!("{{\"n\":{number}}}").into_bytes();
        let webhook = Webhook {
            headers: Vec::new(),
            body,
        };
        assert_eq!(
            client.deliver("bank", &webhook).refused(401),
            "signature_missing"
        );
    }
    until("five are kept", || {
        (client.rejected().len() == 5).then_some(())
    });
    let dropped = "tollgate_gate_rejected_dropped_total";
    until("fifteen are counted", || {
        (client.figure(dropped) == 15).then_some(())
    });
    assert_eq!(client.rejected().len(), 5);
}
