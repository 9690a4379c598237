//! The order in a root's document.

use serde::{Deserialize, Serialize};
use tollgate_core::capacity::SlotWish;
use tollgate_core::id::SlotId;
use tollgate_core::order::{Closing, Customer, Line, Order, OrderStatus};
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;

use crate::db::Corrupt;
use crate::tables::document::{Read, currency, id, is_no, word};

#[derive(Serialize, Deserialize)]
pub(super) struct OrderDoc {
    currency: String,
    lines: Vec<LineDoc>,
    #[serde(default, skip_serializing_if = "is_zero")]
    discount: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    shipping: i64,
    total: i64,
    #[serde(default, skip_serializing_if = "CustomerDoc::is_empty")]
    customer: CustomerDoc,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wish: Option<WishDoc>,
    hold_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<ClosingDoc>,
    #[serde(default, skip_serializing_if = "is_no")]
    paid_mail_waits: bool,
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[derive(Serialize, Deserialize)]
struct LineDoc {
    sku: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
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
pub(crate) struct CustomerDoc {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_id: Option<String>,
}

impl CustomerDoc {
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
enum WishDoc {
    Exactly {
        slot: String,
    },
    Earliest {
        calendar: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        not_before: Option<i64>,
    },
}

#[derive(Serialize, Deserialize)]
struct ClosingDoc {
    until: i64,
    end: String,
}

pub(super) fn write_order(order: &Order) -> OrderDoc {
    OrderDoc {
        currency: order.currency.to_string(),
        lines: order
            .lines
            .iter()
            .map(|line| LineDoc {
                sku: line.sku.clone(),
                name: line.name.clone(),
                quantity: line.quantity,
                unit: line.unit_minor,
                stocked: line.stocked,
            })
            .collect(),
        discount: order.discount_minor,
        shipping: order.shipping_minor,
        total: order.total_minor,
        customer: CustomerDoc {
            name: order.customer.name.clone(),
            email: order.customer.email.clone(),
            phone: order.customer.phone.clone(),
            locale: order.customer.locale.clone(),
            address: order.customer.address.clone(),
            tax_id: order.customer.tax_id.clone(),
        },
        note: order.note.clone(),
        wish: order.slot_wish.as_ref().map(|wish| match wish {
            SlotWish::Earliest {
                calendar,
                not_before,
            } => WishDoc::Earliest {
                calendar: calendar.clone(),
                not_before: not_before.map(Timestamp::as_millis),
            },
            SlotWish::Exactly(slot) => WishDoc::Exactly {
                slot: slot.to_string(),
            },
        }),
        hold_ms: order.hold_ms,
        closing: order.closing.map(|closing| ClosingDoc {
            until: closing.until.as_millis(),
            end: closing.end.word().to_owned(),
        }),
        paid_mail_waits: order.paid_mail_waits,
    }
}

pub(crate) fn read_customer(doc: CustomerDoc) -> Customer {
    Customer {
        name: doc.name,
        email: doc.email,
        phone: doc.phone,
        locale: doc.locale,
        address: doc.address,
        tax_id: doc.tax_id,
    }
}

pub(super) fn read_order(doc: OrderDoc, code: Option<String>, status: OrderStatus) -> Read<Order> {
    Ok(Order {
        code: code.ok_or_else(|| Corrupt::new("order", "it has no code"))?,
        status,
        currency: currency(&doc.currency)?,
        lines: doc
            .lines
            .into_iter()
            .map(|line| Line {
                sku: line.sku,
                name: line.name,
                quantity: line.quantity,
                unit_minor: line.unit,
                stocked: line.stocked,
            })
            .collect(),
        discount_minor: doc.discount,
        shipping_minor: doc.shipping,
        total_minor: doc.total,
        customer: read_customer(doc.customer),
        note: doc.note,
        slot_wish: doc
            .wish
            .map(|wish| {
                Ok::<_, Corrupt>(match wish {
                    WishDoc::Exactly { slot } => SlotWish::Exactly(id::<SlotId, _>(&slot)?),
                    WishDoc::Earliest {
                        calendar,
                        not_before,
                    } => SlotWish::Earliest {
                        calendar,
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
