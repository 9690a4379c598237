//! What a shop with nothing in it shows: the next step, as a command to copy. It looks anew every few seconds, so the
//! first webhook that arrives takes its place.

use maud::{Markup, html};
use serde::Deserialize;

use super::sources::table_of;
use crate::failure::Failure;
use crate::parts::{copyable, section};
use crate::visit::Visit;
use crate::words::texts;

texts! {
    NEXT: "The next step", "Langkah berikutnya", "הצעד הבא", "अगला कदम", "Следующий шаг";
    SEND: "Send a first webhook, as the provider would, from a terminal in the folder of tollgate.toml:", "Kirim webhook pertama, seperti penyedia pembayaran, dari terminal di folder tollgate.toml:", "שליחת webhook ראשון, כמו שהספק שולח, ממסוף בתיקייה של tollgate.toml:", "tollgate.toml वाले फ़ोल्डर के टर्मिनल से पहला वेबहुक भेजें, जैसे प्रदाता भेजता है:", "Отправьте первый вебхук, как это сделал бы провайдер, из терминала в папке с tollgate.toml:";
    ADD: "Say where webhooks come from: add a source to tollgate.toml, for a trial this one, and start the server anew.", "Tentukan asal webhook: tambahkan sumber ke tollgate.toml, untuk uji coba yang ini, lalu mulai ulang server.", "יש לציין מאין מגיעים webhooks: הוסיפו מקור ל־tollgate.toml, לניסיון את זה, והפעילו את השרת מחדש.", "बताएँ कि वेबहुक कहाँ से आते हैं: tollgate.toml में स्रोत जोड़ें, आज़माने के लिए यह, और सर्वर फिर से शुरू करें।", "Укажите, откуда приходят вебхуки: добавьте источник в tollgate.toml, для пробы этот, и перезапустите сервер.";
    THEN: "Then send a first webhook, as the provider would:", "Lalu kirim webhook pertama, seperti penyedia pembayaran:", "ואז שליחת webhook ראשון, כמו שהספק שולח:", "फिर पहला वेबहुक भेजें, जैसे प्रदाता भेजता है:", "Затем отправьте первый вебхук, как это сделал бы провайдер:";
    FORWARD: "And have your own program hear what happens:", "Dan biarkan program Anda sendiri mendengar apa yang terjadi:", "וכדי שהתוכנית שלך תשמע מה קורה:", "और आपका अपना प्रोग्राम सुने कि क्या होता है:", "А вашей программе сообщит, что происходит, команда:";
    WAITS: "This page waits for it, and shows it as soon as it is here.", "Halaman ini menunggunya, dan menampilkannya begitu tiba.", "הדף הזה ממתין, ויציג אותו ברגע שיגיע.", "यह पृष्ठ प्रतीक्षा कर रहा है, और आते ही दिखाएगा।", "Страница ждёт и покажет его, как только он придёт.";
}

/// What `GET /v1/sources` says, as far as it is wanted here.
#[derive(Deserialize, Default)]
struct Sources {
    #[serde(default)]
    data: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    name: String,
    /// Whether its events are about payments; documents are only handed on.
    payments: bool,
}

/// A source for a trial, as it stands in a shop's configuration.
fn trial(shop: &str) -> String {
    let table = table_of(shop, "midtrans");
    format!(
        "[{table}]\nprovider = \"midtrans\"\nlive = false\nsecrets = [\"literal:a-server-key\"]"
    )
}

/// A page of a list, as far as it is wanted here: whether there is anything.
#[derive(Deserialize)]
struct Any {
    data: Vec<serde::de::IgnoredAny>,
}

/// The next step of a shop that has no order and no event yet; nothing for every other. `is_quiet`: as far as the page
/// knows, nothing has happened of late, so that it is worth asking. A server that does not say which sources it has is
/// taken for one without any: the step then says how one is added.
pub(crate) async fn first_steps(visit: &Visit<'_>, is_quiet: bool) -> Result<Markup, Failure> {
    if !is_quiet {
        return Ok(html! {});
    }
    for path in ["/v1/orders?limit=1", "/v1/events?limit=1"] {
        let any: Any = visit.get(path).await?;
        if !any.data.is_empty() {
            return Ok(html! {});
        }
    }
    Ok(steps(visit).await)
}

