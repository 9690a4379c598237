//! One effect: what there is to do, what was tried and answered, and what a person may do about it.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value};
use tollgate_core::effect::{EffectKind, EffectState};
use tollgate_core::word::Word;

use super::curl::{self, Request};
use super::{Effect, mend};
use crate::failure::Failure;
use crate::layout::english;
use crate::parts::{
    amount, badge, code, copyable, encoded, facts, foreign, number, raw, section, table, time,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::sets::Shown;
use crate::words::{Text, common, texts};

texts! {
    MONEY_BACK: "money nobody waits for goes back", "uang tak bertuan dikembalikan", "כסף שאיש אינו מחכה לו מוחזר", "बिना दावे का पैसा लौटता है", "невостребованные деньги возвращаются";
    KIND: "Kind", "Jenis", "סוג", "प्रकार", "Вид";
    TARGET: "Goes to", "Tujuan", "אל", "किसे जाता है", "Кому";
    TRIES: "Tries", "Percobaan", "ניסיונות", "प्रयास", "Попытки";
    NEXT_TRY: "Next try", "Percobaan berikut", "הניסיון הבא", "अगला प्रयास", "Следующая попытка";
    ENDED: "Ended", "Berakhir", "הסתיים", "समाप्त", "Завершено";
    KEY: "Key", "Kunci", "מפתח", "कुंजी", "Ключ";
    ORDER_BY: "One after the other with", "Berurutan dengan", "בזה אחר זה עם", "एक-एक करके", "По очереди с";
    IN_LINE: "after the one before it", "setelah yang di depannya", "אחרי הקודם לו", "अपने से पहले वाले के बाद", "после предыдущего";
    TO_DO: "What there is to do", "Yang harus dilakukan", "מה יש לעשות", "क्या करना है", "Что нужно сделать";
    ATTEMPTS: "What was tried", "Yang sudah dicoba", "מה נוסה", "क्या आज़माया गया", "Что пробовали";
    NOT_TRIED: "Nothing was tried yet.", "Belum ada percobaan.", "טרם נוסה דבר.", "अभी कुछ नहीं आज़माया गया।", "Ещё ничего не пробовали.";
    TOOK: "Took", "Lama", "משך", "लगा", "Длилось";
    ANSWER: "Answered", "Dijawab", "נענה", "उत्तर", "Ответ";
    REQUEST: "The request, as curl", "Permintaannya, sebagai curl", "הבקשה, כ-curl", "अनुरोध, curl के रूप में", "Запрос в виде curl";
    REQUEST_ABOUT: "What is sent, without what is secret in it: a signature is made anew at each try.", "Yang dikirim, tanpa yang rahasia: tanda tangan dibuat baru tiap percobaan.", "מה שנשלח, ללא מה שסודי בו: חתימה נוצרת מחדש בכל ניסיון.", "जो भेजा जाता है, गुप्त अंश के बिना: हस्ताक्षर हर प्रयास पर नया बनता है।", "Что отправляется, без секретного: подпись создаётся заново при каждой попытке.";
    IS_PENDING: "It waits for its time, for the one before it, or for a worker.", "Ia menunggu waktunya, yang di depannya, atau pekerja.", "הוא ממתין לזמנו, לקודם לו או לעובד.", "यह अपने समय, अपने से पहले वाले या किसी कार्यकर्ता की प्रतीक्षा में है।", "Ждёт своего времени, предыдущего или исполнителя.";
    IS_LEASED: "A worker is at it right now.", "Sedang dikerjakan sekarang.", "הוא מטופל ברגע זה.", "इस पर अभी काम हो रहा है।", "Сейчас выполняется.";
    IS_STARTED: "It is being done right now, and must not be done twice.", "Sedang dikerjakan sekarang, dan tidak boleh dua kali.", "הוא מבוצע כעת, ואסור שיבוצע פעמיים.", "यह अभी हो रहा है और दो बार नहीं होना चाहिए।", "Выполняется сейчас и не должно случиться дважды.";
    IS_DONE: "It is done.", "Sudah dilakukan.", "הוא בוצע.", "यह हो चुका है।", "Выполнено.";
    IS_UNKNOWN: "It may have happened or not: the answer was lost. Look at the other side first. If it has happened, say so; if not, say so or try again. Trying again may do it a second time.", "Mungkin sudah terjadi atau belum: jawabannya hilang. Periksa dulu di pihak sana. Bila sudah terjadi, nyatakan; bila belum, nyatakan atau coba lagi. Mencoba lagi bisa membuatnya terjadi dua kali.", "ייתכן שקרה וייתכן שלא: התשובה אבדה. יש לבדוק קודם בצד השני. אם קרה, יש לציין זאת; אם לא, לציין או לנסות שוב. ניסיון נוסף עלול לבצע זאת פעם שנייה.", "हुआ हो या न हुआ हो: उत्तर खो गया। पहले दूसरी ओर देखें। हुआ हो तो बताएँ; न हुआ हो तो बताएँ या फिर कोशिश करें। फिर कोशिश से यह दोबारा हो सकता है।", "Случилось это или нет, неизвестно: ответ потерян. Сначала проверьте на той стороне. Если случилось, укажите; если нет, укажите или повторите. Повтор может сделать это второй раз.";
    IS_DEAD: "It is given up. Mend what the reason says, then try again.", "Sudah dihentikan. Perbaiki yang disebut alasannya, lalu coba lagi.", "הוא הופסק. יש לתקן את מה שהסיבה אומרת ולנסות שוב.", "इसे छोड़ दिया गया है। कारण में बताई बात ठीक करें, फिर कोशिश करें।", "Прекращено. Исправьте указанное в причине и повторите.";
}

/// An effect with all that the API says of it.
#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    effect: Effect,
    content: Map<String, Value>,
    #[serde(default)]
    attempts: Vec<Attempt>,
    request: Option<Request>,
}

