//! Deliveries that were refused: why, their bytes, and judging them again once that was mended.

use maud::{Markup, html};
use serde::Deserialize;
use tollgate_core::event::DeliveryVerdict;
use tollgate_core::snapshot::EventOutcome;

use super::events::one::{OF_BYTES, body, headers_of};
use crate::failure::{Failure, Problem};
use crate::layout;
use crate::parts::{
    ActionForm, Field, Input, badge, code, encoded, facts, filters, foreign, number, pager,
    section, table, tabs, time,
};
use crate::reply::{Page, Response};
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::sets::{Shown, Tone};
use crate::words::{Text, common, texts};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/deliveries" => list;
    Post "/deliveries/verify" => verify_many;
    Get "/deliveries/{}" => show;
    Post "/deliveries/{}/verify" => verify;
};

texts! {
    TAKEN: "taken after all", "akhirnya diterima", "התקבל בסופו של דבר", "आखिरकार स्वीकृत", "всё же принято";
    REJECTED: "refused", "ditolak", "נדחה", "अस्वीकृत", "отклонено";
    FROM_ADDRESS: "From", "Dari", "מכתובת", "कहाँ से", "Откуда";
    SIZE: "Bytes", "Byte", "בתים", "बाइट", "Байт";
    CODE: "Code", "Kode", "קוד", "कोड", "Код";
    IN_DETAIL: "In detail", "Rinciannya", "בפירוט", "विस्तार से", "Подробно";
    VERIFY: "Verify again", "Verifikasi lagi", "אימות חוזר", "फिर सत्यापित करें", "Проверить снова";
    VERIFY_ABOUT: "It is judged anew with the secrets of now, by the time at which it came. If it is good it is taken like any webhook; if not, it stays refused.", "Dinilai lagi dengan rahasia yang sekarang, menurut waktu kedatangannya. Bila benar, diterima seperti webhook biasa; bila tidak, tetap ditolak.", "ייבדק שוב עם הסודות של עכשיו, לפי זמן הגעתו. אם הוא תקין, יתקבל ככל וובהוק; אם לא, יישאר דחוי.", "इसे अभी के गुप्त मानों से, आने के समय के अनुसार, फिर परखा जाएगा। सही हुआ तो किसी भी वेबहुक की तरह स्वीकार होगा; नहीं तो अस्वीकृत रहेगा।", "Проверяется заново по нынешним секретам и по времени прихода. Если верно, принимается как любой вебхук; если нет, остаётся отклонённым.";
    VERIFY_ALL: "Verify all of this source again", "Verifikasi lagi semua dari sumber ini", "אימות חוזר לכל משלוחי המקור", "इस स्रोत की सभी फिर सत्यापित करें", "Проверить снова все этого источника";
    VERIFY_ALL_ABOUT: "The newest {} refused deliveries of this source are judged anew, one after the other, the oldest first. Those that are good are taken like any webhook.", "{} kiriman tertolak terbaru dari sumber ini dinilai lagi satu per satu, yang terlama dulu. Yang benar diterima seperti webhook biasa.", "{} המשלוחים הדחויים החדשים של מקור זה ייבדקו שוב בזה אחר זה, מהישן לחדש. התקינים יתקבלו ככל וובהוק.", "इस स्रोत की सबसे नई {} अस्वीकृत डिलीवरी एक-एक कर फिर परखी जाएँगी, पुरानी पहले। सही वाली किसी भी वेबहुक की तरह स्वीकार होंगी।", "Последние {} отклонённых доставок этого источника проверяются заново по одной, сначала старые. Верные принимаются как любой вебхук.";
    WAS_TAKEN: "It was verified and taken.", "Terverifikasi dan diterima.", "אומת והתקבל.", "सत्यापित हुई और स्वीकार की गई।", "Проверено и принято.";
    OF_MANY: "{} were taken, {} are still refused.", "{} diterima, {} masih ditolak.", "{} התקבלו, {} עדיין דחויים.", "{} स्वीकार हुईं, {} अब भी अस्वीकृत हैं।", "Принято: {}, всё ещё отклонено: {}.";
    CAME_OF_IT: "What came of it", "Hasilnya", "מה עלה ממנו", "क्या हुआ", "Что вышло";
    KEPT: "Kept for 30 days. None of these was taken: a provider sends them again until it gives up.", "Disimpan 30 hari. Tidak satu pun diterima: penyedia mengirim lagi sampai menyerah.", "נשמרים 30 יום. אף אחד מהם לא התקבל: הספק שולח שוב עד שהוא מוותר.", "30 दिन रखी जाती हैं। इनमें से कोई स्वीकार नहीं हुई: प्रदाता हार मानने तक फिर भेजता है।", "Хранятся 30 дней. Ни одна не принята: провайдер повторяет, пока не сдастся.";
    NOT_SIGNED: "It carries nothing to verify. Somebody else may have sent it, or the provider sends to the wrong address.", "Tidak membawa apa pun untuk diverifikasi. Mungkin dikirim pihak lain, atau penyedia mengirim ke alamat yang salah.", "אין בו מה לאמת. ייתכן שנשלח בידי אחר, או שהספק שולח לכתובת הלא נכונה.", "इसमें सत्यापित करने को कुछ नहीं है। शायद किसी और ने भेजा, या प्रदाता गलत पते पर भेजता है।", "В ней нечего проверять. Возможно, её прислал другой, или провайдер шлёт не на тот адрес.";
    WRONGLY_SIGNED: "It is not signed with a secret of this source. Compare the secret in the provider's console with the configured one; then verify again.", "Tidak ditandatangani dengan rahasia sumber ini. Bandingkan rahasia di konsol penyedia dengan yang dikonfigurasi; lalu verifikasi lagi.", "אינו חתום בסוד של מקור זה. יש להשוות את הסוד שבמסוף הספק לזה שבהגדרות, ואז לאמת שוב.", "यह इस स्रोत के गुप्त मान से हस्ताक्षरित नहीं है। प्रदाता के कंसोल का मान कॉन्फ़िगर किए मान से मिलाएँ; फिर सत्यापित करें।", "Подписано не секретом этого источника. Сравните секрет в консоли провайдера с настроенным и проверьте снова.";
    WRONG_TIME: "It was signed too long ago, or ahead of our clock. Check both clocks.", "Ditandatangani terlalu lama lalu, atau mendahului jam kami. Periksa kedua jam.", "נחתם מזמן מדי, או לפני השעון שלנו. יש לבדוק את שני השעונים.", "बहुत पहले हस्ताक्षरित हुआ, या हमारी घड़ी से आगे। दोनों घड़ियाँ देखें।", "Подписано слишком давно или впереди наших часов. Проверьте оба времени.";
    WRONG_ADDRESS: "It comes from an address that the source does not list. If a proxy stands between, name it in [server] trusted_proxies.", "Datang dari alamat yang tidak terdaftar di sumber. Bila ada proxy, sebutkan di [server] trusted_proxies.", "הגיע מכתובת שאינה ברשימת המקור. אם יש פרוקסי באמצע, יש לציינו ב-[server] trusted_proxies.", "यह ऐसे पते से आया जो स्रोत की सूची में नहीं। बीच में प्रॉक्सी हो तो [server] trusted_proxies में लिखें।", "Пришло с адреса, которого нет у источника. Если между ними прокси, укажите его в [server] trusted_proxies.";
    WRONG_ACCOUNT: "It is genuine, but about another account at the provider than this source's.", "Asli, tetapi tentang akun lain di penyedia.", "הוא אמיתי, אך נוגע לחשבון אחר אצל הספק.", "यह असली है, पर प्रदाता के किसी दूसरे खाते के बारे में।", "Подлинное, но о другом счёте у провайдера.";
    WRONG_BODY: "Its body is not what this provider sends. Something else was sent here, or a proxy has changed it.", "Isinya bukan yang dikirim penyedia ini. Ada kiriman lain, atau diubah proxy.", "הגוף אינו מה שספק זה שולח. נשלח כאן דבר אחר, או שפרוקסי שינה אותו.", "इसकी सामग्री वह नहीं जो यह प्रदाता भेजता है। कुछ और भेजा गया, या प्रॉक्सी ने बदल दिया।", "Тело не такое, как шлёт этот провайдер. Прислали другое, или его изменил прокси.";
}

