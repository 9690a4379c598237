//! Users, their sessions, and what keeps others from them (docs/access.md).

use serde_json::{Value, json};

use crate::access::key;
use crate::database::Database;
use crate::shop::{Answer, Shop, order};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// Makes a user with the admin key; its id.
pub(crate) async fn user(shop: &Shop, email: &str, role: &str, of: &str) -> String {
    let body = json!({
        "email": email, "name": format!("the {role}"), "role": role, "password": PASSWORD, "shop": of,
    });
    let made = shop.call("POST", "/v1/users", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().expect("it has an id").to_owned()
}

async fn sign_in(shop: &Shop, body: &Value, headers: &[(&str, &str)]) -> Answer {
    shop.send("POST", "/v1/session", headers, body.to_string().as_bytes())
        .await
}

/// Somebody who has signed in.
pub(crate) struct Person {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    session: Value,
}

impl Person {
    pub(crate) async fn of(shop: &Shop, email: &str, opens: &str) -> Person {
        let body = json!({ "email": email, "password": PASSWORD, "shop": opens });
        let answer = sign_in(shop, &body, &[]).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let cookie = answer.header("set-cookie").expect("it has a cookie");
        let csrf = answer.body["csrf_token"].as_str().expect("it has a token");
        Person {
            cookie: cookie.split(';').next().expect("it has a value").to_owned(),
            csrf: csrf.to_owned(),
            session: answer.body.clone(),
        }
    }

    pub(crate) async fn call(&self, shop: &Shop, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("x-csrf-token", self.csrf.as_str()),
        ];
        self.send(shop, method, path, &headers, body).await
    }

    async fn send(
        &self,
        shop: &Shop,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let text = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        shop.send(method, path, headers, text.as_bytes()).await
    }

    /// What a request of theirs comes with.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("cookie", self.cookie.clone()),
            ("x-csrf-token", self.csrf.clone()),
        ]
    }

    async fn is_in(&self, shop: &Shop) -> bool {
        let answer = self.call(shop, "GET", "/v1/session", &Value::Null).await;
        if answer.status == 401 {
            assert_eq!(answer.code(), "session_invalid");
        }
        answer.status == 200
    }
}

/// docs/access.md, Roles.
#[tokio::test]
async fn a_user_does_what_the_role_says() {
    let shop = Shop::open().await;
    let calls = [
        ("GET", "/v1/orders", Value::Null),
        ("PUT", "/v1/stock/A", json!({ "on_hand": 5 })),
        ("GET", "/v1/deliveries", Value::Null),
        (
            "POST",
            "/v1/effects/retry",
            json!({ "filter": { "state": "dead" }, "dry_run": true }),
        ),
        ("GET", "/v1/doctor", Value::Null),
        ("GET", "/v1/keys", Value::Null),
        ("GET", "/v1/audit", Value::Null),
    ];
    for (role, expected) in [
        ("viewer", [200, 403, 403, 403, 403, 403, 403]),
        ("operator", [200, 200, 200, 202, 200, 403, 403]),
        ("admin", [200, 200, 200, 202, 200, 200, 200]),
    ] {
        let email = format!("{role}@example.com");
        user(&shop, &email, role, "main").await;
        let person = Person::of(&shop, &email, "main").await;
        let mut found = [0; 7];
        for ((method, path, body), status) in calls.iter().zip(&mut found) {
            let answer = person.call(&shop, method, path, body).await;
            *status = answer.status;
        }
        assert_eq!(found, expected, "{role}");
        let session = person.call(&shop, "GET", "/v1/session", &Value::Null).await;
        assert_eq!(session.body["role"], role);
        assert_eq!(session.body["csrf_token"], person.session["csrf_token"]);
    }
    shop.close().await;
}

