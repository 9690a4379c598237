//! The languages of messages to a shop's customers.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Indonesian.
    Indonesian,
    /// Hindi.
    Hindi,
    /// Hebrew.
    Hebrew,
    /// Russian.
    Russian,
}

/// All of them, in the order in which texts in all of them stand.
pub const LANGUAGES: [Language; 5] = [
    Language::English,
    Language::Indonesian,
    Language::Hindi,
    Language::Hebrew,
    Language::Russian,
];

impl Language {
    /// The best language of an `Accept-Language` header (RFC 9110, 12.5.4): the greatest weight,
    /// the first among equals.
    pub fn negotiate(header: &str) -> Language {
        let mut best = (Language::English, 0.0);
        for range in header.split(',').take(32) {
            let mut parts = range.trim().split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" => Language::English,
                "id" | "in" => Language::Indonesian,
                "hi" => Language::Hindi,
                "he" | "iw" => Language::Hebrew,
                "ru" => Language::Russian,
                _ => continue,
            };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
            if best.1 < weight {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Its tag by BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Indonesian => "id",
            Language::Hindi => "hi",
            Language::Hebrew => "he",
            Language::Russian => "ru",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_greatest_weight_wins() {
        for (header, language) in [
            ("", Language::English),
            ("fr", Language::English),
            ("ru", Language::Russian),
            ("fr-CH, id;q=0.9, en;q=0.8", Language::Indonesian),
            ("en;q=0.1, he-IL;q=0.7, hi;q=0.7", Language::Hebrew),
            ("hi;q=0", Language::English),
            ("en-US,en;q=0.9,ru;q=0.8", Language::English),
        ] {
            assert_eq!(Language::negotiate(header), language, "{header}");
        }
    }
}
