//! The scripts of letters that no font has, and what an operator installs for each.

use std::collections::BTreeMap;

use icu_properties::props::{DefaultIgnorableCodePoint, Emoji, GeneralCategory, Script};
use icu_properties::{CodePointMapData, CodePointSetData, PropertyNamesLong};

/// Letters of one script that no font has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The script's name as Unicode has it, `emoji` or `symbols`.
    pub script: String,
    /// The letters, each once.
    pub letters: Vec<char>,
    /// What brings a font for it, where that is known.
    pub package: Option<Package>,
}

/// A package of Debian, and the font in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What is installed.
    pub name: &'static str,
    /// What `[receipts] fonts` then names.
    pub font: String,
}

/// How many letters a message shows.
const SHOWN_MAX: usize = 8;

const NOTO: &str = "fonts-noto-core";
const CJK: &str = "fonts-noto-cjk";
const SYMBOLA: &str = "fonts-symbola";

/// The fonts that are not named after their script as Unicode names it.
const FONTS: &[(Script, &str, &str)] = &[
    (Script::Bopomofo, CJK, "Noto Sans CJK TC"),
    (
        Script::CanadianAboriginal,
        NOTO,
        "Noto Sans Canadian Aboriginal",
    ),
    (Script::Han, CJK, "Noto Sans CJK SC"),
    (Script::Hangul, CJK, "Noto Sans CJK KR"),
    (Script::Hiragana, CJK, "Noto Sans CJK JP"),
    (Script::Katakana, CJK, "Noto Sans CJK JP"),
    (Script::Nko, NOTO, "Noto Sans NKo"),
    (Script::Tibetan, NOTO, "Noto Serif Tibetan"),
];

/// The fonts that are.
const NOTO_SANS: &[Script] = &[
    Script::Adlam,
    Script::Armenian,
    Script::Balinese,
    Script::Batak,
    Script::Bengali,
    Script::Buginese,
    Script::Chakma,
    Script::Cham,
    Script::Cherokee,
    Script::Coptic,
    Script::Ethiopic,
    Script::Georgian,
    Script::Gothic,
    Script::Gujarati,
    Script::Gurmukhi,
    Script::Javanese,
    Script::Kannada,
    Script::Khmer,
    Script::Lao,
    Script::Lepcha,
    Script::Limbu,
    Script::Lisu,
    Script::Malayalam,
    Script::MeeteiMayek,
    Script::Mongolian,
    Script::Myanmar,
    Script::OlChiki,
    Script::Oriya,
    Script::Osage,
    Script::Sinhala,
    Script::Sundanese,
    Script::SylotiNagri,
    Script::Syriac,
    Script::Tagalog,
    Script::TaiLe,
    Script::TaiTham,
    Script::TaiViet,
    Script::Tamil,
    Script::Telugu,
    Script::Thaana,
    Script::Thai,
    Script::Tifinagh,
    Script::Vai,
    Script::Yi,
];

/// Groups letters by their scripts, those with the most letters first.
pub fn lacks(letters: impl IntoIterator<Item = char>) -> Vec<Lack> {
    let mut groups: BTreeMap<String, (Group, Vec<char>)> = BTreeMap::new();
    for letter in letters {
        let group = Group::of(letter);
        let (_, found) = groups.entry(group.name()).or_insert((group, Vec::new()));
        if !found.contains(&letter) {
            found.push(letter);
        }
    }
    let mut lacks: Vec<Lack> = groups
        .into_iter()
        .map(|(script, (group, letters))| Lack {
            script,
            letters,
            package: group.package(),
        })
        .collect();
    one_font_of_east_asia(&mut lacks);
    lacks.sort_by_key(|lack| std::cmp::Reverse(lack.letters.len()));
    lacks
}

/// Each of these fonts has all scripts of East Asia; they differ in how Han is drawn. The script beside it says
/// where it is read, and one font is enough.
fn one_font_of_east_asia(lacks: &mut [Lack]) {
    let of = |script: &str| lacks.iter().any(|lack| lack.script == script);
    let font = match () {
        () if of("Hiragana") || of("Katakana") => "Noto Sans CJK JP",
        () if of("Hangul") => "Noto Sans CJK KR",
        () if of("Bopomofo") => "Noto Sans CJK TC",
        () => "Noto Sans CJK SC",
    };
    for package in lacks.iter_mut().filter_map(|lack| lack.package.as_mut()) {
        if package.name == CJK {
            font.clone_into(&mut package.font);
        }
    }
}

/// It shows nothing by itself: joiners, selectors of variants, marks of direction.
pub(super) fn is_invisible(letter: char) -> bool {
    letter.is_control() || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// Unicode says of it that it is for private use, no letter at all, or not given out: no font to wait for has it.
pub(super) fn is_no_letter(letter: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(letter),
        GeneralCategory::Unassigned | GeneralCategory::PrivateUse | GeneralCategory::Surrogate
    )
}

/// What one font is for.
#[derive(Clone, Copy)]
enum Group {
    Of(Script),
    Emoji,
    Symbols,
}

