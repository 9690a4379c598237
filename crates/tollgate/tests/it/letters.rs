//! Letters on receipts: one that no font has keeps its receipt waiting, and an added font lets it go.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::database::Database;
use crate::drawn_font::drawn_font;
use crate::effects::until;
use crate::shop::Shop;

/// Silk, in Thai.
const SILK: &str = "ผ้าไหม";

/// A server whose `[receipts]` has more lines.
async fn shop(database: &Database, more: &str) -> Shop {
    let from = "directory = \"\"\n";
    Shop::changed(&[(from, &format!("{from}{more}\n"))], database).await
}

/// An order over a line of this name that is paid in cash.
async fn sell(shop: &Shop, code: &str, name: &str) {
    let body = json!({
        "code": code, "currency": "THB",
        "lines": [{ "sku": "A", "name": name, "stocked": false, "quantity": 1, "unit_amount": 5000 }],
    });
    // Each server of a test begins to count its own keys.
    let key = |what: &str| format!("{what}-{code}");
    let made = shop.keyed("/v1/orders", &key("order"), &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let body = json!({ "order": code, "source": "manual", "reference": format!("cash-{code}") });
    let made = shop.keyed("/v1/payments", &key("payment"), &body).await;
    let payment = made.body["id"].clone();
    let payment = payment.as_str().expect("it has an id");
    let path = format!("/v1/payments/{payment}/capture");
    let amount = json!({ "amount": 5000 });
    let taken = shop.keyed(&path, &key("capture"), &amount).await;
    assert_eq!(taken.status, 200, "{taken:?}");
}

/// The receipt of an order once it is issued, with all that was frozen.
async fn issued(shop: &Shop, code: &str) -> Value {
    let path = format!("/v1/orders/{code}/receipts");
    let listed = until(shop, &path, |listed| listed["data"][0]["state"] == "issued").await;
    let id = listed["data"][0]["id"].as_str().expect("it has an id");
    shop.get(&format!("/v1/receipts/{id}")).await.body
}

async fn letters_check(shop: &Shop) -> Value {
    let doctor = shop.get("/v1/doctor").await.body;
    let checks = doctor["checks"].as_array().expect("there are checks");
    let letters = checks.iter().find(|check| check["name"] == "letters");
    letters.expect("it is one of them").clone()
}

fn font(folder: &Path, letters: &str) -> (String, String) {
    let bytes = drawn_font("Drawn Thai", letters);
    let path = folder.join("thai.ttf");
    std::fs::write(&path, &bytes).expect("there is room");
    let line = format!("fonts = [{:?}]", path.to_str().expect("it is text"));
    (line, hex::encode(Sha256::digest(&bytes)))
}

async fn counted(shop: &Shop) -> String {
    let metrics = shop.get("/metrics").await.text;
    let name = "tollgate_receipts_with_missing_glyphs_total ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_receipt_waits_for_a_font_and_goes_out_once_there_is_one() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let waiting = "/v1/effects?kind=receipt&state=pending";
    let bare = shop(&database, "").await;
    sell(&bare, "T-1", SILK).await;
    sell(&bare, "T-2", "Silk").await;
    let found = until(&bare, waiting, |found| {
        found["data"][0]["reason"].is_string()
    })
    .await;
    let effect = &found["data"][0];
    let reason = effect["reason"].as_str().expect("it has one");
    assert_eq!(
        reason,
        "no font has letters of Thai (ผ ม ห า ไ ้, U+0E1C U+0E21 U+0E2B U+0E32 U+0E44 U+0E49); install \
         fonts-noto-core, add \"Noto Sans Thai\" to [receipts] fonts and start again; to print boxes instead, set \
         [receipts] missing_glyphs = \"print\""
    );
    assert!(effect["due_at"].is_string(), "it is tried again: {effect}");
    // The number is given, and what follows does not overtake: the next order has the next one.
    let pending = bare.get("/v1/orders/T-1/receipts").await.body["data"][0].clone();
    assert_eq!(pending["state"], "pending");
    let next = issued(&bare, "T-2").await;
    let ending = |receipt: &Value| {
        let number = receipt["number"].as_str().expect("it has one");
        number.rsplit('-').next().map(str::to_owned)
    };
    assert_eq!(ending(&pending).as_deref(), Some("000001"));
    assert_eq!(ending(&next).as_deref(), Some("000002"));
    assert_eq!(next.get("fonts"), None, "the built-in fonts are not named");
    assert_eq!(bare.get("/v1/orders/T-1").await.body["status"], "paid");
    assert_eq!(counted(&bare).await, "1");
    let check = letters_check(&bare).await;
    assert_eq!(check["status"], "fail");
    let text = check.to_string();
    for part in [
        "as in T-1",
        "a receipt waits (eff_",
        "install fonts-noto-core",
    ] {
        assert!(text.contains(part), "{part} in {check:#}");
    }
    // Trying it by hand changes nothing while there is no font.
    let id = effect["id"].as_str().expect("it has an id");
    let retried = bare
        .call("POST", &format!("/v1/effects/{id}/retry"), &json!({}))
        .await;
    assert_eq!(retried.status, 202, "{retried:?}");
    let path = format!("/v1/effects/{id}");
    until(&bare, &path, |effect| {
        effect["state"] == "pending" && effect["attempts"][1]["error"].is_string()
    })
    .await;
    bare.close().await;

    let (fonts, sha256) = font(folder.path(), SILK);
    let equipped = shop(&database, &fonts).await;
    let receipt = issued(&equipped, "T-1").await;
    assert_eq!(
        receipt["fonts"],
        json!([{ "name": "Drawn Thai", "sha256": sha256 }])
    );
    assert_eq!(receipt["number"], pending["number"]);
    until(&equipped, "/v1/orders/T-1", |order| {
        order["status"] == "completed"
    })
    .await;
    let check = letters_check(&equipped).await;
    assert_eq!(
        (&check["status"], &check["fix"]),
        (&json!("ok"), &json!(""))
    );
    equipped.close().await;
}

/// A package that is there already and lacks the letter is not named again.
#[tokio::test]
async fn a_font_that_lacks_the_letter_is_not_what_helps() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let path = folder.path().join("symbola.ttf");
    std::fs::write(&path, drawn_font("Symbola", "😀")).expect("there is room");
    let line = format!("fonts = [{:?}]", path.to_str().expect("it is text"));
    let shop = shop(&database, &line).await;
    sell(&shop, "T-1", "😀 🥰").await;
    let waiting = "/v1/effects?kind=receipt";
    let found = until(&shop, waiting, |found| {
        found["data"][0]["reason"].is_string()
    })
    .await;
    assert_eq!(
        found["data"][0]["reason"],
        "no font has letters of emoji (🥰, U+1F970); add the file of a font that has them to [receipts] fonts and \
         start again; to print boxes instead, set [receipts] missing_glyphs = \"print\""
    );
    shop.close().await;
}

