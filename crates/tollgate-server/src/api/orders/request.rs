//! The bodies of requests about orders.
//!
//! Members stand in the order of their names, which is the canonical order of fingerprints (K5); absent
//! members and documented defaults are not written.

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tollgate_core::capacity::SlotWish;
use tollgate_core::command::{
    ChangeOrder, CreateOrder, CustomerChange, MetadataChange, OrderRef, RefuseCreation, Unknown,
};
use tollgate_core::id::{OrderId, RootId, SlotId};
use tollgate_core::order::{Customer, Line};
use tollgate_core::time::Span;

use crate::http::body::{
    Amount, Body, CatalogueName, CurrencyCode, HoldName, HoldSeconds, List, Maybe, Metadata, Name,
    Note, OrderCode, Particular, Positive, Reference, SlotName, Text, Time, Title, Together, Wrong,
    known_currency, merge, none, order_code, said, wrong,
};
use crate::http::reply::Named;
use crate::ids;

/// How long an order's capacity is held unless it says otherwise.
pub(crate) const HOLD_SECONDS: i64 = 900;

/// The most lines of an order or hold.
pub(crate) const LINES_MAX: usize = 200;

fn zero(amount: &Option<Amount>) -> bool {
    amount.is_none_or(|amount| amount.0 == 0)
}

pub(crate) fn usual_hold(seconds: &Option<HoldSeconds>) -> bool {
    seconds.is_none_or(|seconds| seconds.0 == HOLD_SECONDS)
}

fn yes(flag: &Option<bool>) -> bool {
    flag.unwrap_or(true)
}

fn is_empty_customer(customer: &Option<CustomerBody>) -> bool {
    customer.as_ref().is_none_or(|customer| {
        let CustomerBody {
            address,
            email,
            locale,
            name,
            phone,
            tax_id,
        } = customer;
        no_address(address)
            && [email, name, phone].into_iter().all(nothing)
            && [locale, tax_id].into_iter().all(nothing)
    })
}

fn no_address(text: &Option<Note>) -> bool {
    text.as_ref().is_none_or(|text| text.as_str().is_empty())
}

fn nothing<R>(text: &Option<Text<R>>) -> bool {
    text.as_ref().is_none_or(|text| text.as_str().is_empty())
}

/// `POST /v1/orders`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{
    "code": "ZVR-20260122-ABC", "currency": "IDR",
    "lines": [{"sku": "BATIK-M", "name": "Batik shirt M", "quantity": 2, "unit_amount": 7500000, "stocked": false}],
    "customer": {"name": "Dewi", "email": "dewi@example.com", "locale": "id"}
    }]))]
pub(crate) struct OrderBody {
    /// Your name of the order, unique in the shop; one is made (`T-…`) if it is absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) code: Option<OrderCode>,
    /// Three letters of ISO 4217.
    pub(crate) currency: CurrencyCode,
    /// Who buys; no one if absent.
    #[serde(skip_serializing_if = "is_empty_customer")]
    pub(crate) customer: Option<CustomerBody>,
    /// What is taken off, in minor units; 0 if absent.
    #[serde(skip_serializing_if = "zero")]
    pub(crate) discount_amount: Option<Amount>,
    /// The id of a cart's hold that is taken over; stock and slot are held again if it is absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) hold: Option<HoldName>,
    /// For how many seconds stock and slot are set aside; 900 if absent.
    #[serde(skip_serializing_if = "usual_hold")]
    pub(crate) hold_seconds: Option<HoldSeconds>,
    /// What is bought. An empty list is refused as `lines_empty`.
    pub(crate) lines: List<LineBody, 0, LINES_MAX>,
    /// Yours, kept as it came: an object of up to 16 KiB without NUL.
    #[serde(skip_serializing_if = "Metadata::says_nothing")]
    pub(crate) metadata: Option<Metadata>,
    /// The payment that was begun with the order, over its whole total.
    #[serde(skip_serializing_if = "none")]
    pub(crate) payment: Option<OrderPaymentBody>,
    /// What is put on for shipping, in minor units; 0 if absent.
    #[serde(skip_serializing_if = "zero")]
    pub(crate) shipping_amount: Option<Amount>,
    /// The time slot that is wanted; the one of `hold`, or none, if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot: Option<SlotBody>,
}

