//! What the pages of settings show, and what their forms ask of the API.

use tollgate_receipt::Locale;

use crate::fixture::{Fixture, text};

const SESSION: &str = r#"{"user":{"id":"usr_1","shop":"main","email":"dewi@example.com","name":"Dewi"},"shop":"batik",
    "role":"admin","csrf_token":"csrf-1","created_at":"2026-01-22T10:00:00.000Z",
    "idle_ends_at":"2026-01-22T10:30:00.000Z","ends_at":"2026-01-22T22:00:00.000Z"}"#;

const USER: &str = r#"{"created_at":"2026-01-22T10:00:00.000Z","disabled_at":null,"email":"sari@example.com",
    "id":"usr_2","name":"Sari","role":"operator","shop":"main","signed_in_at":null,
    "updated_at":"2026-01-22T10:00:00.000Z"}"#;

const KEY: &str = r#"{"created_at":"2026-01-22T10:00:00.000Z","expires_at":null,"former_ends_at":null,"id":"key_1",
    "last_used_at":null,"name":"till","prefix":"tg_AbCd","revoked_at":null,"rotated_at":null,
    "scopes":["read","write"],"shop":"main"}"#;

const AUDIT: &str = r#"{"data":[{"actor":{"name":"Dewi","user_id":"usr_1"},"at":"2026-01-22T10:00:00.000Z",
    "detail":{"former_ends_at":"2026-01-23T10:00:00.000Z"},"entries":[],"operation":"rotate_key","position":123,
    "request_id":"req_1","target":"key_1"},
    {"actor":{"name":"till","key_id":"key_1"},"at":"2026-01-22T10:00:00.000Z","detail":{},"entries":["stock.put"],
    "operation":"put_stock","position":122,"request_id":null,"target":"usr_like name"}],"next_cursor":null}"#;

fn shop(role: &'static str) -> Fixture {
    let made = KEY.replacen('{', r#"{"key":"tg_AbCdSecret","#, 1);
    let page = |one: &str| format!(r#"{{"data":[{one}],"next_cursor":null}}"#);
    Fixture::of(role)
        .with("GET /v1/users/usr_2", 200, USER)
        .with("GET /v1/users?", 200, &page(USER))
        .with("POST /v1/users/", 204, "")
        .with("POST /v1/users", 201, USER)
        .with("PATCH /v1/users/", 200, USER)
        .with("DELETE /v1/", 204, "")
        .with("GET /v1/keys/key_1", 200, KEY)
        .with("GET /v1/keys?", 200, &page(KEY))
        .with("POST /v1/keys", 201, &made)
        .with("PATCH /v1/keys/", 200, KEY)
        .with("GET /v1/audit", 200, AUDIT)
        .with("GET /v1/sessions", 200, SESSIONS)
}

const SESSIONS: &str = r#"{"data":[{"id":"ses_a","current":true,"shop":"main","address":"192.0.2.7",
    "created_at":"2026-01-22T10:00:00.000Z","last_used_at":"2026-01-22T10:05:00.000Z",
    "idle_ends_at":"2026-01-22T10:35:00.000Z","ends_at":"2026-01-22T22:00:00.000Z"},
    {"id":"ses_b","current":false,"shop":"batik","address":null,"created_at":"2026-01-22T09:00:00.000Z",
    "last_used_at":"2026-01-22T09:05:00.000Z","idle_ends_at":"2026-01-22T09:35:00.000Z",
    "ends_at":"2026-01-22T21:00:00.000Z"}]}"#;

