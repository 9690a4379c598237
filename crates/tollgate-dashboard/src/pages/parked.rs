//! Events that wait for a payment which nobody has registered yet, and those that have waited in vain.

use futures_util::future::try_join3;
use maud::{Markup, html};
use serde::Deserialize;

use super::events::Events;
use super::events::list::rows;
use crate::failure::Failure;
use crate::parts::{code, copyable, figure, number, section, time};
use crate::reply::Page;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{common, texts};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/parked" => show;
};

texts! {
    WAITING: "Wait for their payment", "Menunggu pembayarannya", "ממתינים לתשלום", "भुगतान की प्रतीक्षा में", "Ждут платежа";
    OLDEST: "The oldest came", "Yang terlama datang", "הישן ביותר הגיע", "सबसे पुरानी आई", "Самое старое пришло";
    ORPHANS: "Orphans: their payment never came", "Yatim: pembayarannya tak pernah ada", "יתומים: התשלום מעולם לא נרשם", "अनाथ: इनका भुगतान कभी नहीं आया", "Сироты: платежа так и не было";
    ABOUT: "A provider spoke of a payment that this shop does not know. Nothing is lost: each of these is applied in the commit that registers its payment, under any of its references.", "Penyedia menyebut pembayaran yang belum dikenal toko ini. Tidak ada yang hilang: masing-masing diterapkan begitu pembayarannya didaftarkan, dengan salah satu referensinya.", "ספק דיווח על תשלום שהחנות אינה מכירה. דבר לא אבד: כל אחד מהם ייושם ברגע שהתשלום יירשם, באחת האסמכתאות שלו.", "प्रदाता ने ऐसे भुगतान की बात की जिसे यह दुकान नहीं जानती। कुछ खोया नहीं है: भुगतान किसी भी संदर्भ से दर्ज होते ही ये लागू हो जाएँगी।", "Провайдер сообщил о платеже, которого магазин не знает. Ничего не потеряно: каждое применится, как только платёж зарегистрируют под любой из его ссылок.";
    TO_DO: "What to do", "Yang perlu dilakukan", "מה לעשות", "क्या करें", "Что делать";
    USUAL: "A few seconds are usual: the webhook was faster than the shop.", "Beberapa detik itu biasa: webhook lebih cepat dari toko.", "כמה שניות הן דבר רגיל: הוובהוק הקדים את החנות.", "कुछ सेकंड सामान्य हैं: वेबहुक दुकान से तेज़ था।", "Несколько секунд — обычное дело: вебхук опередил магазин.";
    REGISTER: "If it is longer, the shop has made a payment at the provider and not registered it here. Register it, with the reference that the event names:", "Bila lebih lama, toko membuat pembayaran di penyedia tanpa mendaftarkannya di sini. Daftarkan dengan referensi dari peristiwa:", "אם עבר זמן רב יותר, החנות יצרה תשלום אצל הספק ולא רשמה אותו כאן. יש לרשום אותו באסמכתה שבאירוע:", "अधिक देर हो तो दुकान ने प्रदाता के यहाँ भुगतान बनाया पर यहाँ दर्ज नहीं किया। घटना वाले संदर्भ से उसे दर्ज करें:", "Если дольше, магазин создал платёж у провайдера, но не зарегистрировал здесь. Зарегистрируйте его со ссылкой из события:";
    ANOTHERS: "If another shop uses the same account at the provider, it is that shop's, and may stay.", "Bila toko lain memakai akun penyedia yang sama, itu milik toko tersebut dan boleh dibiarkan.", "אם חנות אחרת משתמשת באותו חשבון אצל הספק, האירוע שלה ויכול להישאר.", "यदि दूसरी दुकान प्रदाता का वही खाता काम में लेती है तो यह उसका है और रह सकता है।", "Если тем же счётом у провайдера пользуется другой магазин, событие его и может остаться.";
    DOCS: "How a payment is registered", "Cara mendaftarkan pembayaran", "איך רושמים תשלום", "भुगतान कैसे दर्ज करें", "Как зарегистрировать платёж";
    ALL_WAITING: "All that wait", "Semua yang menunggu", "כל הממתינים", "सभी प्रतीक्षारत", "Все ожидающие";
    ALL_ORPHANS: "All orphans", "Semua yatim", "כל היתומים", "सभी अनाथ", "Все сироты";
}

