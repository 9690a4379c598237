//! Shop main with one of everything, and shop tea beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::description::{Operation, operations};
use super::requests::Request;
use crate::access::key;
use crate::database::Database;
use crate::effects::{Handler, answer, until};
use crate::shapes::notification;
use crate::shop::{Answer, KEY, Shop, order};
use crate::sign_in::{PASSWORD, Person};

/// Stands in every name of main that another shop could choose, too.
const NAMED: &str = "zebra";

/// Stands in every text of main that nobody names: who bought, notes, metadata, bodies, answers.
const TOLD: &str = "okapi";

/// Headers that say who calls.
pub(super) type Headers = Vec<(&'static str, String)>;

/// A server with both shops.
pub(super) struct Filled {
    pub(super) shop: Shop,
    pub(super) operations: Vec<Operation>,
    /// Ids and names of main by the part of a path that they stand behind.
    pub(super) things: BTreeMap<&'static str, Vec<String>>,
    /// What nobody of another shop may be told: ids, keys, tokens and words of main, in small letters.
    pub(super) words: BTreeSet<String>,
    /// The order that main has made, and the key of that request.
    pub(super) repeated: (Value, &'static str),
    /// A place in main's list of orders.
    pub(super) cursor: String,
    _database: Database,
}

/// The text at a place of an answer.
fn text(answer: &Answer, place: &str) -> String {
    let found = answer.body.pointer(place).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("nothing at {place}: {answer:?}"))
        .to_owned()
}

/// Posts, and reads the id of what was made.
async fn make(shop: &Shop, path: &str, body: &Value) -> String {
    let made = shop.post(path, body).await;
    assert!([200, 201].contains(&made.status), "{path}: {made:?}");
    text(&made, "/id")
}

impl Filled {
    pub(super) async fn open() -> Filled {
        let database = Database::fleeting();
        let midtrans = Handler::start().await;
        let url = format!("http://{}", midtrans.address);
        let paid = serde_json::from_str(&notification("zebra-paid", "50.00", ""));
        let said: &'static str = answer(&paid.expect("it is JSON")).leak();
        midtrans.answering(said);
        let changes = [
            ("{midtrans}", url.as_str()),
            (
                "[outgoing]\n",
                "[outgoing]\nallow_networks = [\"127.0.0.0/8\"]\n",
            ),
            (
                "[server]\n",
                "[server]\npublic_url = \"http://127.0.0.1\"\n",
            ),
        ];
        let shop = Shop::changed(&changes, &database).await;
        let operations = operations(&shop).await;
        let mut filled = Filled {
            shop,
            operations,
            things: BTreeMap::new(),
            words: [NAMED, TOLD].map(str::to_owned).into(),
            repeated: (Value::Null, "zebra-once"),
            cursor: String::new(),
            _database: database,
        };
        filled.people().await;
        filled.goods().await;
        filled.money().await;
        filled.outside().await;
        filled.settled().await;
        filled.cursor = text(&filled.shop.get("/v1/orders?limit=1").await, "/next_cursor");
        // Pages of the documentation are the same for everybody.
        filled.add("docs", &["orders"]);
        let ids: Vec<String> = filled
            .seen()
            .await
            .values()
            .flat_map(|text| ids(text))
            .collect();
        assert!(30 < ids.len(), "{ids:?}");
        filled.words.extend(ids);
        filled
    }

    fn add(&mut self, noun: &'static str, things: &[&str]) {
        let known = self.things.entry(noun).or_default();
        known.extend(things.iter().map(|&thing| thing.to_owned()));
    }

    fn hide(&mut self, secret: &str) {
        assert!(12 < secret.len(), "{secret} could stand anywhere");
        self.words.insert(secret.to_lowercase());
    }

    /// A key, a user, a session and a ticket.
    async fn people(&mut self) {
        let till = json!({ "name": "okapi till", "scopes": ["read"] });
        let made = self.shop.call("POST", "/v1/keys", &till).await;
        self.add("keys", &[&text(&made, "/id")]);
        self.hide(&text(&made, "/key"));
        let person = json!({
            "email": "zebra@example.com", "name": "Okapi Johnston", "role": "admin", "password": PASSWORD,
        });
        let made = self.shop.call("POST", "/v1/users", &person).await;
        self.add("users", &[&text(&made, "/id")]);
        let session = Person::of(&self.shop, "zebra@example.com", "main").await;
        let open = session
            .call(&self.shop, "GET", "/v1/sessions", &Value::Null)
            .await;
        self.add("sessions", &[&text(&open, "/data/0/id")]);
        for (_, secret) in session.headers() {
            let secret = secret.rsplit('=').next().unwrap_or_default().to_owned();
            self.hide(&secret);
        }
        let ticket = self.shop.post("/v1/stream/tickets", &json!({})).await;
        self.hide(&text(&ticket, "/ticket"));
    }

    /// Stock, a calendar with slots, a hold.
    async fn goods(&mut self) {
        self.shop.put_stock("zebra-shirt", 50).await;
        let broken = json!({ "delta": -1, "reason": "an okapi bit it" });
        let adjusted = self
            .shop
            .post("/v1/stock/zebra-shirt/adjust", &broken)
            .await;
        assert_eq!(adjusted.status, 200, "{adjusted:?}");
        self.add("stock", &["zebra-shirt"]);
        let calendar = json!({
            "unit": "orders", "capacity": 4, "slot_minutes": 15, "weekly": [], "timezone": "UTC",
        });
        let path = "/v1/calendars/zebra-kitchen";
        let put = self.shop.call("PUT", path, &calendar).await;
        assert_eq!(put.status, 200, "{put:?}");
        self.add("calendars", &["zebra-kitchen"]);
        let slots = json!({ "slots": [{
            "starts_at": "2099-01-01T10:00:00Z", "ends_at": "2099-01-01T10:15:00Z",
        }] });
        let put = self
            .shop
            .call("PUT", &format!("{path}/slots"), &slots)
            .await;
        let slot = text(&put, "/data/0/id");
        let cart = json!({
            "lines": [{ "sku": "zebra-shirt", "quantity": 1 }], "slot": { "slot_id": slot, "units": 1 },
            "seconds": 604_800,
        });
        let hold = make(&self.shop, "/v1/holds", &cart).await;
        self.add("holds", &[&hold]);
        self.add("slot_id", &[&slot]);
    }

    /// Orders and payments: paid by a provider, in cash, too much, given back, alone; and what main was refused.
    async fn money(&mut self) {
        let mut hook = Handler::start().await;
        let url = format!("http://{}/zebra-hook", hook.address);
        let endpoint =
            json!({ "url": url, "events": ["order.created"], "description": "okapi books" });
        let made = self.shop.post("/v1/endpoints", &endpoint).await;
        self.add("endpoints", &[&text(&made, "/id")]);
        self.add("url", &[&url]);
        self.hide(&text(&made, "/secret"));

        let mut wanted = order("zebra-1", "zebra-shirt", 1);
        wanted["customer"] = json!({
            "name": "Okapi Johnston", "email": "okapi@example.com", "phone": "+62 811 okapi",
            "address": "1 Okapi Street",
        });
        wanted["metadata"] = json!({ "gift": "okapi" });
        wanted["slot"] = json!({ "slot_id": self.things["slot_id"][0] });
        wanted["payment"] = json!({ "source": "midtrans", "reference": "zebra-paid" });
        let made = self
            .shop
            .keyed("/v1/orders", self.repeated.1, &wanted)
            .await;
        assert_eq!(made.status, 201, "{made:?}");
        self.add("orders", &["zebra-1", &text(&made, "/id")]);
        self.add("payments", &[&text(&made, "/payments/0/id")]);
        self.add("reference", &["zebra-paid", "zebra-early"]);
        self.repeated.0 = wanted.clone();
        let (_, reply) = hook.next().await;
        let gone = "HTTP/1.1 410 Gone\r\nx-said: okapi\r\ncontent-length: 5\r\n\r\nokapi";
        reply
            .send(gone.to_owned())
            .expect("the worker waits for it");
        let note = json!({ "note": "okapi rings twice" });
        let noted = self.shop.call("PATCH", "/v1/orders/zebra-1", &note).await;
        assert_eq!(noted.status, 200, "{noted:?}");

        let mut cash = order("zebra-2", "zebra-shirt", 1);
        cash["payment"] = json!({ "source": "manual", "reference": "zebra-cash" });
        let made = self.shop.post("/v1/orders", &cash).await;
        let payment = text(&made, "/payments/0/id");
        let much = json!({ "amount": 9000, "note": "cash: okapi" });
        make(
            &self.shop,
            &format!("/v1/payments/{payment}/capture"),
            &much,
        )
        .await;
        let shown = self.shop.get("/v1/orders/zebra-2").await;
        self.add("attention", &[&text(&shown, "/attention/0")]);
        self.add("orders", &["zebra-2"]);
        let back = json!({ "amount": 1000, "reason": "an okapi scratched it" });
        let refund = make(&self.shop, &format!("/v1/payments/{payment}/refund"), &back).await;
        self.add("refunds", &[&refund]);
        self.add("payments", &[&payment]);
        let alone = json!({
            "source": "manual", "reference": "zebra-alone", "amount": 700, "currency": "IDR",
            "metadata": { "till": "okapi" },
        });
        let alone = make(&self.shop, "/v1/payments", &alone).await;
        self.add("payments", &[&alone]);
        let twice = self.shop.post("/v1/orders", &wanted).await;
        assert_eq!((twice.status, twice.code()), (409, "already_exists"));
    }

    /// What providers have sent: applied, early, refused.
    async fn outside(&mut self) {
        let okapi = r#""custom_field1":"okapi","#;
        for (reference, outcome) in [("zebra-paid", "applied"), ("zebra-early", "parked")] {
            let body = notification(reference, "50.00", okapi);
            let taken = self
                .shop
                .send("POST", "/webhooks/midtrans", &[], body.as_bytes())
                .await;
            assert_eq!(text(&taken, "/events/0/outcome"), outcome, "{taken:?}");
            self.add("events", &[&text(&taken, "/events/0/id")]);
        }
        let forged = notification("zebra-paid", "50.00", okapi).replace("50.00", "51.00");
        let refused = self
            .shop
            .send("POST", "/webhooks/midtrans", &[], forged.as_bytes())
            .await;
        assert_eq!(refused.status, 401, "{refused:?}");
        let is_there = |body: &Value| body["data"] != json!([]);
        let kept = until(&self.shop, "/v1/deliveries", is_there).await;
        self.add(
            "deliveries",
            &[kept["data"][0]["id"].as_str().expect("it has an id")],
        );
    }

    /// Waits for what main's worker and clocks do by themselves.
    async fn settled(&mut self) {
        let is_empty = |body: &Value| body["data"] == json!([]);
        let is_there = |body: &Value| body["data"].as_array().is_some_and(|data| !data.is_empty());
        for kind in ["notify", "receipt", "ask"] {
            let path = format!("/v1/effects?kind={kind}&state=done,dead");
            until(&self.shop, &path, is_there).await;
        }
        let unfinished = "/v1/effects?state=pending,leased,started";
        until(&self.shop, unfinished, is_empty).await;
        until(&self.shop, "/v1/errors?code=already_exists", is_there).await;
        until(&self.shop, "/v1/errors?code=signature_invalid", is_there).await;
        let effects = self.shop.get("/v1/effects?limit=200").await;
        for effect in effects.body["data"].as_array().into_iter().flatten() {
            self.add("effects", &[effect["id"].as_str().expect("it has an id")]);
        }
        let receipts = self.shop.get("/v1/receipts?limit=200").await;
        for receipt in receipts.body["data"].as_array().into_iter().flatten() {
            let id = receipt["id"].as_str().expect("it has an id");
            self.add("receipts", &[id]);
            self.add(
                "number",
                &[receipt["number"].as_str().expect("it is issued")],
            );
            let shown = self.shop.get(&format!("/v1/receipts/{id}")).await;
            let link = text(&shown, "/verification_url");
            let token = link.rsplit('/').next().unwrap_or_default().to_owned();
            self.hide(&token);
            self.add("r", &[&token]);
        }
    }

    /// Who is admin of shop tea: a key, and somebody who has signed in. Tea has something, too.
    pub(super) async fn tea(&self) -> [Headers; 2] {
        let (_, bearer) = key(&self.shop, &["admin"], Some("tea")).await;
        let person = json!({
            "email": "kettle@example.com", "name": "Kettle", "role": "admin", "password": PASSWORD,
            "shop": "tea",
        });
        let made = self.shop.call("POST", "/v1/users", &person).await;
        assert_eq!(made.status, 201, "{made:?}");
        let person = Person::of(&self.shop, "kettle@example.com", "tea").await;
        [vec![("authorization", bearer)], person.headers()]
    }

    /// What a request names of main.
    pub(super) fn carried(&self, request: &Request) -> Vec<String> {
        let path = request.path.replace("%20", " ").replace("%2B", "+");
        self.words_in(&format!("{path} {}", request.body))
    }

    /// What a text names of main.
    pub(super) fn words_in(&self, text: &str) -> Vec<String> {
        let said = text.to_lowercase();
        let things = self
            .things
            .values()
            .flatten()
            .map(|thing| thing.to_lowercase());
        let values = [
            "zebra@example.com",
            "okapi@example.com",
            "+62 811 okapi",
            "okapi till",
        ];
        let values = values.map(str::to_owned).into_iter();
        let all = things.chain(values).chain(self.words.iter().cloned());
        all.filter(|value| said.contains(value.as_str())).collect()
    }

    /// The first word of main in an answer that is not allowed there.
    pub(super) fn told(&self, answer: &Answer, allowed: &[String]) -> Option<&str> {
        self.said(&format!("{}\n{}", answer.head, answer.text), allowed)
    }

    /// The same of any text.
    pub(super) fn said(&self, text: &str, allowed: &[String]) -> Option<&str> {
        let mut said = text.to_lowercase();
        let mut allowed: Vec<&String> = allowed.iter().collect();
        allowed.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in allowed {
            said = said.replace(word.as_str(), "…");
        }
        let mut words = self.words.iter().map(String::as_str);
        words.find(|word| said.contains(word))
    }

    /// Everything that main is shown, by path; without what time changes by itself.
    pub(super) async fn seen(&self) -> BTreeMap<String, String> {
        let bearer = format!("Bearer {KEY}");
        let mut seen = BTreeMap::new();
        let reads = self.operations.iter().filter(|one| one.is_of_a_shop());
        for operation in reads {
            for path in operation.paths(&self.things) {
                let path = match operation.id.as_str() {
                    "search" => format!("{path}?q=okapi"),
                    "listRefunds" => format!("{path}?payment={}", self.things["payments"][1]),
                    "listSlots" => format!("{path}?from=2099-01-01T00:00:00Z"),
                    _ => path,
                };
                let headers = [("authorization", bearer.as_str())];
                let answer = self.shop.send("GET", &path, &headers, b"").await;
                assert_eq!(answer.status, 200, "{path}: {answer:?}");
                let is_empty = answer.body["data"] == json!([]);
                assert!(
                    !is_empty || path.ends_with("/receipts"),
                    "main has nothing of {path}"
                );
                let shown = match answer.body {
                    Value::Null => answer.text,
                    mut body => {
                        forget_what_time_changes(&mut body);
                        body.to_string()
                    }
                };
                seen.insert(path, shown);
            }
        }
        seen
    }
}

/// What changes though nobody does anything to main: a key says when it was used, what is counted is written some
/// seconds later, and main is shown what no shop is refused. Who tries to sign in to main in vain is noted there.
fn forget_what_time_changes(body: &mut Value) {
    match body {
        Value::Object(members) => {
            members.remove("last_used_at");
            // Of an instance: it beats every few seconds.
            if members.contains_key("uptime_seconds") {
                members.remove("uptime_seconds");
                members.remove("seen_at");
            }
            for name in ["events", "early_caught", "oversells_refused"] {
                if members.contains_key("receipts_issued") {
                    members.remove(name);
                }
            }
            // What webhooks of a source were answered is written every ten seconds.
            if members.contains_key("is_silent") {
                members.remove("today");
                members.remove("deliveries_refused_today");
            }
            members.values_mut().for_each(forget_what_time_changes);
        }
        Value::Array(items) => {
            items.retain(|item| item.get("last_request_id").is_none() || is_mains_error(item));
            items.retain(|item| item["operation"] != "sign_in_failed");
            items.iter_mut().for_each(forget_what_time_changes);
        }
        _ => (),
    }
}

/// Whether a row of errors is about what somebody did in main; its worker goes on trying by itself.
fn is_mains_error(row: &Value) -> bool {
    row["shop"] == "main" && row["code"] != "credentials_invalid" && row["effect_id"].is_null()
}

/// Whatever looks like an id.
fn ids(text: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let parts = text.split(|letter| !is_part(letter));
    let is_id = |part: &&str| {
        part.split_once('_')
            .is_some_and(|(noun, number)| noun.len() < 4 && noun != "req" && number.len() == 26)
    };
    parts.filter(is_id).map(str::to_owned).collect()
}
