//! Where a body of no fixed shape keeps what we need to know: JSON pointers and a table of states.

use tollgate_core::event::{CaptureState, DisputeState, Event, Fact, FactKind};
use tollgate_core::method::{MethodKind, PaymentMethod};
use tollgate_core::money::Currency;
use tollgate_core::word::{Word, words};

use crate::json::{Pointer, Tree, Walker, quote};
use crate::provider::{Field, Kind};
use crate::sample::{NotInProvider, Sample, SampleStatus};
use crate::settings::{ConfigError, Settings};
use crate::status_map::{State, StatusMap};
use crate::wording::{
    Amount, Unit, any_time, decimal, exponent, fact, rescaled, test_notification,
};

/// What a mapping does not find, it does not invent: an event without a status has no facts.
pub(crate) struct Mapping {
    kind: Option<Pointer>,
    reference: Option<Pointer>,
    payment_id: Option<Pointer>,
    amount: Option<Pointer>,
    refunded_amount: Option<Pointer>,
    fee: Option<Pointer>,
    refund_id: Option<Pointer>,
    currency: CurrencyPlace,
    status: StatusMap,
    order_code: Option<Pointer>,
    mode: Option<Pointer>,
    occurred_at: Option<Pointer>,
    method: Option<Pointer>,
    method_detail: Option<Pointer>,
    method_map: Vec<(String, MethodKind)>,
    unit: Unit,
    /// Currencies whose minor unit is another one here than in ISO 4217.
    exponents: Vec<(Currency, u8)>,
    /// Types of events by which the sender only tries whether we are there.
    test_types: Vec<String>,
}

enum CurrencyPlace {
    At(Option<Pointer>),
    Always(String),
}

/// Where things stand if the configuration does not say.
pub(crate) struct Usual {
    pub(crate) kind: Option<&'static str>,
    pub(crate) reference: Option<&'static str>,
    pub(crate) payment_id: Option<&'static str>,
    pub(crate) amount: Option<&'static str>,
    pub(crate) currency: Option<&'static str>,
    pub(crate) status: Option<&'static str>,
    pub(crate) occurred_at: Option<&'static str>,
}

/// By which types senders try an endpoint, unless the configuration says otherwise.
const TEST_TYPES: &[&str] = &[
    "ping",
    "test",
    "webhook.ping",
    "webhook.test",
    "endpoint.test",
];

/// What the event of a body without anything in it is called.
const EMPTY: &str = "empty";

/// The largest exponent that a minor unit may have.
const EXPONENT_MAX: u8 = 8;

macro_rules! mapping_fields {
    ($($own:expr),* $(,)?) => { &[
        $($own,)*
        crate::mapping::pointer("type", "JSON pointer to the event's type"),
        crate::mapping::pointer("reference", "JSON pointer to the reference of the payment"),
        crate::mapping::pointer("payment_id", "JSON pointer to the provider's payment id"),
        crate::mapping::pointer("amount", "JSON pointer to the amount"),
        crate::mapping::pointer(
            "refunded_amount",
            "JSON pointer to the sum of all refunds up to now",
        ),
        crate::mapping::pointer(
            "fee",
            "JSON pointer to a fee within the amount that the customer pays on top of what is due",
        ),
        crate::mapping::pointer(
            "refund_id",
            "JSON pointer to the provider's id of a single refund, for the words refund_…",
        ),
        crate::mapping::pointer("currency", "JSON pointer to the currency, or its three letters"),
        crate::provider::Field {
            name: "status",
            kind: crate::provider::Kind::List,
            required: false,
            doc: "JSON pointer to the status, or a list of them: their values are joined by colons",
        },
        crate::mapping::pointer("order_code", "JSON pointer to the order's code"),
        crate::mapping::pointer("mode", "JSON pointer to what distinguishes live from test"),
        crate::mapping::pointer("occurred_at", "JSON pointer to the time it happened"),
        crate::mapping::pointer("method", "JSON pointer to how it was paid"),
        crate::mapping::pointer(
            "method_detail",
            "JSON pointer to whose that is, or its last digits, for receipts",
        ),
        crate::provider::Field {
            name: "method_map",
            kind: crate::provider::Kind::TextMap,
            required: false,
            doc: "what the provider's methods mean, as va = \"virtual_account\"",
        },
        crate::provider::Field {
            name: "status_map",
            kind: crate::provider::Kind::TextMap,
            required: false,
            doc: "what the provider's statuses mean, as paid = \"captured\"",
        },
        crate::mapping::pointer("amount_unit", "\"minor\" (default) or \"major\""),
        crate::provider::Field {
            name: "exponents",
            kind: crate::provider::Kind::IntegerMap,
            required: false,
            doc: "currencies whose minor unit is not that of ISO 4217, as XOF = 2",
        },
        crate::provider::Field {
            name: "test_types",
            kind: crate::provider::Kind::List,
            required: false,
            doc: "types by which the sender only tries the endpoint; default ping, test and their like",
        },
    ] };
}
pub(crate) use mapping_fields;