/// What `GET /v1/stats` says is open.
#[derive(Deserialize)]
struct Stats {
    open: Open,
}

#[derive(Deserialize)]
struct Open {
    counted_up_to: u64,
    events_parked: u64,
    oldest_parked_at: Option<String>,
}

/// How many of each are shown; the lists of events have the others.
const SHOWN_MAX: usize = 25;

async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let of =
        |state: &str| visit.get::<Events>(format!("/v1/events?state={state}&limit={SHOWN_MAX}"));
    let (stats, parked, orphans) =
        try_join3(visit.get::<Stats>("/v1/stats"), of("parked"), of("orphan")).await?;
    let Stats { open } = stats;
    let count = number(visit.locale, open.events_parked);
    let count = match open.counted_up_to <= open.events_parked {
        true => common::COUNTED_AT_LEAST.with(visit.locale, &[&count]),
        false => count,
    };
    let tone = match open.events_parked {
        0 => Tone::Quiet,
        _ => Tone::Warn,
    };
    let has_any = !parked.data.is_empty() || !orphans.data.is_empty();
    Ok(Page {
        title: visit.say(common::PARKED).to_owned(),
        here: "/parked",
        topics: "events,payments",
        body: html! {
            p { (visit.say(ABOUT)) }
            div.figures {
                (figure(visit.say(WAITING), html! { (count) }, Some("/events?state=parked"), tone))
                @if let Some(oldest) = &open.oldest_parked_at {
                    (figure(visit.say(OLDEST), time(oldest), None, Tone::Quiet))
                }
            }
            (section(visit.say(WAITING), listed(visit, &parked, "/events?state=parked", visit.say(ALL_WAITING))))
            (section(visit.say(ORPHANS), listed(visit, &orphans, "/events?state=orphan", visit.say(ALL_ORPHANS))))
            @if has_any { (section(visit.say(TO_DO), to_do(visit))) }
        },
    })
}

fn listed(visit: &Visit<'_>, events: &Events, all: &str, text: &str) -> Markup {
    html! {
        (rows(visit, &events.data))
        @if events.next_cursor.is_some() { p { a href=(all) { (text) } } }
    }
}

fn to_do(visit: &Visit<'_>) -> Markup {
    let command = format!(
        "curl -X POST {}/v1/payments -H \"Authorization: Bearer $TOLLGATE_API_KEY\" \\\n  \
         -H 'Content-Type: application/json' -H \"Idempotency-Key: $(uuidgen)\" \\\n  \
         -d '{{\"source\":\"SOURCE\",\"reference\":\"REFERENCE\",\"amount\":1000,\"currency\":\"IDR\"}}'",
        visit.origin
    );
    html! {
        p { (visit.say(USUAL)) }
        p { (visit.say(REGISTER)) }
        (copyable(visit, &command))
        p { (visit.say(ANOTHERS)) }
        p { a href="/docs/payments" { (visit.say(DOCS)) } " " (code("POST /v1/payments")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, text};

    #[test]
    fn its_texts_are_whole() {
        crate::words::check(ALL);
    }

    #[test]
    fn it_says_what_waits_since_when_and_what_to_do() {
        let waits = r#"{"data":[{"id":"evt_1","source":"midtrans","type":"transaction.settlement","state":"parked",
            "outcome":"parked","reason":"no_payment","references":["ZVR-1-77"],"received_at":"2026-01-22T10:01:00.000Z"}],
            "next_cursor":"abc"}"#;
        let none = r#"{"data":[],"next_cursor":null}"#;
        let stats = r#"{"open":{"counted_up_to":10000,"events_parked":10000,"oldest_parked_at":"2026-01-22T09:00:00.000Z"}}"#;
        let fixture = Fixture::of("viewer")
            .with("GET /v1/stats", 200, stats)
            .with("GET /v1/events?state=parked", 200, waits)
            .with("GET /v1/events?state=orphan", 200, none);
        let page = text(fixture.get("/parked"));
        for said in [
            "10,000 or more",
            "2026-01-22 09:00:00 UTC",
            "ZVR-1-77",
            "/events/evt_1",
            "https://pay.example/v1/payments",
            "/events?state=parked",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }
}
