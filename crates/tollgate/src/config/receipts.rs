//! What stands on a receipt besides the order, and where copies go.

use std::fmt;
use std::path::PathBuf;

use toml::{Table, Value};

use super::error::ConfigError;
use super::typed::Typed;

/// Taxes that one receipt may tell.
const TAXES_MAX: usize = 16;

/// The receipts of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// Where a copy of each is written; `None`: nowhere.
    pub directory: Option<PathBuf>,
    /// Who sells.
    pub seller: Seller,
    /// The taxes it tells.
    pub taxes: Vec<Tax>,
}

/// Who sells, as a receipt says it. What is empty is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// The name; never empty.
    pub name: String,
    /// The address; may have several lines.
    pub address: String,
    /// The number at the tax office.
    pub tax_id: String,
}

/// A tax that a receipt tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// Its name.
    pub name: String,
    /// Its rate.
    pub percent: Percent,
    /// Prices have it in them already.
    pub included: bool,
}

/// A rate in per cent with up to four decimals, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    const ONE: u32 = 10_000;

    /// Reads a decimal as `11` or `7.25`.
    pub fn parse(text: &str) -> Option<Percent> {
        let (whole, decimals) = match text.split_once('.') {
            Some((whole, decimals)) if (1..=4).contains(&decimals.len()) => (whole, decimals),
            Some(_) => return None,
            None => (text, ""),
        };
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !(1..=3).contains(&whole.len()) || !is_digits(whole) || !is_digits(decimals) {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let decimals: u32 = format!("{decimals:0<4}").parse().ok()?;
        let rate = whole * Percent::ONE + decimals;
        (rate <= 100 * Percent::ONE).then_some(Percent(rate))
    }

    /// The rate in ten-thousandths of one per cent: 11 % is 110 000.
    pub fn ten_thousandths(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / Percent::ONE, self.0 % Percent::ONE);
        if decimals == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{decimals:04}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl Typed<'_> {
    /// The section `receipts` of a shop.
    pub(super) fn receipts(&self, shop: &str) -> Result<Receipts, ConfigError> {
        let directory = match self.text("receipts.directory")? {
            "" => None,
            folder => Some(PathBuf::from(folder)),
        };
        let seller = Seller {
            name: match self.line("receipts.seller.name")? {
                "" => shop.to_owned(),
                name => name.to_owned(),
            },
            address: self.text("receipts.seller.address")?.to_owned(),
            tax_id: self.line("receipts.seller.tax_id")?.to_owned(),
        };
        let rows = self.rows("receipts.taxes", &tax_defaults())?;
        if TAXES_MAX < rows.len() {
            let found = format!("{} taxes", rows.len());
            return Err(self.wrong("receipts.taxes", found, format!("at most {TAXES_MAX}")));
        }
        Ok(Receipts {
            directory,
            seller,
            taxes: rows.iter().map(Typed::tax).collect::<Result<_, _>>()?,
        })
    }

    fn tax(&self) -> Result<Tax, ConfigError> {
        let name = self.line("name")?;
        if name.is_empty() {
            let wanted = "the name of the tax as \"VAT\"";
            return Err(self.wrong("name", "no name", wanted));
        }
        let wanted = "a text from \"0\" to \"100\" with up to four decimals, as \"7.25\"";
        let typed = match self.value("percent") {
            Value::String(text) => text,
            other => return Err(self.wrong("percent", other.to_string(), wanted)),
        };
        Ok(Tax {
            name: name.to_owned(),
            percent: Percent::parse(typed)
                .ok_or_else(|| self.wrong("percent", format!("{typed:?}"), wanted))?,
            included: self.flag("included")?,
        })
    }
}

/// Every key of a tax.
fn tax_defaults() -> Table {
    let mut keys = Table::new();
    keys.insert("name".to_owned(), "".into());
    keys.insert("percent".to_owned(), "".into());
    keys.insert("included".to_owned(), true.into());
    keys
}

#[cfg(test)]
mod tests {
    use super::Percent;

    #[test]
    fn a_rate_is_read_to_four_decimals_and_shown_as_short_as_it_can_be() {
        for (text, rate, shown) in [
            ("0", 0, "0"),
            ("11", 110_000, "11"),
            ("7.25", 72_500, "7.25"),
            ("8.8750", 88_750, "8.875"),
            ("0.0001", 1, "0.0001"),
            ("100", 1_000_000, "100"),
            ("100.0000", 1_000_000, "100"),
        ] {
            let percent = Percent::parse(text).unwrap_or_else(|| panic!("{text} is a rate"));
            assert_eq!(percent.ten_thousandths(), rate, "{text}");
            assert_eq!(percent.to_string(), shown, "{text}");
        }
        for text in [
            "", ".5", "5.", "1.00001", "100.0001", "101", "1000", "-1", "+1", "1,5", "1e1", "11%",
            " 1", "٣",
        ] {
            assert_eq!(Percent::parse(text), None, "{text:?}");
        }
    }
}
