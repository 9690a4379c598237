//! The order in a root's document.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_core::capacity::SlotWish;
use tollgate_core::id::SlotId;
use tollgate_core::order::{Closing, Customer, Line, Order, OrderStatus};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::document::{Read, currency, id, is_no, maybe_text, text, word};

#[derive(Serialize, Deserialize)]
pub(super) struct OrderDoc<'a> {
    currency: Cow<'a, str>,
    lines: Vec<LineDoc<'a>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    discount: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    shipping: i64,
    total: i64,
    #[serde(default, skip_serializing_if = "CustomerDoc::is_empty")]
    customer: CustomerDoc<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wish: Option<WishDoc<'a>>,
    hold_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<ClosingDoc<'a>>,
    #[serde(default, skip_serializing_if = "is_no")]
    paid_mail_waits: bool,
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[derive(Serialize, Deserialize)]
struct LineDoc<'a> {
    sku: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    quantity: i64,
    unit: i64,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    stocked: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

#[derive(Serialize, Deserialize, Default)]
pub(crate) struct CustomerDoc<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_id: Option<Cow<'a, str>>,
}

impl CustomerDoc<'_> {
    fn is_empty(&self) -> bool {
        let CustomerDoc {
            name,
            email,
            phone,
            locale,
            address,
            tax_id,
        } = self;
        let mut all = [name, email, phone, locale, address, tax_id].into_iter();
        all.all(Option::is_none)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WishDoc<'a> {
    Exactly {
        slot: Cow<'a, str>,
    },
    Earliest {
        calendar: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        not_before: Option<i64>,
    },
}

#[derive(Serialize, Deserialize)]
struct ClosingDoc<'a> {
    until: i64,
    end: Cow<'a, str>,
}

pub(super) fn write_order(order: &Order) -> OrderDoc<'_> {
    OrderDoc {
        currency: text(order.currency.as_str()),
        lines: order
            .lines
            .iter()
            .map(|line| LineDoc {
                sku: text(&line.sku),
                name: maybe_text(&line.name),
                quantity: line.quantity,
                unit: line.unit_minor,
                stocked: line.stocked,
            })
            .collect(),
        discount: order.discount_minor,
        shipping: order.shipping_minor,
        total: order.total_minor,
        customer: CustomerDoc {
            name: maybe_text(&order.customer.name),
            email: maybe_text(&order.customer.email),
            phone: maybe_text(&order.customer.phone),
            locale: maybe_text(&order.customer.locale),
            address: maybe_text(&order.customer.address),
            tax_id: maybe_text(&order.customer.tax_id),
        },
        note: maybe_text(&order.note),
        wish: order.slot_wish.as_ref().map(|wish| match wish {
            SlotWish::Earliest {
                calendar,
                not_before,
            } => WishDoc::Earliest {
                calendar: text(calendar),
                not_before: not_before.map(Timestamp::as_millis),
            },
            SlotWish::Exactly(slot) => WishDoc::Exactly {
                slot: Cow::Owned(slot.to_string()),
            },
        }),
        hold_ms: order.hold_ms,
        closing: order.closing.map(|closing| ClosingDoc {
            until: closing.until.as_millis(),
            end: text(closing.end.word()),
        }),
        paid_mail_waits: order.paid_mail_waits,
    }
}

pub(crate) fn read_customer(doc: CustomerDoc<'_>) -> Customer {
    Customer {
        name: doc.name.map(Cow::into_owned),
        email: doc.email.map(Cow::into_owned),
        phone: doc.phone.map(Cow::into_owned),
        locale: doc.locale.map(Cow::into_owned),
        address: doc.address.map(Cow::into_owned),
        tax_id: doc.tax_id.map(Cow::into_owned),
    }
}

pub(super) fn read_order(
    doc: OrderDoc<'_>,
    code: Option<String>,
    status: OrderStatus,
) -> Read<Order> {
    Ok(Order {
        code: code.ok_or_else(|| Corrupt::new("order", "it has no code"))?,
        status,
        currency: currency(&doc.currency)?,
        lines: doc
            .lines
            .into_iter()
            .map(|line| Line {
                sku: line.sku.into_owned(),
                name: line.name.map(Cow::into_owned),
                quantity: line.quantity,
                unit_minor: line.unit,
                stocked: line.stocked,
            })
            .collect(),
        discount_minor: doc.discount,
        shipping_minor: doc.shipping,
        total_minor: doc.total,
        customer: read_customer(doc.customer),
        note: doc.note.map(Cow::into_owned),
        slot_wish: doc
            .wish
            .map(|wish| {
                Ok::<_, Corrupt>(match wish {
                    WishDoc::Exactly { slot } => SlotWish::Exactly(id::<SlotId, _>(&slot)?),
                    WishDoc::Earliest {
                        calendar,
                        not_before,
                    } => SlotWish::Earliest {
                        calendar: calendar.into_owned(),
                        not_before: not_before.map(Timestamp::from_millis),
                    },
                })
            })
            .transpose()?,
        hold_ms: doc.hold_ms,
        closing: doc
            .closing
            .map(|closing| {
                Ok::<_, Corrupt>(Closing {
                    until: Timestamp::from_millis(closing.until),
                    end: word(&closing.end)?,
                })
            })
            .transpose()?,
        paid_mail_waits: doc.paid_mail_waits,
    })
}
