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
