//! What pages say, in every language of the dashboard. A text stands in all of them on its line, so one that lacks
//! a language does not compile.

pub(crate) mod common;
pub(crate) mod sets;

use tollgate_receipt::Locale;

/// The cookie that has the language somebody has chosen.
pub(crate) const LANGUAGE_COOKIE: &str = "tollgate_language";

/// The language that somebody has chosen, out of a `Cookie` header.
pub fn chosen_language(cookies: &str) -> Option<Locale> {
    let mut pairs = cookies.split(';');
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == LANGUAGE_COOKIE).then(|| Locale::of_tag(value))?
    })
}

/// The languages, each as its readers call it.
pub(crate) const LANGUAGES: [(Locale, &str); 5] = [
    (Locale::En, "English"),
    (Locale::Id, "Bahasa Indonesia"),
    (Locale::He, "עברית"),
    (Locale::Hi, "हिन्दी"),
    (Locale::Ru, "Русский"),
];

/// A text in English, Indonesian, Hebrew, Hindi and Russian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) [&'static str; 5]);

impl Text {
    /// The text in a language.
    pub(crate) fn of(self, locale: Locale) -> &'static str {
        let [en, id, he, hi, ru] = self.0;
        match locale {
            Locale::En => en,
            Locale::Id => id,
            Locale::He => he,
            Locale::Hi => hi,
            Locale::Ru => ru,
        }
    }

    /// The text in a language, `{}` in it replaced by what is handed in, one after the other.
    pub(crate) fn with(self, locale: Locale, values: &[&str]) -> String {
        let mut parts = self.of(locale).split("{}");
        let mut said = parts.next().unwrap_or_default().to_owned();
        let mut values = values.iter();
        for part in parts {
            said.push_str(values.next().copied().unwrap_or_default());
            said.push_str(part);
        }
        said
    }
}

/// Declares texts: a name, then English, Indonesian, Hebrew, Hindi, Russian.
macro_rules! texts {
    ($($name:ident: $en:literal, $id:literal, $he:literal, $hi:literal, $ru:literal;)*) => {
        $(pub(crate) const $name: $crate::words::Text = $crate::words::Text([$en, $id, $he, $hi, $ru]);)*

        /// All of them, for tests.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, $crate::words::Text)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use texts;

#[cfg(test)]
pub(crate) fn check(texts: &[(&str, Text)]) {
    for (name, text) in texts {
        let holes = text.0.map(|one| one.matches("{}").count());
        assert!(
            holes.iter().all(|count| *count == holes[0]),
            "{name} has not as many {{}} in every language"
        );
        assert!(text.0.iter().all(|one| !one.trim().is_empty()), "{name}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_where_they_belong() {
        let text = Text([
            "{} of {}",
            "{} dari {}",
            "{} מתוך {}",
            "{2} में से {}",
            "{} из {}",
        ]);
        assert_eq!(text.with(Locale::Id, &["3", "10"]), "3 dari 10");
        assert_eq!(text.with(Locale::En, &["3"]), "3 of ");
    }

    #[test]
    fn what_all_pages_say_is_whole() {
        check(common::ALL);
        check(sets::ALL);
    }
}
