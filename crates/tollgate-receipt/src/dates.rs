//! Dates in the form of a language, in the time zone of the shop.

use jiff::Zoned;

use super::document::Locale;
use tollgate_core::time::Timestamp;

/// A date with its time: `21 November 2026, 17:04 WIB`.
pub(super) fn date_time(locale: Locale, time: &Zoned) -> String {
    let (day, year) = (time.day(), time.year());
    let month = months(locale)[usize::from(time.month().unsigned_abs()) - 1];
    let (hour, minute, zone) = (time.hour(), time.minute(), zone(time));
    match locale {
        Locale::Id => format!("{day} {month} {year}, {hour:02}.{minute:02} {zone}"),
        Locale::En | Locale::Hi => format!("{day} {month} {year}, {hour:02}:{minute:02} {zone}"),
        Locale::He => format!("{day} ב{month} {year}, {hour:02}:{minute:02} {zone}"),
        Locale::Ru => format!("{day} {month} {year}\u{a0}г., {hour:02}:{minute:02} {zone}"),
    }
}

/// The date of an instant as a receipt of a shop in this zone has it; UTC's where there is no such zone.
pub fn text(locale: Locale, zone: &str, at: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    date_time(locale, &at.to_zoned(zone))
}

/// What the zone is called there; zones without a name are numbers.
fn zone(time: &Zoned) -> String {
    let name = time.strftime("%Z").to_string();
    if name.starts_with(['+', '-']) {
        format!("UTC{name}")
    } else {
        name
    }
}

/// The months as they stand behind a day.
fn months(locale: Locale) -> &'static [&'static str; 12] {
    match locale {
        Locale::Id => &[
            "Januari",
            "Februari",
            "Maret",
            "April",
            "Mei",
            "Juni",
            "Juli",
            "Agustus",
            "September",
            "Oktober",
            "November",
            "Desember",
        ],
        Locale::En => &[
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        Locale::He => &[
            "ינואר",
            "פברואר",
            "מרץ",
            "אפריל",
            "מאי",
            "יוני",
            "יולי",
            "אוגוסט",
            "ספטמבר",
            "אוקטובר",
            "נובמבר",
            "דצמבר",
        ],
        Locale::Hi => &[
            "जनवरी",
            "फ़रवरी",
            "मार्च",
            "अप्रैल",
            "मई",
            "जून",
            "जुलाई",
            "अगस्त",
            "सितंबर",
            "अक्टूबर",
            "नवंबर",
            "दिसंबर",
        ],
        Locale::Ru => &[
            "января",
            "февраля",
            "марта",
            "апреля",
            "мая",
            "июня",
            "июля",
            "августа",
            "сентября",
            "октября",
            "ноября",
            "декабря",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_form_of_their_language_in_the_zone_of_the_shop() {
        // One instant, in the evening of one day and the night of the next.
        let instant: jiff::Timestamp = "2026-11-21T18:04:09Z".parse().expect("it is a time");
        for (locale, zone, expected) in [
            (Locale::Id, "Asia/Jakarta", "22 November 2026, 01.04 WIB"),
            (Locale::En, "Europe/London", "21 November 2026, 18:04 GMT"),
            (Locale::He, "Asia/Jerusalem", "21 בנובמבר 2026, 20:04 IST"),
            (Locale::Hi, "Asia/Kolkata", "21 नवंबर 2026, 23:34 IST"),
            (
                Locale::Ru,
                "Europe/Moscow",
                "21 ноября 2026\u{a0}г., 21:04 MSK",
            ),
            (Locale::En, "Asia/Dubai", "21 November 2026, 22:04 UTC+04"),
        ] {
            let time = instant.in_tz(zone).expect("the zone is known");
            assert_eq!(date_time(locale, &time), expected);
        }
    }
}