impl Shown for DeliveryVerdict {
    fn shown(self) -> (Text, Tone) {
        match self {
            DeliveryVerdict::Rejected => (REJECTED, Tone::Bad),
            DeliveryVerdict::Verified => (TAKEN, Tone::Good),
        }
    }
}

/// Why a delivery was refused, by its code, and what to do.
pub(super) fn refusal(code: &str) -> Option<Text> {
    let text = match code {
        "signature_missing" => NOT_SIGNED,
        "signature_invalid" => WRONGLY_SIGNED,
        "timestamp_out_of_tolerance" => WRONG_TIME,
        "address_not_allowed" => WRONG_ADDRESS,
        "account_mismatch" => WRONG_ACCOUNT,
        "body_unreadable" => WRONG_BODY,
        _ => return None,
    };
    Some(text)
}

/// A page of deliveries.
#[derive(Deserialize)]
struct Deliveries {
    data: Vec<Delivery>,
    next_cursor: Option<String>,
}

/// A delivery; its bytes only where it is the one that was asked for.
#[derive(Deserialize)]
struct Delivery {
    id: String,
    source: String,
    verdict: String,
    code: String,
    detail: String,
    peer: Option<String>,
    received_at: String,
    body_bytes: u64,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
}

/// What a webhook is answered.
#[derive(Deserialize)]
struct Taken {
    events: Vec<TakenEvent>,
}

