//! What the pages of endpoints show, and what their forms ask of the API.

use tollgate_receipt::Locale;

use crate::fixture::{Fixture, text};

const ENDPOINT: &str = r#"{"created_at":"2026-01-22T10:00:00.000Z","description":"the shop","disabled_at":null,
    "disabled_reason":null,"enabled":true,"events":["order.*"],"failing_since":"2026-01-22T11:00:00.000Z","id":"ep_1",
    "last_24_hours":{"delivered":1,"given_up":1},
    "old_secret_until":null,"updated_at":"2026-01-22T10:00:00.000Z","url":"https://shop.example/hook"}"#;

const NOTICES: &str = r#"{"data":[
    {"id":"eff_2","key":"k","kind":"notify","state":"dead","target":"notify:ep_1","tries":9,"due_at":null,
     "order_by":null,"reason":"status 410 <b>gone</b>","settled_at":"2026-01-22T12:00:00.000Z",
     "created_at":"2026-01-22T11:00:00.000Z","content":{"endpoint_id":"ep_1","position":2,"type":"order.paid"}},
    {"id":"eff_1","key":"k","kind":"notify","state":"done","target":"notify:ep_1","tries":1,"due_at":null,
     "order_by":null,"reason":null,"settled_at":"2026-01-22T10:00:00.000Z",
     "created_at":"2026-01-22T10:00:00.000Z","content":{"endpoint_id":"ep_1","position":1,"type":"order.created"}}],
    "next_cursor":null}"#;

fn shop(role: &'static str) -> Fixture {
    let made = ENDPOINT.replacen('{', r#"{"secret":"whsec_Shown","#, 1);
    let endpoints = format!(r#"{{"data":[{ENDPOINT}],"next_cursor":null}}"#);
    let tested = r#"{"duration_ms":120,"error":null,"response_head":"<i>ok</i>","status":200}"#;
    Fixture::of(role)
        .with("GET /v1/endpoints/ep_1", 200, ENDPOINT)
        .with("GET /v1/endpoints?", 200, &endpoints)
        .with("GET /v1/effects?", 200, NOTICES)
        .with("POST /v1/endpoints/ep_1/test", 200, tested)
        .with("POST /v1/endpoints", 201, &made)
        .with("PATCH /v1/endpoints/", 200, ENDPOINT)
        .with("DELETE /v1/endpoints/", 204, "")
}

#[test]
fn its_texts_are_whole() {
    crate::words::check(super::texts::ALL);
}

#[test]
fn how_telling_an_endpoint_goes_is_shown_with_two_questions() {
    let fixture = shop("admin");
    let shown = text(fixture.get("/endpoints"));
    for wanted in ["50 %", "1 of 2", "status 410 &lt;b&gt;gone", "fails"] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    assert_eq!(fixture.asked().len(), 2);
    let fixture = shop("admin");
    let shown = text(fixture.get("/endpoints/ep_1"));
    assert!(shown.contains("/effects/eff_2") && shown.contains("order.created"));
    let asked = fixture.asked();
    let wanted = "/v1/effects?target=notify%3Aep_1&limit=200";
    assert!(asked.iter().any(|question| question.path == wanted));
}

#[test]
fn each_form_asks_for_one_thing() {
    for (address, form, wanted, body) in [
        (
            "/endpoints/ep_1/change",
            "url=https://shop.example/hook&events=order.paid,+stock.low&description=",
            "PATCH /v1/endpoints/ep_1",
            r#"{"description":"","events":["order.paid","stock.low"],"url":"https://shop.example/hook"}"#,
        ),
        (
            "/endpoints/ep_1/disable",
            "",
            "PATCH /v1/endpoints/ep_1",
            r#"{"enabled":false}"#,
        ),
        (
            "/endpoints/ep_1/enable",
            "",
            "PATCH /v1/endpoints/ep_1",
            r#"{"enabled":true}"#,
        ),
        (
            "/endpoints/ep_1/delete",
            "",
            "DELETE /v1/endpoints/ep_1",
            "",
        ),
    ] {
        let fixture = shop("admin");
        let reply = fixture.post(address, &format!("{form}&csrf=csrf-1&once=once-0"));
        assert_eq!(reply.status, 303, "{address}");
        let asked = fixture.asked();
        let question = asked.last().expect("something was asked");
        assert_eq!(format!("{} {}", question.method, question.path), wanted);
        let found = String::from_utf8(question.body.clone().unwrap_or_default());
        assert_eq!(found.as_deref(), Ok(body), "{address}");
        assert_eq!(question.idempotency_key.as_deref(), Some("once-0"));
    }
}

#[test]
fn a_secret_is_shown_on_the_page_that_answers_its_making_and_nowhere_else() {
    for (address, form) in [
        ("/endpoints", "url=https://shop.example/hook&events=*"),
        ("/endpoints/ep_1/rotate", ""),
    ] {
        let reply = shop("admin").post(address, form);
        assert_eq!((reply.status, &reply.location), (200, &None), "{address}");
        assert!(reply.cookies.is_empty(), "{:?}", reply.cookies);
        let shown = text(reply);
        assert!(shown.contains("whsec_Shown"), "{shown}");
        assert!(!shown.contains("data-topics"), "{shown}");
    }
    for address in ["/endpoints", "/endpoints/ep_1"] {
        assert!(!text(shop("admin").get(address)).contains("whsec_Shown"));
    }
}

#[test]
fn a_test_shows_what_the_endpoint_has_answered() {
    let shown = text(shop("admin").post("/endpoints/ep_1/test", "once=once-0"));
    assert!(shown.contains("It took the test.") && shown.contains("120 ms"));
    assert!(shown.contains("&lt;i&gt;ok&lt;/i&gt;"), "{shown}");
    let tested =
        r#"{"duration_ms":9,"error":"connection refused","response_head":null,"status":null}"#;
    let fixture = Fixture::of("admin").with("POST /v1/endpoints/ep_1/test", 200, tested);
    let shown = text(fixture.post("/endpoints/ep_1/test", ""));
    assert!(shown.contains("did not take the test") && shown.contains("connection refused"));
}

#[test]
fn only_an_admin_is_offered_to_change_one() {
    for address in ["/endpoints", "/endpoints/ep_1"] {
        let operator = text(shop("operator").get(address));
        assert!(!operator.contains("class=\"action\""), "{operator}");
        assert!(text(shop("admin").get(address)).contains("class=\"action\""));
    }
}

#[test]
fn a_page_in_hebrew_is_read_from_the_right() {
    let shown = text(shop("admin").get_in(Locale::He, "/endpoints/ep_1"));
    assert!(shown.contains("dir=\"rtl\"") && shown.contains("נכשל"));
}