/// A line of an order.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    /// What people call it; line breaks become spaces.
    #[serde(skip_serializing_if = "none")]
    pub(crate) name: Option<Title>,
    /// How many units.
    pub(crate) quantity: Positive,
    /// The sku, as your catalogue has it.
    pub(crate) sku: CatalogueName,
    /// `false`: no stock is kept of it; `true` if absent.
    #[serde(skip_serializing_if = "yes")]
    pub(crate) stocked: Option<bool>,
    /// The price of a unit, in minor units.
    pub(crate) unit_amount: Amount,
}

/// Who buys.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerBody {
    /// Where the customer is, in as many lines as it has.
    #[serde(skip_serializing_if = "no_address")]
    pub(crate) address: Option<Note>,
    /// The mail address, to which receipts go.
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) email: Option<Particular>,
    /// The language of mails and receipts, as BCP 47 has it.
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) locale: Option<Maybe>,
    /// The customer's name.
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) name: Option<Particular>,
    /// The telephone number.
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) phone: Option<Particular>,
    /// The customer's tax number.
    #[serde(skip_serializing_if = "nothing")]
    pub(crate) tax_id: Option<Maybe>,
}

/// The payment that was begun with an order.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderPaymentBody {
    /// The name by which the source knows it.
    pub(crate) reference: Reference,
    /// A configured source, or `manual`.
    pub(crate) source: Name,
}

/// `{"calendar", "not_before"?}` or `{"slot_id"}`; a hold's also has `units`.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["calendar"], "properties": {"calendar": {"type": "string"}, "slot_id": {"type": "null"}}},
    {"required": ["slot_id"], "properties": {"slot_id": {"type": "string"}, "calendar": {"type": "null"},
    "not_before": {"type": "null"}}}
]))]
pub(crate) struct SlotBody {
    /// The calendar whose earliest slot with room is wanted.
    #[serde(skip_serializing_if = "none")]
    pub(crate) calendar: Option<CatalogueName>,
    /// The slot starts then or later; now if absent.
    #[serde(skip_serializing_if = "none")]
    pub(crate) not_before: Option<Time>,
    /// The id of the one slot that is wanted, instead of a calendar.
    #[serde(skip_serializing_if = "none")]
    pub(crate) slot_id: Option<SlotName>,
}

impl Body for OrderBody {
    const TOGETHER: Together = &[("", too_large), ("slot", two_slots)];

    fn is_whole(&self) -> bool {
        self.slot.as_ref().is_none_or(SlotBody::is_whole) && self.answer_bytes() <= ANSWER_BYTES_MAX
    }
}

impl OrderBody {
    /// What it names that there may not be.
    pub(crate) fn named(&self) -> [Named<'_>; 5] {
        let slot = self.slot.as_ref();
        let calendar = slot.and_then(|slot| slot.calendar.as_ref());
        let id = slot.and_then(|slot| slot.slot_id.as_ref());
        let payment = self.payment.as_ref();
        [
            ("/currency", Some(self.currency.as_str())),
            (
                "/payment/source",
                payment.map(|payment| payment.source.as_str()),
            ),
            ("/slot/calendar", calendar.map(Text::as_str)),
            ("/slot/slot_id", id.map(Text::as_str)),
            ("/hold", self.hold.as_ref().map(Text::as_str)),
        ]
    }

    /// The skus of its lines.
    pub(crate) fn skus(&self) -> Vec<String> {
        let lines = self.lines.iter();
        lines.map(|line| line.sku.as_str().to_owned()).collect()
    }

    /// What core is asked for; an order without lines or in no currency is refused there, too, but as
    /// that. `fresh` is the id it will have.
    pub(crate) fn wanted(self, fresh: RootId) -> Result<CreateOrder, RefuseCreation> {
        let payment = self
            .payment
            .map(|payment| (payment.source.0, payment.reference.0));
        let code = self.code.map(|code| code.0);
        let currency = match known_currency(self.currency.as_str()) {
            _ if self.lines.is_empty() => Err(Unknown::Lines),
            None => Err(Unknown::Currency),
            Some(currency) => Ok(currency),
        };
        let currency = match currency {
            Ok(currency) => currency,
            Err(unknown) => {
                return Err(RefuseCreation {
                    code,
                    payment,
                    unknown,
                });
            }
        };
        let hold_seconds = self.hold_seconds.map_or(HOLD_SECONDS, |seconds| seconds.0);
        Ok(CreateOrder {
            fresh,
            code: code.unwrap_or_else(|| ids::order_code(fresh)),
            currency,
            lines: self.lines.into_iter().map(LineBody::line).collect(),
            discount_minor: self.discount_amount.unwrap_or_default().0,
            shipping_minor: self.shipping_amount.unwrap_or_default().0,
            customer: CustomerBody::customer(self.customer),
            slot: self
                .slot
                .and_then(|slot| slot_wish(slot.calendar, slot.not_before, slot.slot_id)),
            hold: Span::seconds(hold_seconds),
            take_over: self.hold.and_then(|hold| hold.as_str().parse().ok()),
            payment,
            metadata: Metadata::text(self.metadata.as_ref()),
        })
    }
}