#[derive(Deserialize)]
struct TakenEvent {
    id: Option<String>,
    r#type: String,
    outcome: String,
}

/// What the page hands on.
const FILTERS: &[&str] = &["verdict", "source", "cursor"];

/// How many are judged again at one press.
const VERIFIED_MAX: u64 = 50;

async fn list(visit: &Visit<'_>) -> Result<Page, Failure> {
    let query = visit.query.only(FILTERS);
    let deliveries: Deliveries = visit.get(format!("/v1/deliveries?{query}")).await?;
    let heads = [
        common::WHEN,
        common::STATUS,
        common::SOURCE,
        common::WHY,
        IN_DETAIL,
        FROM_ADDRESS,
    ];
    let heads = heads.map(|head| visit.say(head));
    let rows: Vec<_> = deliveries
        .data
        .iter()
        .map(|delivery| row(visit, delivery))
        .collect();
    let verdicts = [
        ("", visit.say(common::ALL_OF_THEM), None),
        ("rejected", visit.say(REJECTED), None),
        ("verified", visit.say(TAKEN), None),
    ];
    let source = Field::new("source", visit.say(common::SOURCE), Input::Text);
    Ok(Page {
        title: visit.say(common::DELIVERIES).to_owned(),
        here: "/deliveries",
        topics: "events",
        body: html! {
            p.quiet { (visit.say(KEPT)) }
            (tabs(visit, "verdict", &verdicts))
            (filters(visit, &[source]))
            @if let (Some(source), false) = (visit.query.get("source"), rows.is_empty()) {
                div.actions { (verify_all(visit, source)) }
            }
            (table(visit, &heads, &rows))
            (pager(visit, deliveries.next_cursor.as_deref()))
        },
    })
}

fn verify_all(visit: &Visit<'_>, source: &str) -> Markup {
    let most = number(visit.locale, VERIFIED_MAX);
    ActionForm::new("/deliveries/verify", VERIFY_ALL)
        .about(VERIFY_ALL_ABOUT.with(visit.locale, &[&most]))
        .hidden("source", source)
        .markup(visit)
}