/// A configuration key that holds a text.
pub(crate) const fn pointer(name: &'static str, doc: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Text,
        required: false,
        doc,
    }
}

impl Mapping {
    pub(crate) fn configure(
        settings: &Settings<'_>,
        usual: &Usual,
    ) -> Result<Mapping, ConfigError> {
        let at = |key: &str, usual: Option<&str>| read_pointer(settings, key, usual);
        let currency = match settings.text("currency")? {
            Some(code) if !code.starts_with('/') => {
                if Currency::new(code).and_then(exponent).is_none() {
                    let wanted = "a JSON pointer or a currency of ISO 4217";
                    return Err(settings.error("currency", format!("{code:?}"), wanted));
                }
                CurrencyPlace::Always(code.to_owned())
            }
            Some(_) | None => CurrencyPlace::At(at("currency", usual.currency)?),
        };
        let mut method_map = Vec::new();
        for (theirs, ours) in settings.text_map("method_map")? {
            let Some(kind) = MethodKind::of(ours) else {
                let known: Vec<&str> = words::<MethodKind>().collect();
                let key = format!("method_map.{theirs}");
                let wanted = format!("one of {}", known.join(", "));
                return Err(settings.error(&key, format!("{ours:?}"), wanted));
            };
            method_map.push((theirs.to_owned(), kind));
        }
        let units = [("minor", Unit::Minor), ("major", Unit::Major)];
        let unit = settings
            .choice("amount_unit", &units)?
            .unwrap_or(Unit::Minor);
        let test_types = match settings.has("test_types") {
            true => settings.list("test_types")?,
            false => TEST_TYPES.iter().map(|&kind| kind.to_owned()).collect(),
        };
        Ok(Mapping {
            kind: at("type", usual.kind)?,
            reference: at("reference", usual.reference)?,
            payment_id: at("payment_id", usual.payment_id)?,
            amount: at("amount", usual.amount)?,
            refunded_amount: at("refunded_amount", None)?,
            fee: at("fee", None)?,
            refund_id: at("refund_id", None)?,
            currency,
            status: StatusMap::configure(settings, usual.status)?,
            order_code: at("order_code", None)?,
            mode: at("mode", None)?,
            occurred_at: at("occurred_at", usual.occurred_at)?,
            method: at("method", None)?,
            method_detail: at("method_detail", None)?,
            method_map,
            unit,
            exponents: read_exponents(settings, unit)?,
            test_types,
        })
    }

