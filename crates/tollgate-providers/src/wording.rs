//! How providers write amounts, times and ids, and how we write keys and paths.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use tollgate_core::event::{CaptureState, Event, Fact, FactKind, RefundState, Strength};
use tollgate_core::money::{Currency, Money, minor_from_decimal};
use tollgate_core::time::Timestamp;

/// The unit an amount is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// The currency's own unit with decimals: `10000.00`.
    Major,
    /// The smallest unit of ISO 4217.
    Minor,
    /// A smallest unit of the provider's own, with so many decimals.
    Decimals(u8),
}

/// An amount as read: nothing there, exact, or there but not readable exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    Absent,
    Exact(Money),
    Unreadable,
}

impl Amount {
    /// Reads an amount; without a currency that ISO 4217 knows it cannot be read.
    pub(crate) fn read(text: Option<&str>, currency: Option<&str>, unit: Unit) -> Amount {
        let Some(text) = text else {
            return Amount::Absent;
        };
        let known = currency.and_then(Currency::new).and_then(|code| {
            let exponent = exponent(code)?;
            Some((code, exponent))
        });
        let Some((currency, exponent)) = known else {
            return Amount::Unreadable;
        };
        let decimals = match unit {
            Unit::Major => exponent,
            Unit::Minor | Unit::Decimals(_) => 0,
        };
        let read = minor_from_decimal(text, decimals).ok();
        let minor = match unit {
            Unit::Major | Unit::Minor => read,
            Unit::Decimals(own) => read.and_then(|minor| rescaled(minor, own, exponent)),
        };
        match minor {
            Some(minor) if 0 <= minor => Amount::Exact(Money { minor, currency }),
            // No provider takes or gives back less than nothing.
            Some(_) | None => Amount::Unreadable,
        }
    }

    pub(crate) fn money(self) -> Option<Money> {
        match self {
            Amount::Exact(money) => Some(money),
            Amount::Absent | Amount::Unreadable => None,
        }
    }

    pub(crate) fn is_unreadable(self) -> bool {
        self == Amount::Unreadable
    }
}

/// An amount with so many decimals as one with as many others; `None` if that cuts something off.
pub(crate) fn rescaled(amount: i64, from: u8, to: u8) -> Option<i64> {
    let scale = 10_i64.checked_pow(u32::from(from.abs_diff(to)))?;
    match from <= to {
        true => amount.checked_mul(scale),
        false => (amount % scale == 0).then_some(amount / scale),
    }
}

/// By what the type of an event begins with which the provider only tries whether we are there.
const TEST: &str = "test";

/// The event of a notification by which a provider tries an endpoint. It has no names and no facts: it is
/// kept, waits for nothing and moves nothing.
pub(crate) fn test_notification(kind: &str, about: Option<&str>) -> Event {
    Event {
        kind: match kind {
            TEST => TEST.to_owned(),
            kind => format!("{TEST}.{kind}"),
        },
        provider_payment_id: about.map(str::to_owned),
        ..Event::default()
    }
}

/// L11: whether facts claim money without an amount that can be read, and so prove none.
///
/// Money that came, was set aside or went back has to be named. What did not come to pass needs no
/// amount; of a dispute providers often name none, so only one that cannot be read counts there.
/// `unreadable`: an amount stands in the event that cannot be read exactly.
pub(crate) fn lack_amount(facts: &[Fact], unreadable: bool) -> bool {
    facts.iter().any(|fact| match fact.kind {
        FactKind::Capture(
            CaptureState::Authorized | CaptureState::Captured | CaptureState::Settled,
        )
        | FactKind::Refund(RefundState::Succeeded)
        | FactKind::RefundedTotal => fact.money.is_none(),
        FactKind::Dispute(_) => unreadable,
        FactKind::Capture(
            CaptureState::Created
            | CaptureState::Pending
            | CaptureState::RequiresAction
            | CaptureState::Processing
            | CaptureState::Review
            | CaptureState::Failed
            | CaptureState::Denied
            | CaptureState::Expired
            | CaptureState::Cancelled
            | CaptureState::Voided
            | CaptureState::Reversed,
        )
        | FactKind::Refund(
            RefundState::Requested
            | RefundState::Pending
            | RefundState::Failed
            | RefundState::Reversed,
        ) => false,
    })
}

