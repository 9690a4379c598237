//! One event: what it says, why it stands so, what it belongs to, and its bytes for who may see them.

use futures_util::future::try_join;
use maud::{Markup, html};
use serde::Deserialize;
use tollgate_core::event::Strength;
use tollgate_core::payment::PaymentStatus;
use tollgate_core::snapshot::{EventOutcome, EventState, Reason};
use tollgate_core::word::Word;

use super::{Event, Events, list, replay, says, why};
use crate::failure::Failure;
use crate::parts::{
    amount, badge, code, copyable, encoded, facts, foreign, raw, section, table, time, time_or,
};
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::{common, texts};

texts! {
    KEY: "Key", "Kunci", "מפתח", "कुंजी", "Ключ";
    NO_KEY: "none: never a duplicate", "tidak ada: tak pernah duplikat", "אין: לעולם אינו כפול", "कोई नहीं: कभी दोहराव नहीं", "нет: никогда не повтор";
    CAME: "Came", "Datang", "הגיע", "आया", "Пришло";
    HAPPENED: "Happened, by the provider", "Terjadi, menurut penyedia", "קרה, לפי הספק", "हुआ, प्रदाता के अनुसार", "Произошло, по провайдеру";
    NEXT_LOOK: "Looked at again", "Dilihat lagi", "ייבדק שוב", "फिर देखा जाएगा", "Следующая проверка";
    ANSWERED: "Answered to the provider", "Dijawab ke penyedia", "נענה לספק", "प्रदाता को उत्तर", "Ответ провайдеру";
    PROVIDER_ID: "The provider's id", "ID penyedia", "מזהה הספק", "प्रदाता की ID", "ID у провайдера";
    ORDER_CODE: "Order code in it", "Kode pesanan di dalamnya", "קוד ההזמנה שבו", "इसमें ऑर्डर कोड", "Код заказа в нём";
    WHAT_IT_SAYS: "What it says", "Yang dikatakannya", "מה נאמר בו", "यह क्या कहता है", "Что в нём сказано";
    SAYS_NOTHING: "Nothing about money.", "Tidak ada tentang uang.", "דבר על כסף.", "पैसे के बारे में कुछ नहीं।", "О деньгах ничего.";
    OBJECT: "Object", "Objek", "אובייקט", "वस्तु", "Объект";
    VOUCHED: "How sure", "Seberapa pasti", "מידת ודאות", "कितना निश्चित", "Насколько надёжно";
    BELONGS: "What it belongs to", "Milik apa", "למה הוא שייך", "यह किसका है", "К чему относится";
    NO_SUCH_PAYMENT: "No payment has its references.", "Tidak ada pembayaran dengan referensinya.", "אין תשלום עם האסמכתאות שלו.", "इसके संदर्भ का कोई भुगतान नहीं है।", "Платежа с такими ссылками нет.";
    SIBLINGS: "Others of the same reference", "Lainnya dengan referensi sama", "אחרים באותה אסמכתה", "इसी संदर्भ की अन्य", "Другие с той же ссылкой";
    HEADERS: "Headers", "Header", "כותרות", "हेडर", "Заголовки";
    BODY: "Body", "Isi", "גוף", "सामग्री", "Тело";
    AS_IT_CAME: "Byte for byte", "Byte demi byte", "בית אחר בית", "बाइट-दर-बाइट", "Байт в байт";
    IN_BASE64: "It is no text; in base64:", "Bukan teks; dalam base64:", "אינו טקסט; ב-base64:", "यह पाठ नहीं है; base64 में:", "Это не текст; в base64:";
    BODY_KEPT_BACK: "Operators see its headers and its body.", "Operator melihat header dan isinya.", "מפעילים רואים את הכותרות והגוף.", "ऑपरेटर हेडर और सामग्री देख सकते हैं।", "Заголовки и тело видят операторы.";
    TO_PAYMENT: "Payment", "Pembayaran", "תשלום", "भुगतान", "Платёж";
    TO_ORDER: "Order", "Pesanan", "הזמנה", "ऑर्डर", "Заказ";
}