impl LineBody {
    fn line(self) -> Line {
        Line {
            sku: self.sku.0,
            name: self.name.map(|name| name.0),
            quantity: self.quantity.0,
            unit_minor: self.unit_amount.0,
            stocked: self.stocked.unwrap_or(true),
        }
    }
}

/// The most bytes of an answer that is kept with its key (K7).
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A text in JSON, at most: quotes, and what is escaped takes two bytes for one.
fn written(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    text.len() + escaped.count() + 2
}

impl OrderBody {
    /// No order of this body is answered in more bytes.
    fn answer_bytes(&self) -> usize {
        /// All that does not come from the request, with what a provider may add to a payment.
        const REST: usize = 4 * 1024;
        /// The names and numbers of a line.
        const LINE: usize = 112;
        let line = |line: &LineBody| {
            let name = line.name.as_ref().map_or(0, |name| written(name.as_str()));
            LINE + written(line.sku.as_str()) + name
        };
        let customer = self.customer.as_ref().map_or(0, |customer| {
            let CustomerBody {
                address,
                email,
                locale,
                name,
                phone,
                tax_id,
            } = customer;
            let texts = [email, name, phone].into_iter().flatten().map(Text::as_str);
            let others = [locale, tax_id].into_iter().flatten().map(Text::as_str);
            // What is escaped in it, as a line's end, takes six bytes for one at the most.
            let address = address.as_ref().map_or(0, |text| 6 * text.as_str().len());
            texts.chain(others).map(written).sum::<usize>() + address
        });
        let metadata = self.metadata.as_ref().map_or(2, Metadata::bytes);
        REST + self.lines.iter().map(line).sum::<usize>() + customer + metadata
    }
}

/// The judge of an order as a whole: its answer is kept with its key, and that has a bound.
fn too_large(text: &str) -> Vec<Wrong> {
    let body = serde_json::from_str::<OrderBody>(text).ok();
    match body.filter(|body| ANSWER_BYTES_MAX < body.answer_bytes()) {
        None => Vec::new(),
        Some(_) => vec![wrong(
            "/lines",
            "expected lines, names and metadata whose order is at most 64 KiB as JSON",
        )],
    }
}

/// The judge of a slot: it is named in one of two ways.
pub(crate) fn two_slots(text: &str) -> Vec<Wrong> {
    #[derive(Deserialize)]
    struct Named {
        calendar: Option<IgnoredAny>,
        not_before: Option<IgnoredAny>,
        slot_id: Option<IgnoredAny>,
    }
    let Ok(named) = serde_json::from_str::<Named>(text) else {
        return Vec::new();
    };
    let (calendar, not_before) = (named.calendar.is_some(), named.not_before.is_some());
    match is_one_slot(calendar, not_before, named.slot_id.is_some()) {
        true => Vec::new(),
        false => {
            let wanted = "expected either calendar, with or without not_before, or slot_id";
            vec![wrong("", wanted)]
        }
    }
}

pub(crate) fn is_one_slot(calendar: bool, not_before: bool, slot_id: bool) -> bool {
    calendar != slot_id && (calendar || !not_before)
}

impl SlotBody {
    fn is_whole(&self) -> bool {
        let (calendar, not_before) = (self.calendar.is_some(), self.not_before.is_some());
        is_one_slot(calendar, not_before, self.slot_id.is_some())
    }
}

impl CustomerBody {
    /// Who buys, as core knows it.
    pub(crate) fn customer(body: Option<CustomerBody>) -> Customer {
        body.map_or_else(Customer::default, |body| Customer {
            name: nothing_or(body.name),
            email: nothing_or(body.email),
            phone: nothing_or(body.phone),
            locale: nothing_or(body.locale),
            address: nothing_or(body.address),
            tax_id: nothing_or(body.tax_id),
        })
    }
}

