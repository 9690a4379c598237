//! Handing an event on to the merchant's own handler, byte for byte.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use bytes::Bytes;
use tollgate_core::effect::StoredEffect;
use tollgate_core::id::{EventId, ShopId};

use super::forwarded::forwarded;
use super::sent::{Sent, without_query};
use super::{Acted, Context, Work, exchange};
use crate::config::{OnDead, Route};
use tollgate_outbound::calls::{Call, Trust, webhook_id};

/// How much of a handler's answer is kept.
const ANSWER_BYTES_MAX: usize = 1024;

/// Sends the event's own bytes, of an array only its element, with the request's headers less those
/// that are secrets or about the connection. `webhook-id` is added where the provider sent none.
pub(super) async fn act(context: &Context, work: &Work, route: &str, event: EventId) -> Acted {
    let found = find(context, work.shop, &work.effect, route, event).await;
    let (route, headers, body) = match found {
        Ok(found) => found,
        Err(acted) => return acted,
    };
    let call = Call {
        trust: Trust::Operator,
        method: Method::POST,
        url: &route.url,
        headers,
        body,
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

/// The same request, for who looks at it.
pub(super) async fn sent(
    context: &Context,
    shop: ShopId,
    effect: &StoredEffect,
    route: &str,
    event: EventId,
) -> Option<Sent> {
    let (route, headers, body) = find(context, shop, effect, route, event).await.ok()?;
    Some(Sent {
        url: without_query(&route.url),
        headers,
        body,
    })
}

/// Where an event is handed on to, with which headers and bytes; or why it cannot be.
async fn find<'c>(
    context: &'c Context,
    shop: ShopId,
    effect: &StoredEffect,
    route: &str,
    event: EventId,
) -> Result<(&'c Route, HeaderMap, Bytes), Acted> {
    let Some(config) = context.shop_config(shop) else {
        return Err(Acted::dead("its shop is no longer configured"));
    };
    let Some(route) = config.routes.iter().find(|known| known.name == route) else {
        return Err(Acted::dead(format!(
            "the route {route} is no longer configured"
        )));
    };
    let stored = match context.store().event(shop, event).await {
        Ok(Some(stored)) => stored,
        Ok(None) => return Err(Acted::dead("the event is no longer kept")),
        Err(error) => return Err(Acted::database(&error)),
    };
    let raw = stored.raw.unwrap_or_default();
    let secret: Vec<&str> = config
        .sources
        .iter()
        .filter(|known| known.source.name() == stored.source)
        .flat_map(|known| known.source.provider().secret_headers.iter().copied())
        .collect();
    let Some(mut headers) = forwarded(&raw.headers, &secret) else {
        return Err(Acted::dead("the event's headers cannot be read"));
    };
    let id = HeaderName::from_static("webhook-id");
    if !headers.contains_key(&id)
        && let Ok(value) = HeaderValue::try_from(webhook_id(&effect.key))
    {
        headers.insert(id, value);
    }
    Ok((route, headers, Bytes::from(raw.body)))
}