/// How many others of its reference are shown.
const SIBLINGS_MAX: usize = 20;

/// All that the API says of it.
#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    event: Event,
    key: String,
    code: Option<String>,
    provider_payment_id: Option<String>,
    facts: Vec<Fact>,
    occurred_at: Option<String>,
    due_at: Option<String>,
    headers: Option<Vec<(String, String)>>,
    body: Option<String>,
    body_base64: Option<String>,
}

#[derive(Deserialize)]
struct Fact {
    object: String,
    says: String,
    amount: Option<i64>,
    currency: Option<String>,
    strength: String,
}

/// The payments that have its reference.
#[derive(Deserialize)]
struct Payments {
    data: Vec<Payment>,
}

#[derive(Deserialize)]
struct Payment {
    id: String,
    order_id: Option<String>,
    status: String,
    amount: i64,
    currency: String,
    reference: String,
}

pub(super) async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let id = encoded(visit.parameter(0));
    let whole: Whole = visit.get(format!("/v1/events/{id}")).await?;
    let (payments, siblings) = match whole.event.references.first() {
        Some(reference) => related(visit, reference).await?,
        None => (Vec::new(), Vec::new()),
    };
    let siblings: Vec<Event> = siblings
        .into_iter()
        .filter(|other| other.id != whole.event.id)
        .collect();
    Ok(Page {
        title: whole.event.r#type.clone(),
        here: "/events",
        topics: "events,payments",
        body: html! {
            (because(visit, &whole.event))
            @if visit.viewer().may_operate() {
                div.actions { (replay::button(visit, &whole.event.id)) }
            }
            (about(visit, &whole))
            (section(visit.say(WHAT_IT_SAYS), said(visit, &whole.facts)))
            (section(visit.say(BELONGS), belongs(visit, &payments)))
            @if !siblings.is_empty() {
                (section(visit.say(SIBLINGS), list::rows(visit, &siblings)))
            }
            (bytes(visit, &whole))
        },
    })
}

async fn related(
    visit: &Visit<'_>,
    reference: &str,
) -> Result<(Vec<Payment>, Vec<Event>), Failure> {
    let reference = encoded(reference);
    let payments = visit.get::<Payments>(format!("/v1/payments?reference={reference}&limit=5"));
    let siblings = format!("/v1/events?reference={reference}&limit={SIBLINGS_MAX}");
    let (payments, events) = try_join(payments, visit.get::<Events>(siblings)).await?;
    Ok((payments.data, events.data))
}

/// Why it stands so, and what to do.
fn because(visit: &Visit<'_>, event: &Event) -> Markup {
    let reason = event.reason.as_deref().and_then(Reason::of);
    let explained = EventState::of(&event.state).map(|state| why::why(state, reason));
    html! {
        p {
            (badge::<EventState>(visit, &event.state))
            @if let Some((because, _)) = explained { " " b { (visit.say(because)) } }
            @if let Some(word) = &event.reason { " " (code(word)) }
        }
        @if let Some((_, todo)) = explained { p.what-to-do { (visit.say(todo)) } }
    }
}

fn about(visit: &Visit<'_>, whole: &Whole) -> Markup {
    let Whole { event, .. } = whole;
    let references = html! {
        @for (index, reference) in event.references.iter().enumerate() {
            @if index != 0 { ", " }
            a href={ "/events?reference=" (encoded(reference)) } { (foreign(reference)) }
        }
    };
    let key = match whole.key.as_str() {
        "" => html! { span.quiet { (visit.say(NO_KEY)) } },
        key => code(key),
    };
    let or_unknown = |text: Option<&String>| match text {
        Some(text) => foreign(text),
        None => html! { span.quiet { "–" } },
    };
    let mut rows = vec![
        (
            visit.say(ANSWERED),
            badge::<EventOutcome>(visit, &event.outcome),
        ),
        (visit.say(common::SOURCE), foreign(&event.source)),
        (visit.say(common::REFERENCE), references),
        (visit.say(CAME), time(&event.received_at)),
        (
            visit.say(HAPPENED),
            time_or(visit, whole.occurred_at.as_deref(), common::NOT_KNOWN),
        ),
        (visit.say(KEY), key),
        (
            visit.say(PROVIDER_ID),
            or_unknown(whole.provider_payment_id.as_ref()),
        ),
    ];
    if let Some(order) = &whole.code {
        let link = html! { a href={ "/orders/" (encoded(order)) } { (foreign(order)) } };
        rows.push((visit.say(ORDER_CODE), link));
    }
    if let Some(due) = &whole.due_at {
        rows.push((visit.say(NEXT_LOOK), time(due)));
    }
    facts(&rows)
}