#[test]
fn ones_own_sessions_are_listed_and_every_one_but_this_can_be_ended() {
    let fixture = Fixture::of("viewer")
        .with("GET /v1/sessions", 200, SESSIONS)
        .with("GET /v1/session", 200, &SESSION.replace("admin", "viewer"))
        .with("DELETE /v1/sessions", 204, "");
    let page = text(fixture.get("/settings"));
    for said in [
        "192.0.2.7",
        "this session",
        "not known",
        "/settings/sessions/ses_b/end",
        "/settings/sessions/end-others",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("/settings/sessions/ses_a/end"), "{page}");
    for (address, asked) in [
        ("/settings/sessions/ses_b/end", "/v1/sessions/ses_b"),
        ("/settings/sessions/end-others", "/v1/sessions"),
    ] {
        let reply = fixture.post(address, "csrf=csrf-1&once=o");
        assert_eq!(reply.location.as_deref(), Some("/settings"));
        let last = fixture.asked().pop().expect("something was asked");
        assert_eq!((last.method, last.path.as_str()), ("DELETE", asked));
    }
}

#[test]
fn its_texts_are_whole() {
    crate::words::check(super::texts::ALL);
}

#[test]
fn each_form_asks_for_one_thing() {
    for (address, form, wanted, body) in [
        (
            "/settings/users",
            "name=Sari&email=+sari@example.com&new_password=correct+horse+battery&role=viewer",
            "POST /v1/users",
            r#"{"email":"sari@example.com","name":"Sari","password":"correct horse battery","role":"viewer"}"#,
        ),
        (
            "/settings/users/usr_2/change",
            "name=Sari&role=admin",
            "PATCH /v1/users/usr_2",
            r#"{"name":"Sari","role":"admin"}"#,
        ),
        (
            "/settings/users/usr_2/disable",
            "",
            "PATCH /v1/users/usr_2",
            r#"{"disabled":true}"#,
        ),
        (
            "/settings/users/usr_2/enable",
            "",
            "PATCH /v1/users/usr_2",
            r#"{"disabled":false}"#,
        ),
        (
            "/settings/users/usr_2/unlock",
            "",
            "PATCH /v1/users/usr_2",
            r#"{"unlock":true}"#,
        ),
        (
            "/settings/users/usr_2/password",
            "new_password=another+horse+battery",
            "POST /v1/users/usr_2/password",
            r#"{"password":"another horse battery"}"#,
        ),
        (
            "/settings/users/usr_2/delete",
            "",
            "DELETE /v1/users/usr_2",
            "",
        ),
        (
            "/settings/keys/key_1/rename",
            "name=till+2",
            "PATCH /v1/keys/key_1",
            r#"{"name":"till 2"}"#,
        ),
        (
            "/settings/keys/key_1/revoke",
            "",
            "DELETE /v1/keys/key_1",
            "",
        ),
        (
            "/settings/password",
            "current=old+horse+battery&new_password=new+horse+battery&again=new+horse+battery",
            "POST /v1/users/usr_1/password",
            r#"{"current":"old horse battery","password":"new horse battery"}"#,
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
        assert_eq!(question.csrf_token.as_deref(), Some("csrf-1"));
        assert_eq!(question.idempotency_key.as_deref(), Some("once-0"));
    }
}

#[test]
fn a_key_is_shown_on_the_page_that_answers_its_making_and_nowhere_else() {
    for (address, form, body) in [
        (
            "/settings/keys",
            "name=till&scope=write&ends_on=2026-12-31",
            r#"{"expires_at":"2026-12-31T00:00:00Z","name":"till","scopes":["read","write"]}"#,
        ),
        (
            "/settings/keys/key_1/rotate",
            "overlap_hours=24",
            r#"{"overlap_hours":24}"#,
        ),
    ] {
        let fixture = shop("admin");
        let reply = fixture.post(address, form);
        assert_eq!((reply.status, &reply.location), (200, &None), "{address}");
        assert!(reply.cookies.is_empty(), "{:?}", reply.cookies);
        let shown = text(reply);
        assert!(shown.contains("tg_AbCdSecret"), "{shown}");
        // A page that is asked for anew by the script would lose it.
        assert!(!shown.contains("data-topics"), "{shown}");
        let asked = fixture.asked();
        let found = asked.last().and_then(|question| question.body.clone());
        let found = String::from_utf8(found.unwrap_or_default());
        assert_eq!(found.as_deref(), Ok(body));
    }
    for address in ["/settings/keys", "/settings/keys/key_1"] {
        assert!(!text(shop("admin").get(address)).contains("tg_AbCdSecret"));
    }
}

#[test]
fn a_new_password_that_was_typed_in_two_ways_changes_nothing() {
    let fixture = Fixture::of("admin")
        .with("GET /v1/sessions", 200, SESSIONS)
        .with("GET /v1/session", 200, SESSION);
    let form = "current=a&new_password=new+horse+battery&again=new+hrose+battery";
    let reply = fixture.post("/settings/password", form);
    let shown = text(reply);
    assert!(shown.contains("not typed the same"), "{shown}");
    assert!(!shown.contains("horse"), "a password never comes back");
    assert!(fixture.asked().iter().all(|one| one.method == "GET"));
}

#[test]
fn who_has_opened_another_shop_changes_the_password_at_the_own() {
    let fixture = Fixture::of("admin")
        .with("GET /v1/sessions", 200, SESSIONS)
        .with("GET /v1/session", 200, SESSION)
        .with("POST /v1/users/usr_1/password", 204, "");
    let form = "current=a&new_password=b&again=b";
    let reply = fixture.post("/settings/password", form);
    assert_eq!(reply.location.as_deref(), Some("/sign-in"));
    let asked = fixture.asked();
    let path = asked.last().map(|question| question.path.as_str());
    assert_eq!(path, Some("/v1/users/usr_1/password?shop=main"));
}

#[test]
fn the_own_page_is_for_everybody_and_the_others_for_admins() {
    let page = |role: &'static str| {
        let session = SESSION.replace("admin", role);
        text(
            Fixture::of(role)
                .with("GET /v1/sessions", 200, SESSIONS)
                .with("GET /v1/session", 200, &session)
                .get("/settings"),
        )
    };
    let viewer = page("viewer");
    assert!(viewer.contains("action=\"/settings/password\""), "{viewer}");
    assert!(!viewer.contains("/settings/users"), "{viewer}");
    assert!(page("admin").contains("/settings/users"));
    for address in [
        "/settings/users",
        "/settings/users/usr_2",
        "/settings/keys/key_1",
    ] {
        let shown = text(shop("operator").get(address));
        assert!(!shown.contains("class=\"action\""), "{address}: {shown}");
    }
}