fn row(visit: &Visit<'_>, delivery: &Delivery) -> Vec<Markup> {
    vec![
        html! { a href={ "/deliveries/" (encoded(&delivery.id)) } { (time(&delivery.received_at)) } },
        badge::<DeliveryVerdict>(visit, &delivery.verdict),
        html! { span.word { (foreign(&delivery.source)) } },
        html! { span.word { (code(&delivery.code)) } },
        layout::english(&delivery.detail),
        html! { @if let Some(peer) = &delivery.peer { span.word { (code(peer)) } } @else { span.quiet { "–" } } },
    ]
}

async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let delivery: Delivery = visit.get(format!("/v1/deliveries/{id}")).await?;
    Ok(page(visit, &delivery, html! {}))
}

fn page(visit: &Visit<'_>, delivery: &Delivery, over: Markup) -> Page {
    let (headers, bytes) = OF_BYTES;
    let peer = html! { @if let Some(peer) = &delivery.peer { (code(peer)) } @else { (visit.say(common::NOT_KNOWN)) } };
    let source = &delivery.source;
    let source = html! { a href={ "/deliveries?source=" (encoded(source)) } { (foreign(source)) } };
    let rows = [
        (visit.say(common::SOURCE), source),
        (visit.say(common::WHEN), time(&delivery.received_at)),
        (visit.say(FROM_ADDRESS), peer),
        (
            visit.say(SIZE),
            html! { (number(visit.locale, delivery.body_bytes)) },
        ),
        (visit.say(CODE), code(&delivery.code)),
    ];
    let is_refused = delivery.verdict == "rejected";
    let form = ActionForm::new(
        format!("/deliveries/{}/verify", encoded(&delivery.id)),
        VERIFY,
    )
    .about(visit.say(VERIFY_ABOUT));
    Page {
        title: format!("{} · {}", visit.say(common::DELIVERIES), delivery.source),
        here: "/deliveries",
        topics: "",
        body: html! {
            (over)
            p {
                (badge::<DeliveryVerdict>(visit, &delivery.verdict))
                @if let Some(why) = refusal(&delivery.code) { " " b { (visit.say(why)) } }
            }
            p.what-to-do { (layout::english(&delivery.detail)) }
            @if is_refused && visit.viewer().may_operate() { div.actions { (form.markup(visit)) } }
            (facts(&rows))
            (section(visit.say(bytes), body(visit, delivery.body.as_deref(), delivery.body_base64.as_deref())))
            (section(visit.say(headers), headers_of(visit, &delivery.headers)))
        },
    }
}

/// Judges one again, and says what came of it over the delivery.
async fn verify(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let path = format!("/v1/deliveries/{id}/verify");
    let over = match visit.send("POST", path.clone(), None).await {
        Ok(answer) => {
            let taken: Taken = serde_json::from_value(answer)
                .map_err(|error| Failure::Unreadable(format!("{path}: {error}")))?;
            was_taken(visit, &taken)
        }
        Err(Failure::Refused(problem)) if judges(&problem) => layout::refused(visit, &problem),
        Err(failure) => return Err(failure),
    };
    let delivery: Delivery = visit.get(format!("/v1/deliveries/{id}")).await?;
    Ok(page(visit, &delivery, over))
}

/// It is the delivery that was refused, and not the viewer.
fn judges(problem: &Problem) -> bool {
    refusal(&problem.code).is_some()
}

