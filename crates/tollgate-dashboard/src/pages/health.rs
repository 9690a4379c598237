//! Health: what `doctor` and `verify` find, each with what mends it. They read much, so a button runs them.

use maud::{Markup, html};
use serde::Deserialize;

use crate::failure::Failure;
use crate::layout::english;
use crate::parts::{amount, code, copyable, foreign, number, section, table, time, toned};
use crate::reply::Page;
use crate::routes::{Route, routes};
use crate::visit::Visit;
use crate::words::sets::Tone;
use crate::words::{Text, common, texts};

pub(crate) const ROUTES: &[Route] = routes! {
    Get "/health" => show;
};

texts! {
    OF_MAIN: "Only operators of shop main see this: it looks behind all shops.", "Hanya operator toko main yang melihat ini: ia melihat di balik semua toko.", "רק מפעילי החנות main רואים זאת: הדף מביט מאחורי כל החנויות.", "इसे केवल main दुकान के ऑपरेटर देखते हैं: यह सभी दुकानों के पीछे देखता है।", "Это видят только операторы магазина main: здесь видно всё за магазинами.";
    DOCTOR: "Check what is around the data", "Periksa yang di sekitar data", "בדיקת מה שסביב הנתונים", "डेटा के आस-पास जाँचें", "Проверить окружение данных";
    DOCTOR_ABOUT: "Schema, disk, clocks, certificates, providers, endpoints, the configuration. Takes seconds.", "Skema, disk, jam, sertifikat, penyedia, endpoint, konfigurasi. Beberapa detik.", "סכמה, דיסק, שעונים, תעודות, ספקים, נקודות קצה, הגדרות. אורך שניות.", "स्कीमा, डिस्क, घड़ियाँ, प्रमाणपत्र, प्रदाता, एंडपॉइंट, कॉन्फ़िगरेशन। कुछ सेकंड लगते हैं।", "Схема, диск, часы, сертификаты, провайдеры, получатели, настройки. Несколько секунд.";
    VERIFY: "Verify every invariant of the data", "Verifikasi setiap invarian data", "אימות כל כללי הנתונים", "डेटा के हर नियम को सत्यापित करें", "Проверить все инварианты данных";
    VERIFY_ABOUT: "Reads all of the data while the server goes on; with many orders it takes minutes.", "Membaca semua data sementara server tetap berjalan; dengan banyak pesanan perlu beberapa menit.", "קורא את כל הנתונים בזמן שהשרת פועל; עם הזמנות רבות נמשך דקות.", "सर्वर चलते हुए सारा डेटा पढ़ता है; बहुत ऑर्डर हों तो मिनट लगते हैं।", "Читает все данные, пока сервер работает; при множестве заказов занимает минуты.";
    RUN: "Run", "Jalankan", "הפעלה", "चलाएँ", "Запустить";
    BY_HAND: "The same from a shell, also when no server runs:", "Sama dari shell, juga saat server tidak berjalan:", "אותו דבר משורת הפקודה, גם כשאין שרת פועל:", "शेल से भी यही, सर्वर न चलता हो तब भी:", "То же из оболочки, даже если сервер не работает:";
    ALL_WELL: "All is well.", "Semua baik.", "הכול תקין.", "सब ठीक है।", "Всё в порядке.";
    LOOK: "Worth a look; nothing is lost.", "Perlu dilihat; tidak ada yang hilang.", "כדאי לבדוק; דבר לא אבד.", "देखने योग्य; कुछ खोया नहीं।", "Стоит взглянуть; ничего не потеряно.";
    MEND: "Something must be mended.", "Ada yang harus diperbaiki.", "יש דבר שחייב תיקון.", "कुछ ठीक करना आवश्यक है।", "Что-то нужно исправить.";
    WELL: "well", "baik", "תקין", "ठीक", "в порядке";
    WARNS: "look", "lihat", "לבדוק", "देखें", "взглянуть";
    FAILS: "mend", "perbaiki", "לתקן", "ठीक करें", "исправить";
    MORE_ROWS: "and {} more", "dan {} lagi", "ועוד {}", "और {}", "и ещё {}";
    FIX: "What mends it", "Cara memperbaiki", "מה מתקן", "कैसे ठीक हो", "Чем исправить";
    WELL_ONES: "What is well", "Yang baik", "מה שתקין", "जो ठीक है", "Что в порядке";
    BOOKS: "What the books come to", "Isi pembukuan", "סיכומי הספרים", "बहीखातों का योग", "Итоги книг";
    CURRENCY: "Currency", "Mata uang", "מטבע", "मुद्रा", "Валюта";
    CAPTURED: "Came", "Masuk", "נכנס", "आया", "Пришло";
    GIVEN_BACK: "Went back", "Kembali", "חזר", "लौटा", "Возвращено";
    KEPT: "Kept", "Disimpan", "נשאר", "रहा", "Осталось";
    INSTANCES: "Instances", "Instans", "מופעים", "इंस्टेंस", "Экземпляры";
    INSTANCES_ABOUT: "Every process that has this database, with its version. Each says every ten seconds that it is there.", "Setiap proses yang memakai basis data ini, dengan versinya. Masing-masing melapor tiap sepuluh detik.", "כל תהליך שמשתמש במסד נתונים זה, עם גרסתו. כל אחד מודיע בכל עשר שניות שהוא שם.", "इस डेटाबेस की हर प्रक्रिया, अपने संस्करण के साथ। हर एक दस सेकंड में बताती है कि वह है।", "Каждый процесс с этой базой данных и его версия. Каждый сообщает о себе раз в десять секунд.";
    VERSION: "Version", "Versi", "גרסה", "संस्करण", "Версия";
    SINCE: "Runs since", "Berjalan sejak", "פועל מאז", "कब से चल रहा", "Работает с";
    UPTIME: "Runs for", "Berjalan selama", "פועל במשך", "चलने की अवधि", "Работает";
    HOURS: "{} h {} min", "{} j {} mnt", "{} ש׳ {} דק׳", "{} घं {} मि", "{} ч {} мин";
    HEARD: "Heard last", "Terakhir terdengar", "נשמע לאחרונה", "अंतिम बार सुना", "Последний сигнал";
    THIS_ONE: "this one", "yang ini", "זה", "यही", "этот";
    IS_READY: "ready", "siap", "מוכן", "तैयार", "готов";
    IS_NOT_READY: "not ready", "belum siap", "לא מוכן", "तैयार नहीं", "не готов";
    IS_SILENT: "not heard", "tak terdengar", "לא נשמע", "सुना नहीं गया", "не слышно";
    RECEIPTS: "Receipts", "Kuitansi", "קבלות", "रसीदें", "Чеки";
}