/// History shows who it was, and who changed what shows the request.
#[tokio::test]
async fn a_timeline_names_the_user() {
    let shop = Shop::open().await;
    shop.put_stock("A", 5).await;
    let id = user(&shop, "dewi@example.com", "operator", "main").await;
    let person = Person::of(&shop, "Dewi@Example.com", "main").await;
    let headers = [
        ("cookie", person.cookie.as_str()),
        ("x-csrf-token", person.csrf.as_str()),
        ("idempotency-key", "k-1"),
    ];
    let made = person
        .send(&shop, "POST", "/v1/orders", &headers, &order("Z-1", "A", 1))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let timeline = shop.get("/v1/orders/Z-1/timeline").await;
    let by = json!({ "who": "user", "name": "the operator", "user_id": id });
    assert_eq!(timeline.body["data"][0]["by"], by);
    let audit = shop
        .get(&format!("/v1/audit?actor={id}&operation=create_order"))
        .await;
    let entry = &audit.body["data"][0];
    assert_eq!(entry["target"], made.body["id"]);
    assert_eq!(entry["request_id"].as_str(), made.header("x-request-id"));
    assert_eq!(
        entry["actor"],
        json!({ "name": "the operator", "user_id": id })
    );
    shop.close().await;
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let shop = Shop::open().await;
    user(&shop, "a@example.com", "admin", "main").await;
    let person = Person::of(&shop, "a@example.com", "main").await;
    let cookie = ("cookie", person.cookie.as_str());
    let token = ("x-csrf-token", person.csrf.as_str());
    let stock = json!({ "on_hand": 5 });
    let rows: [(&[(&str, &str)], u16); 7] = [
        (&[cookie], 403),
        (&[cookie, ("x-csrf-token", "wrong")], 403),
        (&[cookie, token, ("origin", "https://evil.example")], 403),
        (&[cookie, token, ("sec-fetch-site", "cross-site")], 403),
        (&[cookie, token], 200),
        // The client of these tests calls it so.
        (&[cookie, token, ("origin", "http://shop")], 200),
        (&[cookie, token, ("sec-fetch-site", "same-origin")], 200),
    ];
    for (headers, expected) in rows {
        let answer = person
            .send(&shop, "PUT", "/v1/stock/A", headers, &stock)
            .await;
        assert_eq!(answer.status, expected, "{headers:?}: {answer:?}");
        if expected == 403 {
            assert_eq!(answer.code(), "csrf_failed");
        }
    }
    let read = person
        .send(&shop, "GET", "/v1/orders", &[cookie], &Value::Null)
        .await;
    assert_eq!(read.status, 200, "looking needs no token");
    let body = json!({ "email": "a@example.com", "password": PASSWORD });
    let refused = sign_in(&shop, &body, &[("origin", "https://evil.example")]).await;
    assert_eq!((refused.status, refused.code()), (403, "csrf_failed"));
    // With a key there is no cookie that somebody else's page could use.
    let put = shop.call("PUT", "/v1/stock/A", &stock).await;
    assert_eq!(put.status, 200);
    shop.close().await;
}

/// Whether there is such a user is not told: the words are the same, and so is what is counted.
#[tokio::test]
async fn too_many_tries_are_locked_out_whoever_it_is() {
    let shop = Shop::open().await;
    let id = user(&shop, "known@example.com", "viewer", "main").await;
    let disabled = user(&shop, "disabled@example.com", "viewer", "main").await;
    let off = json!({ "disabled": true });
    shop.call("PATCH", &format!("/v1/users/{disabled}"), &off)
        .await;
    let tries = async |email: &str, password: &str, of: &str| {
        let body = json!({ "email": email, "password": password, "shop": of });
        let mut answer = sign_in(&shop, &body, &[]).await;
        let words = answer.body.as_object_mut().expect("it is a problem");
        let request = words.remove("request_id");
        assert!(request.is_some());
        words.remove("retry_after_ms");
        (
            answer.status,
            answer.header("retry-after").is_some(),
            answer.body,
        )
    };
    let mut told = Vec::new();
    for (email, password, of) in [
        ("known@example.com", "not the password", "main"),
        ("nobody@example.com", "not the password", "main"),
        ("disabled@example.com", PASSWORD, "main"),
    ] {
        let mut all = Vec::new();
        for _ in 0..6 {
            all.push(tries(email, password, of).await);
        }
        let statuses: Vec<u16> = all.iter().map(|(status, ..)| *status).collect();
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429], "{email}");
        assert!(all[5].1, "it says when to come again");
        told.push(all);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    let of_no_shop = tries("known@example.com", PASSWORD, "nowhere").await;
    assert_eq!(of_no_shop.0, 429, "it is counted where it would be");
    let locked = tries("known@example.com", PASSWORD, "main").await;
    assert_eq!(
        (locked.0, &locked.2["code"]),
        (429, &json!("sign_in_locked"))
    );
    let unlock = json!({ "unlock": true });
    let unlocked = shop
        .call("PATCH", &format!("/v1/users/{id}"), &unlock)
        .await;
    assert_eq!(unlocked.status, 200);
    let person = Person::of(&shop, "known@example.com", "main").await;
    assert!(person.is_in(&shop).await);
    // The address has failed so often that it waits, too, with whatever name.
    for number in 0..5 {
        tries(&format!("{number}@example.com"), PASSWORD, "main").await;
    }
    let locked = tries("yet.another@example.com", PASSWORD, "main").await;
    assert_eq!(locked.0, 429);
    let failed = shop
        .get("/v1/audit?operation=sign_in_failed&limit=200")
        .await;
    let failed = failed.body["data"].as_array().map_or(0, Vec::len);
    assert_eq!(failed, 20, "what is locked out is no try");
    shop.close().await;
}