#[tokio::test]
async fn a_receipt_with_boxes_is_printed_where_that_is_wanted() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = shop(&database, "missing_glyphs = \"print\"").await;
    sell(&shop, "T-1", SILK).await;
    let receipt = issued(&shop, "T-1").await;
    assert_eq!(receipt["lines"][0]["name"], SILK);
    assert_eq!(counted(&shop).await, "1");
    assert_eq!(letters_check(&shop).await["status"], "warn");
    shop.close().await;
}

/// A receipt that has failed far more often than the schedule of others has steps still waits.
#[tokio::test]
async fn a_receipt_that_waits_is_never_given_up() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = shop(&database, "").await;
    sell(&shop, "T-1", SILK).await;
    let waiting = "/v1/effects?kind=receipt";
    let found = until(&shop, waiting, |found| {
        found["data"][0]["reason"].is_string()
    })
    .await;
    let id = found["data"][0]["id"]
        .as_str()
        .expect("it has an id")
        .to_owned();
    let path = format!("/v1/effects/{id}");
    shop.close().await;
    // Each start tries it at once.
    for tries in 2..=12 {
        let shop = self::shop(&database, "").await;
        let effect = until(&shop, &path, |effect| {
            effect["tries"] == tries && effect["state"] == "pending"
        })
        .await;
        assert!(effect["due_at"].is_string(), "{effect}");
        shop.close().await;
    }
}

#[tokio::test]
async fn receipts_lead_only_where_the_operator_has_said() {
    let folder = tempfile::tempdir().expect("there is room");
    let database = Database::lasting(folder.path());
    let shop = shop(&database, "").await;
    sell(&shop, "P-1", "Silk").await;
    let receipt = issued(&shop, "P-1").await;
    assert_eq!(receipt.get("verification_url"), None, "{receipt}");
    let doctor = shop.get("/v1/doctor").await;
    assert!(
        doctor.text.contains("server.public_url is empty"),
        "{doctor:?}"
    );
    shop.close().await;

    let from = "[server]\n";
    let public = format!("{from}public_url = \"https://pay.shop.example/\"\n");
    let shop = Shop::changed(&[(from, &public)], &database).await;
    sell(&shop, "P-2", "Silk").await;
    let receipt = issued(&shop, "P-2").await;
    let url = receipt["verification_url"]
        .as_str()
        .expect("it leads there");
    let token = url.strip_prefix("https://pay.shop.example/r/").expect(url);
    let seen = shop
        .send(
            "GET",
            &format!("/r/{token}"),
            &[("accept", "application/json")],
            b"",
        )
        .await;
    assert_eq!(
        (seen.status, &seen.body["number"]),
        (200, &receipt["number"])
    );
    let doctor = shop.get("/v1/doctor").await;
    assert!(!doctor.text.contains("public_url"), "{doctor:?}");
    shop.close().await;
}
