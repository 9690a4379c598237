//! The numbers of receipts: without gaps within a shop and a year, in the form that the shop gives them.

use std::fmt;

/// The number of a receipt: without gaps within a shop and a year of its time zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiptNumber {
    /// The year in the shop's time zone when it was decided.
    pub year: i32,
    /// From 1 on.
    pub sequence: i64,
    /// What people call it, as the shop's format made it then. It never changes.
    pub text: String,
}

impl fmt::Display for ReceiptNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl ReceiptNumber {
    /// A number in the usual form, which all had before shops had a say.
    pub fn usual(year: i32, sequence: i64) -> ReceiptNumber {
        ReceiptNumber {
            year,
            sequence,
            text: format!("R-{year:04}-{sequence:06}"),
        }
    }

    /// What a file is called that is of it: letters that could lead elsewhere are hyphens.
    pub fn file_name(&self) -> String {
        let kept = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let name: String = self
            .text
            .chars()
            .map(|letter| if kept(letter) { letter } else { '-' })
            .collect();
        format!("{name}.pdf")
    }
}

/// The form of a shop's numbers: letters with `{year}`, `{shop}`, and `{n}` or `{n:06}` among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberFormat {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Year,
    /// With at least so many digits.
    Sequence(usize),
}

/// The most letters of a number with up to nine digits.
pub const NUMBER_LETTERS_MAX: usize = 40;

/// The most digits that a number is filled up to.
const DIGITS_MAX: usize = 12;

/// The digits that a number may come to, when its length is judged.
const DIGITS_FORESEEN: usize = 9;

impl Default for NumberFormat {
    /// `R-{year}-{n:06}`
    fn default() -> NumberFormat {
        NumberFormat {
            parts: vec![
                Part::Text("R-".to_owned()),
                Part::Year,
                Part::Text("-".to_owned()),
                Part::Sequence(6),
            ],
        }
    }
}

impl NumberFormat {
    /// Reads a format; `shop` is what `{shop}` stands for. Else says what is wrong with it.
    ///
    /// Two numbers of a shop differ: the year has four digits and stands there once, and so does the number,
    /// apart from it by what is no digit or by the year's fixed length.
    pub fn parse(format: &str, shop: &str) -> Result<NumberFormat, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = format;
        while let Some(letter) = rest.chars().next() {
            if letter != '{' {
                rest = &rest[letter.len_utf8()..];
                text.push(letter);
                continue;
            }
            let Some((name, behind)) = rest[1..].split_once('}') else {
                return Err("an opening brace without a closing one".to_owned());
            };
            rest = behind;
            let part = match name {
                "shop" => {
                    text.push_str(shop);
                    continue;
                }
                "year" => Part::Year,
                "n" => Part::Sequence(1),
                _ => Part::Sequence(digits(name).ok_or_else(|| format!("{{{name}}}"))?),
            };
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(part);
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        let format = NumberFormat { parts };
        format.check()?;
        Ok(format)
    }

    fn check(&self) -> Result<(), String> {
        let count =
            |wanted: fn(&Part) -> bool| self.parts.iter().filter(|part| wanted(part)).count();
        let years = count(|part| matches!(part, Part::Year));
        let sequences = count(|part| matches!(part, Part::Sequence(_)));
        let once = |name: &str, count: usize| match count {
            0 => Err(format!("no {name}")),
            1 => Ok(()),
            _ => Err(format!("{name} more than once")),
        };
        once("{n}", sequences)?;
        // Numbers begin again with each year.
        once("{year}", years)?;
        let mut letters = 0;
        for part in &self.parts {
            letters += match part {
                Part::Text(text) => {
                    if let Some(odd) = text.chars().find(|letter| !is_plain(*letter)) {
                        return Err(format!("the letter {odd:?}"));
                    }
                    text.len()
                }
                Part::Year => 4,
                Part::Sequence(digits) => DIGITS_FORESEEN.max(*digits),
            };
        }
        match letters <= NUMBER_LETTERS_MAX {
            true => Ok(()),
            false => Err(format!("{letters} letters with a number of nine digits")),
        }
    }