/// The wish of a slot that is whole.
pub(crate) fn slot_wish(
    calendar: Option<CatalogueName>,
    not_before: Option<Time>,
    slot_id: Option<SlotName>,
) -> Option<SlotWish> {
    match (calendar, slot_id) {
        (Some(calendar), _) => Some(SlotWish::Earliest {
            calendar: calendar.0,
            not_before: not_before.map(|time| time.0),
        }),
        (None, Some(slot)) => slot.as_str().parse::<SlotId>().ok().map(SlotWish::Exactly),
        (None, None) => None,
    }
}

/// Which order is meant by an id or a code; what can be neither means none.
pub(crate) fn order_ref(text: &str) -> Option<OrderRef> {
    if let Ok(id) = text.parse::<OrderId>() {
        return Some(OrderRef::Id(id));
    }
    order_code(text).map(OrderRef::Code)
}

/// `PATCH /v1/orders/{id}`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{
    "customer": {"phone": "+62 811 1234 567"}, "note": "rings twice", "metadata": {"gift": true}
    }]))]
pub(crate) struct OrderChangeBody {
    /// Members that are changed; `null` in one takes it away, `null` here all of them.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<CustomerChangeBody>")]
    customer: Option<Option<CustomerChangeBody>>,
    /// Laid over what is kept as a JSON merge patch (RFC 7386); `null` empties it.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Metadata>")]
    metadata: Option<Option<Metadata>>,
    /// Yours alone, on no paper and in no mail; `null` takes it away.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Note>")]
    note: Option<Option<Note>>,
}

/// What changes about who buys.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerChangeBody {
    /// Where the customer is; `null` takes it away.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Note>")]
    address: Option<Option<Note>>,
    /// The mail address; `null` takes it away.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Particular>")]
    email: Option<Option<Particular>>,
    /// The language of mails and receipts; `null` takes it away.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Maybe>")]
    locale: Option<Option<Maybe>>,
    /// The name; `null` takes it away.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Particular>")]
    name: Option<Option<Particular>>,
    /// The telephone number; `null` takes it away.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Particular>")]
    phone: Option<Option<Particular>>,
    /// The tax number; `null` takes it away.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "none")]
    #[schemars(with = "Option<Maybe>")]
    tax_id: Option<Option<Maybe>>,
}

impl Body for OrderChangeBody {}

impl OrderChangeBody {
    /// What core is asked for.
    pub(crate) fn wanted(self, order: OrderRef, if_version: Option<i64>) -> ChangeOrder {
        ChangeOrder {
            order,
            if_version,
            customer: match self.customer {
                None => CustomerChange::default(),
                Some(None) => CustomerChange {
                    name: Some(None),
                    email: Some(None),
                    phone: Some(None),
                    locale: Some(None),
                    address: Some(None),
                    tax_id: Some(None),
                },
                Some(Some(customer)) => CustomerChange {
                    name: customer.name.map(nothing_or),
                    email: customer.email.map(nothing_or),
                    phone: customer.phone.map(nothing_or),
                    locale: customer.locale.map(nothing_or),
                    address: customer.address.map(nothing_or),
                    tax_id: customer.tax_id.map(nothing_or),
                },
            },
            metadata: metadata_change(self.metadata),
            note: self.note.map(nothing_or),
        }
    }
}

/// An empty text is none.
fn nothing_or<R>(text: Option<Text<R>>) -> Option<String> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}

/// How metadata is changed.
pub(crate) fn metadata_change(metadata: Option<Option<Metadata>>) -> Option<MetadataChange> {
    metadata.map(|metadata| MetadataChange {
        patch: Metadata::patch(metadata.as_ref()),
        merge,
    })
}

/// `POST /v1/orders/{id}/attention/{code}/resolve`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"note": "called the customer"}]))]
pub(crate) struct ResolveBody {
    /// What the person has to say.
    #[serde(skip_serializing_if = "none")]
    note: Option<Note>,
}

impl ResolveBody {
    /// In the person's words; perhaps none.
    pub(crate) fn note(self) -> String {
        self.note.map_or_else(String::new, |note| note.0)
    }
}

impl Body for ResolveBody {}
