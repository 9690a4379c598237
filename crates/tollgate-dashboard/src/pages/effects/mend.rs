//! What a person does about effects that are stuck: trying again, one or many, and saying what became of one.

use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tollgate_core::effect::EffectState;

use crate::failure::Failure;
use crate::parts::{ActionForm, Counted, Field, Input, Many, encoded, number};
use crate::reply::{Response, done};
use crate::visit::Visit;
use crate::words::{Text, texts};

texts! {
    RETRY: "Try again", "Coba lagi", "ניסיון נוסף", "फिर कोशिश करें", "Повторить";
    RETRY_ABOUT: "It is tried once more at once, whatever pause its target has, and its tries are counted from the beginning.", "Dicoba lagi segera, apa pun jeda tujuannya, dan hitungan percobaan dimulai dari awal.", "ינוסה שוב מיד, ללא תלות בהשהיית היעד, וספירת הניסיונות תתחיל מחדש.", "लक्ष्य के विराम की परवाह किए बिना तुरंत फिर कोशिश होगी, और प्रयासों की गिनती शुरू से होगी।", "Попытка будет сделана сразу, несмотря на паузу получателя; счёт попыток начнётся заново.";
    RETRY_UNKNOWN: "It may be done a second time: it is not known whether it has happened. Look at the other side first.", "Bisa terjadi dua kali: tidak diketahui apakah sudah terjadi. Periksa dulu di pihak sana.", "הדבר עלול להתבצע פעם שנייה: לא ידוע אם כבר קרה. יש לבדוק קודם בצד השני.", "यह दोबारा हो सकता है: ज्ञात नहीं कि हो चुका है या नहीं। पहले दूसरी ओर देखें।", "Это может случиться второй раз: неизвестно, произошло ли оно. Сначала проверьте на той стороне.";
    RETRIED: "It is being tried again.", "Sedang dicoba lagi.", "מתבצע ניסיון נוסף.", "फिर कोशिश हो रही है।", "Пробуем снова.";
    SETTLE: "Say what became of it", "Nyatakan hasilnya", "ציון מה עלה בגורלו", "बताएँ क्या हुआ", "Указать, чем кончилось";
    SETTLE_ABOUT: "Your word is kept with your name. \"It has happened\": it counts as done, and what follows it goes on. \"It has not\": it is given up, and nothing more is tried.", "Pernyataan Anda disimpan dengan nama Anda. \"Sudah terjadi\": dihitung selesai dan kelanjutannya berjalan. \"Belum\": dihentikan dan tidak dicoba lagi.", "דבריך נשמרים עם שמך. \"קרה\": נחשב כבוצע, ומה שאחריו נמשך. \"לא קרה\": מופסק, ולא יהיו עוד ניסיונות.", "आपकी बात आपके नाम के साथ रखी जाएगी। \"हो चुका\": पूरा माना जाएगा और आगे का काम चलेगा। \"नहीं हुआ\": छोड़ दिया जाएगा, और कोशिश नहीं होगी।", "Ваше слово сохраняется с вашим именем. «Случилось»: считается выполненным, следующее продолжается. «Не случилось»: прекращается, новых попыток не будет.";
    HAS_HAPPENED: "It has happened", "Sudah terjadi", "קרה", "हो चुका", "Случилось";
    HAS_NOT: "It has not: give it up", "Belum: hentikan", "לא קרה: להפסיק", "नहीं हुआ: छोड़ दें", "Не случилось: прекратить";
    BECAME: "What became of it", "Hasilnya", "מה עלה בגורלו", "क्या हुआ", "Чем кончилось";
    HOW_KNOWN: "How you know", "Bagaimana Anda tahu", "איך ידוע לך", "आपको कैसे पता", "Откуда известно";
    SETTLED: "It was noted.", "Sudah dicatat.", "נרשם.", "दर्ज हुआ।", "Записано.";
    RETRY_THESE: "Try what this filter finds again …", "Coba lagi yang ditemukan saringan ini …", "ניסיון נוסף לתוצאות הסינון …", "इस फ़िल्टर से मिले फिर आज़माएँ …", "Повторить найденное этим фильтром …";
    RETRY_COUNTED: "{} effects are tried again, in the order in which they were decided.", "{} efek dicoba lagi, menurut urutan keputusannya.", "{} פעולות ינוסו שוב, לפי סדר ההחלטה עליהן.", "{} कार्य फिर आज़माए जाएँगे, जिस क्रम में तय हुए थे।", "Будет повторено действий: {}, в порядке решений.";
    THERE_ARE_MORE: "There are more than one go takes: come back for the others afterwards.", "Ada lebih dari sekali jalan: kembali untuk sisanya.", "יש יותר מכפי שפעם אחת לוקחת: יש לחזור לשאר לאחר מכן.", "एक बार में जितने हो सकें उससे अधिक हैं: बाकी के लिए बाद में लौटें।", "Их больше, чем берётся за раз: вернитесь за остальными.";
    FOUND_NONE: "The filter finds no effect; nothing is tried.", "Saringan tidak menemukan efek; tidak ada yang dicoba.", "הסינון אינו מוצא פעולות; אין מה לנסות.", "फ़िल्टर को कोई कार्य नहीं मिला; कुछ नहीं आज़माया जाएगा।", "Фильтр не находит действий; повторять нечего.";
    RETRIED_MANY: "They are being tried again; what had moved on meanwhile was left alone.", "Sedang dicoba lagi; yang sudah berubah sementara itu dibiarkan.", "מתבצע ניסיון נוסף; מה שהתקדם בינתיים לא נגעו בו.", "फिर कोशिश हो रही है; इस बीच जो आगे बढ़ गए उन्हें छोड़ दिया गया।", "Пробуем снова; что за это время изменилось, не тронуто.";
    FIRST_OF_THEM: "The oldest of them", "Yang terlama di antaranya", "הישנים שבהם", "इनमें सबसे पुराने", "Старейшие из них";
}

