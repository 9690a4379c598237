//! Taxes on a total, in exact integer arithmetic.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A tax as the configuration says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// What it is called: `PPN`.
    pub name: String,
    /// How much of a hundred.
    pub percent: Percent,
    /// Whether the total contains it.
    pub included: bool,
}

/// A tax on a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// What it is called.
    pub name: String,
    /// How much of a hundred.
    pub percent: Percent,
    /// Whether the total contains it.
    pub included: bool,
    /// What it comes to, in minor units.
    pub amount: i64,
}

/// What the rates come to over a total.
///
/// What the total contains is `total * p / (100 + p)`: several such taxes share one base, the total
/// without any of them. What it does not contain is `total * p / 100`. Each is rounded by itself, half
/// up; so the parts of one total may differ from their sum by a minor unit.
pub fn taxes(rates: &[TaxRate], total: i64) -> Vec<Tax> {
    let contained: i128 = rates
        .iter()
        .filter(|rate| rate.included)
        .map(|rate| i128::from(rate.percent.millionths))
        .sum();
    rates
        .iter()
        .map(|rate| {
            let whole = i128::from(Percent::HUNDRED) + if rate.included { contained } else { 0 };
            let part = i128::from(total) * i128::from(rate.percent.millionths);
            Tax {
                name: rate.name.clone(),
                percent: rate.percent,
                included: rate.included,
                // Half up: the floor of the quotient and a half.
                amount: i64::try_from((2 * part + whole).div_euclid(2 * whole))
                    .expect("a tax of at most a hundred percent is no more than its total"),
            }
        })
        .collect()
}

/// The share of a total's taxes that falls to the part of it between two running figures.
///
/// Receipts over parts of an order state the taxes of their part: those of what was paid up to and with
/// them, less those of what was paid before. So all receipts together state the order's, to the unit, in
/// whatever parts it was paid and given back. Money beyond the total has no tax. All in minor units.
pub fn shared(rates: &[TaxRate], total: i64, from: i64, to: i64) -> Vec<Tax> {
    let up_to = |whole: i64, figure: i64| -> i64 {
        let figure = figure.clamp(0, total.max(0));
        let share = match total {
            ..=0 => 0,
            total => (i128::from(whole) * i128::from(figure) * 2 + i128::from(total))
                .div_euclid(2 * i128::from(total)),
        };
        i64::try_from(share).expect("a share of a tax is no more than the tax")
    };
    let mut taxes = taxes(rates, total);
    for tax in &mut taxes {
        tax.amount = (up_to(tax.amount, to) - up_to(tax.amount, from)).abs();
    }
    taxes
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

    fn check(total: i64, rates: &[(&str, bool)], expected: &[i64]) {
        let rates: Vec<TaxRate> = rates
            .iter()
            .map(|(percent, included)| TaxRate {
                name: "T".to_owned(),
                percent: Percent::parse(percent).expect("it is one"),
                included: *included,
            })
            .collect();
        let found: Vec<i64> = taxes(&rates, total).iter().map(|tax| tax.amount).collect();
        assert_eq!(found, expected, "{total} {rates:?}");
    }

    #[test]
    fn a_tax_within_the_total_is_taken_out_of_it() {
        check(11_100_000, &[("11", true)], &[1_100_000]);
        check(12_000, &[("20", true)], &[2_000]);
        check(100, &[("0", true)], &[0]);
        check(0, &[("18", true)], &[0]);
        check(200, &[("100", true)], &[100]);
        check(10_550, &[("5.5", true)], &[550]);
        check(i64::MAX, &[("100", true)], &[4_611_686_018_427_387_904]);
    }

    #[test]
    fn halves_are_rounded_up() {
        // 1 * 100 / 200 = 0.5; 1 * 99.999999 / 199.999999 is less.
        check(1, &[("100", true)], &[1]);
        check(1, &[("99.999999", true)], &[0]);
        // 50 * 11 / 111 = 4.95…; 5 * 10 / 110 = 0.4545…
        check(50, &[("11", true)], &[5]);
        check(5, &[("10", true)], &[0]);
        // 10 * 5 / 100 = 0.5
        check(10, &[("5", false)], &[1]);
        check(9, &[("5", false)], &[0]);
        check(-10, &[("5", false)], &[0]);
    }

    #[test]
    fn taxes_within_one_total_share_one_base() {
        // Base 10000: 9 percent twice.
        check(11_800, &[("9", true), ("9", true)], &[900, 900]);
        check(12_100, &[("10", true), ("11", true)], &[1_000, 1_100]);
        check(
            12_100,
            &[("10", true), ("5", false), ("11", true)],
            &[1_000, 605, 1_100],
        );
    }

    #[test]
    fn a_tax_outside_the_total_is_reckoned_on_it() {
        check(10_000, &[("11", false)], &[1_100]);
        check(i64::MAX, &[("100", false)], &[i64::MAX]);
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

    /// Parts paid, given back and paid again: with each the taxes of what is paid up to then.
    #[test]
    fn the_taxes_of_all_receipts_add_up_to_the_orders() {
        let rates = [
            TaxRate {
                name: "PPN".to_owned(),
                percent: Percent::parse("11").expect("it is one"),
                included: true,
            },
            TaxRate {
                name: "service".to_owned(),
                percent: Percent::parse("3.33").expect("it is one"),
                included: false,
            },
        ];
        let amounts = |from, to| -> Vec<i64> {
            let shares = shared(&rates, 1000, from, to);
            shares.iter().map(|tax| tax.amount).collect()
        };
        // 1000 with 11 % in it is 99 tax; 3.33 % on it is 33.
        assert_eq!(amounts(0, 1000), [99, 33]);
        assert_eq!(amounts(0, 333), [33, 11]);
        assert_eq!(amounts(333, 666), [33, 11]);
        assert_eq!(amounts(666, 1000), [33, 11]);
        // Given back, it is what the receipts before have stated.
        assert_eq!(amounts(1000, 400), [59, 20]);
        assert_eq!(amounts(400, 0), [40, 13]);
        // What is beyond the total is no turnover.
        assert_eq!(amounts(1000, 2000), [0, 0]);
        for parts in [[1, 1000], [17, 983], [500, 501], [999, 1000]] {
            let [first, second] = parts;
            let one = amounts(0, first);
            let two = amounts(first, second);
            let rest = amounts(second, 1000);
            let sum = |place: usize| one[place] + two[place] + rest[place];
            assert_eq!([sum(0), sum(1)], [99, 33], "{parts:?}");
        }
    }
}
