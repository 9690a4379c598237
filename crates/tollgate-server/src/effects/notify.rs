//! Notifies a merchant's endpoint of an entry of the feed.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use tollgate_core::effect::StoredEffect;
use tollgate_core::id::{EndpointId, ShopId};

use super::sent::{Sent, without_query};
use super::{Acted, Context, Work, exchange};
use tollgate_outbound::calls::{Call, SigningSecret, sign, webhook_id};

/// How much of a merchant's answer is kept.
const ANSWER_BYTES_MAX: usize = 1024;

/// Sends one signed webhook. The body is frozen: it is made of what the feed kept at the decision.
pub(super) async fn act(
    context: &Context,
    work: &Work,
    endpoint: EndpointId,
    position: i64,
) -> Acted {
    let row = match context.store().endpoint(work.shop, endpoint).await {
        Ok(Some(row)) => row,
        Ok(None) => return Acted::dead("its endpoint was deleted"),
        Err(error) => return Acted::database(&error),
    };
    if let Some((_, reason)) = &row.disabled {
        return Acted::dead(format!("its endpoint is disabled: {reason}"));
    }
    if let Some(unopened) = &row.unopened {
        return Acted::waiting(format!("its secrets cannot be opened: {unopened}"));
    }
    let body = match context.notice_at(work.shop, position).await {
        Ok(Some(body)) => Bytes::from(body),
        Ok(None) => return Acted::dead("the feed no longer has its entry"),
        Err(error) => return Acted::database(&error),
    };
    let now = context.now();
    let secrets: Vec<SigningSecret> = row
        .secrets
        .iter()
        .filter(|(_, until)| until.is_none_or(|until| now < until))
        .filter_map(|(secret, _)| SigningSecret::parse(secret).ok())
        .collect();
    let signature = sign(&secrets, &work.effect.key, now, &body);
    let call = Call::to_endpoint(&row.url, signature, body, ANSWER_BYTES_MAX);
    exchange::send(context, call, false).await
}

/// The same request, for who looks at it: under its id, and without a signature.
pub(super) async fn sent(
    context: &Context,
    shop: ShopId,
    effect: &StoredEffect,
    endpoint: EndpointId,
    position: i64,
) -> Option<Sent> {
    let row = context.store().endpoint(shop, endpoint).await.ok()??;
    let body = context.notice_at(shop, position).await.ok()??;
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    let id = HeaderValue::try_from(webhook_id(&effect.key)).ok()?;
    headers.insert(HeaderName::from_static("webhook-id"), id);
    Some(Sent {
        url: without_query(&row.url),
        headers,
        body: Bytes::from(body),
    })
}
