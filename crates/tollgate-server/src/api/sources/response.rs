//! A source on the wire. None of its secrets is among it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use tollgate_core::event::Confirm;
use tollgate_core::id::DeliveryId;
use tollgate_core::snapshot::EventOutcome;
use tollgate_core::word::Word;
use tollgate_providers::{Console, Covers};
use tollgate_store::KeptDelivery;

use crate::app::{REFUSED, SourceStanding};
use crate::http::body::OneOf;
use crate::http::fields::{Shown, TimeText};

/// A source.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"name": "midtrans", "provider": "midtrans", "title": "Midtrans", "payments": true,
    "live": true, "confirm": "after", "signature_covers": "some_fields", "can_ask": true, "asks_with": ["secrets"],
    "can_refund": true, "paths": ["/webhooks/midtrans"], "warnings": [], "docs": "docs/providers/midtrans.md",
    "console": {"place": "Settings › Payment › Notification URL", "url_field": "Payment Notification URL",
        "secrets": [{"key": "secrets", "called": "Server Key (Settings › Access Keys)"}], "reference": "order_id"},
    "last_event_at": "2026-01-22T10:01:00.000Z", "is_silent": false,
    "today": {"applied": 60, "duplicate": 20, "parked": 6, "stale": 4, "queued": 0, "attention": 0, "stored": 0,
        "rejected": 0}, "deliveries_refused_today": 1}]))]
pub(crate) struct SourceView<'a> {
    /// Its name in the configuration.
    name: &'a str,
    /// The provider that it is configured for.
    provider: &'static str,
    /// What the provider is called, for people.
    title: &'static str,
    /// Whether its events are about payments; documents are only handed on.
    payments: bool,
    /// Whether it stands for real money.
    live: bool,
    /// When the provider is asked whether an event is true.
    confirm: OneOf<Confirm>,
    /// How much of a delivery its signature vouches for: `nothing`, `sender`, `some_fields` or `whole_body`.
    signature_covers: &'static str,
    /// Whether the provider can be asked, and is.
    can_ask: bool,
    /// The keys of the configuration that it is asked with; none where it cannot be.
    asks_with: &'static [&'static str],
    /// Whether money can be given back from here.
    can_refund: bool,
    /// The paths at which it is called, the regular one first.
    paths: &'a [String],
    /// What an operator should know before trusting it.
    warnings: &'a [String],
    /// The page of the documentation about the provider.
    docs: &'static str,
    /// How the provider is told where we are.
    console: ConsoleView,
    /// When it was heard last; null if none of the shop's newest 5 000 events is its.
    last_event_at: Option<TimeText>,
    /// Whether it says nothing while its payments are open.
    is_silent: bool,
    /// How many of its events were answered what today, in the shop's time zone.
    today: BTreeMap<&'static str, u64>,
    /// How many of its deliveries were refused today.
    deliveries_refused_today: u64,
    /// The newest delivery that was refused and still is; to `admin` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_refused: Option<RefusedView<'a>>,
}

/// What a person does at the provider. Names stand as it writes them.
#[derive(Serialize, JsonSchema)]
struct ConsoleView {
    /// Where our URL is put in.
    place: &'static str,
    /// What the field for it is called.
    url_field: &'static str,
    /// What is copied from there into the configuration.
    secrets: Vec<ConsoleSecretView>,
    /// In which member of its requests a payment's reference is given.
    reference: Option<&'static str>,
}

/// Something that is copied into the configuration.
#[derive(Serialize, JsonSchema)]
struct ConsoleSecretView {
    /// The key of the configuration.
    key: &'static str,
    /// What the provider calls it.
    called: &'static str,
}

/// A delivery that was refused.
#[derive(Serialize, JsonSchema)]
struct RefusedView<'a> {
    /// The delivery.
    delivery_id: Shown<DeliveryId>,
    /// Why, by a code.
    code: &'a str,
    /// Why, for people, with the likely cause.
    detail: &'a str,
    /// When it came.
    received_at: TimeText,
}

impl<'a> SourceView<'a> {
    /// A source as it stands.
    pub(crate) fn of(standing: &'a SourceStanding<'a>) -> SourceView<'a> {
        let source = &standing.configured.source;
        let provider = source.provider();
        let policy = source.policy();
        let count = |name: &str| standing.today.get(name).copied().unwrap_or(0);
        let outcomes = EventOutcome::ALL.iter().map(|outcome| outcome.word());
        SourceView {
            name: source.name(),
            provider: provider.name,
            title: provider.title,
            payments: provider.payments,
            live: source.live(),
            confirm: OneOf(policy.confirm),
            signature_covers: covers(source.covers()),
            can_ask: policy.can_ask,
            asks_with: provider.asks_with,
            can_refund: source.can_refund(),
            paths: &standing.configured.paths,
            warnings: source.warnings(),
            docs: provider.docs,
            console: ConsoleView::of(&provider.console),
            last_event_at: standing.heard_at.map(TimeText),
            is_silent: standing.is_silent,
            today: outcomes.map(|word| (word, count(word))).collect(),
            deliveries_refused_today: count(REFUSED),
            last_refused: standing.refused.as_ref().map(RefusedView::of),
        }
    }
}

impl ConsoleView {
    fn of(console: &Console) -> ConsoleView {
        let secrets = console.secrets.iter();
        ConsoleView {
            place: console.place,
            url_field: console.url_field,
            secrets: secrets
                .map(|(key, called)| ConsoleSecretView { key, called })
                .collect(),
            reference: console.reference,
        }
    }
}

impl<'a> RefusedView<'a> {
    fn of(kept: &'a KeptDelivery) -> RefusedView<'a> {
        RefusedView {
            delivery_id: Shown(kept.delivery.delivery),
            code: &kept.delivery.code,
            detail: &kept.delivery.detail,
            received_at: TimeText(kept.delivery.at),
        }
    }
}

fn covers(covers: Covers) -> &'static str {
    match covers {
        Covers::Nothing => "nothing",
        Covers::Sender => "sender",
        Covers::SomeFields => "some_fields",
        Covers::WholeBody => "whole_body",
    }
}
