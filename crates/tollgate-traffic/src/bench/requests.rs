//! Writes the requests of each bench.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_proto::v1::CreateOrderRequest;

use super::plan::Name;
use super::webhook::Signer;
use crate::load::Door;
use crate::load::client::Client;
use crate::load::script::Script;

/// How many skus there are.
pub(super) const SKUS: u64 = 1000;
/// How many calendars the orders are spread over.
pub(super) const CALENDARS: u64 = 8;
/// The calendar and the sku that all orders want.
pub(super) const HOT: &str = "hot";
/// The source whose events queue up for a handler that takes none.
pub const BACKLOG: &str = "backlog";
/// Room and stock that do not run out: every order of ten years at a million a second fits.
pub(super) const PLENTY: i64 = 1 << 48;
/// The name of a further shop; number 0 is `main`.
pub fn shop(number: u64) -> String {
    format!("shop-{number}")
}

/// The path of a shop's webhooks.
fn webhooks(number: u64) -> String {
    match number {
        0 => "/webhooks/bench".to_owned(),
        number => format!("/webhooks/{}/bench", shop(number)),
    }
}

const UNIT_MINOR: i64 = 1_999;
/// Longer than any bench takes, so that no hold runs out while it is measured.
const HOLD_SECONDS: i64 = 86_400;

/// Writes requests for one server, or several that serve the same shops.
pub(super) struct Writer<'a> {
    /// A caller for each shop; the requests take turns.
    pub(super) clients: &'a [Arc<Client>],
    pub(super) signer: Signer,
    /// The currency of the orders.
    pub(super) currency: &'static str,
    /// The second at which webhooks are signed.
    pub(super) now: i64,
    /// Through which door orders go.
    pub(super) door: Door,
}

impl Writer<'_> {
    /// `count` requests of a bench; `from` is the first number that was not used before.
    pub(super) fn script(&self, name: Name, from: u64, count: usize) -> Script {
        let mut script = Script::default();
        for place in 0..count as u64 {
            match name {
                Name::Ingest
                | Name::Apply
                | Name::Early
                | Name::Effects
                | Name::Flood
                | Name::Server => self.webhook(&mut script, from + place),
                Name::Duplicates => self.webhook(&mut script, from + repeated(place)),
                Name::Orders | Name::HotSlot | Name::HotSku => {
                    let order = order(name, from + place, self.currency);
                    self.order(&mut script, from + place, &order);
                }
            }
        }
        script
    }

    /// The orders that `apply` pays and `early` registers payments for.
    pub(super) fn prepared(&self, name: Name, from: u64, count: usize) -> Script {
        let mut script = Script::default();
        for number in from..from + count as u64 {
            let mut order = order(Name::Orders, number, self.currency);
            if name == Name::Early
                && let Some(order) = order.as_object_mut()
            {
                order.remove("payment");
            }
            self.order(&mut script, number, &order);
        }
        script
    }

    /// Webhooks whose forwarding is put off.
    pub(super) fn backlog(&self, count: u64) -> Script {
        let mut script = Script::default();
        let path = format!("/webhooks/{BACKLOG}");
        for number in 0..count {
            self.webhook_to(&mut script, &self.clients[0], &path, number);
        }
        script
    }

    fn webhook(&self, script: &mut Script, number: u64) {
        let (client, shop) = self.client(number);
        self.webhook_to(script, client, &webhooks(shop), number);
    }

    fn webhook_to(&self, script: &mut Script, client: &Client, path: &str, number: u64) {
        let reference = reference(number);
        let webhook = self
            .signer
            .captured(number, &reference, 2 * UNIT_MINOR, self.now);
        script.push(|out| client.write_webhook(out, path, &webhook.headers, &webhook.body));
    }

    /// Who calls with this number, and for which shop.
    fn client(&self, number: u64) -> (&Client, u64) {
        let shop = number % self.clients.len() as u64;
        (&self.clients[shop as usize], shop)
    }

    fn order(&self, script: &mut Script, number: u64, order: &Value) {
        let (client, _) = self.client(number);
        let key = code(number);
        match self.door {
            Door::Rest => {
                let body = order.to_string();
                let write = |out: &mut Vec<u8>| {
                    client.write(out, "POST", "/v1/orders", Some(&key), body.as_bytes());
                };
                script.push(write);
            }
            Door::Grpc => {
                let message = CreateOrderRequest::deserialize(order);
                let message = message.expect("a document of an order is a message");
                script.push(|out| client.write_call(out, CREATE_ORDER, &key, &message));
            }
        }
    }
}

