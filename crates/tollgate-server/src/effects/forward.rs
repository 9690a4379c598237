//! Handing an event on to the merchant's own handler, byte for byte.

use axum::http::{HeaderName, HeaderValue, Method};
use bytes::Bytes;
use tollgate_core::id::EventId;

use super::forwarded::forwarded;
use super::{Acted, Context, Work, exchange};
use crate::config::OnDead;
use tollgate_outbound::calls::{Call, Trust, webhook_id};

/// How much of a handler's answer is kept.
const ANSWER_BYTES_MAX: usize = 1024;

/// Sends the event's own bytes, of an array only its element, with the request's headers less those
/// that are secrets or about the connection. `webhook-id` is added where the provider sent none.
pub(super) async fn act(context: &Context, work: &Work, route: &str, event: EventId) -> Acted {
    let Some(shop) = context.shop_config(work.shop) else {
        return Acted::dead("its shop is no longer configured");
    };
    let Some(route) = shop.routes.iter().find(|known| known.name == route) else {
        return Acted::dead(format!("the route {route} is no longer configured"));
    };
    let stored = match context.store().event(work.shop, event).await {
        Ok(Some(stored)) => stored,
        Ok(None) => return Acted::dead("the event is no longer kept"),
        Err(error) => return Acted::database(&error),
    };
    let raw = stored.raw.unwrap_or_default();
    let secret: Vec<&str> = shop
        .sources
        .iter()
        .filter(|known| known.source.name() == stored.source)
        .flat_map(|known| known.source.provider().secret_headers.iter().copied())
        .collect();
    let Some(mut headers) = forwarded(&raw.headers, &secret) else {
        return Acted::dead("the event's headers cannot be read");
    };
    let id = HeaderName::from_static("webhook-id");
    if !headers.contains_key(&id)
        && let Ok(value) = HeaderValue::try_from(webhook_id(&work.effect.key))
    {
        headers.insert(id, value);
    }
    let call = Call {
        trust: Trust::Operator,
        method: Method::POST,
        url: &route.url,
        headers,
        body: Bytes::from(raw.body),
        keep: ANSWER_BYTES_MAX,
        alone: false,
    };
    let skips = route.on_dead == OnDead::Skip;
    match route.timeout {
        Some(limit) => {
            match tokio::time::timeout(limit, exchange::send(context, call, skips)).await {
                Ok(acted) => acted,
                Err(_) => exchange::too_slow(limit, skips),
            }
        }
        None => exchange::send(context, call, skips).await,
    }
}
