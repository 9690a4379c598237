//! The dashboard's door: what a browser's forms come to (docs/dashboard.md). Pages have tests of their own beside them.

use crate::shop::{Answer, Shop};
use crate::sign_in::{Person, user};

/// Sends a form as a browser does.
async fn send(shop: &Shop, person: &Person, path: &str, once: &str, fields: &str) -> Answer {
    let form = format!("csrf={}&once={once}&back=%2Fsettings&{fields}", person.csrf);
    let headers = [
        ("cookie", person.cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    shop.send("POST", path, &headers, form.as_bytes()).await
}

/// REST keeps no secret with an Idempotency-Key, so the door remembers its forms.
#[tokio::test]
async fn a_form_that_is_sent_again_does_nothing_again() {
    let shop = Shop::open().await;
    user(&shop, "dewi@example.com", "admin", "main").await;
    let dewi = Person::of(&shop, "dewi@example.com", "main").await;
    let keys = async || {
        let listed = shop.get("/v1/keys").await;
        listed.body["data"].as_array().expect("it is a list").len()
    };
    let before = keys().await;
    // What was refused may be sent again when it is mended.
    let refused = send(&shop, &dewi, "/settings/keys", "f-1", "name=&scope=read").await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let made = send(
        &shop,
        &dewi,
        "/settings/keys",
        "f-1",
        "name=till&scope=read",
    )
    .await;
    assert_eq!(made.status, 200, "{made:?}");
    let again = send(
        &shop,
        &dewi,
        "/settings/keys",
        "f-1",
        "name=till&scope=read",
    )
    .await;
    assert_eq!(again.status, 303, "{again:?}");
    assert_eq!(again.header("location"), Some("/settings"));
    let said = again.header("set-cookie").unwrap_or_default();
    assert!(said.starts_with("tollgate_said=This%20form"), "{said}");
    assert_eq!(keys().await, before + 1);

    // A figure that somebody else has set meanwhile stays.
    let put = send(&shop, &dewi, "/stock", "f-2", "sku=tea&on_hand=3").await;
    assert_eq!(put.status, 303, "{put:?}");
    shop.put_stock("tea", 80).await;
    send(&shop, &dewi, "/stock", "f-2", "sku=tea&on_hand=3").await;
    assert_eq!(shop.get("/v1/stock/tea").await.body["on_hand"], 80);
}

#[tokio::test]
async fn a_page_says_by_which_methods_it_is_asked_for() {
    let shop = Shop::open().await;
    for (path, allow) in [
        ("/orders", "GET, HEAD"),
        ("/sign-in", "GET, HEAD, POST"),
        ("/sign-out", "POST"),
    ] {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = shop.send(method, path, &[], b"").await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
        }
    }
}
