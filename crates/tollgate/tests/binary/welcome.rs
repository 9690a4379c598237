//! The first user: made over the link that the server says when it starts (docs/access.md).

use serde_json::{Value, json};

use crate::harness::{Client, Home, Request, Tollgate};

/// A home whose log people read, so that the link is said in it though it is no terminal.
fn home() -> Home {
    let mut home = Home::new();
    home.set("log", "format", "text");
    home
}

/// The ticket of the link that a server says at its start.
fn ticket(server: &Tollgate) -> String {
    let line = server.says("make the first user: ");
    let (link, ticket) = line.split_once("?ticket=").expect("it is a link");
    assert!(
        link.ends_with(&format!("http://{}/welcome", server.address())),
        "{line}"
    );
    ticket.trim().to_owned()
}

fn first(ticket: &str, email: &str) -> Request {
    let body = json!({
        "ticket": ticket, "email": email, "name": "Dewi", "password": "correct horse battery",
    });
    Request::post("/v1/users/first", &body)
}

fn operations(client: &mut Client) -> Vec<String> {
    let audit = client.get("/v1/audit");
    let entries = audit["data"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries
        .map(|entry| {
            let [operation, name] = [&entry["operation"], &entry["actor"]["name"]].map(text);
            format!("{operation} {name}")
        })
        .collect()
}

#[test]
fn who_has_the_link_is_the_first_user_and_is_signed_in() {
    let home = home();
    let server = Tollgate::start(&home);
    let dashboard = server.says("dashboard: ");
    assert!(
        dashboard.ends_with(&format!("http://{}/", server.address())),
        "{dashboard}"
    );
    let ticket = ticket(&server);
    let mut client = server.client_as(None);
    let page = client.call(&Request::get(format!("/welcome?ticket={ticket}")));
    assert_eq!(page.status, 200);
    assert!(
        page.text().contains("name=\"new_password\""),
        "{}",
        page.text()
    );
    // What cannot be a user costs the ticket nothing.
    let weak = json!({ "ticket": ticket, "email": "dewi@example.com", "name": "Dewi",
        "password": "dewi@example.com" });
    let refused = client.call(&Request::post("/v1/users/first", &weak));
    assert_eq!(refused.refused(400), "request_invalid");
    let made = client.call(&first(&ticket, "dewi@example.com"));
    let session = made.expect(201);
    assert_eq!(
        (
            &session["role"],
            &session["shop"],
            &session["user"]["email"]
        ),
        (&json!("admin"), &json!("main"), &json!("dewi@example.com"))
    );
    let cookie = made.header("set-cookie").expect("it has a cookie");
    let cookie = cookie.split(';').next().unwrap_or_default();
    let look = Request::get("/v1/keys").header("cookie", cookie);
    assert_eq!(client.call(&look).status, 200);
    // The link is good for one.
    let again = client.call(&first(&ticket, "eko@example.com"));
    assert_eq!(again.refused(401), "ticket_invalid");
    assert_eq!(
        operations(&mut server.client()),
        ["sign_in Dewi", "create_first_user Dewi"]
    );
    let log = server.stop_and_read_log();
    assert!(!log.contains("correct horse"), "{log}");

    let server = Tollgate::start(&home);
    let log = server.stop_and_read_log();
    assert!(
        log.contains("dashboard: ") && !log.contains("first user"),
        "there is one: {log}"
    );
}

#[test]
fn the_link_is_no_ones_who_guesses_or_whose_page_is_another_sites() {
    let home = home();
    let server = Tollgate::start(&home);
    let ticket = ticket(&server);
    let mut client = server.client_as(None);
    let foreign = first(&ticket, "eve@example.com").header("origin", "https://evil.example");
    assert_eq!(client.call(&foreign).refused(403), "csrf_failed");
    let wrong = format!("{}x", &ticket[..ticket.len() - 1]);
    for guess in ["tgw_", "tgw_AAAA", &wrong, "nothing", "x"] {
        let refused = client.call(&first(guess, "eve@example.com"));
        assert_eq!(refused.refused(401), "ticket_invalid", "{guess}");
    }
    let waits = client.call(&first(&ticket, "eve@example.com"));
    assert_eq!(waits.refused(429), "rate_limited");
    assert!(waits.header("retry-after").is_some());
    assert_eq!(operations(&mut server.client()), [""; 0]);
}

/// A user that was made by command meanwhile is the first one.
#[test]
fn a_link_makes_nobody_once_there_is_a_user() {
    let home = home();
    let server = Tollgate::start(&home);
    let ticket = ticket(&server);
    let user = json!({ "email": "eko@example.com", "name": "Eko", "role": "viewer",
        "password": "correct horse battery" });
    server.client().create("/v1/users", &user).expect(201);
    let mut client = server.client_as(None);
    let refused = client.call(&first(&ticket, "dewi@example.com"));
    assert_eq!(refused.refused(409), "first_user_exists");
    let again = client.call(&first(&ticket, "dewi@example.com"));
    assert_eq!(again.refused(401), "ticket_invalid");
    let users = server.client().list("/v1/users");
    assert_eq!(users.len(), 1, "{users:?}");
}

/// What is collected is kept: no link is among it, but how it is done without.
#[test]
fn a_log_that_is_collected_has_no_link() {
    for (format, begins) in [
        ("json", "{"),
        ("logfmt", "ts="),
        ("auto", "there is no user yet"),
    ] {
        let mut home = Home::new();
        home.set("log", "format", format);
        let server = Tollgate::start(&home);
        let line = server.says("there is no user yet");
        assert!(
            line.starts_with(begins) && line.contains("tollgate users create"),
            "{line}"
        );
        let log = server.stop_and_read_log();
        assert!(!log.contains("tgw_") && !line.contains("tgw_"), "{log}");
    }
}