    /// The number of a year and a place in it.
    pub fn number(&self, year: i32, sequence: i64) -> ReceiptNumber {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(own) => text.push_str(own),
                Part::Year => text.push_str(&format!("{year:04}")),
                Part::Sequence(digits) => text.push_str(&format!("{sequence:0digits$}")),
            }
        }
        ReceiptNumber {
            year,
            sequence,
            text,
        }
    }
}

/// A letter that stands well in a header, a link and, but for the slash, a file's name.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_./:+".contains(letter)
}

/// How many digits `n:06` asks for.
fn digits(name: &str) -> Option<usize> {
    let digits = name.strip_prefix("n:0")?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let digits = is_number.then(|| digits.parse::<usize>().ok()).flatten()?;
    (1..=DIGITS_MAX).contains(&digits).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_form_of_its_shop() {
        for (format, expected) in [
            ("R-{year}-{n:06}", "R-2026-000042"),
            ("INV/{year}/{shop}/{n:06}", "INV/2026/tea/000042"),
            ("{n}.{year}", "42.2026"),
            ("{year}{n:03}", "2026042"),
            ("A{n:01}-{year}", "A42-2026"),
        ] {
            let format = NumberFormat::parse(format, "tea").expect("it is one");
            let number = format.number(2026, 42);
            assert_eq!(
                (number.to_string(), number.year, number.sequence),
                (expected.to_owned(), 2026, 42)
            );
        }
        assert_eq!(
            NumberFormat::parse("R-{year}-{n:06}", "tea"),
            Ok(NumberFormat::default())
        );
        let many = NumberFormat::default().number(2026, 1_234_567);
        assert_eq!(many.text, "R-2026-1234567", "no digit is cut");
        assert_eq!(
            ReceiptNumber::usual(2026, 42),
            NumberFormat::default().number(2026, 42)
        );
    }

    #[test]
    fn a_format_that_could_confuse_two_numbers_is_refused() {
        for (format, found) in [
            ("", "no {n}"),
            ("R-{year}", "no {n}"),
            ("R-{n}", "no {year}"),
            ("{year}-{n}-{n:06}", "{n} more than once"),
            ("{year}{year}{n}", "{year} more than once"),
            ("{year}-{N}", "{N}"),
            ("{year}-{n:6}", "{n:6}"),
            ("{year}-{n:0}", "{n:0}"),
            ("{year}-{n:013}", "{n:013}"),
            ("{year}-{n:0+4}", "{n:0+4}"),
            ("{year}-{n", "an opening brace without a closing one"),
            ("{year} {n}", "the letter ' '"),
            ("№{year}-{n}", "the letter '№'"),
            ("\"{year}-{n}", "the letter '\"'"),
            ("{year}\n{n}", "the letter '\\n'"),
            ("{year}}-{n}", "the letter '}'"),
            (
                "INVOICE-INVOICE-INVOICE-INV-{year}-{n:06}",
                "42 letters with a number of nine digits",
            ),
        ] {
            assert_eq!(
                NumberFormat::parse(format, "tea"),
                Err(found.to_owned()),
                "{format}"
            );
        }
        assert!(NumberFormat::parse("{shop}-{year}-{n}", &"x".repeat(40)).is_err());
    }

    #[test]
    fn a_file_is_called_by_its_number_and_lies_in_no_folder() {
        let format = NumberFormat::parse("INV/{year}/{shop}/{n:06}", "te:a").expect("it is one");
        let number = format.number(2026, 42);
        assert_eq!(number.to_string(), "INV/2026/te:a/000042");
        assert_eq!(number.file_name(), "INV-2026-te-a-000042.pdf");
    }
}