/// The decimals a currency has in ISO 4217; `None` if the standard does not know it.
pub(crate) fn exponent(currency: Currency) -> Option<u8> {
    let known = iso_currency::Currency::from_code(currency.as_str())?;
    u8::try_from(known.exponent()?).ok()
}

/// The currency of an ISO 4217 number.
pub(crate) fn currency_of_number(number: u16) -> Option<&'static str> {
    Some(iso_currency::Currency::from_numeric(number)?.code())
}

/// An amount as a decimal number of its currency, for what we write ourselves.
pub(crate) fn decimal(minor: i64, exponent: u8) -> String {
    if exponent == 0 {
        return minor.to_string();
    }
    let scale = 10_u64.pow(u32::from(exponent.min(18)));
    let sign = if minor < 0 { "-" } else { "" };
    let size = minor.unsigned_abs();
    let width = usize::from(exponent);
    format!("{sign}{}.{:0width$}", size / scale, size % scale)
}

/// A fact without strength and mode; the source adds these.
pub(crate) fn fact(
    object: &str,
    kind: FactKind,
    money: Option<Money>,
    occurred_at: Option<Timestamp>,
) -> Fact {
    Fact {
        object: object.to_owned(),
        kind,
        money,
        occurred_at,
        strength: Strength::Unsigned,
        foreign_mode: false,
        fee_minor: 0,
    }
}

/// Parts of a key, joined so that no two lists of parts give one key (D3): a colon inside a part
/// is escaped, and `-` alone means that there is none.
pub(crate) fn key(parts: &[Option<&str>]) -> String {
    let mut key = String::new();
    for (index, part) in parts.iter().enumerate() {
        if 0 < index {
            key.push(':');
        }
        match part {
            None => key.push('-'),
            Some("-") => key.push_str("%2D"),
            Some(part) => {
                for letter in part.chars() {
                    match letter {
                        '%' => key.push_str("%25"),
                        ':' => key.push_str("%3A"),
                        other => key.push(other),
                    }
                }
            }
        }
    }
    key
}

/// One segment of a URL's path; everything but unreserved characters (RFC 3986) is escaped.
pub(crate) fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                segment.push(char::from(byte));
            }
            other => segment.push_str(&format!("%{other:02X}")),
        }
    }
    segment
}

/// `2020-01-09 18:27:19` by a clock that is `hours` ahead of UTC.
pub(crate) fn local_time(text: &str, hours: i8) -> Option<Timestamp> {
    let civil: DateTime = text.parse().ok()?;
    let zone = TimeZone::fixed(Offset::from_hours(hours).ok()?);
    let instant = zone.to_timestamp(civil).ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// The same the other way round, for what we write ourselves.
pub(crate) fn to_local_time(at: Timestamp, hours: i8) -> String {
    let zone = Offset::from_hours(hours).map(TimeZone::fixed);
    match (jiff::Timestamp::from_millisecond(at.as_millis()), zone) {
        (Ok(instant), Ok(zone)) => instant
            .to_zoned(zone)
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string(),
        _ => String::new(),
    }
}

/// Milliseconds since the epoch, as a text of digits.
pub(crate) fn millis(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_millis)
}

/// A time as APIs write it: RFC 3339, or seconds or milliseconds since the epoch.
pub(crate) fn any_time(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach this in the year 5138.
        let millis = if number.unsigned_abs() < 100_000_000_000 {
            number.checked_mul(1000)?
        } else {
            number
        };
        return Some(Timestamp::from_millis(millis));
    }
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(instant.as_millisecond()))
}

/// A UUID in its usual form, lower-cased.
pub(crate) fn guid(text: &str) -> Option<String> {
    let dashes = [8, 13, 18, 23];
    let good = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| {
            if dashes.contains(&at) {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        });
    good.then(|| text.to_ascii_lowercase())
}

/// A UUID out of any text, for samples: the text itself where it is one, else of its hash.
pub(crate) fn guid_of(text: &str) -> String {
    guid(text).unwrap_or_else(|| {
        let hash = crate::signature::sha256_hex(text.as_bytes());
        format!(
            "{}-{}-4{}-8{}-{}",
            &hash[..8],
            &hash[8..12],
            &hash[13..16],
            &hash[17..20],
            &hash[20..32]
        )
    })
}
