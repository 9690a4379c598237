//! Sources: how each provider is told where we are, when it was heard, and what came of what it sent.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::Deserialize;
use tollgate_core::event::Confirm;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::word::Word;

use super::deliveries::refusal;
use crate::failure::Failure;
use crate::layout::english;
use crate::parts::{code, copyable, encoded, facts, figure, foreign, number, time, time_or, toned};
use crate::reply::Page;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::sets::{Shown, Tone};
use crate::words::{Text, common, texts};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/sources" => show;
};

texts! {
    NONE: "No source is configured: nothing can come. Add one to tollgate.toml, for instance:", "Belum ada sumber: tidak ada yang bisa datang. Tambahkan di tollgate.toml, misalnya:", "לא הוגדר מקור: דבר אינו יכול להגיע. יש להוסיף אחד ל-tollgate.toml, למשל:", "कोई स्रोत कॉन्फ़िगर नहीं: कुछ नहीं आ सकता। tollgate.toml में एक जोड़ें, जैसे:", "Источников нет: ничего не придёт. Добавьте его в tollgate.toml, например:";
    MODE: "Money", "Uang", "כסף", "पैसा", "Деньги";
    IS_LIVE: "real", "sungguhan", "אמיתי", "असली", "настоящие";
    IS_TRIAL: "test mode", "mode uji", "מצב בדיקה", "टेस्ट मोड", "тестовый режим";
    LAST_SEEN: "Last heard", "Terakhir terdengar", "נשמע לאחרונה", "आखिरी बार सुना", "Последний раз слышно";
    LONG_AGO: "not lately", "tidak baru-baru ini", "לא לאחרונה", "हाल में नहीं", "давно не было";
    SILENT: "It says nothing while its payments are open. Look whether the provider still has our address, and whether it can reach it.", "Ia diam padahal pembayarannya terbuka. Periksa apakah penyedia masih punya alamat kita dan bisa menjangkaunya.", "הוא שותק בזמן שתשלומיו פתוחים. יש לבדוק אם לספק עדיין יש את הכתובת שלנו ואם הוא יכול להגיע אליה.", "भुगतान खुले हैं पर यह चुप है। देखें कि प्रदाता के पास हमारा पता है और वह वहाँ पहुँच सकता है।", "Молчит, хотя платежи открыты. Проверьте, есть ли у провайдера наш адрес и доступен ли он ему.";
    SIGNATURE: "The signature covers", "Tanda tangan mencakup", "החתימה מכסה את", "हस्ताक्षर में शामिल", "Подпись охватывает";
    COVERS_NOTHING: "nothing", "tidak ada", "דבר", "कुछ नहीं", "ничего";
    COVERS_SENDER: "who sent it, not what", "siapa pengirimnya, bukan isinya", "מי שלח, לא מה", "किसने भेजा, क्या नहीं", "кто прислал, а не что";
    COVERS_FIELDS: "some fields, not the state", "sebagian kolom, bukan statusnya", "חלק מהשדות, לא המצב", "कुछ फ़ील्ड, स्थिति नहीं", "часть полей, но не состояние";
    COVERS_BODY: "the whole body", "seluruh isi", "כל הגוף", "पूरी सामग्री", "всё тело";
    ASKED: "The provider is asked", "Penyedia ditanya", "הספק נשאל", "प्रदाता से पूछा जाता है", "Провайдера спрашивают";
    ASKS_BEFORE: "before anything moves", "sebelum apa pun bergerak", "לפני שמשהו זז", "कुछ बदलने से पहले", "прежде чем что-то изменится";
    ASKS_AFTER: "right behind what was applied", "segera setelah diterapkan", "מיד לאחר היישום", "लागू होने के तुरंत बाद", "сразу после применения";
    ASKS_NEVER: "never: its word is enough", "tidak pernah: kata-katanya cukup", "לעולם לא: דברו מספיק", "कभी नहीं: उसका कहना पर्याप्त", "никогда: достаточно его слова";
    CREDENTIALS: "Credentials to ask", "Kredensial untuk bertanya", "פרטי גישה לשאילה", "पूछने के क्रेडेंशियल", "Данные для вопросов";
    HAS_CREDENTIALS: "there", "ada", "קיימים", "हैं", "есть";
    NO_CREDENTIALS: "missing or not used: {}", "tidak ada atau tidak dipakai: {}", "חסרים או אינם בשימוש: {}", "नहीं हैं या प्रयोग में नहीं: {}", "нет или не используются: {}";
    CANNOT_ASK: "this provider cannot be asked", "penyedia ini tidak bisa ditanya", "לא ניתן לשאול ספק זה", "इस प्रदाता से पूछा नहीं जा सकता", "этого провайдера нельзя спросить";
    REFUNDS: "Refunds from here", "Pengembalian dari sini", "החזרים מכאן", "यहाँ से वापसी", "Возвраты отсюда";
    TODAY: "Answered today", "Dijawab hari ini", "נענו היום", "आज के उत्तर", "Ответы за сегодня";
    REFUSED_TODAY: "refused deliveries", "kiriman ditolak", "משלוחים שנדחו", "अस्वीकृत डिलीवरी", "отклонённые доставки";
    LAST_REFUSED: "The newest delivery that was refused", "Kiriman tertolak terbaru", "המשלוח הדחוי האחרון", "सबसे नई अस्वीकृत डिलीवरी", "Последняя отклонённая доставка";
    SET_UP: "Set it up at the provider", "Menyiapkannya di penyedia", "הגדרה אצל הספק", "प्रदाता के यहाँ सेट करें", "Настройка у провайдера";
    STEP_PLACE: "At {}, go to:", "Di {}, buka:", "אצל {} יש לפתוח:", "{} में यहाँ जाएँ:", "В {} откройте:";
    STEP_URL: "Put this address into:", "Masukkan alamat ini ke:", "יש להזין כתובת זו בשדה:", "यह पता यहाँ भरें:", "Впишите этот адрес в поле:";
    STEP_SECRET: "Copy from there into [{}] of the configuration:", "Salin dari sana ke [{}] di konfigurasi:", "יש להעתיק משם אל [{}] שבהגדרות:", "वहाँ से कॉन्फ़िगरेशन के [{}] में कॉपी करें:", "Скопируйте оттуда в [{}] настроек:";
    STEP_REFERENCE: "Give each payment's reference to the provider as:", "Berikan referensi tiap pembayaran ke penyedia sebagai:", "יש למסור לספק את אסמכתת כל תשלום בתור:", "हर भुगतान का संदर्भ प्रदाता को इस नाम से दें:", "Передавайте провайдеру ссылку каждого платежа как:";
    STEP_TRY: "Try it. From this machine, without the provider:", "Cobalah. Dari mesin ini, tanpa penyedia:", "לניסיון, ממחשב זה וללא הספק:", "आज़माएँ। इस मशीन से, प्रदाता के बिना:", "Проверьте. С этой машины, без провайдера:";
    MORE: "More about this provider:", "Lebih lanjut tentang penyedia ini:", "עוד על ספק זה:", "इस प्रदाता के बारे में और:", "Подробнее об этом провайдере:";
    ITS_EVENTS: "Its events", "Peristiwanya", "האירועים שלו", "इसकी घटनाएँ", "Его события";
    ITS_DELIVERIES: "Its refused deliveries", "Kirimannya yang ditolak", "המשלוחים שלו שנדחו", "इसकी अस्वीकृत डिलीवरी", "Его отклонённые доставки";
}

