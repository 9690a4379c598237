//! What the pages of stock show, and what their forms ask of the API.

use tollgate_receipt::Locale;

use crate::fixture::{Fixture, text};

const STOCK: &str =
    r#"{"sku":"BATIK-M","on_hand":10,"held":2,"available":8,"sold":5,"low_at":3,"version":4}"#;

const HISTORY: &str = r#"{"data":[{"position":123,"at":"2026-01-22T10:00:00.000Z","kind":"adjusted","delta":-2,
    "on_hand":8,"reason":"broken","by":{"who":"key","name":"till-1","key_id":"key_1"}}],"next_cursor":null}"#;

fn listed(stock: &str) -> String {
    format!(r#"{{"data":[{stock}],"next_cursor":null}}"#)
}

fn shop(role: &'static str) -> Fixture {
    Fixture::of(role)
        .with("GET /v1/stock/BATIK-M/adjustments", 200, HISTORY)
        .with("GET /v1/stock/BATIK-M", 200, STOCK)
        .with("GET /v1/stock?", 200, &listed(STOCK))
        .with("POST /v1/stock/", 200, STOCK)
        .with("PUT /v1/stock/", 200, STOCK)
        .with("PUT /v1/stock", 200, &listed(STOCK))
        .with("DELETE /v1/stock/", 204, "")
}

/// What a form has asked of the API: method, path, body, key.
fn asked(fixture: &Fixture) -> (String, String, String) {
    let asked = fixture.asked();
    let question = asked.last().expect("something was asked");
    let body = question.body.clone().unwrap_or_default();
    (
        format!("{} {}", question.method, question.path),
        String::from_utf8(body).expect("bodies are UTF-8"),
        question.idempotency_key.clone().unwrap_or_default(),
    )
}

#[test]
fn its_texts_are_whole() {
    crate::words::check(super::texts::ALL);
}

#[test]
fn a_sku_is_shown_with_what_became_of_it() {
    let shown = text(shop("operator").get("/stock/BATIK-M"));
    for wanted in ["broken", "till-1", "−2", "At most 8 can be taken away"] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    assert!(shown.contains("while 2 units are set aside"), "{shown}");
    assert!(!shown.contains("/stock/BATIK-M/remove"), "{shown}");
}

#[test]
fn a_sku_that_is_gone_still_has_its_history() {
    let fixture = Fixture::of("operator").with("GET /v1/stock/BATIK-M/adjustments", 200, HISTORY);
    let reply = fixture.get("/stock/BATIK-M");
    assert_eq!(reply.status, 200);
    let shown = text(reply);
    assert!(shown.contains("not stocked any more") && shown.contains("broken"));
    let nothing = r#"{"data":[],"next_cursor":null}"#;
    let fixture = Fixture::of("operator").with("GET /v1/stock/x/adjustments", 200, nothing);
    assert_eq!(fixture.get("/stock/x").status, 404);
}

#[test]
fn a_viewer_is_offered_nothing_to_do() {
    for (address, action) in [
        ("/stock", "action=\"/stock\""),
        ("/stock/BATIK-M", "/adjust"),
    ] {
        let viewer = text(shop("viewer").get(address));
        assert!(!viewer.contains("class=\"action\""), "{viewer}");
        let operator = text(shop("operator").get(address));
        assert!(operator.contains("class=\"action\"") && operator.contains(action));
    }
}

#[test]
fn each_form_asks_for_one_thing() {
    for (address, form, wanted, body) in [
        (
            "/stock",
            "sku=+SHIRT/M+%232+&on_hand=5&low_at=",
            "PUT /v1/stock/SHIRT%2FM%20%232",
            r#"{"low_at":null,"on_hand":5}"#,
        ),
        (
            "/stock/BATIK-M/adjust",
            "way=take&units=2&reason=broken",
            "POST /v1/stock/BATIK-M/adjust",
            r#"{"delta":-2,"reason":"broken"}"#,
        ),
        (
            "/stock/BATIK-M/adjust",
            "way=add&units=two&reason=x",
            "POST /v1/stock/BATIK-M/adjust",
            r#"{"delta":"two","reason":"x"}"#,
        ),
        (
            "/stock/BATIK-M/put",
            "on_hand=7&low_at=1&version=4",
            "PUT /v1/stock",
            r#"{"items":[{"low_at":1,"on_hand":7,"sku":"BATIK-M","version":4}]}"#,
        ),
        ("/stock/BATIK-M/remove", "", "DELETE /v1/stock/BATIK-M", ""),
    ] {
        let fixture = shop("operator");
        let reply = fixture.post(address, &format!("{form}&csrf=csrf-1&once=once-0"));
        assert_eq!(reply.status, 303, "{address}");
        let found = asked(&fixture);
        let wanted = (wanted.to_owned(), body.to_owned(), "once-0".to_owned());
        assert_eq!(found, wanted, "{address}");
    }
}

#[test]
fn a_pasted_list_is_shown_before_it_is_put() {
    let fixture = shop("operator");
    let list = "list=BATIK-M%0910%0ABATIK-L%2C4%2C1%0A";
    let shown = text(fixture.post("/stock-paste", list));
    assert!(
        shown.contains("Changed: 0; new: 1; all of them together"),
        "{shown}"
    );
    assert!(fixture.asked().iter().all(|one| one.method == "GET"));
    assert!(shown.contains("value=\"BATIK-L\t4\t1\t0\""), "{shown}");
    assert!(!shown.contains("value=\"BATIK-M"), "{shown}");

    let form = "item=BATIK-L%094%091%090&item=BATIK-M%0910%09%09&csrf=csrf-1&once=once-0";
    assert_eq!(fixture.post("/stock-paste/put", form).status, 303);
    let (wanted, body, key) = asked(&fixture);
    assert_eq!((wanted.as_str(), key.as_str()), ("PUT /v1/stock", "once-0"));
    let items = r#"{"items":[{"low_at":1,"on_hand":4,"sku":"BATIK-L","version":0},{"low_at":null,"on_hand":10,"sku":"BATIK-M","version":null}]}"#;
    assert_eq!(body, items);
}

#[test]
fn a_list_that_cannot_be_read_says_where() {
    let fixture = shop("operator");
    let shown = text(fixture.post("/stock-paste", "list=a%2C1%0Ab%0Aa%2C2"));
    assert!(shown.contains("Line 2 cannot be read: b"), "{shown}");
    assert!(shown.contains("Line 3 names a sku that stands above"));
    assert!(fixture.asked().is_empty());
    let many = "a%2C1%0A".repeat(1_001);
    let shown = text(fixture.post("/stock-paste", &format!("list={many}")));
    assert!(shown.contains("These are 1001 lines; at most 1000"));
}

#[test]
fn hostile_names_stand_as_text() {
    let sku = r#"<script>alert(1)</script>\u202e\"'"#;
    let stock = STOCK.replace("BATIK-M", sku);
    let fixture = Fixture::of("operator").with("GET /v1/stock?", 200, &listed(&stock));
    let shown = text(fixture.get("/stock"));
    assert!(shown.contains("&lt;script&gt;alert(1)"), "{shown}");
    assert!(!shown.contains("<script>alert"), "{shown}");
    assert!(shown.contains("/stock/%3Cscript%3E"), "{shown}");
}

#[test]
fn a_page_in_hebrew_is_read_from_the_right() {
    let shown = text(shop("operator").get_in(Locale::He, "/stock"));
    assert!(shown.contains("dir=\"rtl\"") && shown.contains("מלאי"));
}