impl Group {
    fn of(letter: char) -> Group {
        match CodePointMapData::<Script>::new().get(letter) {
            Script::Common | Script::Inherited | Script::Unknown => {
                match CodePointSetData::new::<Emoji>().contains(letter) {
                    true => Group::Emoji,
                    false => Group::Symbols,
                }
            }
            script => Group::Of(script),
        }
    }

    fn name(self) -> String {
        match self {
            Group::Of(script) => {
                let name = PropertyNamesLong::<Script>::new().get(script);
                name.unwrap_or("a later Unicode").replace('_', " ")
            }
            Group::Emoji => "emoji".to_owned(),
            Group::Symbols => "symbols".to_owned(),
        }
    }

    fn package(self) -> Option<Package> {
        let (name, font) = match self {
            Group::Of(script) if NOTO_SANS.contains(&script) => {
                (NOTO, format!("Noto Sans {}", self.name()))
            }
            Group::Of(script) => {
                let found = FONTS.iter().find(|(of, _, _)| *of == script);
                let (_, name, font) = found?;
                (*name, (*font).to_owned())
            }
            Group::Emoji | Group::Symbols => (SYMBOLA, "Symbola".to_owned()),
        };
        Some(Package { name, font })
    }
}

impl std::fmt::Display for Lack {
    /// `Thai (ก ข, U+0E01 U+0E02)`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = self.letters.iter().take(SHOWN_MAX);
        let letters: Vec<String> = shown.clone().map(char::to_string).collect();
        let codes: Vec<String> = shown
            .map(|letter| format!("U+{:04X}", u32::from(*letter)))
            .collect();
        let more = self.letters.len().saturating_sub(SHOWN_MAX);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (letters, codes) = (letters.join(" "), codes.join(" "));
        write!(f, "{} ({letters}, {codes}{more})", self.script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &'static str, font: &str) -> Option<Package> {
        let font = font.to_owned();
        Some(Package { name, font })
    }

    #[test]
    fn letters_are_grouped_by_what_is_installed_for_them() {
        let found = lacks("สวัสดี漢字한😀𓀀スส".chars());
        let found: Vec<(&str, usize, Option<Package>)> = found
            .iter()
            .map(|lack| {
                (
                    lack.script.as_str(),
                    lack.letters.len(),
                    lack.package.clone(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("Thai", 5, package("fonts-noto-core", "Noto Sans Thai")),
                ("Han", 2, package("fonts-noto-cjk", "Noto Sans CJK JP")),
                ("Egyptian Hieroglyphs", 1, None),
                ("Hangul", 1, package("fonts-noto-cjk", "Noto Sans CJK JP")),
                ("Katakana", 1, package("fonts-noto-cjk", "Noto Sans CJK JP")),
                ("emoji", 1, package("fonts-symbola", "Symbola")),
            ]
        );
    }

    #[test]
    fn han_is_of_the_script_beside_it() {
        for (text, font) in [
            ("漢字", "Noto Sans CJK SC"),
            ("漢字かな", "Noto Sans CJK JP"),
            ("漢字カナ한", "Noto Sans CJK JP"),
            ("漢字한글", "Noto Sans CJK KR"),
            ("漢字ㄅ", "Noto Sans CJK TC"),
        ] {
            for lack in lacks(text.chars()) {
                assert_eq!(lack.package, package(CJK, font), "{text} {}", lack.script);
            }
        }
    }

    /// The page that operators read names what a message names.
    #[test]
    fn the_documentation_has_every_script_with_its_package() {
        let page = include_str!("../../../docs/fonts.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
        let scripts = NOTO_SANS
            .iter()
            .chain(FONTS.iter().map(|(script, _, _)| script));
        let groups = scripts.map(|script| Group::Of(*script));
        let groups: Vec<Group> = groups.chain([Group::Emoji, Group::Symbols]).collect();
        for group in groups {
            let package = group.package().expect("it is in the table");
            let name = group.name();
            let is_there = rows.iter().any(|row| {
                let cells: Vec<&str> = row.split('|').map(str::trim).collect();
                cells[1].split(", ").any(|known| known == name)
                    && cells[2] == format!("`{}`", package.name)
                    && (cells[3] == format!("`{:?}`", package.font)
                        || cells[3] == "`\"Noto Sans SCRIPT\"`"
                            && package.font == format!("Noto Sans {name}"))
            });
            assert!(is_there, "{name} {package:?}");
        }
    }

    #[test]
    fn a_message_shows_some_letters_and_counts_the_rest() {
        let shown = |text: &str| lacks(text.chars())[0].to_string();
        assert_eq!(shown("กข"), "Thai (ก ข, U+0E01 U+0E02)");
        assert_eq!(
            shown("กขฃคฅฆงจฉช"),
            "Thai (ก ข ฃ ค ฅ ฆ ง จ, U+0E01 U+0E02 U+0E03 U+0E04 U+0E05 U+0E06 U+0E07 U+0E08 and 2 more)"
        );
    }
}