const CREATE_ORDER: &str = "/tollgate.v1.OrderService/CreateOrder";

/// The order's code, and its Idempotency-Key.
pub(super) fn code(number: u64) -> String {
    format!("bench-{number:012}")
}

/// The reference by which the provider names the payment.
pub(super) fn reference(number: u64) -> String {
    format!("ref-{number:012}")
}

/// In `duplicates` the first of ten is new, and the others repeat any of those before.
fn repeated(place: u64) -> u64 {
    let distinct = place / 10;
    if place.is_multiple_of(10) {
        distinct
    } else {
        mixed(place) % (distinct + 1)
    }
}

/// How many different events the first `sent` requests of `duplicates` hold.
pub(super) fn distinct(sent: u64) -> u64 {
    sent.div_ceil(10)
}

/// A number that looks like chance and is the same each time (splitmix64).
pub(super) fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn order(name: Name, number: u64, currency: &str) -> Value {
    let line = |sku: String, stocked: bool| {
        let mut line = json!({
            "sku": sku,
            "name": "Linen shirt, natural, M",
            "quantity": 1,
            "unit_amount": UNIT_MINOR,
        });
        if !stocked {
            line["stocked"] = json!(false);
        }
        line
    };
    let chance = mixed(number);
    let first = chance % SKUS;
    let second = (first + 1 + (chance >> 32) % (SKUS - 1)) % SKUS;
    let mut order = json!({
        "code": code(number),
        "currency": currency,
        "customer": {
            "name": "Maria Musterfrau",
            "email": "customer@shop.example",
            "phone": "+49 30 1234567",
            "locale": "de",
        },
        "hold_seconds": HOLD_SECONDS,
    });
    match name {
        Name::HotSlot => {
            order["lines"] = json!([line("dinner".to_owned(), false)]);
            order["slot"] = json!({ "calendar": HOT });
        }
        Name::HotSku => order["lines"] = json!([line(HOT.to_owned(), true)]),
        Name::Ingest
        | Name::Apply
        | Name::Duplicates
        | Name::Orders
        | Name::Early
        | Name::Effects
        | Name::Flood
        | Name::Server => {
            order["lines"] = json!([line(sku(first), true), line(sku(second), true)]);
            order["slot"] = json!({ "calendar": calendar(number % CALENDARS) });
            order["payment"] = json!({ "source": "bench", "reference": reference(number) });
        }
    }
    order
}

/// The name of a sku.
pub(super) fn sku(number: u64) -> String {
    format!("sku-{number:04}")
}

/// The name of a calendar.
pub(super) fn calendar(number: u64) -> String {
    format!("calendar-{number}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nine_of_ten_repeat_an_earlier_one_in_every_beginning() {
        let mut seen = BTreeSet::new();
        for place in 0..1000 {
            let number = repeated(place);
            assert_eq!(place.is_multiple_of(10), seen.insert(number), "{place}");
            assert_eq!(distinct(place + 1), seen.len() as u64);
        }
    }

    #[test]
    fn the_two_lines_of_an_order_differ() {
        for number in 0..2000 {
            let order = order(Name::Orders, number, "EUR");
            assert_ne!(order["lines"][0]["sku"], order["lines"][1]["sku"]);
        }
    }
}