async fn steps(visit: &Visit<'_>) -> Markup {
    let sources: Sources = visit.get("/v1/sources").await.unwrap_or_default();
    let mut sources = sources.data.iter();
    let known = sources.find(|source| source.payments);
    let known = known.map(|source| source.name.as_str());
    let shop = visit.viewer().shop.as_str();
    let source = known.unwrap_or("midtrans");
    // Another shop's source is named with its shop.
    let named = match shop {
        "main" => source.to_owned(),
        shop => format!("{shop}/{source}"),
    };
    let send = format!("tollgate send {named} --reference FIRST-1");
    section(
        visit.say(NEXT),
        html! {
            div.first-steps data-again-seconds="3" {
                @if known.is_some() {
                    p { (visit.say(SEND)) }
                } @else {
                    p { (visit.say(ADD)) }
                    (copyable(visit, &trial(shop)))
                    p { (visit.say(THEN)) }
                }
                (copyable(visit, &send))
                p { (visit.say(FORWARD)) }
                (copyable(visit, "tollgate forward --to http://localhost:3000/hooks"))
                p.quiet { (visit.say(WAITS)) }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, text};

    const NONE: &str = r#"{"data":[],"next_cursor":null}"#;

    /// A shop of which the overview knows these figures of the last days, with these orders and events.
    fn shop(created: u64, received: u64, orders: &str, events: &str) -> Fixture {
        let period = format!(
            r#"{{"since":"2026-01-22T00:00:00.000Z","day":"2026-01-22","orders":{{"created":{created},"paid":0,
            "partially_paid":0,"completed":0,"expired":0,"cancelled":0,"refunded":0}},"money":[],
            "events":{{"received":{received},"applied":0,"duplicate":0,"parked":0,"stale":0,"deliveries_refused":0,
            "orphaned":0}},"early_caught":0,"oversells_refused":0,"receipts_issued":0,"effects_dead":0}}"#
        );
        let stats = format!(
            r#"{{"today":{period},"last_7_days":{period},"open":{{"counted_up_to":10000,"orders":{{}},
            "effects_pending":0,"events_parked":0,"oldest_parked_at":null,"events_queued":0,
            "oldest_queued_at":null}},"webhook_latency":null}}"#
        );
        let calm = r#"{"orders":[],"payments":[],"effects":[],"is_cut":false}"#;
        Fixture::of("viewer")
            .with("GET /v1/stats/series", 200, r#"{"data":[]}"#)
            .with("GET /v1/stats", 200, &stats)
            .with("GET /v1/attention", 200, calm)
            .with("GET /v1/orders", 200, orders)
            .with("GET /v1/events", 200, events)
    }

    #[test]
    fn its_texts_are_whole() {
        crate::words::check(ALL);
    }

    #[test]
    fn an_empty_shop_is_told_the_next_step_with_its_own_source() {
        let sources =
            r#"{"data":[{"name":"accurate","payments":false},{"name":"bank","payments":true}]}"#;
        let fixture = shop(0, 0, NONE, NONE).with("GET /v1/sources", 200, sources);
        let shown = text(fixture.get("/"));
        assert!(shown.contains("tollgate send bank --reference"), "{shown}");
        assert!(!shown.contains("[sources.midtrans]"), "{shown}");
        assert!(shown.contains("data-again-seconds"), "{shown}");
    }

    #[test]
    fn a_shop_without_a_source_is_told_how_to_add_one() {
        let shown = text(shop(0, 0, NONE, NONE).get("/"));
        assert!(shown.contains("[sources.midtrans]"), "{shown}");
        assert!(shown.contains("tollgate send midtrans"), "{shown}");
    }

    #[test]
    fn another_shop_is_told_to_add_it_to_its_own_tables() {
        let shown = text(shop(0, 0, NONE, NONE).in_shop("tea").get("/"));
        assert!(shown.contains("[shops.tea.sources.midtrans]"), "{shown}");
        assert!(shown.contains("tollgate send tea/midtrans"), "{shown}");
    }

    #[test]
    fn a_shop_in_which_something_has_happened_is_told_nothing() {
        let some = r#"{"data":[{"id":"x"}],"next_cursor":null}"#;
        for shop in [
            shop(1, 0, NONE, NONE),
            shop(0, 1, NONE, NONE),
            // What happened longer ago is asked for.
            shop(0, 0, some, NONE),
            shop(0, 0, NONE, some),
        ] {
            let shown = text(shop.get("/"));
            assert!(!shown.contains("tollgate send"), "{shown}");
        }
    }
}