fn said(visit: &Visit<'_>, said: &[Fact]) -> Markup {
    if said.is_empty() {
        return html! { p.quiet { (visit.say(SAYS_NOTHING)) } };
    }
    let heads = [common::WHAT, common::AMOUNT, OBJECT, VOUCHED].map(|head| visit.say(head));
    let rows: Vec<_> = said
        .iter()
        .map(|fact| {
            vec![
                html! {
                    div {
                        @match says::said(&fact.says) {
                            Some(text) => { (visit.say(text)) " " span.quiet { (code(&fact.says)) } }
                            None => (code(&fact.says)),
                        }
                    }
                },
                html! {
                    @if let (Some(minor), Some(currency)) = (fact.amount, &fact.currency) {
                        (amount(visit.locale, minor, currency))
                    } @else { span.quiet { "–" } }
                },
                foreign(&fact.object),
                badge::<Strength>(visit, &fact.strength),
            ]
        })
        .collect();
    table(visit, &heads, &rows)
}

fn belongs(visit: &Visit<'_>, payments: &[Payment]) -> Markup {
    if payments.is_empty() {
        return html! { p.quiet { (visit.say(NO_SUCH_PAYMENT)) } };
    }
    let heads = [TO_PAYMENT, common::STATUS, common::AMOUNT, TO_ORDER].map(|head| visit.say(head));
    let rows: Vec<_> = payments
        .iter()
        .map(|payment| {
            vec![
                html! { a href={ "/payments/" (encoded(&payment.id)) } { (foreign(&payment.reference)) } },
                badge::<PaymentStatus>(visit, &payment.status),
                amount(visit.locale, payment.amount, &payment.currency),
                html! {
                    @if let Some(order) = &payment.order_id {
                        a href={ "/orders/" (encoded(order)) } { (code(order)) }
                    } @else { span.quiet { "–" } }
                },
            ]
        })
        .collect();
    table(visit, &heads, &rows)
}

fn bytes(visit: &Visit<'_>, whole: &Whole) -> Markup {
    let Some(headers) = &whole.headers else {
        return html! { p.quiet { (visit.say(BODY_KEPT_BACK)) } };
    };
    html! {
        (section(visit.say(BODY), body(visit, whole.body.as_deref(), whole.body_base64.as_deref())))
        (section(visit.say(HEADERS), headers_of(visit, headers)))
    }
}

/// A body as it came; what is no text in base64.
pub(in crate::pages) fn body(
    visit: &Visit<'_>,
    text: Option<&str>,
    base64: Option<&str>,
) -> Markup {
    html! {
        @if let Some(text) = text {
            (raw(text))
            details { summary { (visit.say(AS_IT_CAME)) } (copyable(visit, text)) }
        }
        @if let Some(base64) = base64 { p { (visit.say(IN_BASE64)) } (raw(base64)) }
    }
}

/// Headers as they came.
pub(in crate::pages) fn headers_of(visit: &Visit<'_>, headers: &[(String, String)]) -> Markup {
    let heads = [common::NAME, common::WHAT].map(|head| visit.say(head));
    let rows: Vec<_> = headers
        .iter()
        .map(|(name, value)| vec![code(name), code(value)])
        .collect();
    table(visit, &heads, &rows)
}

/// What stands over headers and bodies.
pub(in crate::pages) const OF_BYTES: (crate::words::Text, crate::words::Text) = (HEADERS, BODY);
