//! What the pages of slots show, and what their forms ask of the API.

use tollgate_receipt::Locale;

use crate::fixture::{Fixture, text};

const CALENDAR: &str = r#"{"booking_lead_minutes":0,"capacity":5,"closed":["2026-02-01"],"currency":null,"days_ahead":7,
    "late":"same","made_until":"2026-01-29T10:00:00.000Z","name":"kitchen","slot_minutes":60,"timezone":"Asia/Jakarta",
    "unit":"orders","version":1,"visible_lead_minutes":0,
    "weekly":[{"closes":"22:00","days":["mon","tue"],"opens":"10:00"}]}"#;

const SLOTS: &str = r#"{"data":[{"available":2,"capacity":5,"ends_at":"2026-01-22T11:00:00.000Z","held":1,
    "id":"slt_01kfjv7m00e008000000000001","sold":2,"starts_at":"2026-01-22T10:00:00.000Z",
    "visible_at":"2026-01-22T09:00:00.000Z"}],"next_cursor":null}"#;

const SLOT: &str = "/slots/kitchen/2026-01-22T10%3A00%3A00.000Z";

fn shop(role: &'static str) -> Fixture {
    let calendars = format!(r#"{{"data":[{CALENDAR}],"next_cursor":null}}"#);
    Fixture::of(role)
        .with("GET /v1/calendars/kitchen/slots", 200, SLOTS)
        .with("GET /v1/calendars/kitchen", 200, CALENDAR)
        .with("GET /v1/calendars?", 200, &calendars)
        .with("PUT /v1/calendars/kitchen/slots", 200, SLOTS)
        .with("PUT /v1/calendars/", 200, CALENDAR)
        .with("DELETE /v1/calendars/kitchen", 204, "")
}

/// What was asked last: method and path, and the body.
fn last(fixture: &Fixture) -> (String, String) {
    let asked = fixture.asked();
    let question = asked.last().expect("something was asked");
    let body = question.body.clone().unwrap_or_default();
    let body = String::from_utf8(body).expect("bodies are UTF-8");
    (format!("{} {}", question.method, question.path), body)
}

#[test]
fn a_calendar_is_made_with_the_hours_of_each_day_and_its_closed_days() {
    let fixture = shop("operator");
    let form = "name=courier&unit=orders&capacity=5&slot_minutes=60&mon=10:00-22:00&tue=10:00–22:00\
        &sun=10:00-12:00,+14:00-18:00&closed=2026-12-25%0D%0A2026-12-31&timezone=Asia/Jakarta&days_ahead=7\
        &booking=30&visible=0&late=next";
    let reply = fixture.post("/slots", form);
    assert_eq!(reply.location.as_deref(), Some("/slots/courier"));
    let (asked, body) = last(&fixture);
    assert_eq!(asked, "PUT /v1/calendars/courier");
    let body: serde_json::Value = serde_json::from_str(&body).expect("it is JSON");
    let wanted = serde_json::json!({
        "unit": "orders", "capacity": 5, "currency": null, "slot_minutes": 60,
        "weekly": [
            { "days": ["mon", "tue"], "opens": "10:00", "closes": "22:00" },
            { "days": ["sun"], "opens": "10:00", "closes": "12:00" },
            { "days": ["sun"], "opens": "14:00", "closes": "18:00" },
        ],
        "closed": ["2026-12-25", "2026-12-31"], "timezone": "Asia/Jakarta", "days_ahead": 7,
        "booking_lead_minutes": 30, "visible_lead_minutes": 0, "late": "next",
    });
    assert_eq!(body, wanted);
}

#[test]
fn a_calendar_that_is_there_is_not_made_again() {
    let fixture = shop("operator");
    let page = text(fixture.post("/slots", "name=kitchen&capacity=5"));
    assert!(
        page.contains("There is a calendar kitchen already"),
        "{page}"
    );
    assert!(fixture.asked().iter().all(|one| one.method == "GET"));
}

#[test]
fn hours_that_are_none_go_on_as_they_were_typed_and_the_api_says_what_is_wrong() {
    let refused = r#"{"status":400,"code":"request_invalid","title":"The request is not valid",
        "errors":[{"pointer":"/weekly/0/closes","detail":"a time of day is missing"}]}"#;
    let fixture = Fixture::of("operator").with("PUT /v1/calendars/courier", 400, refused);
    let reply = fixture.post("/slots", "name=courier&capacity=5&tue=10+to+22");
    assert_eq!(reply.status, 400);
    assert!(text(reply).contains("/weekly/0/closes"));
    let body = last(&fixture).1;
    assert!(body.contains(r#""opens":"10 to 22""#), "{body}");
}

#[test]
fn the_form_of_a_calendar_has_its_rule_in_it_and_only_who_may_change_it_sees_it() {
    let page = text(shop("operator").get("/slots/kitchen?day=2026-01-22"));
    for said in [
        "value=\"10:00-22:00\"",
        "value=\"Asia/Jakarta\"",
        "2026-02-01</textarea>",
        "/slots/kitchen/rule",
        "/slots/kitchen/remove",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    for address in ["/slots", "/slots/kitchen"] {
        let page = text(shop("viewer").get(address));
        assert!(!page.contains("class=\"action\""), "{page}");
    }
    let fixture = shop("operator");
    let reply = fixture.post("/slots/kitchen/remove", "csrf=csrf-1&once=o");
    assert_eq!(reply.location.as_deref(), Some("/slots"));
    assert_eq!(last(&fixture).0, "DELETE /v1/calendars/kitchen");
}

#[test]
fn its_texts_are_whole() {
    crate::words::check(super::texts::ALL);
}

#[test]
fn a_day_is_that_of_the_calendar() {
    let fixture = shop("viewer");
    let shown = text(fixture.get("/slots/kitchen?day=2026-01-22"));
    // Ten in UTC is five in the afternoon there.
    for wanted in [
        "17:00–18:00",
        "2 sold, 1 set aside, 2 free",
        "?day=2026-01-21",
        "?day=2026-01-23",
        "Mon, Tue",
        "2026-02-01",
        "Asia/Jakarta",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    let asked: Vec<String> = fixture.asked().into_iter().map(|one| one.path).collect();
    let day = "from=2026-01-21T17%3A00%3A00Z&to=2026-01-22T17%3A00%3A00Z";
    assert!(asked.iter().any(|path| path.contains(day)), "{asked:?}");
    let week = "from=2026-01-21T17%3A00%3A00Z&to=2026-01-28T17%3A00%3A00Z";
    assert!(asked.iter().any(|path| path.contains(week)), "{asked:?}");
    assert_eq!(asked.len(), 3);
}

#[test]
fn a_day_that_was_not_read_to_its_end_is_not_added_up() {
    let cut = SLOTS.replace("\"next_cursor\":null", "\"next_cursor\":\"abc\"");
    let fixture = Fixture::of("viewer")
        .with("GET /v1/calendars/kitchen/slots", 200, &cut)
        .with("GET /v1/calendars/kitchen", 200, CALENDAR);
    let shown = text(fixture.get("/slots/kitchen?day=2026-01-22"));
    assert!(shown.contains("the last days are not shown"), "{shown}");
    assert!(!shown.contains("?day=2026-01-22\"><bdi"), "{shown}");
    let whole = text(shop("viewer").get("/slots/kitchen?day=2026-01-22"));
    assert!(whole.contains("?day=2026-01-22\"><bdi"), "{whole}");
}

#[test]
fn only_who_may_change_a_slot_is_offered_to() {
    let viewer = text(shop("viewer").get(SLOT));
    assert!(!viewer.contains("class=\"action\""), "{viewer}");
    let operator = text(shop("operator").get(SLOT));
    assert!(operator.contains("It is 5 now, of which 2 is sold and 1 set aside"));
    assert!(operator.contains("Its capacity becomes 3"), "{operator}");
}

#[test]
fn a_slot_is_changed_and_closed_where_it_starts() {
    for (what, capacity) in [("capacity", 8), ("close", 3)] {
        let fixture = shop("operator");
        let form = format!(
            "capacity={capacity}&ends_at=2026-01-22T11%3A00%3A00.000Z&csrf=csrf-1&once=once-0"
        );
        let reply = fixture.post(&format!("{SLOT}/{what}"), &form);
        assert_eq!(reply.location.as_deref(), Some(SLOT));
        let asked = fixture.asked();
        let question = asked.last().expect("something was asked");
        assert_eq!(question.path, "/v1/calendars/kitchen/slots");
        let body = String::from_utf8(question.body.clone().unwrap_or_default());
        let wanted = format!(
            r#"{{"slots":[{{"capacity":{capacity},"ends_at":"2026-01-22T11:00:00.000Z","starts_at":"2026-01-22T10:00:00.000Z"}}]}}"#
        );
        assert_eq!(body.as_deref(), Ok(wanted.as_str()));
    }
}

#[test]
fn what_would_be_sold_twice_is_refused_in_words() {
    let refused = r#"{"status":409,"code":"below_booked","title":"Less than is booked",
        "detail":"the slot at 2026-01-22T10:00:00.000Z has 3 booked"}"#;
    let fixture = Fixture::of("operator").with("PUT /v1/calendars", 409, refused);
    let reply = fixture.post(&format!("{SLOT}/capacity"), "capacity=1");
    assert_eq!(reply.status, 409);
    let shown = text(reply);
    assert!(shown.contains("has 3 booked") && shown.contains("/docs/errors#below_booked"));
}

#[test]
fn another_slot_than_the_one_asked_for_is_not_shown() {
    let reply = shop("operator").get("/slots/kitchen/2026-01-22T09%3A00%3A00.000Z");
    assert_eq!(reply.status, 404);
}

#[test]
fn amounts_are_counted_in_their_currency() {
    let calendar = CALENDAR
        .replace("\"currency\":null", "\"currency\":\"IDR\"")
        .replace("\"orders\"", "\"amount\"");
    let fixture = Fixture::of("operator")
        .with("GET /v1/calendars/kitchen/slots", 200, SLOTS)
        .with("GET /v1/calendars/kitchen", 200, &calendar);
    let shown = text(fixture.get(SLOT));
    assert!(shown.contains("in minor units of IDR"), "{shown}");
    assert!(shown.contains("0.05"), "{shown}");
}

#[test]
fn hostile_names_stand_as_text() {
    let calendar = CALENDAR.replace("kitchen", "<img src=x onerror=alert(1)>");
    let calendars = format!(r#"{{"data":[{calendar}],"next_cursor":null}}"#);
    let fixture = Fixture::of("operator").with("GET /v1/calendars?", 200, &calendars);
    let shown = text(fixture.get("/slots"));
    assert!(!shown.contains("<img"), "{shown}");
}

#[test]
fn a_page_in_hebrew_is_read_from_the_right() {
    let shown = text(shop("operator").get_in(Locale::He, "/slots/kitchen"));
    assert!(shown.contains("dir=\"rtl\"") && shown.contains("קיבולת"));
}