/// Trying many again. By what they are found: an order's are few.
const MANY: Many = Many {
    list: "/effects",
    verb: "retry",
    filters: &["kind", "state", "target"],
    offer: RETRY_THESE,
    title: RETRY,
    more: THERE_ARE_MORE,
    none: FOUND_NONE,
    first: FIRST_OF_THEM,
};

/// The states out of which many are tried again.
const STUCK: &[&str] = &["dead", "unknown", "pending"];

pub(super) async fn retry(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    let path = format!("/v1/effects/{id}/retry");
    visit.send("POST", path, None).await?;
    Ok(done(format!("/effects/{id}"), RETRIED))
}

pub(super) async fn settle(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    let body = json!({
        "as": visit.form.get("as").unwrap_or_default(),
        "reason": visit.form.get("reason").unwrap_or_default().trim(),
    });
    let path = format!("/v1/effects/{id}/settle");
    visit.send("POST", path, Some(body)).await?;
    Ok(done(format!("/effects/{id}"), SETTLED))
}

/// What may be done about an effect in this state.
pub(super) fn buttons(visit: &Visit<'_>, id: &str, state: EffectState) -> Markup {
    let at = format!("/effects/{}", encoded(id));
    let retry = |about: Text| ActionForm::new(format!("{at}/retry"), RETRY).about(visit.say(about));
    let forms = match state {
        EffectState::Pending | EffectState::Dead => vec![retry(RETRY_ABOUT)],
        EffectState::Unknown => {
            let ends = [
                ("done", visit.say(HAS_HAPPENED)),
                ("dead", visit.say(HAS_NOT)),
            ];
            let form = ActionForm::new(format!("{at}/settle"), SETTLE)
                .about(visit.say(SETTLE_ABOUT))
                .field(Field::new("as", visit.say(BECAME), Input::Choice(&ends)))
                .field(Field::new("reason", visit.say(HOW_KNOWN), Input::Text).required());
            return html! {
                div.actions { (form.markup(visit)) (retry(RETRY_UNKNOWN).dangerous().markup(visit)) }
            };
        }
        EffectState::Leased | EffectState::Started | EffectState::Done => Vec::new(),
    };
    html! {
        @if !forms.is_empty() {
            div.actions { @for form in &forms { (form.markup(visit)) } }
        }
    }
}

/// The button over a list of what is stuck, for who may.
pub(super) fn offered(visit: &Visit<'_>) -> Markup {
    let state = visit.query.get("state").unwrap_or_default();
    let is_offered = visit.viewer().may_operate()
        && STUCK.contains(&state)
        && visit.query.get("order").is_none();
    match is_offered {
        true => MANY.button(visit),
        false => html! {},
    }
}

/// What a trial says.
#[derive(Deserialize)]
struct Trial {
    effects: u64,
    ids: Vec<String>,
    more: bool,
}

/// Counts what a filter finds, and shows it; tries exactly these again once that was seen.
pub(super) async fn retry_many(visit: &Visit<'_>) -> Result<Response, Failure> {
    let filter = MANY.filter(visit, |_, value| value.to_owned());
    if let Some(ids) = visit.form.get("ids") {
        let ids: Vec<&str> = ids.split(',').collect();
        let body = json!({ "filter": filter, "ids": ids });
        MANY.send::<IgnoredAny>(visit, body).await?;
        return Ok(done("/effects", RETRIED_MANY));
    }
    let body = json!({ "filter": filter, "dry_run": true });
    let trial: Trial = MANY.send(visit, body).await?;
    let form = MANY.form().hidden("ids", trial.ids.join(","));
    let form = match filter.get("state").and_then(Value::as_str) == Some("unknown") {
        true => form.about(visit.say(RETRY_UNKNOWN)).dangerous(),
        false => form,
    };
    let count = number(visit.locale, trial.effects);
    let counted = Counted {
        count: trial.effects,
        about: RETRY_COUNTED.with(visit.locale, &[&count]),
        more: trial.more,
        ids: &trial.ids,
    };
    Ok(MANY.preview(visit, &filter, &counted, form).into())
}
