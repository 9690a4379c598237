//! Taxes on a total, in exact integer arithmetic.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A tax as the configuration says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRate {
    /// What it is called: `PPN`.
    pub name: String,
    /// How much of a hundred. Prices have it in them.
    pub percent: Percent,
}

/// A tax on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// What it is called.
    pub name: String,
    /// How much of a hundred.
    pub percent: Percent,
    /// Whether the total contains it. Nobody is charged what it does not contain; receipts of the first
    /// version may name such a tax all the same, and are printed as they were.
    pub included: bool,
    /// What it comes to, in minor units.
    pub amount: i64,
}

/// What the rates come to in a total that contains them: `total * p / (100 + all p)`. They share one base,
/// the total without any of them. Each is rounded by itself, half up; so the parts of one total may differ
/// from their sum by a minor unit.
pub fn taxes(rates: &[TaxRate], total: i64) -> Vec<Tax> {
    let contained = rates.iter().map(|rate| i128::from(rate.percent.millionths));
    let whole = i128::from(Percent::HUNDRED) + contained.sum::<i128>();
    rates
        .iter()
        .map(|rate| {
            let part = i128::from(total) * i128::from(rate.percent.millionths);
            Tax {
                name: rate.name.clone(),
                percent: rate.percent,
                included: true,
                // Half up: the floor of the quotient and a half.
                amount: i64::try_from((2 * part + whole).div_euclid(2 * whole))
                    .expect("a tax is no more than the total that contains it"),
            }
        })
        .collect()
}

/// A percentage from 0 to 100 with at most six decimals, written `11` or `5.5`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Percent {
    millionths: u32,
}

/// A text is no percentage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a percentage from 0 to 100 as \"11\" or \"5.5\", with at most six decimals")]
pub struct PercentError;

impl Percent {
    const HUNDRED: u32 = 100_000_000;

    /// Reads `11` or `5.5`.
    pub fn parse(text: &str) -> Result<Percent, PercentError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || 6 < fraction.len() || 3 < whole.len() {
            return Err(PercentError);
        }
        let millionths = format!("{whole}{fraction:0<6}").parse::<u32>();
        match millionths {
            Ok(millionths) if millionths <= Self::HUNDRED => Ok(Percent { millionths }),
            Ok(_) | Err(_) => Err(PercentError),
        }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.millionths / 1_000_000, self.millionths % 1_000_000);
        let text = format!("{whole}.{fraction:06}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl fmt::Debug for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Percent {
    type Error = PercentError;

    fn try_from(text: String) -> Result<Percent, PercentError> {
        Percent::parse(&text)
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> String {
        percent.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(total: i64, rates: &[&str], expected: &[i64]) {
        let rates: Vec<TaxRate> = rates
            .iter()
            .map(|percent| TaxRate {
                name: "T".to_owned(),
                percent: Percent::parse(percent).expect("it is one"),
            })
            .collect();
        let found: Vec<i64> = taxes(&rates, total).iter().map(|tax| tax.amount).collect();
        assert_eq!(found, expected, "{total} {rates:?}");
    }

    #[test]
    fn a_tax_within_the_total_is_taken_out_of_it() {
        check(11_100_000, &["11"], &[1_100_000]);
        check(12_000, &["20"], &[2_000]);
        check(100, &["0"], &[0]);
        check(0, &["18"], &[0]);
        check(200, &["100"], &[100]);
        check(10_550, &["5.5"], &[550]);
        check(i64::MAX, &["100"], &[4_611_686_018_427_387_904]);
    }

    #[test]
    fn halves_are_rounded_up() {
        // 1 * 100 / 200 = 0.5; 1 * 99.999999 / 199.999999 is less.
        check(1, &["100"], &[1]);
        check(1, &["99.999999"], &[0]);
        // 50 * 11 / 111 = 4.95…; 5 * 10 / 110 = 0.4545…
        check(50, &["11"], &[5]);
        check(5, &["10"], &[0]);
    }

    #[test]
    fn taxes_within_one_total_share_one_base() {
        // Base 10000: 9 percent twice.
        check(11_800, &["9", "9"], &[900, 900]);
        check(12_100, &["10", "11"], &[1_000, 1_100]);
    }

    #[test]
    fn a_percentage_survives_its_text() {
        for (text, shown) in [
            ("11", "11"),
            ("5.5", "5.5"),
            ("5.50", "5.5"),
            ("0", "0"),
            ("100", "100"),
            ("0.000001", "0.000001"),
            ("020", "20"),
        ] {
            assert_eq!(
                Percent::parse(text).expect("it is one").to_string(),
                shown,
                "{text}"
            );
        }
        for text in [
            "",
            "-1",
            "+1",
            "1.",
            ".5",
            "1,5",
            "101",
            "100.000001",
            "1e1",
            " 1",
            "1.0000000",
            "1000",
        ] {
            assert_eq!(Percent::parse(text), Err(PercentError), "{text}");
        }
    }
}
