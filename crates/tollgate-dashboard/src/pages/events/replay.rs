//! Deciding about stored events again: one, or all that a filter finds after they were counted.

use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::list::since;
use crate::failure::Failure;
use crate::parts::{ActionForm, Counted, Many, encoded, number};
use crate::reply::{Response, done};
use crate::visit::Visit;
use crate::words::texts;

texts! {
    REPLAY: "Replay", "Ulangi", "הרצה חוזרת", "फिर चलाएँ", "Повторить";
    REPLAY_ABOUT: "Decides about this event again, by what is known now. What was done outside is not done a second time.", "Memutuskan lagi peristiwa ini menurut yang diketahui sekarang. Yang sudah dilakukan di luar tidak diulang.", "מחליט שוב לגבי אירוע זה לפי מה שידוע כעת. מה שכבר בוצע בחוץ אינו מבוצע שנית.", "अब जो ज्ञात है उसके अनुसार इस घटना पर फिर निर्णय होगा। बाहर जो हो चुका वह दोबारा नहीं होगा।", "По этому событию решение принимается заново, по тому, что известно сейчас. Сделанное снаружи не повторяется.";
    REPLAYED: "It was decided about again; its state is below.", "Sudah diputuskan lagi; statusnya di bawah.", "הוחלט לגביו שוב; מצבו מופיע למטה.", "इस पर फिर निर्णय हुआ; स्थिति नीचे है।", "Решение принято заново; состояние ниже.";
    REPLAY_THESE: "Replay what this filter finds …", "Ulangi yang ditemukan saringan ini …", "הרצה חוזרת של תוצאות הסינון …", "इस फ़िल्टर से मिली घटनाएँ फिर चलाएँ …", "Повторить найденное этим фильтром …";
    REPLAY_COUNTED: "{} events are decided about again, the oldest first, {} a second. What was done outside is not done a second time.", "{} peristiwa diputuskan lagi, yang terlama dulu, {} per detik. Yang sudah dilakukan di luar tidak diulang.", "יוחלט שוב לגבי {} אירועים, מהישן לחדש, {} בשנייה. מה שכבר בוצע בחוץ אינו מבוצע שנית.", "{} घटनाओं पर फिर निर्णय होगा, पुरानी पहले, {} प्रति सेकंड। बाहर जो हो चुका वह दोबारा नहीं होगा।", "Решение будет принято заново по {} событиям, сначала старые, по {} в секунду. Сделанное снаружи не повторяется.";
    THERE_ARE_MORE: "There are more than one replay takes: come back for the others when this one is done.", "Ada lebih dari yang diambil satu kali ulang: kembali untuk sisanya setelah ini selesai.", "יש יותר מכפי שהרצה אחת לוקחת: יש לחזור לשאר כשתסתיים.", "एक बार में जितनी हो सकें उससे अधिक हैं: यह पूरा होने पर बाकी के लिए लौटें।", "Их больше, чем берёт один повтор: вернитесь за остальными, когда он закончится.";
    FOUND_NONE: "The filter finds no event; nothing is replayed.", "Saringan tidak menemukan peristiwa; tidak ada yang diulang.", "הסינון אינו מוצא אירועים; אין מה להריץ.", "फ़िल्टर को कोई घटना नहीं मिली; कुछ नहीं चलेगा।", "Фильтр не находит событий; повторять нечего.";
    REPLAYS: "The events are being decided about, the oldest first.", "Peristiwa sedang diputuskan, yang terlama dulu.", "האירועים נבחנים, מהישן לחדש.", "घटनाओं पर निर्णय हो रहा है, पुरानी पहले।", "События рассматриваются, сначала старые.";
    FIRST_OF_THEM: "The newest of them", "Yang terbaru di antaranya", "החדשים שבהם", "इनमें सबसे नई", "Новейшие из них";
}

/// Replaying many. By what they are found: a text in a body is not among it.
const MANY: Many = Many {
    list: "/events",
    verb: "replay",
    filters: &[
        "state",
        "outcome",
        "source",
        "type",
        "reference",
        "order",
        "received_after",
    ],
    offer: REPLAY_THESE,
    title: REPLAY,
    more: THERE_ARE_MORE,
    none: FOUND_NONE,
    first: FIRST_OF_THEM,
};

pub(super) async fn one(visit: &Visit<'_>) -> Result<Response, Failure> {
    let id = encoded(visit.parameter(0));
    visit
        .send("POST", format!("/v1/events/{id}/replay"), None)
        .await?;
    Ok(done(format!("/events/{id}"), REPLAYED))
}

/// The button on an event's page.
pub(super) fn button(visit: &Visit<'_>, id: &str) -> Markup {
    ActionForm::new(format!("/events/{}/replay", encoded(id)), REPLAY)
        .about(visit.say(REPLAY_ABOUT))
        .markup(visit)
}

/// The button over a list that a filter has made, for who may.
pub(super) fn offered(visit: &Visit<'_>) -> Markup {
    let is_offered = visit.viewer().may_operate()
        && MANY.is_filtered(visit)
        && visit.query.get("search").is_none();
    match is_offered {
        true => MANY.button(visit),
        false => html! {},
    }
}

/// What a trial says.
#[derive(Deserialize)]
struct Trial {
    events: u64,
    more: bool,
    first: Vec<String>,
    per_second: u64,
}

/// Counts what a filter finds, and shows it; decides about it again once that was seen.
pub(super) async fn many(visit: &Visit<'_>) -> Result<Response, Failure> {
    let filter = MANY.filter(visit, |name, value| match name {
        "received_after" => since(value),
        _ => value.to_owned(),
    });
    let is_sure = visit.form.get("sure").is_some();
    let body = json!({ "filter": filter, "dry_run": !is_sure });
    if is_sure {
        MANY.send::<IgnoredAny>(visit, body).await?;
        return Ok(done("/events", REPLAYS));
    }
    let trial: Trial = MANY.send(visit, body).await?;
    let count = number(visit.locale, trial.events);
    let pace = number(visit.locale, trial.per_second);
    let counted = Counted {
        count: trial.events,
        about: REPLAY_COUNTED.with(visit.locale, &[&count, &pace]),
        more: trial.more,
        ids: &trial.first,
    };
    let form = MANY.form().hidden("sure", "true");
    Ok(MANY.preview(visit, &filter, &counted, form).into())
}
