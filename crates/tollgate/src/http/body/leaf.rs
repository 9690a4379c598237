//! Values that cannot be wrong once they are read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use tollgate_core::capacity::Late;
use tollgate_core::capacity::Unit;
use tollgate_core::effect::EffectKind;
use tollgate_core::id::{EffectId, HoldId, PREFIXES, SlotId};
use tollgate_core::money::API_INTEGER_MAX;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::snapshot::EventState;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::time_text;

/// A whole number between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Whole<const LEAST: i64, const MOST: i64>(pub(crate) i64);

/// An amount in minor units.
pub(crate) type Amount = Whole<0, API_INTEGER_MAX>;
/// An amount that is something.
pub(crate) type Positive = Whole<1, API_INTEGER_MAX>;
/// Added to or taken from a count.
pub(crate) type Difference = Whole<{ -API_INTEGER_MAX }, API_INTEGER_MAX>;
/// How long capacity is held.
pub(crate) type HoldSeconds = Whole<30, 604_800>;

impl<const LEAST: i64, const MOST: i64> Serialize for Whole<LEAST, MOST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de, const LEAST: i64, const MOST: i64> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const LEAST: i64, const MOST: i64>;

        impl<const LEAST: i64, const MOST: i64> Visitor<'_> for Reader<LEAST, MOST> {
            type Value = Whole<LEAST, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {LEAST} to {MOST}")
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
                if (LEAST..=MOST).contains(&value) {
                    return Ok(Whole(value));
                }
                Err(E::invalid_value(Unexpected::Signed(value), &self))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
                match i64::try_from(value) {
                    Ok(value) => self.visit_i64(value),
                    Err(_) => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
                }
            }
        }

        deserializer.deserialize_i64(Reader::<LEAST, MOST>)
    }
}

/// What makes a text a good one.
pub(crate) trait Rule {
    /// What is wanted, for people.
    const WANTED: &'static str;
    /// Whether it is.
    fn allows(text: &str) -> bool;
}

/// A text that keeps a rule.
pub(crate) struct Text<R>(pub(crate) String, PhantomData<R>);

impl<R> Text<R> {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<R> Clone for Text<R> {
    fn clone(&self) -> Text<R> {
        Text(self.0.clone(), PhantomData)
    }
}

impl<R> fmt::Debug for Text<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R> Serialize for Text<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, R: Rule> Deserialize<'de> for Text<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<R>(PhantomData<R>);

        impl<R: Rule> Visitor<'_> for Reader<R> {
            type Value = Text<R>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(R::WANTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<R>, E> {
                if R::allows(text) {
                    return Ok(Text(text.to_owned(), PhantomData));
                }
                Err(E::invalid_value(Unexpected::Other("this text"), &self))
            }
        }

        deserializer.deserialize_str(Reader(PhantomData))
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident as $rule:ident: $wanted:literal = $allows:expr;)*) => {$(
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $rule;

        impl Rule for $rule {
            const WANTED: &'static str = $wanted;

            fn allows(text: &str) -> bool {
                let allows: fn(&str) -> bool = $allows;
                allows(text)
            }
        }

        $(#[$doc])*
        pub(crate) type $name = Text<$rule>;
    )*};
}

