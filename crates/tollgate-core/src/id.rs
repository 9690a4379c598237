//! Typed ids: a prefix and a UUIDv7 in base32 (TypeID), and what hangs on what.
//!
//! An id says to which *root* its thing belongs. The last sixteen bits of a root's id are zero;
//! whatever hangs on the root (its payments, holds, refunds) has the root's id with an ordinal in
//! these bits. So it is never looked up to which order a payment belongs. Likewise an event carries
//! its delivery's id and its place in the delivery.
//!
//! Ids are arguments: this file reads no clock and draws no random number.

use std::fmt;

use crate::time::Timestamp;

/// The alphabet of TypeID: Crockford's base32 in lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many things of one kind can hang on one root.
pub const ORDINAL_MAX: u16 = u16::MAX;

/// A shop; every key of every table begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShopId(pub u32);

/// The id of a root: an order, a payment without an order, a cart's hold or a delivery.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootId(u128);

impl RootId {
    /// Makes a root's id of a UUIDv7, whose last sixteen bits are given up.
    pub fn new(uuid_v7: u128) -> RootId {
        RootId(uuid_v7 & !0xffff)
    }

    /// The id as a number, for storing.
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// When the root was made, to the millisecond: the first 48 bits.
    pub fn made_at(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> 80) as i64)
    }
}

/// The lowest id of a time; below it are the ids of all that was made before. A time before the epoch
/// counts as the epoch.
pub fn first_id(time: Timestamp) -> u128 {
    const LAST: i64 = (1 << 48) - 1;
    (time.as_millis().clamp(0, LAST) as u128) << 80
}

impl fmt::Debug for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("root_")?;
        f.write_str(Digits::of(self.0).as_str())
    }
}

/// Why a text is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {text:?} as an id: expected {prefix}_ and 26 characters of 0-9 a-z without i l o u")]
pub struct IdError {
    text: String,
    prefix: &'static str,
}

/// What each byte is worth as a digit; those that are none have [`NO_DIGIT`].
const WORTH: [u8; 256] = worth();
const NO_DIGIT: u8 = u8::MAX;

const fn worth() -> [u8; 256] {
    let mut worth = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        worth[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    worth
}

/// The 128 bits as 26 characters, most significant first.
struct Digits([u8; 26]);

impl Digits {
    fn of(mut value: u128) -> Digits {
        let mut digits = [0; 26];
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET[(value & 31) as usize];
            value >>= 5;
        }
        Digits(digits)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

/// Writes the 128 bits as 26 characters, most significant first.
pub fn encode(value: u128) -> String {
    Digits::of(value).as_str().to_owned()
}

/// Reads 26 characters of base32; the first carries three bits only.
pub fn decode(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 26 || bytes[0] > b'7' {
        return None;
    }
    bytes.iter().try_fold(0u128, |value, byte| {
        let digit = WORTH[usize::from(*byte)];
        (digit != NO_DIGIT).then_some((value << 5) | u128::from(digit))
    })
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The letters before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The thing with this ordinal on this root; 0 is the root itself.
            pub fn on(root: RootId, ordinal: u16) -> $name {
                $name(root.0 | u128::from(ordinal))
            }

            /// Takes a stored number back.
            pub fn from_u128(value: u128) -> $name {
                $name(value)
            }

            /// The id as a number, for storing.
            pub fn as_u128(self) -> u128 {
                self.0
            }

            /// The root this hangs on, or is.
            pub fn root(self) -> RootId {
                RootId::new(self.0)
            }

            /// Its place on the root.
            pub fn ordinal(self) -> u16 {
                (self.0 & 0xffff) as u16
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(Digits::of(self.0).as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<$name, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map($name)
                    .ok_or_else(|| IdError { text: text.chars().take(64).collect(), prefix: $prefix })
            }
        }
    )*};
}

typed_ids! {
    /// An order; always a root.
    OrderId = "ord";
    /// A payment: on an order, or a root of its own.
    PaymentId = "pay";
    /// A hold: on an order, or a cart's, which is a root of its own.
    HoldId = "hld";
    /// A refund of a payment.
    RefundId = "rfd";
    /// One HTTP request of a provider; always a root.
    DeliveryId = "dlv";
    /// One thing a provider says; hangs on its delivery.
    EventId = "evt";
    /// Something to be done outside. Its number is derived from its key by the store.
    EffectId = "eff";
    /// A time slot of a calendar. Its number is derived from calendar and start by the store.
    SlotId = "slt";
    /// An API key.
    KeyId = "key";
    /// A receipt of a root.
    ReceiptId = "rcp";
    /// A merchant's endpoint; always a root.
    EndpointId = "ep";
    /// What was refused or has failed, of one kind and time. Its number is derived from both.
    ErrorId = "err";
    /// A person who signs in; always a root.
    UserId = "usr";
}

/// The kinds of ids by prefix, to distinguish an id from an order's code.
pub const PREFIXES: &[&str] = &[
    OrderId::PREFIX,
    PaymentId::PREFIX,
    HoldId::PREFIX,
    RefundId::PREFIX,
    DeliveryId::PREFIX,
    EventId::PREFIX,
    EffectId::PREFIX,
    SlotId::PREFIX,
    KeyId::PREFIX,
    ReceiptId::PREFIX,
    EndpointId::PREFIX,
    ErrorId::PREFIX,
    UserId::PREFIX,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = OrderId::on(RootId::new(0x0190_1234_5678_7abc_9def_0123_4567_89ab), 0);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), "ord_".len() + 26);
    }

    #[test]
    fn a_payment_names_its_root() {
        let root = RootId::new(0x0190_1234_5678_7abc_9def_0123_4567_89ab);
        assert_eq!(PaymentId::on(root, 3).root(), root);
        assert_eq!(PaymentId::on(root, 3).ordinal(), 3);
        assert_eq!(root.made_at().as_millis(), 0x0190_1234_5678);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "ord_",
            "pay_01jabc",
            "ord_81h2xcejqtf2nbrexx3vqjhp41",
            "ord_0ilou0000000000000000000",
        ] {
            assert!(text.parse::<OrderId>().is_err(), "{text}");
        }
        assert!(
            PaymentId::on(RootId::new(1 << 20), 0)
                .to_string()
                .parse::<OrderId>()
                .is_err()
        );
    }
}