/// What was found.
#[derive(Deserialize)]
struct Report {
    status: String,
    checks: Vec<Check>,
    #[serde(default)]
    totals: Vec<Totals>,
}

#[derive(Deserialize)]
struct Check {
    name: String,
    about: String,
    status: String,
    seen: Vec<String>,
    more: u64,
    fix: String,
}

#[derive(Deserialize)]
struct Totals {
    shop: String,
    currency: String,
    orders: u64,
    captured: i64,
    refunded: i64,
    kept: i64,
    receipts: i64,
}

/// The processes that share the database.
#[derive(Deserialize)]
struct Instances {
    data: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    name: String,
    current: bool,
    role: String,
    version: String,
    started_at: String,
    uptime_seconds: u64,
    seen_at: String,
    state: String,
    reason: Option<String>,
}

async fn show(visit: &Visit<'_>) -> Result<Page, Failure> {
    let viewer = visit.viewer();
    let body = match viewer.may_operate() && viewer.shop == "main" {
        true => of_main(visit).await?,
        false => html! { p { (visit.say(OF_MAIN)) } },
    };
    Ok(Page {
        title: visit.say(common::HEALTH).to_owned(),
        here: "/health",
        topics: "",
        body,
    })
}

async fn of_main(visit: &Visit<'_>) -> Result<Markup, Failure> {
    let path = match visit.query.get("run") {
        Some("doctor") => Some("/v1/doctor"),
        Some("verify") => Some("/v1/verify"),
        _ => None,
    };
    let report = match path {
        Some(path) => Some(visit.get::<Report>(path).await?),
        None => None,
    };
    let instances: Instances = visit.get("/v1/instances").await?;
    Ok(html! {
        (section(visit.say(INSTANCES), listed(visit, &instances)))
        div.checks {
            (runner(visit, "doctor", DOCTOR, DOCTOR_ABOUT))
            (runner(visit, "verify", VERIFY, VERIFY_ABOUT))
        }
        @if let Some(report) = &report { (found(visit, report)) }
    })
}