    /// Reads the event, and whether it is real money where the body says so.
    pub(crate) fn read(&self, walker: &mut Walker<'_>) -> (Event, Option<bool>) {
        let kind = walker.text(&self.kind);
        let reference = walker.text(&self.reference);
        let payment_id = walker.text(&self.payment_id);
        let currency = match &self.currency {
            CurrencyPlace::At(pointer) => walker.text(pointer),
            CurrencyPlace::Always(code) => Some(code.as_str().into()),
        };
        let unit = self.unit_of(currency.as_deref());
        let mut money = |pointer: &Option<Pointer>| match walker.text(pointer) {
            Some(text) => Amount::read(Some(&text), currency.as_deref(), unit),
            // Whatever else stands there is meant as an amount; taking it for none would be taking
            // it for what is due.
            None => match pointer.as_ref().and_then(|pointer| walker.find(pointer)) {
                Some(other) if other.get() != "null" => Amount::Unreadable,
                Some(_) | None => Amount::Absent,
            },
        };
        let amount = money(&self.amount);
        let refunded = money(&self.refunded_amount);
        // One that cannot be read explains nothing.
        let fee = money(&self.fee).money().map_or(0, |money| money.minor);
        let status = self.status.read(walker);
        let occurred_at = walker
            .text(&self.occurred_at)
            .and_then(|text| any_time(&text));
        let refund_id = walker.text(&self.refund_id);
        let payment = payment_id.as_deref().or(reference.as_deref());
        let mut facts = Vec::new();
        if let (Some(status), Some(payment)) = (status.as_deref(), payment) {
            let said = match self.status.state(status) {
                State::Capture(state) => Some((payment, FactKind::Capture(state), amount.money())),
                State::Refund(state) => {
                    let refund = refund_id.as_deref().unwrap_or(payment);
                    Some((refund, FactKind::Refund(state), amount.money()))
                }
                State::RefundedTotal => {
                    // A sum that cannot be read is not made up for by another figure.
                    let sum = match refunded {
                        Amount::Absent => amount,
                        Amount::Exact(_) | Amount::Unreadable => refunded,
                    };
                    Some((payment, FactKind::RefundedTotal, sum.money()))
                }
                State::PartlyRefunded => Some((payment, FactKind::RefundedTotal, refunded.money())),
                State::Dispute(state) => Some((payment, FactKind::Dispute(state), amount.money())),
                State::Nothing => None,
            };
            facts.extend(said.map(|(object, kind, money)| Fact {
                fee_minor: match kind {
                    FactKind::Capture(_) => fee,
                    FactKind::Refund(_) | FactKind::RefundedTotal | FactKind::Dispute(_) => 0,
                },
                ..fact(object, kind, money, occurred_at)
            }));
        }
        let said = walker.text(&self.method);
        let detail = walker.text(&self.method_detail);
        let method = said
            .and_then(|said| self.method_kind(&said))
            .map(|kind| PaymentMethod::new(kind, detail.as_deref().unwrap_or_default()));
        let live = self
            .mode
            .as_ref()
            .and_then(|pointer| live(walker.find(pointer)?.get()));
        let unnamed = match walker.is_blank() {
            true => EMPTY,
            false => "unknown",
        };
        let kind = kind.map_or(unnamed.to_owned(), |kind| kind.into_owned());
        if self.test_types.contains(&kind) {
            return (test_notification(&kind, payment_id.as_deref()), None);
        }
        let event = Event {
            kind,
            names: [reference.clone(), payment_id.clone()]
                .into_iter()
                .flatten()
                .map(|name| name.into_owned())
                .collect(),
            code: walker.text(&self.order_code).map(|code| code.into_owned()),
            provider_payment_id: payment_id.map(|id| id.into_owned()),
            method,
            facts,
            amount_unreadable: amount.is_unreadable() || refunded.is_unreadable(),
            occurred_at,
            ..Event::default()
        };
        (event, live)
    }

    /// The unit of amounts in this currency.
    fn unit_of(&self, currency: Option<&str>) -> Unit {
        let currency = currency.and_then(Currency::new);
        let own = self
            .exponents
            .iter()
            .find(|(known, _)| Some(*known) == currency);
        own.map_or(self.unit, |(_, exponent)| Unit::Decimals(*exponent))
    }

    /// With a table, only what it names means something; without one, our own words do.
    fn method_kind(&self, said: &str) -> Option<MethodKind> {
        let mut listed = self.method_map.iter();
        match self.method_map.is_empty() {
            false => listed
                .find(|(theirs, _)| theirs == said)
                .map(|(_, kind)| *kind),
            true => MethodKind::of(said),
        }
    }

    /// What a sample's status is called by a table, the best meaning first.
    fn meanings(&self, status: SampleStatus) -> Vec<State> {
        let meanings: &[State] = match status {
            SampleStatus::Pending => &[State::Capture(CaptureState::Pending)],
            SampleStatus::Authorized => &[State::Capture(CaptureState::Authorized)],
            SampleStatus::Review => &[State::Capture(CaptureState::Review)],
            SampleStatus::Paid => &[
                State::Capture(CaptureState::Captured),
                State::Capture(CaptureState::Settled),
            ],
            SampleStatus::Failed => &[
                State::Capture(CaptureState::Failed),
                State::Capture(CaptureState::Denied),
            ],
            SampleStatus::Expired => &[State::Capture(CaptureState::Expired)],
            SampleStatus::Cancelled => &[State::Capture(CaptureState::Cancelled)],
            SampleStatus::Refunded => &[State::RefundedTotal],
            // A word for "given back" means a part only where the sum stands beside it.
            SampleStatus::PartiallyRefunded => match &self.refunded_amount {
                Some(_) => &[State::PartlyRefunded, State::RefundedTotal],
                None => &[State::PartlyRefunded],
            },
            SampleStatus::ChargedBack => &[State::Dispute(DisputeState::Open)],
        };
        meanings.to_vec()
    }

