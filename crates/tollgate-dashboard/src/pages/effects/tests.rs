//! Pages of effects, over documents as the API writes them.

use tollgate_receipt::Locale;

use super::{list, mend, one};
use crate::fixture::{Fixture, text};

const ID: &str = "eff_01kfjv7m00e008000000000001";

/// An effect in a state, with more members.
fn effect(state: &str, more: &str) -> String {
    format!(
        r#"{{"content":{{"endpoint_id":"ep_1","position":123,"type":"order.paid"}},
        "created_at":"2026-01-22T10:01:00.000Z","due_at":null,"id":"{ID}","key":"notify:ep_1:123","kind":"notify",
        "order_by":"ord_1","settled_at":null,"target":"notify:ep_1","tries":16,"state":"{state}"{more}}}"#
    )
}

const ATTEMPTS: &str = r#","reason":"answered 500","attempts":[
    {"at":"2026-01-22T10:01:01.000Z","duration_ms":1200,"status":500,"error":"answered 500","response_head":"<script>oops"}],
    "request":{"method":"POST","url":"https://shop.example/hook","headers":[["webhook-id","notify:ep_1:123"]],
    "body":"{\"a\":\"it's\"}"}"#;

fn shop(role: &'static str, document: &str) -> Fixture {
    Fixture::of(role)
        .with(&format!("GET /v1/effects/{ID}"), 200, document)
        .with(
            "GET /v1/effects?",
            200,
            &format!(r#"{{"data":[{document}],"next_cursor":null}}"#),
        )
}

fn last(fixture: &Fixture) -> (String, String, Option<String>) {
    let asked = fixture.asked();
    let asked = asked.last().expect("something was asked");
    let body = String::from_utf8(asked.body.clone().unwrap_or_default()).expect("it is JSON");
    (
        format!("{} {}", asked.method, asked.path),
        body,
        asked.idempotency_key.clone(),
    )
}

#[test]
fn their_texts_are_whole() {
    for texts in [list::ALL, one::ALL, mend::ALL] {
        crate::words::check(texts);
    }
}

#[test]
fn an_effect_says_how_it_stands_what_was_tried_and_how_to_send_it_by_hand() {
    let page = text(shop("operator", &effect("dead", ATTEMPTS)).get(&format!("/effects/{ID}")));
    for shown in [
        "It is given up",
        "answered 500",
        "1,200 ms",
        "&lt;script&gt;oops",
        "/endpoints/ep_1",
        "curl -X 'POST' 'https://shop.example/hook'",
        "-H 'webhook-id: notify:ep_1:123'",
        &format!("action=\"/effects/{ID}/retry\""),
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("/settle"), "only what is unknown is settled");
}

#[test]
fn a_viewer_sees_no_action() {
    let fixture = shop("viewer", &effect("unknown", r#","reason":null"#));
    for address in [&format!("/effects/{ID}") as &str, "/effects?state=unknown"] {
        let page = text(fixture.get(address));
        assert!(page.contains("not known whether it happened"), "{page}");
        for action in ["/retry", "/settle"] {
            assert!(!page.contains(action), "{action}: {page}");
        }
    }
}

#[test]
fn what_is_done_or_at_work_is_left_alone() {
    for state in ["done", "leased", "started"] {
        let page =
            text(shop("admin", &effect(state, r#","reason":null"#)).get(&format!("/effects/{ID}")));
        assert!(!page.contains("/retry"), "{state}: {page}");
    }
}

#[test]
fn it_is_tried_again_and_settled_once_for_each_form() {
    let unknown = effect("unknown", r#","reason":null"#);
    let fixture = shop("operator", &unknown)
        .with(&format!("POST /v1/effects/{ID}/retry"), 202, &unknown)
        .with(&format!("POST /v1/effects/{ID}/settle"), 200, &unknown);
    let page = text(fixture.get(&format!("/effects/{ID}")));
    assert!(page.contains("It may be done a second time"), "{page}");
    let reply = fixture.post(&format!("/effects/{ID}/retry"), "csrf=c&once=k-1");
    assert_eq!(
        (reply.status, reply.location),
        (303, Some(format!("/effects/{ID}")))
    );
    let key = |key: &str| Some(key.to_owned());
    assert_eq!(
        last(&fixture),
        (
            format!("POST /v1/effects/{ID}/retry"),
            String::new(),
            key("k-1")
        )
    );
    let form = "csrf=c&once=k-2&as=done&reason=seen+in+the+bank";
    let reply = fixture.post(&format!("/effects/{ID}/settle"), form);
    assert_eq!(reply.status, 303);
    let body = r#"{"as":"done","reason":"seen in the bank"}"#.to_owned();
    assert_eq!(
        last(&fixture),
        (format!("POST /v1/effects/{ID}/settle"), body, key("k-2"))
    );
}

#[test]
fn many_are_counted_and_then_exactly_these_are_tried_again() {
    let counted =
        r#"{"dry_run":true,"effects":2,"ids":["eff_1","eff_2"],"more":false,"skipped":[]}"#;
    let fixture =
        shop("operator", &effect("dead", ATTEMPTS)).with("POST /v1/effects/retry", 202, counted);
    let page = text(fixture.get("/effects?state=dead&kind=notify"));
    assert!(page.contains("action=\"/effects/retry\""), "{page}");
    let page = text(fixture.get("/effects?state=done"));
    assert!(!page.contains("/effects/retry"), "{page}");

    let page = text(fixture.post("/effects/retry", "csrf=c&once=k&state=dead&kind=notify"));
    assert!(page.contains("2 effects are tried again"), "{page}");
    assert!(page.contains("value=\"eff_1,eff_2\""), "{page}");
    let (_, body, _) = last(&fixture);
    assert_eq!(
        body,
        r#"{"dry_run":true,"filter":{"kind":"notify","state":"dead"}}"#
    );

    let form = "csrf=c&once=k&state=dead&kind=notify&ids=eff_1,eff_2";
    let reply = fixture.post("/effects/retry", form);
    assert_eq!(
        (reply.status, reply.location.as_deref()),
        (303, Some("/effects"))
    );
    let (_, body, _) = last(&fixture);
    assert_eq!(
        body,
        r#"{"filter":{"kind":"notify","state":"dead"},"ids":["eff_1","eff_2"]}"#
    );
}

#[test]
fn the_list_hands_its_filters_on() {
    let fixture = shop("viewer", &effect("dead", ATTEMPTS));
    text(fixture.get("/effects?state=dead&kind=notify&target=notify:*&order=ZVR-1&x=1"));
    assert_eq!(
        last(&fixture).0,
        "GET /v1/effects?state=dead&kind=notify&target=notify%3A*&order=ZVR-1"
    );
}

#[test]
fn in_hebrew_it_runs_from_right_to_left() {
    let page = text(
        shop("viewer", &effect("dead", ATTEMPTS)).get_in(Locale::He, &format!("/effects/{ID}")),
    );
    assert!(page.contains("lang=\"he\" dir=\"rtl\""), "{page}");
    assert!(page.contains("הוא הופסק"), "{page}");
}