/// Each instance: which program it is, since when, when it was heard, and whether it takes requests.
fn listed(visit: &Visit<'_>, instances: &Instances) -> Markup {
    let rows: Vec<_> = instances
        .data
        .iter()
        .map(|instance| {
            let minutes = instance.uptime_seconds / 60;
            let uptime = [minutes / 60, minutes % 60].map(|count| number(visit.locale, count));
            vec![
                html! {
                    (foreign(&instance.name))
                    @if instance.current { " " span.quiet { "(" (visit.say(THIS_ONE)) ")" } }
                },
                stands(visit, instance),
                code(&instance.version),
                code(&instance.role),
                time(&instance.started_at),
                html! { (HOURS.with(visit.locale, &[&uptime[0], &uptime[1]])) },
                time(&instance.seen_at),
            ]
        })
        .collect();
    let heads = [
        common::NAME,
        common::STATUS,
        VERSION,
        common::WHAT,
        SINCE,
        UPTIME,
        HEARD,
    ];
    let heads = heads.map(|head| visit.say(head));
    html! {
        p.quiet { (visit.say(INSTANCES_ABOUT)) }
        (table(visit, &heads, &rows))
    }
}

fn stands(visit: &Visit<'_>, instance: &Instance) -> Markup {
    let (text, tone) = match instance.state.as_str() {
        "ready" => (IS_READY, Tone::Good),
        "not_ready" => (IS_NOT_READY, Tone::Bad),
        "silent" => (IS_SILENT, Tone::Warn),
        unknown => return foreign(unknown),
    };
    html! {
        (toned(visit.say(text), tone))
        @if let Some(reason) = &instance.reason { br; (english(reason)) }
    }
}

/// What can be run. It changes nothing, so it is asked for like any page.
fn runner(visit: &Visit<'_>, command: &str, title: Text, about: Text) -> Markup {
    section(
        visit.say(title),
        html! {
            p.quiet { (visit.say(about)) }
            form.action method="get" action="/health" {
                input type="hidden" name="run" value=(command);
                button type="submit" { (visit.say(RUN)) span.unseen { ": " (visit.say(title)) } }
            }
            details {
                summary { (visit.say(BY_HAND)) }
                (copyable(visit, &format!("tollgate {command}")))
            }
        },
    )
}

fn tone(status: &str) -> Tone {
    match status {
        "ok" => Tone::Good,
        "warn" => Tone::Warn,
        "fail" => Tone::Bad,
        _ => Tone::Quiet,
    }
}

fn found(visit: &Visit<'_>, report: &Report) -> Markup {
    let (all, class) = match tone(&report.status) {
        Tone::Good => (ALL_WELL, "said"),
        Tone::Bad => (MEND, "problem"),
        Tone::Warn | Tone::Open | Tone::Quiet => (LOOK, "notice"),
    };
    let (well, wrong): (Vec<&Check>, Vec<&Check>) =
        report.checks.iter().partition(|check| check.status == "ok");
    html! {
        p class=(class) role="status" { b { (visit.say(all)) } }
        @for check in wrong { (check_of(visit, check)) }
        @if !report.totals.is_empty() { (section(visit.say(BOOKS), books(visit, &report.totals))) }
        @if !well.is_empty() {
            (section(visit.say(WELL_ONES), html! {
                ul {
                    @for check in well {
                        li {
                            (code(&check.name)) ": " (english(&check.about))
                            @if !check.seen.is_empty() { (seen(visit, check)) }
                        }
                    }
                }
            }))
        }
    }
}

/// A check that has found something, with what mends it.
fn check_of(visit: &Visit<'_>, check: &Check) -> Markup {
    let tone = tone(&check.status);
    let said = match tone {
        Tone::Bad => FAILS,
        Tone::Good => WELL,
        Tone::Warn | Tone::Open | Tone::Quiet => WARNS,
    };
    html! {
        section {
            h2 { (toned(visit.say(said), tone)) " " (code(&check.name)) }
            p.quiet { (english(&check.about)) }
            (seen(visit, check))
            @if !check.fix.is_empty() {
                h3 { (visit.say(FIX)) }
                (fix(visit, &check.fix))
            }
        }
    }
}