    /// A body in which this mapping finds what the sample says.
    pub(crate) fn sample_body(
        &self,
        sample: &Sample,
        extra: &[(&Pointer, String)],
    ) -> Result<String, NotInProvider> {
        let meanings = self.meanings(sample.status);
        let Some(word) = self.status.word_for(sample.status, &meanings) else {
            let status = sample.status;
            return Err(NotInProvider(format!(
                "status_map has no word for {status}"
            )));
        };
        let iso = exponent(sample.currency).unwrap_or(2);
        let write = |minor: i64| match self.unit_of(Some(sample.currency.as_str())) {
            Unit::Minor => minor.to_string(),
            Unit::Major => quote(&decimal(minor, iso)),
            Unit::Decimals(own) => rescaled(minor, iso, own).unwrap_or(minor).to_string(),
        };
        let refunded = match sample.status {
            SampleStatus::Refunded => Some(sample.amount_minor),
            SampleStatus::PartiallyRefunded => Some(sample.amount_minor / 2),
            _ => None,
        };
        let seconds = sample.now.as_millis().div_euclid(1000).to_string();
        let mut body = Tree::default();
        let mut put = |pointer: &Option<Pointer>, value: String| {
            if let Some(pointer) = pointer {
                body.put(pointer.segments(), value);
            }
        };
        put(&self.kind, quote(&format!("payment.{word}")));
        put(&self.occurred_at, seconds);
        put(&self.reference, quote(&sample.reference));
        put(&self.payment_id, quote(&sample.id));
        put(&self.amount, write(sample.amount_minor));
        if let Some(refunded) = refunded {
            put(&self.refunded_amount, write(refunded));
        }
        if let CurrencyPlace::At(pointer) = &self.currency {
            put(pointer, quote(sample.currency.as_str()));
        }
        for (pointer, word) in self.status.places(word) {
            body.put(pointer.segments(), quote(word));
        }
        for (pointer, value) in extra {
            body.put(pointer.segments(), value.clone());
        }
        Ok(body.write())
    }
}

fn read_pointer(
    settings: &Settings<'_>,
    key: &str,
    usual: Option<&str>,
) -> Result<Option<Pointer>, ConfigError> {
    let typed = settings.text(key)?;
    let Some(text) = typed.or(usual) else {
        return Ok(None);
    };
    match Pointer::new(text) {
        Some(pointer) => Ok(Some(pointer)),
        None => {
            let wanted = "a JSON pointer, which begins with /";
            Err(settings.error(key, format!("{text:?}"), wanted))
        }
    }
}

/// A pointer of the configuration, for keys that are not part of every mapping.
pub(crate) fn optional_pointer(
    settings: &Settings<'_>,
    key: &str,
) -> Result<Option<Pointer>, ConfigError> {
    read_pointer(settings, key, None)
}

fn read_exponents(settings: &Settings<'_>, unit: Unit) -> Result<Vec<(Currency, u8)>, ConfigError> {
    let typed = settings.integer_map("exponents")?;
    if !typed.is_empty() && unit == Unit::Major {
        let wanted = "amount_unit = \"minor\": a major unit is the same everywhere";
        return Err(settings.error("exponents", "exponents of major units", wanted));
    }
    let mut exponents = Vec::with_capacity(typed.len());
    for (code, number) in typed {
        let key = format!("exponents.{code}");
        let known = Currency::new(code).filter(|known| exponent(*known).is_some());
        let Some(currency) = known else {
            return Err(settings.error(&key, format!("{code:?}"), "a currency of ISO 4217"));
        };
        match u8::try_from(number).ok().filter(|own| *own <= EXPONENT_MAX) {
            Some(own) => exponents.push((currency, own)),
            None => {
                let wanted = format!("0 to {EXPONENT_MAX}");
                return Err(settings.error(&key, number.to_string(), wanted));
            }
        }
    }
    Ok(exponents)
}

fn live(json: &str) -> Option<bool> {
    match json.trim_matches('"').to_ascii_lowercase().as_str() {
        "true" | "live" | "production" | "prod" | "1" => Some(true),
        "false" | "test" | "sandbox" | "0" => Some(false),
        _ => None,
    }
}
