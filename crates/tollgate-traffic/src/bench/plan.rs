//! The benches: what one request is, and what its answers must be.

use clap::ValueEnum;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub enum Name {
    /// A signed webhook that no order waits for: verified, de-duplicated, stored, parked.
    Ingest,
    /// A signed webhook that pays an order with two lines and a slot.
    Apply,
    /// As ingest; nine of ten repeat an earlier event.
    Duplicates,
    /// Create an order: two lines of 1 000 skus, a slot and a payment.
    Orders,
    /// Create an order in one slot with room for all.
    HotSlot,
    /// Create an order of one sku with enough stock.
    HotSku,
    /// A webhook first, its payment 1 to 500 ms later.
    Early,
    /// As ingest, with every event forwarded to a handler on loopback: decided, delivered, settled.
    Effects,
    /// As ingest, at a modest rate: first alone, then beside forged webhooks.
    Flood,
    /// The bench's own server; started by the bench itself.
    #[value(hide = true)]
    Server,
}

impl Name {
    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Name::Ingest => "ingest",
            Name::Apply => "apply",
            Name::Duplicates => "duplicates",
            Name::Orders => "orders",
            Name::HotSlot => "hot-slot",
            Name::HotSku => "hot-sku",
            Name::Early => "early",
            Name::Effects => "effects",
            Name::Flood => "flood",
            Name::Server => "server",
        }
    }

    /// One sentence about one request.
    pub(super) fn one_request(self) -> &'static str {
        match self {
            Name::Ingest => "a signed webhook no order waits for: verified, stored and parked",
            Name::Apply => "a signed webhook that pays an order with two lines and a slot",
            Name::Duplicates => "a signed webhook; nine of ten repeat an earlier event",
            Name::Orders => "an order: two lines of 1 000 skus, a slot and a payment",
            Name::HotSlot => "an order in one slot that has room for all",
            Name::HotSku => "an order of one sku",
            Name::Early => "a webhook, and its payment 1 to 500 ms later",
            Name::Effects => "a signed webhook that is forwarded to a handler and settled",
            Name::Flood => "a signed webhook as of ingest, alone and beside forged ones",
            Name::Server => "nothing",
        }
    }

    /// The text before the word by which its answers are counted.
    pub(super) fn word_prefix(self) -> &'static [u8] {
        match self {
            Name::Ingest
            | Name::Apply
            | Name::Duplicates
            | Name::Effects
            | Name::Flood
            | Name::Server => b"\"outcome\":\"",
            Name::Orders | Name::HotSlot | Name::HotSku | Name::Early => b"\"status\":\"",
        }
    }
}