/// What mends it; the commands in it, which stand between backticks, each to copy.
fn fix(visit: &Visit<'_>, fix: &str) -> Markup {
    let commands = fix.split('`').skip(1).step_by(2);
    match fix.contains('`') {
        true => html! {
            p { (english(fix)) }
            @for command in commands { (copyable(visit, command)) }
        },
        false => copyable(visit, fix),
    }
}

fn seen(visit: &Visit<'_>, check: &Check) -> Markup {
    html! {
        ul {
            @for line in &check.seen { li { (english(line)) } }
            @if 0 < check.more {
                li.quiet { (MORE_ROWS.with(visit.locale, &[&number(visit.locale, check.more)])) }
            }
        }
    }
}

fn books(visit: &Visit<'_>, totals: &[Totals]) -> Markup {
    let heads = [
        common::SHOP,
        CURRENCY,
        common::ORDERS,
        CAPTURED,
        GIVEN_BACK,
        KEPT,
        RECEIPTS,
    ];
    let heads = heads.map(|head| visit.say(head));
    let rows: Vec<_> = totals
        .iter()
        .map(|total| {
            let money = |minor| amount(visit.locale, minor, &total.currency);
            vec![
                foreign(&total.shop),
                code(&total.currency),
                html! { (number(visit.locale, total.orders)) },
                money(total.captured),
                money(total.refunded),
                money(total.kept),
                money(total.receipts),
            ]
        })
        .collect();
    table(visit, &heads, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Fixture, text};

    const REPORT: &str = r#"{"status":"fail","checks":[
        {"name":"clock","about":"clocks agree","status":"ok","seen":[],"more":0,"fix":""},
        {"name":"schema","about":"the schema is this program's","status":"fail","seen":["<b> is missing"],"more":12,
         "fix":"stop the server, then `tollgate migrate`"}],
        "totals":[{"shop":"main","currency":"IDR","orders":3,"payments":3,"captured":15000000,"fee":0,"refunded":0,
         "charged_back":0,"reserved":0,"kept":15000000,"receipts":15000000}]}"#;

    #[test]
    fn its_texts_are_whole() {
        crate::words::check(ALL);
    }

    const INSTANCES_SEEN: &str = r#"{"data":[{"id":"01a","name":"shop-1:8080","current":true,"role":"all",
        "version":"0.1.0","started_at":"2026-01-22T08:00:00.000Z","uptime_seconds":7500,
        "seen_at":"2026-01-22T10:05:00.000Z","state":"ready","reason":null},
        {"id":"01b","name":"shop-2:8080","current":false,"role":"api","version":"0.0.9",
        "started_at":"2026-01-22T10:00:00.000Z","uptime_seconds":60,"seen_at":"2026-01-22T10:01:00.000Z",
        "state":"not_ready","reason":"the <disk> is full"}]}"#;

    #[test]
    fn every_instance_is_shown_with_its_version_and_why_it_takes_nothing() {
        let fixture = Fixture::of("operator").with("GET /v1/instances", 200, INSTANCES_SEEN);
        let page = text(fixture.get("/health"));
        for said in [
            "shop-1:8080",
            "(this one)",
            "2 h 5 min",
            "0.0.9",
            "not ready",
            "the &lt;disk&gt; is full",
            "2026-01-22 10:01:00 UTC",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }

    #[test]
    fn nothing_is_run_before_somebody_asks_for_it() {
        let fixture = Fixture::of("operator")
            .with("GET /v1/instances", 200, INSTANCES_SEEN)
            .with("GET /v1/verify", 200, REPORT);
        let page = text(fixture.get("/health"));
        assert!(page.contains("value=\"doctor\""), "{page}");
        let asked: Vec<String> = fixture.asked().into_iter().map(|one| one.path).collect();
        assert_eq!(asked, ["/v1/instances"]);
        let page = text(fixture.get("/health?run=verify"));
        for said in [
            "Something must be mended",
            "&lt;b&gt; is missing",
            "and 12 more",
            "data-copy=\"tollgate migrate\"",
            "clocks agree",
            "150,000",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }

    #[test]
    fn who_may_not_look_behind_the_shops_is_told_so() {
        let page = text(Fixture::of("viewer").get("/health?run=verify"));
        assert!(page.contains("Only operators of shop main"), "{page}");
    }
}