#[test]
fn a_change_leads_to_what_was_changed_and_who_did_it() {
    let shown = text(shop("admin").get("/settings/audit?actor=Dewi&since=2026-01-01&x=1"));
    for wanted in [
        "href=\"/settings/keys/key_1\"",
        "href=\"/settings/users/usr_1\"",
        "href=\"/stock/usr_like%20name\"",
        "rotate_key",
        "former_ends_at",
    ] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    let fixture = shop("admin");
    fixture.get("/settings/audit?actor=Dewi&since=2026-01-01&until=&x=1");
    let path = fixture.asked().last().map(|question| question.path.clone());
    let wanted = "/v1/audit?actor=Dewi&since=2026-01-01T00%3A00%3A00Z&limit=30";
    assert_eq!(path.as_deref(), Some(wanted));
}

#[test]
fn hostile_names_stand_as_text() {
    let user = USER.replace("Sari", "<script>alert(1)</script>\u{202e}");
    let fixture = Fixture::of("admin").with("GET /v1/users/usr_2", 200, &user);
    let shown = text(fixture.get("/settings/users/usr_2"));
    assert!(!shown.contains("<script>alert"), "{shown}");
}

#[test]
fn a_page_in_hebrew_is_read_from_the_right() {
    let shown = text(shop("admin").get_in(Locale::He, "/settings/keys"));
    assert!(shown.contains("dir=\"rtl\"") && shown.contains("מפתחות"));
}
