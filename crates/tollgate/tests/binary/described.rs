//! The description of the API, and the pages that are made of it, as a running server has them.

use std::process::Command;

use serde_json::Value;

use crate::harness::{ADMIN_KEY, Home, Request, Tollgate};

const DESCRIPTION: &str = include_str!("../../../../docs/openapi.json");

#[test]
fn the_description_is_the_one_in_docs_and_is_sent_once() {
    let mut home = Home::new();
    let server = Tollgate::start(&home);
    let mut keyless = server.client_as(None);
    let answer = keyless.call(&Request::get("/openapi.json"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.text() == DESCRIPTION, "it is another one");
    let tag = answer.header("etag").expect("it has a tag").to_owned();
    let again = Request::get("/openapi.json").header("if-none-match", &tag);
    let again = keyless.call(&again);
    assert_eq!((again.status, again.body.len()), (304, 0));
    let other = Request::get("/openapi.json").header("if-none-match", "\"x\"");
    assert_eq!(keyless.call(&other).status, 200);
    drop(server);

    home.set("server", "admin_listen", "127.0.0.1:0");
    let server = Tollgate::start(&home);
    let mut client = server.client();
    for path in ["/openapi.json", "/docs", "/docs/orders", "/docs/style.css"] {
        assert_eq!(client.call(&Request::get(path)).status, 404, "{path}");
    }
}

#[test]
fn every_noun_has_a_page_that_loads_nothing_from_elsewhere() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut keyless = server.client_as(None);
    let index = keyless.call(&Request::get("/docs"));
    assert_eq!(index.status, 200);
    let document: Value = serde_json::from_str(DESCRIPTION).expect("it is JSON");
    let mut pages = vec![index.text()];
    for tag in document["tags"].as_array().expect("it has tags") {
        let noun = tag["name"].as_str().expect("it has a name");
        let path = format!("/docs/{}", noun.to_lowercase().replace(' ', "-"));
        assert!(pages[0].contains(&format!("\"{path}\"")), "{path}");
        let page = keyless.call(&Request::get(path));
        assert_eq!(page.status, 200, "{noun}");
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'"),
            "{policy}"
        );
        pages.push(page.text());
    }
    let style = keyless.call(&Request::get("/docs/style.css"));
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    for page in &pages {
        assert!(
            !page.contains("href=\"http") && !page.contains("src="),
            "{page}"
        );
    }
    let none = keyless.call(&Request::get("/docs/nothing"));
    assert_eq!(none.status, 404);
}

/// The command of an operation, as the page shows it.
fn command(page: &str, operation: &str) -> String {
    let (_, section) = page
        .split_once(&format!("<section id=\"{operation}\">"))
        .unwrap_or_else(|| panic!("{operation} is not there"));
    let (_, command) = section
        .split_once("<pre class=\"curl\">")
        .expect("it has one");
    let (command, _) = command.split_once("</pre>").expect("it ends");
    let plain = [
        ("&#39;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    plain.iter().fold(command.to_owned(), |text, (from, to)| {
        text.replace(from, to)
    })
}

#[test]
fn a_command_of_a_page_can_be_pasted() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let mut keyless = server.client_as(None);
    let orders = keyless.call(&Request::get("/docs/orders")).text();
    let stock = keyless.call(&Request::get("/docs/stock")).text();
    let paste = |page: &str, operation: &str| -> Value {
        let output = Command::new("sh")
            .args(["-ec", &command(page, operation)])
            .env("TOLLGATE_API_KEY", ADMIN_KEY)
            .env("no_proxy", "*")
            .output()
            .expect("there is a shell with curl");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{operation}: {output:?}"))
    };
    let made = paste(&orders, "createOrder");
    assert_eq!(made["code"], "ZVR-20260122-ABC", "{made:#}");
    // It names what the first one made.
    assert_eq!(paste(&orders, "showOrder")["id"], made["id"]);
    let changed = paste(&orders, "changeOrder");
    assert_eq!(changed["note"], "rings twice", "{changed:#}");
    assert_eq!(paste(&orders, "cancelOrder")["status"], "cancelled");
    assert_eq!(paste(&stock, "putStock")["on_hand"], 10);
    assert_eq!(paste(&stock, "adjustStock")["on_hand"], 8);
}