#[tokio::test]
async fn a_session_ends_with_what_it_was_opened_by() {
    let shop = Shop::open().await;
    let id = user(&shop, "a@example.com", "operator", "main").await;
    let path = format!("/v1/users/{id}");
    let fresh = async || Person::of(&shop, "a@example.com", "main").await;
    for change in [json!({ "role": "viewer" }), json!({ "disabled": true })] {
        let person = fresh().await;
        assert!(person.is_in(&shop).await);
        let changed = shop.call("PATCH", &path, &change).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert!(!person.is_in(&shop).await, "{change}");
    }
    shop.call(
        "PATCH",
        &path,
        &json!({ "disabled": false, "name": "Dewi" }),
    )
    .await;
    let person = fresh().await;
    shop.call("PATCH", &path, &json!({ "name": "Dewi S." }))
        .await;
    assert!(person.is_in(&shop).await, "another name ends nothing");
    // Its own password, with the one it has; whatever its role.
    let own = format!("{path}/password");
    for (current, pointer) in [(None, "/current"), (Some("wrong"), "/current")] {
        let body = json!({ "current": current, "password": "another horse battery" });
        let refused = person.call(&shop, "POST", &own, &body).await;
        assert_eq!(refused.pointers(), [pointer], "{refused:?}");
    }
    for (password, why) in [
        ("short", "12 to 128"),
        ("A@example.com", "address"),
        ("aaaaaaaaaaaa", "one letter"),
    ] {
        let body = json!({ "current": PASSWORD, "password": password });
        let refused = person.call(&shop, "POST", &own, &body).await;
        assert_eq!(refused.pointers(), ["/password"], "{refused:?}");
        assert!(
            refused.text.contains(why) || why == "one letter",
            "{refused:?}"
        );
        assert!(
            !refused.text.contains(password),
            "a password is never shown"
        );
    }
    let other = user(&shop, "b@example.com", "viewer", "main").await;
    let body = json!({ "current": PASSWORD, "password": "another horse battery" });
    let foreign = format!("/v1/users/{other}/password");
    assert_eq!(
        person.call(&shop, "POST", &foreign, &body).await.status,
        404
    );
    let changed = person.call(&shop, "POST", &own, &body).await;
    assert_eq!(changed.status, 204, "{changed:?}");
    assert!(!person.is_in(&shop).await);
    let again = json!({ "password": PASSWORD });
    assert_eq!(shop.call("POST", &own, &again).await.status, 204);
    // Signing out ends one of them.
    let (one, two) = (fresh().await, fresh().await);
    let out = one.call(&shop, "DELETE", "/v1/session", &Value::Null).await;
    assert_eq!(out.status, 204);
    assert!(
        out.header("set-cookie")
            .is_some_and(|cookie| cookie.contains("Max-Age=0"))
    );
    assert!(!one.is_in(&shop).await && two.is_in(&shop).await);
    assert_eq!(shop.call("DELETE", &path, &Value::Null).await.status, 204);
    assert!(!two.is_in(&shop).await);
    shop.close().await;
}

