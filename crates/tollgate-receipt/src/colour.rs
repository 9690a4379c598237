//! The colour of a shop, in which its papers have their title and what stands out.

use std::fmt;

/// A colour that can be read on white.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The least contrast to white: that of text by WCAG 2.2, 1.4.3.
const CONTRAST_MIN: f64 = 4.5;

impl Colour {
    /// Reads `#1b4b66`; else says what is wrong with it.
    pub fn parse(text: &str) -> Result<Colour, String> {
        let digits = text.strip_prefix('#').filter(|digits| {
            digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(number) = number else {
            return Err(format!("{text:?}"));
        };
        let [_, red, green, blue] = number.to_be_bytes();
        let colour = Colour { red, green, blue };
        let contrast = 1.05 / (colour.luminance() + 0.05);
        match CONTRAST_MIN <= contrast {
            true => Ok(colour),
            false => Err(format!(
                "{text:?}, whose contrast to white is {contrast:.2}"
            )),
        }
    }

    /// Its parts, each of 255.
    pub(super) fn parts(self) -> (u8, u8, u8) {
        (self.red, self.green, self.blue)
    }

    /// Its relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            match part <= 0.04045 {
                true => part / 12.92,
                false => ((part + 0.055) / 1.055).powf(2.4),
            }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_digits_that_can_be_read_on_white() {
        for text in ["#1b4b66", "#000000", "#C00000", "#767676"] {
            let colour = Colour::parse(text).expect("it can be read");
            assert_eq!(colour.to_string(), text.to_ascii_lowercase());
        }
        for text in [
            "", "red", "1b4b66", "#1b4b6", "#1b4b667", "#1b4b6g", "#+b4b66",
        ] {
            assert_eq!(Colour::parse(text), Err(format!("{text:?}")));
        }
        // WCAG's example of a gray that just fails.
        assert_eq!(
            Colour::parse("#777777"),
            Err("\"#777777\", whose contrast to white is 4.48".to_owned())
        );
        assert_eq!(
            Colour::parse("#ffd700"),
            Err("\"#ffd700\", whose contrast to white is 1.40".to_owned())
        );
    }
}
