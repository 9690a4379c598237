//! Pages of events, over documents as the API writes them.

use tollgate_core::snapshot::{EventState, Reason};
use tollgate_core::word::Word;
use tollgate_receipt::Locale;

use super::{list, one, replay, says, why};
use crate::fixture::{Fixture, text};

const ID: &str = "evt_01kfjv7m00e008000000000001";

/// What a stranger may write where we show it.
const HOSTILE: &str = "<script>alert(1)</script>\\u202e\\\"'";

fn event(more: &str) -> String {
    format!(
        r#"{{"code":null,"due_at":null,"facts":[{{"object":"9aed5972","says":"settled","amount":15000000,"currency":"IDR",
        "strength":"partly_signed","occurred_at":null}}],"id":"{ID}","key":"t1:settlement",
        "occurred_at":"2026-01-22T10:00:59.000Z","outcome":"parked","provider_payment_id":"9aed5972",
        "received_at":"2026-01-22T10:01:00.000Z","source":"midtrans","type":"transaction.settlement"{more}}}"#
    )
}

fn waiting() -> String {
    event(r#","state":"parked","reason":"no_payment","references":["ZVR-1-77"]"#)
}

const PAYMENTS: &str = r#"{"data":[{"id":"pay_1","order_id":"ord_1","status":"paid","amount":15000000,
    "currency":"IDR","reference":"ZVR-1-77"}],"next_cursor":null}"#;

fn list_of(event: &str) -> String {
    format!(r#"{{"data":[{event}],"next_cursor":"abc"}}"#)
}

fn shop(role: &'static str, event: &str) -> Fixture {
    let id = format!("GET /v1/events/{ID}");
    Fixture::of(role)
        .with(&id, 200, event)
        .with("GET /v1/events?", 200, &list_of(event))
        .with("GET /v1/payments?reference=ZVR-1-77", 200, PAYMENTS)
}

#[test]
fn their_texts_are_whole() {
    for texts in [why::ALL, says::ALL, list::ALL, one::ALL, replay::ALL] {
        crate::words::check(texts);
    }
}

#[test]
fn every_reason_and_state_is_explained() {
    for state in EventState::ALL {
        let alone = why::why(*state, None);
        for reason in Reason::ALL {
            let (because, todo) = why::why(*state, Some(*reason));
            assert_ne!(because, todo);
            assert_ne!(alone.0, todo);
        }
    }
    for word in [
        "capture_reversed",
        "refunded_total",
        "settled",
        "dispute_lost",
        "refund_pending",
    ] {
        assert!(says::said(word).is_some(), "{word}");
    }
    assert_eq!(says::said("teleported"), None);
}

#[test]
fn a_list_hands_its_filters_on_and_a_day_as_a_time() {
    let fixture = shop("viewer", &waiting());
    let page =
        text(fixture.get("/events?state=parked&reference=ZVR-1-77&received_after=2026-01-22&x=1"));
    assert_eq!(
        fixture.asked()[0].path,
        "/v1/events?state=parked&reference=ZVR-1-77&received_after=2026-01-22T00%3A00%3A00Z"
    );
    for shown in [
        "No payment has its reference yet",
        "transaction.settlement",
        "cursor=abc",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("/events/replay"), "a viewer replays nothing");
}

#[test]
fn an_event_says_why_what_to_do_and_what_it_belongs_to() {
    let page = text(shop("viewer", &waiting()).get(&format!("/events/{ID}")));
    for shown in [
        "No payment has its reference yet",
        "register the payment under this reference",
        "money taken and paid out",
        "150,000",
        "/payments/pay_1",
        "/orders/ord_1",
        "Operators see its headers",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("/replay"), "a viewer replays nothing");
}

#[test]
fn an_operator_sees_the_bytes_and_replays() {
    let raw = event(
        r#","state":"dead","reason":null,"references":[],"headers":[["content-type","application/json"]],"body":"{\"a\":1.00}""#,
    );
    let fixture = shop("operator", &raw).with(
        &format!("POST /v1/events/{ID}/replay"),
        202,
        &format!(r#"{{"id":"{ID}","outcome":"parked","state":"applied"}}"#),
    );
    let page = text(fixture.get(&format!("/events/{ID}")));
    for shown in [
        &format!("action=\"/events/{ID}/replay\"") as &str,
        "content-type",
        "{&quot;a&quot;:1.00}",
        "It could not be decided",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let reply = fixture.post(&format!("/events/{ID}/replay"), "csrf=csrf-1&once=k-1");
    assert_eq!(
        (reply.status, reply.location),
        (303, Some(format!("/events/{ID}")))
    );
    let asked = fixture.asked();
    let asked = asked.last().expect("it was asked");
    assert_eq!(
        (asked.method, asked.path.as_str()),
        ("POST", &format!("/v1/events/{ID}/replay") as &str)
    );
    assert_eq!(asked.idempotency_key.as_deref(), Some("k-1"));
    assert_eq!(asked.csrf_token.as_deref(), Some("csrf-1"));
}

#[test]
fn many_are_counted_before_they_are_replayed() {
    let counted =
        format!(r#"{{"dry_run":true,"events":1200,"more":true,"first":["{ID}"],"per_second":50}}"#);
    let fixture = shop("operator", &waiting()).with("POST /v1/events/replay", 202, &counted);
    let page = text(fixture.get("/events?state=parked"));
    assert!(page.contains("action=\"/events/replay\""), "{page}");
    let page = text(fixture.get("/events"));
    assert!(!page.contains("/events/replay"), "all of them is no filter");

    let form = "csrf=c&once=k&state=parked&received_after=2026-01-22&x=1";
    let page = text(fixture.post("/events/replay", form));
    for shown in [
        "1,200 events are decided about again",
        "50 a second",
        "come back for the others",
        ID,
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let body = |fixture: &Fixture| {
        let asked = fixture.asked();
        let body = asked.last().and_then(|asked| asked.body.clone());
        String::from_utf8(body.unwrap_or_default()).expect("it is JSON")
    };
    assert_eq!(
        body(&fixture),
        r#"{"dry_run":true,"filter":{"received_after":"2026-01-22T00:00:00Z","state":"parked"}}"#
    );
    let reply = fixture.post("/events/replay", "csrf=c&once=k&state=parked&sure=true");
    assert_eq!(
        (reply.status, reply.location.as_deref()),
        (303, Some("/events"))
    );
    assert_eq!(
        body(&fixture),
        r#"{"dry_run":false,"filter":{"state":"parked"}}"#
    );
}

#[test]
fn what_strangers_wrote_stands_as_text() {
    let long = "w".repeat(200);
    let hostile = event(&format!(
        r#","state":"parked","reason":"no_payment","references":["{HOSTILE}","{long}"],"headers":[["x","{HOSTILE}"]],"body":"{HOSTILE}""#
    ));
    let fixture = Fixture::of("admin")
        .with(&format!("GET /v1/events/{ID}"), 200, &hostile)
        .with("GET /v1/events?", 200, &list_of(&hostile))
        .with("GET /v1/payments?", 200, PAYMENTS);
    for address in [format!("/events/{ID}"), "/events".to_owned()] {
        let page = text(fixture.get(&address));
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(
            page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
            "{page}"
        );
        assert!(page.contains(&long), "{page}");
    }
}

#[test]
fn in_hebrew_it_runs_from_right_to_left() {
    let page = text(shop("viewer", &waiting()).get_in(Locale::He, &format!("/events/{ID}")));
    assert!(page.contains("lang=\"he\" dir=\"rtl\""), "{page}");
    assert!(page.contains("עדיין אין תשלום"), "{page}");
}