#[tokio::test]
async fn a_cookie_is_for_tls_and_this_host_alone() {
    let shop = Shop::open().await;
    user(&shop, "a@example.com", "viewer", "main").await;
    let body = json!({ "email": "a@example.com", "password": PASSWORD });
    let plain = sign_in(&shop, &body, &[]).await;
    let plain_cookie = plain.header("set-cookie").expect("it has one");
    assert!(plain_cookie.starts_with("tollgate="), "{plain_cookie}");
    assert!(plain_cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
    let proxied = [("x-forwarded-proto", "https")];
    let answer = sign_in(&shop, &body, &proxied).await;
    let cookie = answer.header("set-cookie").expect("it has one");
    assert!(cookie.starts_with("__Host-tollgate="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = cookie.split(';').next().expect("it has a value");
    let through = [("x-forwarded-proto", "https"), ("cookie", cookie)];
    assert_eq!(
        shop.send("GET", "/v1/orders", &through, b"").await.status,
        200
    );
    // What another host of the domain could set opens nothing behind TLS.
    let tossed = plain_cookie.split(';').next().expect("it has a value");
    let through = [("x-forwarded-proto", "https"), ("cookie", tossed)];
    assert_eq!(
        shop.send("GET", "/v1/orders", &through, b"").await.status,
        401
    );
    // A token is no key.
    let token = tossed.split_once('=').expect("it has a value").1;
    let bearer = format!("Bearer {token}");
    let as_key = shop
        .send("GET", "/v1/orders", &[("authorization", &bearer)], b"")
        .await;
    assert_eq!((as_key.status, as_key.code()), (401, "key_invalid"));
    shop.close().await;
}

/// Users are of one shop; an admin of main stands above the shops.
#[tokio::test]
async fn an_admin_of_main_opens_every_shop_and_nobody_else_does() {
    let shop = Shop::open().await;
    user(&shop, "admin@example.com", "admin", "main").await;
    user(&shop, "operator@example.com", "operator", "main").await;
    user(&shop, "tea@example.com", "admin", "tea").await;
    for _ in 0..6 {
        // A good end is no failure, wherever it is.
        Person::of(&shop, "admin@example.com", "tea").await;
    }
    let admin = Person::of(&shop, "admin@example.com", "tea").await;
    assert_eq!(admin.session["shop"], "tea");
    assert_eq!(admin.session["user"]["shop"], "main");
    let put = admin
        .call(&shop, "PUT", "/v1/stock/TEA", &json!({ "on_hand": 5 }))
        .await;
    assert_eq!(put.status, 200);
    assert_eq!(shop.get("/v1/stock/TEA").await.status, 404);
    for (email, of) in [("operator@example.com", "tea"), ("tea@example.com", "main")] {
        let body = json!({ "email": email, "password": PASSWORD, "shop": of });
        let refused = sign_in(&shop, &body, &[]).await;
        assert_eq!(
            (refused.status, refused.code()),
            (401, "credentials_invalid"),
            "{email}"
        );
    }
    let tea = Person::of(&shop, "tea@example.com", "tea").await;
    let refused = tea
        .call(&shop, "GET", "/v1/users?shop=main", &Value::Null)
        .await;
    assert_eq!(refused.pointers(), ["/shop"]);
    let of_tea = tea.call(&shop, "GET", "/v1/users", &Value::Null).await;
    assert_eq!(of_tea.body["data"].as_array().map(Vec::len), Some(1));
    let audit = tea
        .call(&shop, "GET", "/v1/audit?target=TEA", &Value::Null)
        .await;
    assert_eq!(audit.body["data"][0]["actor"]["name"], "the admin");
    let twice = json!({
        "email": "TEA@example.com", "name": "x", "role": "viewer", "password": PASSWORD, "shop": "tea",
    });
    let refused = shop.call("POST", "/v1/users", &twice).await;
    assert_eq!((refused.status, refused.code()), (409, "already_exists"));
    shop.close().await;
}

/// A try that fails, or comes during a pause; its status.
async fn try_at(shop: &Shop, email: &str, of: &str, from: &str) -> u16 {
    let body = json!({ "email": email, "password": "not the password", "shop": of });
    let headers = [("x-forwarded-for", from)];
    sign_in(shop, &body, &headers).await.status
}

const PROXY: &str = "trusted_proxies = [\"127.0.0.0/8\"]";

/// A user of another shop than main: signing in and an admin's unlocking forget all that was counted of it.
#[tokio::test]
async fn a_user_of_any_shop_is_unlocked_and_starts_anew() {
    let shop = Shop::set(PROXY).await;
    let id = user(&shop, "sari@example.com", "admin", "tea").await;
    let from = "203.0.113.7";
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(try_at(&shop, "sari@example.com", "tea", from).await, 401);
        }
        let body = json!({ "email": "sari@example.com", "password": PASSWORD, "shop": "tea" });
        let answer = sign_in(&shop, &body, &[("x-forwarded-for", from)]).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    for _ in 0..5 {
        assert_eq!(try_at(&shop, "sari@example.com", "tea", from).await, 401);
    }
    assert_eq!(try_at(&shop, "sari@example.com", "tea", from).await, 429);
    // An admin of the shop has unlocked the user, who tries once more.
    let (_, admin) = key(&shop, &["read", "admin"], Some("tea")).await;
    let headers = [
        ("authorization", admin.as_str()),
        ("content-type", "application/json"),
    ];
    let path = format!("/v1/users/{id}");
    let unlocked = shop
        .send("PATCH", &path, &headers, b"{\"unlock\":true}")
        .await;
    assert_eq!(unlocked.status, 200, "{unlocked:?}");
    assert_eq!(try_at(&shop, "sari@example.com", "tea", from).await, 401);
    shop.close().await;
}

/// What a shop's admin unlocks is the shop's: an admin of main of the same mail address is guessed no faster.
#[tokio::test]
async fn a_shop_unlocks_nobody_of_main() {
    let shop = Shop::set(PROXY).await;
    user(&shop, "ina@example.com", "admin", "main").await;
    let id = user(&shop, "ina@example.com", "viewer", "tea").await;
    let from = "203.0.113.7";
    for _ in 0..5 {
        assert_eq!(try_at(&shop, "ina@example.com", "tea", from).await, 401);
    }
    let (_, admin) = key(&shop, &["admin"], Some("tea")).await;
    let headers = [
        ("authorization", admin.as_str()),
        ("content-type", "application/json"),
    ];
    let path = format!("/v1/users/{id}");
    let unlock = b"{\"unlock\":true}";
    let unlocked = shop.send("PATCH", &path, &headers, unlock).await;
    assert_eq!(unlocked.status, 200, "{unlocked:?}");
    assert_eq!(try_at(&shop, "ina@example.com", "main", from).await, 429);
    let path = format!("{path}?shop=tea");
    let unlocked = shop.call("PATCH", &path, &json!({ "unlock": true })).await;
    assert_eq!(unlocked.status, 200, "{unlocked:?}");
    assert_eq!(try_at(&shop, "ina@example.com", "main", from).await, 401);
    shop.close().await;
}

/// Somebody far away who knows a mail address locks nobody out but himself.
#[tokio::test]
async fn a_place_that_fails_too_often_locks_out_itself() {
    let shop = Shop::set(PROXY).await;
    user(&shop, "dewi@example.com", "viewer", "main").await;
    for _ in 0..5 {
        let status = try_at(&shop, "dewi@example.com", "main", "198.51.100.1").await;
        assert_eq!(status, 401);
    }
    // IPv6: the same /64 is the same place.
    for host in 1..=5 {
        let from = format!("2001:db8::{host}");
        assert_eq!(try_at(&shop, "dewi@example.com", "main", &from).await, 401);
    }
    for from in ["198.51.100.1", "2001:db8::9"] {
        assert_eq!(try_at(&shop, "dewi@example.com", "main", from).await, 429);
    }
    let body = json!({ "email": "dewi@example.com", "password": PASSWORD });
    let home = [("x-forwarded-for", "203.0.113.7")];
    let answer = sign_in(&shop, &body, &home).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    shop.close().await;
}

/// docs/access.md, Lock-out: from everywhere together it is many, and then it is enough.
#[tokio::test]
async fn many_places_together_lock_a_user_out() {
    let database = Database::fleeting();
    let sessions = "[sessions]\nfailures_per_user_anywhere = 10\n";
    let proxy = format!("[server]\n{PROXY}\n");
    let changes = [
        ("[server]\n", proxy.as_str()),
        ("[outgoing]\n", &format!("{sessions}[outgoing]\n")),
    ];
    let shop = Shop::changed(&changes, &database).await;
    for host in 1..=10 {
        let from = format!("198.51.100.{host}");
        assert_eq!(try_at(&shop, "dewi@example.com", "main", &from).await, 401);
    }
    let status = try_at(&shop, "dewi@example.com", "main", "198.51.100.99").await;
    assert_eq!(status, 429);
    shop.close().await;
}

/// A user of a shop with the address of an admin of main stands in nobody's way.
#[tokio::test]
async fn a_namesake_does_not_lock_the_admin_of_main_out_of_the_shop() {
    let shop = Shop::open().await;
    user(&shop, "ina@example.com", "admin", "main").await;
    let body = json!({
        "email": "ina@example.com", "name": "a namesake", "role": "viewer",
        "password": "the password of the namesake", "shop": "tea",
    });
    let made = shop.call("POST", "/v1/users", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let admin = Person::of(&shop, "ina@example.com", "tea").await;
    assert_eq!(admin.session["user"]["shop"], "main");
    assert_eq!(admin.session["shop"], "tea");
    let own = json!({
        "email": "ina@example.com", "password": "the password of the namesake", "shop": "tea",
    });
    let answer = sign_in(&shop, &own, &[]).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.body["user"]["shop"], "tea");
    shop.close().await;
}

/// docs/access.md, Roles: a key of shop main is main's, and its admins are everybody's.
#[tokio::test]
async fn a_key_of_main_makes_no_admin_of_main() {
    let shop = Shop::open().await;
    let id = user(&shop, "ina@example.com", "admin", "main").await;
    let viewer = user(&shop, "vera@example.com", "viewer", "main").await;
    let (_, of_main) = key(&shop, &["read", "write", "admin"], None).await;
    let person = Person::of(&shop, "ina@example.com", "main").await;
    let new = json!({
        "email": "eve@example.com", "name": "Eve", "role": "admin", "password": PASSWORD,
    });
    let password = json!({ "password": "another horse battery" });
    let calls = [
        ("POST", "/v1/users".to_owned(), new, 201),
        (
            "PATCH",
            format!("/v1/users/{viewer}"),
            json!({ "role": "admin" }),
            200,
        ),
        (
            "PATCH",
            format!("/v1/users/{viewer}"),
            json!({ "disabled": true }),
            200,
        ),
        (
            "POST",
            format!("/v1/users/{viewer}/password"),
            password,
            204,
        ),
        ("DELETE", format!("/v1/users/{viewer}"), Value::Null, 204),
    ];
    let headers = [
        ("authorization", of_main.as_str()),
        ("content-type", "application/json"),
    ];
    let before = shop.get(&format!("/v1/users/{id}")).await.body;
    for (method, path, body, _) in &calls {
        let text = body.to_string();
        let path_of_admin = path.replace(&viewer, &id);
        let path = if *body == json!({ "role": "admin" }) {
            path
        } else {
            &path_of_admin
        };
        let refused = shop.send(method, path, &headers, text.as_bytes()).await;
        assert_eq!(
            (refused.status, refused.code()),
            (403, "rank_missing"),
            "{method} {path}"
        );
    }
    let after = shop.get(&format!("/v1/users/{id}")).await.body;
    assert_eq!(
        (&after["disabled_at"], &after["role"]),
        (&before["disabled_at"], &before["role"])
    );
    // Of others it is the admin that its scope says; and who has signed in stands above.
    let body =
        json!({ "email": "o@example.com", "name": "O", "role": "operator", "password": PASSWORD });
    let made = shop
        .send("POST", "/v1/users", &headers, body.to_string().as_bytes())
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    for (method, path, body, expected) in &calls {
        let answer = person.call(&shop, method, path, body).await;
        assert_eq!(answer.status, *expected, "{method} {path}: {answer:?}");
    }
    shop.close().await;
}

/// A shop keeps an admin who may sign in; who stands above the shops may take the last one.
#[tokio::test]
async fn a_shops_last_admin_stays() {
    let shop = Shop::open().await;
    let id = user(&shop, "sari@example.com", "admin", "tea").await;
    let path = format!("/v1/users/{id}");
    let person = Person::of(&shop, "sari@example.com", "tea").await;
    for (method, body) in [
        ("PATCH", json!({ "disabled": true })),
        ("PATCH", json!({ "role": "viewer" })),
        ("DELETE", Value::Null),
    ] {
        let refused = person.call(&shop, method, &path, &body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (409, "last_admin"),
            "{body}"
        );
    }
    assert!(person.is_in(&shop).await);
    user(&shop, "budi@example.com", "admin", "tea").await;
    let changed = person
        .call(&shop, "PATCH", &path, &json!({ "role": "viewer" }))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let ina = user(&shop, "ina@example.com", "admin", "main").await;
    let admin = Person::of(&shop, "ina@example.com", "main").await;
    let own = format!("/v1/users/{ina}");
    let refused = admin.call(&shop, "DELETE", &own, &Value::Null).await;
    assert_eq!((refused.status, refused.code()), (409, "last_admin"));
    let above = format!("{own}?shop=main");
    assert_eq!(shop.call("DELETE", &above, &Value::Null).await.status, 204);
    shop.close().await;
}

/// docs/access.md, Sessions.
#[tokio::test]
async fn ones_own_sessions_are_listed_and_ended_and_nobody_elses() {
    let shop = Shop::open().await;
    for email in ["dewi@example.com", "sari@example.com"] {
        user(&shop, email, "viewer", "main").await;
    }
    let first = Person::of(&shop, "dewi@example.com", "main").await;
    let second = Person::of(&shop, "dewi@example.com", "main").await;
    let third = Person::of(&shop, "dewi@example.com", "main").await;
    let sari = Person::of(&shop, "sari@example.com", "main").await;
    let list = async |person: &Person| {
        let answer = person
            .call(&shop, "GET", "/v1/sessions", &Value::Null)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["data"]
            .as_array()
            .expect("it is a list")
            .clone()
    };
    let own = list(&first).await;
    assert_eq!(own.len(), 3, "{own:?}");
    for one in &own {
        assert_eq!(
            (&one["address"], &one["shop"]),
            (&json!("127.0.0.1"), &json!("main"))
        );
    }
    let current = own.iter().filter(|one| one["current"] == true);
    assert_eq!(current.count(), 1);
    let id_of = |own: &[Value]| {
        let one = own.iter().find(|one| one["current"] == true);
        one.and_then(|one| one["id"].as_str())
            .expect("it has an id")
            .to_owned()
    };
    // An id opens nothing, is another one for each, and is no way to another's.
    let (id, of_sari) = (id_of(&list(&second).await), id_of(&list(&sari).await));
    assert!(!first.cookie.contains(&id_of(&own)), "{own:?}");
    let end = async |person: &Person, path: &str| {
        person
            .call(&shop, "DELETE", path, &Value::Null)
            .await
            .status
    };
    assert_eq!(end(&first, &format!("/v1/sessions/{of_sari}")).await, 404);
    assert_eq!(end(&first, &format!("/v1/sessions/{id}")).await, 204);
    assert_eq!(end(&first, &format!("/v1/sessions/{id}")).await, 404);
    assert!(!second.is_in(&shop).await);
    assert!(third.is_in(&shop).await);
    for _ in 0..2 {
        assert_eq!(end(&first, "/v1/sessions").await, 204);
    }
    assert!(!third.is_in(&shop).await);
    assert!(first.is_in(&shop).await && sari.is_in(&shop).await);
    assert_eq!(list(&first).await.len(), 1);
    // A key has none.
    let answer = shop.get("/v1/sessions").await;
    assert_eq!(answer.code(), "session_invalid", "{answer:?}");
    shop.close().await;
}

/// docs/api.md, Operating.
#[tokio::test]
async fn an_instance_says_which_it_is_and_that_it_takes_requests() {
    let shop = Shop::open().await;
    let answer = shop.get("/v1/instances").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let all = answer.body["data"].as_array().expect("it is a list");
    assert_eq!(all.len(), 1, "{all:?}");
    let own = &all[0];
    assert_eq!(own["current"], true);
    assert_eq!(own["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&own["state"], &own["reason"]),
        (&json!("ready"), &Value::Null)
    );
    shop.close().await;
}