/// All sources.
#[derive(Deserialize)]
struct Sources {
    data: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    name: String,
    title: String,
    live: bool,
    confirm: String,
    signature_covers: String,
    can_ask: bool,
    asks_with: Vec<String>,
    can_refund: bool,
    paths: Vec<String>,
    warnings: Vec<String>,
    docs: String,
    console: Console,
    last_event_at: Option<String>,
    is_silent: bool,
    today: BTreeMap<String, u64>,
    deliveries_refused_today: u64,
    last_refused: Option<Refused>,
}

/// What a person does at the provider.
#[derive(Deserialize)]
struct Console {
    place: String,
    url_field: String,
    secrets: Vec<Secret>,
    reference: Option<String>,
}

#[derive(Deserialize)]
struct Secret {
    key: String,
    called: String,
}

#[derive(Deserialize)]
struct Refused {
    delivery_id: String,
    code: String,
    detail: String,
    received_at: String,
}

/// The table of the configuration that a source of a shop has. The shop of the top level is named by nobody.
pub(super) fn table_of(shop: &str, source: &str) -> String {
    match shop {
        "main" => format!("sources.{}", key(source)),
        shop => format!("shops.{}.sources.{}", key(shop), key(source)),
    }
}

/// A name as a key of TOML: what is not all letters, digits, `-` and `_` is quoted.
fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match name.bytes().all(is_bare) {
        true => name.to_owned(),
        false => format!("\"{name}\""),
    }
}

/// What somebody copies who has no source yet.
fn example(shop: &str) -> String {
    let table = table_of(shop, "NAME");
    format!("[{table}]\nprovider = \"PROVIDER\"\nsecrets = [\"env:WEBHOOK_SECRET\"]")
}

async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let sources: Sources = visit.get("/v1/sources").await?;
    Ok(Page {
        title: visit.say(common::SOURCES).to_owned(),
        here: "/sources",
        topics: "events",
        body: html! {
            @if sources.data.is_empty() {
                p { (visit.say(NONE)) }
                (copyable(visit, &example(&visit.viewer().shop)))
            }
            @for source in &sources.data { (one(visit, source)) }
        },
    })
}