#[derive(Deserialize)]
struct Attempt {
    at: String,
    duration_ms: u64,
    status: Option<u16>,
    error: Option<String>,
    response_head: Option<String>,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let whole: Whole = visit.get(format!("/v1/effects/{id}")).await?;
    let state = EffectState::of(&whole.effect.state);
    let title = match EffectKind::of(&whole.effect.kind) {
        Some(kind) => visit.say(kind.shown().0).to_owned(),
        None => whole.effect.kind.clone(),
    };
    Ok(Page {
        title,
        here: "/effects",
        topics: "effects,orders,payments",
        body: html! {
            p {
                (badge::<EffectState>(visit, &whole.effect.state))
                @if let Some(state) = state { " " b { (visit.say(means(state))) } }
            }
            @if let Some(reason) = &whole.effect.reason { p.what-to-do { (english(reason)) } }
            @if let (true, Some(state)) = (visit.viewer().may_operate(), state) {
                (mend::buttons(visit, &whole.effect.id, state))
            }
            (about(visit, &whole.effect))
            (section(visit.say(TO_DO), content(visit, &whole.content)))
            (section(visit.say(ATTEMPTS), attempts(visit, &whole.attempts)))
            @if let Some(request) = &whole.request {
                (section(visit.say(REQUEST), html! {
                    p.quiet { (visit.say(REQUEST_ABOUT)) }
                    (copyable(visit, &curl::command(request)))
                }))
            }
        },
    })
}

fn means(state: EffectState) -> Text {
    match state {
        EffectState::Pending => IS_PENDING,
        EffectState::Leased => IS_LEASED,
        EffectState::Started => IS_STARTED,
        EffectState::Done => IS_DONE,
        EffectState::Unknown => IS_UNKNOWN,
        EffectState::Dead => IS_DEAD,
    }
}

fn about(visit: &Visit<'_>, effect: &Effect) -> Markup {
    let target = html! { a href={ "/effects?target=" (encoded(&effect.target)) } { (foreign(&effect.target)) } };
    let tries = html! { (number(visit.locale, u64::from(effect.tries))) };
    let mut rows = vec![
        (visit.say(KIND), code(&effect.kind)),
        (visit.say(TARGET), target),
        (visit.say(TRIES), tries),
        (visit.say(common::CREATED), time(&effect.created_at)),
    ];
    match (&effect.due_at, &effect.settled_at) {
        (Some(due), _) => rows.push((visit.say(NEXT_TRY), time(due))),
        (None, Some(settled)) => rows.push((visit.say(ENDED), time(settled))),
        (None, None) => {
            rows.push((visit.say(NEXT_TRY), html! { (visit.say(IN_LINE)) }));
        }
    }
    if let Some(order_by) = &effect.order_by {
        rows.push((visit.say(ORDER_BY), code(order_by)));
    }
    rows.push((visit.say(KEY), code(&effect.key)));
    facts(&rows)
}

/// The members of what there is to do, by the names that the API has for them; what has a page leads there.
fn content(visit: &Visit<'_>, content: &Map<String, Value>) -> Markup {
    let text = |name: &str| content.get(name).and_then(Value::as_str);
    let money = content.get("amount").and_then(Value::as_i64);
    let money = money.and_then(|minor| Some((minor, text("currency")?)));
    html! {
        dl.facts {
            @if let Some((minor, currency)) = money {
                div { dt { (visit.say(common::AMOUNT)) } dd { (amount(visit.locale, minor, currency)) } }
            }
            @for (name, value) in content {
                @let is_told = money.is_some() && ["amount", "currency"].contains(&name.as_str());
                @if !value.is_null() && !is_told {
                    div { dt { (code(name)) } dd { (member(name, value)) } }
                }
            }
        }
    }
}

fn member(name: &str, value: &Value) -> Markup {
    const PAGES: &[(&str, &str)] = &[
        ("payment_id", "/payments/"),
        ("receipt_id", "/receipts/"),
        ("event_id", "/events/"),
        ("endpoint_id", "/endpoints/"),
    ];
    let page = PAGES.iter().find(|(member, _)| *member == name);
    match (page, value) {
        (Some((_, page)), Value::String(id)) => {
            html! { a href={ (page) (encoded(id)) } { (code(id)) } }
        }
        (None, Value::String(text)) => foreign(text),
        (_, Value::Array(items)) => html! {
            @for (index, item) in items.iter().enumerate() {
                @if index != 0 { ", " }
                (member("", item))
            }
        },
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
            foreign(&value.to_string())
        }
    }
}

fn attempts(visit: &Visit<'_>, attempts: &[Attempt]) -> Markup {
    if attempts.is_empty() {
        return html! { p.quiet { (visit.say(NOT_TRIED)) } };
    }
    let heads = [common::WHEN, TOOK, ANSWER, common::WHY].map(|head| visit.say(head));
    // The last one first: it says how it stands.
    let rows: Vec<_> = attempts
        .iter()
        .rev()
        .map(|attempt| {
            vec![
                time(&attempt.at),
                html! { (number(visit.locale, attempt.duration_ms)) " ms" },
                html! {
                    div {
                        @match attempt.status {
                            Some(status) => (code(&status.to_string())),
                            None => { span.quiet { "–" } },
                        }
                        @if let Some(head) = attempt.response_head.as_deref().filter(|head| !head.is_empty()) { (raw(head)) }
                    }
                },
                html! { @if let Some(error) = &attempt.error { (english(error)) } },
            ]
        })
        .collect();
    table(visit, &heads, &rows)
}
