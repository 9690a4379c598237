//! What the page of errors shows, and what it asks of the API.

use tollgate_receipt::Locale;

use crate::fixture::{Fixture, text};

const ERRORS: &str = r#"{"data":[{"at":"2026-01-22T10:00:00.000Z","cause":"none_left","code":"out_of_stock","count":17,
    "delivery_id":"dlv_1","detail":"<script>tea</script> (0 of 1)","effect_id":null,"id":"err_1","key_id":"key_1",
    "key_name":"till","last_at":"2026-01-22T10:00:04.000Z","last_request_id":"req_2","level":"warn",
    "operation":"POST /v1/orders","request_id":"req_1","shop":"main","source":"bank","status":409}],
    "next_cursor":"abc"}"#;

const STATS: &str = r#"{"by_code":[{"cause":"too_few","code":"out_of_stock","count":7,"level":"warn"}],
    "by_day":[{"count":7,"day":"2026-01-22"}],"by_hour":[{"count":7,"hour":"2026-01-22T10:00:00.000Z"}],
    "by_operation":[{"count":6,"operation":"POST /v1/orders"}],"by_source":[{"count":1,"source":"bank"}],"total":7}"#;

fn shop() -> Fixture {
    Fixture::of("viewer")
        .with("GET /v1/errors/stats", 200, STATS)
        .with("GET /v1/errors", 200, ERRORS)
}

#[test]
fn its_texts_are_whole() {
    crate::words::check(super::texts::ALL);
}

#[test]
fn an_error_leads_to_what_to_do_and_to_what_it_was_about() {
    let shown = text(shop().get("/errors"));
    for wanted in [
        "/docs/errors#out_of_stock",
        "none_left",
        "/deliveries/dlv_1",
        "&lt;script&gt;tea",
        "till",
        "req_1",
        "?code=out_of_stock&amp;cause=too_few",
        "?source=bank",
        "2026-01-22 10:00",
        "cursor=abc",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    assert!(!shown.contains("<script>tea"), "{shown}");
}

#[test]
fn what_is_filtered_by_is_asked_of_the_api() {
    let fixture = shop();
    fixture.get("/errors?search=tea&level=&since=2026-01-01&until=2026-02-01&days=30&x=1");
    let asked: Vec<String> = fixture.asked().into_iter().map(|one| one.path).collect();
    assert_eq!(
        asked,
        [
            "/v1/errors?search=tea&since=2026-01-01T00%3A00%3A00Z&until=2026-02-01T00%3A00%3A00Z&limit=25",
            "/v1/errors/stats?days=30"
        ]
    );
}

#[test]
fn a_page_in_hebrew_is_read_from_the_right() {
    let shown = text(shop().get_in(Locale::He, "/errors"));
    assert!(shown.contains("dir=\"rtl\"") && shown.contains("נדחה"));
}