rules! {
    /// The name of a sku, source or calendar.
    Name as NameRule: "1 to 128 characters of A-Z a-z 0-9 . _ : + -" = is_name;
    /// The merchant's code of an order.
    OrderCode as OrderCodeRule:
        "1 to 128 characters of A-Z a-z 0-9 . _ : + - that do not begin like an id" =
        |text| is_name(text) && !begins_like_an_id(text);
    /// An order's id or code.
    OrderName as OrderNameRule: "an order's id or code" = is_name;
    /// The name by which a source knows a payment.
    Reference as ReferenceRule: "1 to 255 bytes without control characters" =
        |text| (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
    /// Something short for people.
    Short as ShortRule: "1 to 200 characters without control characters" =
        |text| (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    /// Something short for people, or nothing.
    Maybe as MaybeRule: "up to 200 characters without control characters" =
        |text| text.chars().count() <= 200 && !text.chars().any(char::is_control);
    /// Something longer for people.
    Note as NoteRule: "up to 500 characters without NUL" =
        |text| text.chars().count() <= 500 && !text.contains('\0');
    /// Three letters of ISO 4217; whether the standard knows them is asked later.
    CurrencyCode as CurrencyRule: "three letters" =
        |text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    /// A hold's id.
    HoldName as HoldNameRule: "a hold's id" = |text| text.parse::<HoldId>().is_ok();
    /// A slot's id.
    SlotName as SlotNameRule: "a slot's id" = |text| text.parse::<SlotId>().is_ok();
    /// What happened to an event.
    OutcomeWord as OutcomeRule:
        "one of applied duplicate parked stale queued attention stored rejected" =
        |text| EventOutcome::of(text).is_some();
    /// What is true of an event.
    StateWord as StateRule: "one of applied parked queued stale stored attention orphan dead" =
        |text| EventState::of(text).is_some();
    /// A time of day.
    TimeOfDay as TimeOfDayRule: "a time of day as 09:30" =
        |text| text.len() == 5 && text.parse::<jiff::civil::Time>().is_ok();
    /// A date.
    Date as DateRule: "a date as 2026-12-25" =
        |text| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    /// A time zone.
    TimeZoneName as TimeZoneRule: "a time zone as Europe/Moscow" =
        |text| text.len() <= 64 && jiff::tz::TimeZone::get(text).is_ok();
    /// A day of the week.
    Day as DayRule: "one of mon tue wed thu fri sat sun" =
        |text| crate::calendar::weekday(text).is_some();
    /// What a calendar counts.
    UnitWord as UnitRule: "one of amount items orders" =
        |text| Unit::of(text).is_some();
    /// Which slot a late payment may take.
    LateWord as LateRule: "same or next" = |text| Late::of(text).is_some();
    /// An effect's id.
    EffectName as EffectNameRule: "an effect's id" = |text| text.parse::<EffectId>().is_ok();
    /// What an effect is.
    EffectKindWord as EffectKindRule:
        "one of receipt mail notify forward ask refund refund_check refund_request void" =
        |text| EffectKind::of(text).is_some();
    /// The state of effects that are tried again.
    RetriedStateWord as RetriedStateRule: "one of dead unknown pending" =
        |text| matches!(text, "dead" | "unknown" | "pending");
    /// What became of an effect.
    EndWord as EndRule: "done or dead" = |text| matches!(text, "done" | "dead");
    /// Something longer for people, which has to be said.
    Told as ToldRule: "1 to 500 characters without NUL" =
        |text| (1..=500).contains(&text.chars().count()) && !text.contains('\0');
    /// What an endpoint wants to be told of.
    FilterWord as FilterRule: "a type as order.paid, a group as order.*, or *" =
        tollgate_core::timeline::is_filter;
    /// A URL; whether it is called is judged where it is used.
    UrlText as UrlRule: "a URL of up to 2048 bytes" =
        |text| (1..=2048).contains(&text.len()) && !text.contains('\0');
    /// What a key may do.
    ScopeWord as ScopeRule: "one of read write admin" =
        |text| matches!(text, "read" | "write" | "admin");
}

/// 1 to 128 characters of `[A-Za-z0-9._:+-]`.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:+-".contains(&byte))
}

/// The text begins with the prefix of an id.
pub(crate) fn begins_like_an_id(text: &str) -> bool {
    text.split_once('_')
        .is_some_and(|(prefix, _)| PREFIXES.contains(&prefix))
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_millis())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(time_text::WANTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
                time_text::parse(text)
                    .map(Time)
                    .ok_or_else(|| E::invalid_value(Unexpected::Other("this text"), &self))
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

/// The most bytes of metadata.
const METADATA_BYTES_MAX: usize = 16 * 1024;

/// A JSON object of the merchant's, kept as it came.
#[derive(Debug, Clone)]
pub(crate) struct Metadata {
    text: Box<RawValue>,
    /// What it says, for the fingerprint.
    tree: Value,
}

impl Metadata {
    /// The object's text; an absent one is empty.
    pub(crate) fn text(metadata: Option<&Metadata>) -> String {
        metadata.map_or_else(
            || "{}".to_owned(),
            |metadata| metadata.text.get().to_owned(),
        )
    }

    /// How long its text is.
    pub(crate) fn bytes(&self) -> usize {
        self.text.get().len()
    }

    /// There is nothing in it.
    pub(crate) fn says_nothing(metadata: &Option<Metadata>) -> bool {
        let tree = metadata
            .as_ref()
            .and_then(|metadata| metadata.tree.as_object());
        tree.is_none_or(serde_json::Map::is_empty)
    }
}

impl Serialize for Metadata {
    /// Canonical: a tree sorts its members.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.tree.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    /// A text may be JSON and yet say nothing: a number beyond every float, half a surrogate pair.
    /// Only what can be read as a tree is taken, so that whoever reads it back can read it, too.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let wanted = "expected a JSON object of up to 16 KiB without NUL";
        if METADATA_BYTES_MAX < text.get().len() {
            return Err(D::Error::custom(wanted));
        }
        let tree: Value = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        match tree.is_object() && !has_nul(&tree) {
            true => Ok(Metadata { text, tree }),
            false => Err(D::Error::custom(wanted)),
        }
    }
}

/// A text or a member's name somewhere in the tree holds a NUL, which PostgreSQL cannot keep.
fn has_nul(tree: &Value) -> bool {
    match tree {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
    }
}