fn one(visit: &Visit<'_>, source: &Source) -> Markup {
    let events = format!("/events?source={}", encoded(&source.name));
    html! {
        section.source id={ "source-" (source.name) } {
            h2 { (foreign(&source.name)) " " span.quiet { (source.title) } }
            @if source.is_silent { p.notice { (visit.say(SILENT)) } }
            @for warning in &source.warnings { p.notice { (english(warning)) } }
            (facts(&stands(visit, source)))
            h3 { (visit.say(TODAY)) }
            (today(visit, source, &events))
            @if let Some(refused) = &source.last_refused { (last_refused(visit, refused)) }
            p {
                a href=(events) { (visit.say(ITS_EVENTS)) }
                @if visit.viewer().may_operate() {
                    " · "
                    a href={ "/deliveries?source=" (encoded(&source.name)) } { (visit.say(ITS_DELIVERIES)) }
                }
            }
            details id={ "set-up-" (source.name) } open[source.last_event_at.is_none()] {
                summary { (visit.say(SET_UP)) }
                (set_up(visit, source))
            }
        }
    }
}

fn stands<'t>(visit: &Visit<'_>, source: &Source) -> Vec<(&'t str, Markup)> {
    let mode = match source.live {
        true => toned(visit.say(IS_LIVE), Tone::Good),
        false => toned(visit.say(IS_TRIAL), Tone::Warn),
    };
    let said = |text: Option<Text>, word: &str| match text {
        Some(text) => html! { (visit.say(text)) },
        None => code(word),
    };
    let covers = match source.signature_covers.as_str() {
        "nothing" => Some(COVERS_NOTHING),
        "sender" => Some(COVERS_SENDER),
        "some_fields" => Some(COVERS_FIELDS),
        "whole_body" => Some(COVERS_BODY),
        _ => None,
    };
    let asked = Confirm::of(&source.confirm).map(|confirm| match confirm {
        Confirm::Before => ASKS_BEFORE,
        Confirm::After => ASKS_AFTER,
        Confirm::Never => ASKS_NEVER,
    });
    let credentials = match (source.asks_with.is_empty(), source.can_ask) {
        (true, _) => html! { (visit.say(CANNOT_ASK)) },
        (false, true) => toned(visit.say(HAS_CREDENTIALS), Tone::Good),
        (false, false) => {
            let missing = NO_CREDENTIALS.with(visit.locale, &[&source.asks_with.join(", ")]);
            toned(&missing, Tone::Warn)
        }
    };
    let refunds = match source.can_refund {
        true => common::YES,
        false => common::NO,
    };
    vec![
        (
            visit.say(LAST_SEEN),
            time_or(visit, source.last_event_at.as_deref(), LONG_AGO),
        ),
        (visit.say(MODE), mode),
        (visit.say(SIGNATURE), said(covers, &source.signature_covers)),
        (visit.say(ASKED), said(asked, &source.confirm)),
        (visit.say(CREDENTIALS), credentials),
        (visit.say(REFUNDS), html! { (visit.say(refunds)) }),
    ]
}

/// What came of it today; what has not happened is left out.
fn today(visit: &Visit<'_>, source: &Source, events: &str) -> Markup {
    let counted = EventOutcome::ALL.iter().filter_map(|outcome| {
        let count = source.today.get(outcome.word()).copied().unwrap_or(0);
        (0 < count).then_some((*outcome, count))
    });
    let counted: Vec<_> = counted.collect();
    let refused = source.deliveries_refused_today;
    if counted.is_empty() && refused == 0 {
        return html! { p.quiet { "–" } };
    }
    let deliveries = format!("/deliveries?source={}", encoded(&source.name));
    let deliveries = visit.viewer().may_operate().then_some(deliveries);
    html! {
        div.figures {
            @for (outcome, count) in &counted {
                @let (text, tone) = outcome.shown();
                // Only how many is coloured that a person has to look at.
                @let tone = match tone { Tone::Warn | Tone::Bad => tone, Tone::Good | Tone::Open | Tone::Quiet => Tone::Quiet };
                @let href = format!("{events}&outcome={}", outcome.word());
                (figure(visit.say(text), html! { (number(visit.locale, *count)) }, Some(&href), tone))
            }
            @if 0 < refused {
                (figure(visit.say(REFUSED_TODAY), html! { (number(visit.locale, refused)) }, deliveries.as_deref(), Tone::Bad))
            }
        }
    }
}

