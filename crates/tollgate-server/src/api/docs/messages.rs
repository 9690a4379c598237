//! The webhooks that merchants' endpoints are sent, for the description.

use serde_json::{Map, Value, json};
use tollgate_core::timeline::EntryKind;
use tollgate_core::word::Word;

use crate::api::capacity::HoldView;
use crate::api::orders::OrderView;
use crate::api::payments::PaymentView;
use crate::http::operation::MakeSchema;

/// Every message that an endpoint may want, by its type, and the one by which an endpoint is tried.
pub(super) fn webhooks(mut schema: impl FnMut(MakeSchema) -> Value) -> Value {
    let order = schema(|to| to.subschema_for::<OrderView<'_>>());
    let payment = schema(|to| to.subschema_for::<PaymentView<'_>>());
    let hold = schema(|to| to.subschema_for::<HoldView<'_>>());
    let public = EntryKind::ALL.iter().filter(|kind| kind.is_public());
    let mut webhooks: Map<String, Value> = public
        .map(|kind| {
            let data = match kind.word().split_once('.') {
                Some(("order", _)) => order.clone(),
                Some(("payment", _)) => payment.clone(),
                Some(("hold", _)) => hold.clone(),
                _ => json!({ "type": "object", "description": "What the timeline says of it." }),
            };
            (kind.word().to_owned(), message(kind.word(), data))
        })
        .collect();
    let tried = json!({
        "type": "object",
        "required": ["endpoint_id"],
        "properties": { "endpoint_id": { "type": "string", "description": "The endpoint's id." } },
    });
    webhooks.insert("endpoint.test".to_owned(), message("endpoint.test", tried));
    webhooks.into()
}

fn message(kind: &str, data: Value) -> Value {
    let header = |name: &str, about: &str, schema: Value| json!({ "name": name, "in": "header", "required": true, "description": about, "schema": schema });
    json!({ "post": {
        "operationId": format!("on {kind}"),
        "summary": format!("`{kind}`"),
        "description": "A notice to an endpoint, signed by the Standard Webhooks scheme. It may come twice and out of \
                        order: `position` orders notices. What is not answered 2xx is tried again.",
        "parameters": [
            header(
                "webhook-id",
                "The notice's key, the same however often it is sent.",
                json!({ "type": "string" }),
            ),
            header(
                "webhook-timestamp",
                "Seconds since 1970, of this try.",
                json!({ "type": "integer" }),
            ),
            header(
                "webhook-signature",
                "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several, with a space between, while a \
                 rotation overlaps.",
                json!({ "type": "string" }),
            ),
        ],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["type", "timestamp", "position", "data"],
                "properties": {
                    "type": { "const": kind, "description": "What happened." },
                    "timestamp": {
                        "type": "string", "format": "date-time", "description": "When it was decided.",
                    },
                    "position": {
                        "type": "integer", "format": "int64",
                        "description": "Its place in the shop's feed, which is the order of commits.",
                    },
                    "data": data,
                },
            } } },
        },
        "responses": {
            "2XX": { "description": "It is taken." },
            "410": { "description": "The endpoint is given up, and switched off." },
        },
    } })
}