fn was_taken(visit: &Visit<'_>, taken: &Taken) -> Markup {
    html! {
        p.said role="status" { (visit.say(WAS_TAKEN)) }
        (section(visit.say(CAME_OF_IT), html! {
            ul {
                @for event in &taken.events {
                    li {
                        @match &event.id {
                            Some(id) => { a href={ "/events/" (encoded(id)) } { (code(&event.r#type)) } }
                            None => (code(&event.r#type)),
                        }
                        " " (badge::<EventOutcome>(visit, &event.outcome))
                    }
                }
            }
        }))
    }
}

/// Judges the newest of a source again, the oldest of them first.
async fn verify_many(visit: &Visit<'_>) -> Result<Response, Failure> {
    let source = visit.form.get("source").unwrap_or_default();
    let source = encoded(source);
    let at = format!("/v1/deliveries?verdict=rejected&source={source}&limit={VERIFIED_MAX}");
    let deliveries: Deliveries = visit.get(at).await?;
    let (mut taken, mut refused) = (0, 0);
    for delivery in deliveries.data.iter().rev() {
        let path = format!("/v1/deliveries/{}/verify", encoded(&delivery.id));
        match visit.send("POST", path, None).await {
            Ok(_) => taken += 1,
            Err(Failure::Refused(problem)) if judges(&problem) => refused += 1,
            Err(failure) => return Err(failure),
        }
    }
    let counts = [number(visit.locale, taken), number(visit.locale, refused)];
    let said = OF_MANY.with(visit.locale, &[&counts[0], &counts[1]]);
    let page = Page {
        title: visit.say(common::DELIVERIES).to_owned(),
        here: "/deliveries",
        topics: "",
        body: html! {
            p.said role="status" { (said) }
            p { a href={ "/deliveries?source=" (source) } { (visit.say(common::BACK)) } }
        },
    };
    Ok(page.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, text};

    fn delivery(id: &str) -> String {
        format!(
            r#"{{"body_bytes":812,"code":"signature_invalid","detail":"no secret of the source signs this; likely: <b>another</b> secret",
            "headers":[["content-type","application/json"]],"id":"{id}","peer":"203.0.113.9","body":"<script>x",
            "received_at":"2026-01-22T10:01:00.000Z","source":"midtrans","verdict":"rejected"}}"#
        )
    }

    fn shop() -> Fixture {
        let both = format!(
            r#"{{"data":[{},{}],"next_cursor":null}}"#,
            delivery("dlv_2"),
            delivery("dlv_1")
        );
        let refused =
            r#"{"status":401,"code":"signature_invalid","title":"The signature is not good"}"#;
        let taken = r#"{"events":[{"id":"evt_1","key":"k","outcome":"applied","type":"transaction.settlement"}]}"#;
        Fixture::of("operator")
            .with("GET /v1/deliveries?", 200, &both)
            .with("GET /v1/deliveries/dlv_1", 200, &delivery("dlv_1"))
            .with("GET /v1/deliveries/dlv_2", 200, &delivery("dlv_2"))
            .with("POST /v1/deliveries/dlv_1/verify", 401, refused)
            .with("POST /v1/deliveries/dlv_2/verify", 200, taken)
    }

    #[test]
    fn its_texts_are_whole() {
        crate::words::check(ALL);
    }

    #[test]
    fn a_delivery_says_why_and_shows_its_bytes_as_text() {
        let page = text(shop().get("/deliveries/dlv_1"));
        for said in [
            "It is not signed with a secret of this source",
            "likely: &lt;b&gt;another",
            "&lt;script&gt;x",
            "203.0.113.9",
            "action=\"/deliveries/dlv_1/verify\"",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let page = text(shop().get("/deliveries?source=midtrans&verdict=rejected"));
        assert!(page.contains("action=\"/deliveries/verify\""), "{page}");
    }

    #[test]
    fn one_is_judged_again_and_what_came_of_it_is_said() {
        let page = text(shop().post("/deliveries/dlv_1/verify", "csrf=c&once=k"));
        assert!(page.contains("The signature is not good"), "{page}");
        let page = text(shop().post("/deliveries/dlv_2/verify", "csrf=c&once=k"));
        assert!(page.contains("It was verified and taken"), "{page}");
        assert!(page.contains("/events/evt_1"), "{page}");
    }

    #[test]
    fn all_of_a_source_are_judged_again_the_oldest_first() {
        let fixture = shop();
        let page = text(fixture.post("/deliveries/verify", "csrf=c&once=k&source=midtrans"));
        assert!(page.contains("1 were taken, 1 are still refused"), "{page}");
        let asked: Vec<_> = fixture
            .asked()
            .into_iter()
            .filter(|asked| asked.method == "POST")
            .map(|asked| asked.path)
            .collect();
        assert_eq!(
            asked,
            ["/v1/deliveries/dlv_1/verify", "/v1/deliveries/dlv_2/verify"]
        );
    }
}