fn last_refused(visit: &Visit<'_>, refused: &Refused) -> Markup {
    html! {
        div.notice {
            p {
                b { (visit.say(LAST_REFUSED)) } " "
                a href={ "/deliveries/" (encoded(&refused.delivery_id)) } { (time(&refused.received_at)) }
            }
            @if let Some(why) = refusal(&refused.code) { p { (visit.say(why)) } }
            p { (english(&refused.detail)) }
        }
    }
}

fn set_up(visit: &Visit<'_>, source: &Source) -> Markup {
    let Console {
        place,
        url_field,
        secrets,
        reference,
    } = &source.console;
    let path = source.paths.first().map_or("", String::as_str);
    let url = format!("{}{path}", visit.origin);
    let shop = visit.viewer().shop.as_str();
    let send = match shop {
        "main" => format!("tollgate send {} --reference TRY-1", source.name),
        shop => format!("tollgate send {shop}/{} --reference TRY-1", source.name),
    };
    html! {
        ol.steps {
            li { (STEP_PLACE.with(visit.locale, &[&source.title])) " " (english(place)) }
            li { (visit.say(STEP_URL)) " " (english(url_field)) (copyable(visit, &url)) }
            li {
                (STEP_SECRET.with(visit.locale, &[&table_of(shop, &source.name)]))
                ul { @for secret in secrets { li { (english(&secret.called)) " → " (code(&secret.key)) } } }
            }
            @if let Some(reference) = reference { li { (visit.say(STEP_REFERENCE)) " " (code(reference)) } }
            li { (visit.say(STEP_TRY)) (copyable(visit, &send)) }
        }
        p.quiet { (visit.say(MORE)) " " (code(&source.docs)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, text};

    fn source(more: &str) -> String {
        format!(
            r#"{{"data":[{{"name":"midtrans","provider":"midtrans","title":"Midtrans","payments":true,"live":false,
            "confirm":"after","signature_covers":"some_fields","can_ask":false,"asks_with":["secrets"],"can_refund":true,
            "paths":["/webhooks/midtrans"],"warnings":["it is not <asked>"],"docs":"docs/providers/midtrans.md",
            "console":{{"place":"Settings › Payment","url_field":"Payment Notification URL",
            "secrets":[{{"key":"secrets","called":"Server Key"}}],"reference":"order_id"}},
            "last_event_at":null,"is_silent":true,"today":{{"applied":1234,"duplicate":0}},
            "deliveries_refused_today":2{more}}}],"next_cursor":null}}"#
        )
    }

    const REFUSED: &str = r#","last_refused":{"delivery_id":"dlv_1","code":"signature_invalid",
        "detail":"no secret signs this; likely: the sandbox's","received_at":"2026-01-22T10:01:00.000Z"}"#;

    #[test]
    fn its_texts_are_whole() {
        crate::words::check(ALL);
    }

    #[test]
    fn a_source_says_where_to_put_our_address_and_what_is_wrong() {
        let fixture = Fixture::of("operator").with("GET /v1/sources", 200, &source(REFUSED));
        let page = text(fixture.get("/sources"));
        for said in [
            "https://pay.example/webhooks/midtrans",
            "Payment Notification URL",
            "Server Key",
            "order_id",
            "tollgate send midtrans --reference TRY-1",
            "It says nothing while its payments are open",
            "it is not &lt;asked&gt;",
            "test mode",
            "missing or not used: secrets",
            "1,234",
            "/deliveries/dlv_1",
            "likely: the sandbox",
            "some fields, not the state",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let page = text(
            Fixture::of("viewer")
                .with("GET /v1/sources", 200, &source(""))
                .get("/sources"),
        );
        assert!(
            !page.contains("/deliveries"),
            "a viewer sees no delivery: {page}"
        );
    }

    #[test]
    fn the_steps_name_the_table_of_the_shop_and_of_its_source() {
        for (shop, table) in [
            ("main", "[sources.midtrans]"),
            ("tea", "[shops.tea.sources.midtrans]"),
            ("tea.two", "[shops.&quot;tea.two&quot;.sources.midtrans]"),
        ] {
            let fixture =
                Fixture::of("viewer")
                    .in_shop(shop)
                    .with("GET /v1/sources", 200, &source(""));
            let page = text(fixture.get("/sources"));
            assert!(page.contains(table), "{table}: {page}");
        }
    }

    #[test]
    fn where_there_is_none_it_says_how_one_is_configured() {
        let none = r#"{"data":[],"next_cursor":null}"#;
        for (shop, table) in [
            ("main", "[sources.NAME]"),
            ("tea", "[shops.tea.sources.NAME]"),
        ] {
            let fixture = Fixture::of("viewer").in_shop(shop);
            let page = text(fixture.with("GET /v1/sources", 200, none).get("/sources"));
            assert!(page.contains(table), "{table}: {page}");
        }
    }
}
