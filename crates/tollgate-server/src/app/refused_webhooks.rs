//! Refused webhooks in the log: a warning a second and source at the most, with how many there were, and with
//! the first one's likely cause. That is everyone's first problem, and its answer stands in no provider's log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tollgate_core::id::{DeliveryId, ShopId};
use tollgate_providers::{Delivery, OtherSource, Rejection, nearest};

use super::{App, Incoming, WebhookSource};
use crate::masking::masked;
use crate::throttle::Line;

/// Sources that are tried whether a delivery was meant for them.
const OTHERS_MAX: usize = 64;

/// Of a path that leads nowhere so many letters are looked at.
const PATH_LETTERS_MAX: usize = 200;

/// So many are logged: enough to see which source was meant, too few for a secret that was pasted behind it.
const PATH_LETTERS_SHOWN: usize = 24;

/// The first refusal of a second.
#[derive(Debug)]
pub(crate) struct RefusedWebhook {
    shop: String,
    source: String,
    code: &'static str,
    reason: String,
    likely: Option<String>,
    /// Under which id it is kept; nothing where its body was not read.
    delivery: Option<DeliveryId>,
}

impl Line for RefusedWebhook {
    fn log(&self, refused: u64) {
        let RefusedWebhook {
            shop,
            source,
            code,
            reason,
            likely,
            delivery,
        } = self;
        let likely = likely.as_deref();
        let delivery = delivery.map(tracing::field::display);
        tracing::warn!(
            source,
            shop,
            code,
            refused,
            reason,
            likely,
            delivery,
            "a webhook was refused"
        );
    }
}

/// The first one in a second that came to a path of no source.
#[derive(Debug)]
pub(crate) struct UnknownPath {
    path: String,
    likely: String,
}

impl Line for UnknownPath {
    fn log(&self, refused: u64) {
        let UnknownPath { path, likely } = self;
        tracing::warn!(
            path,
            refused,
            likely,
            "a webhook came to a path of no source"
        );
    }
}

impl App {
    /// Notes that a delivery was refused; its likely cause, where it is the first of this second. The log is the
    /// operator's; what is returned is for the shop's eyes, and names sources of no other shop.
    pub(super) fn note_refusal(
        &self,
        webhook: &WebhookSource,
        incoming: &Delivery<'_>,
        id: DeliveryId,
        rejection: &Rejection,
    ) -> Option<String> {
        let mut likely = None;
        webhook.refusals.count(|| {
            let within = |shop| self.likely_cause(webhook, incoming, rejection, shop);
            likely = within(Some(webhook.shop));
            let logged = match self.config().shops.len() {
                1 => likely.clone(),
                _ => within(None),
            };
            RefusedWebhook {
                shop: self.shop_name(webhook.shop).to_owned(),
                source: webhook.source.name().to_owned(),
                code: rejection.code.as_str(),
                reason: rejection.detail.clone(),
                likely: logged,
                delivery: Some(id),
            }
        });
        likely
    }

    /// Notes that a delivery was refused before anything of it was looked at.
    pub(crate) fn note_unread(&self, webhook: &WebhookSource, code: &'static str, reason: &str) {
        webhook.refusals.count(|| RefusedWebhook {
            shop: self.shop_name(webhook.shop).to_owned(),
            source: webhook.source.name().to_owned(),
            code,
            reason: reason.to_owned(),
            likely: None,
            delivery: None,
        });
    }

    /// Notes that a webhook came to a path at which no source is called.
    pub(crate) fn note_unknown_path(&self, path: &str) {
        self.inner.unknown_paths.count(|| {
            let path: String = path.chars().take(PATH_LETTERS_MAX).collect();
            let sources = &self.inner.webhook_sources;
            let mut known: Vec<&str> = sources.keys().map(String::as_str).collect();
            known.sort_unstable();
            let likely = likely_path(&path, &known);
            let path = shown_path(&path);
            UnknownPath { path, likely }
        });
    }

    /// Logs what is still pending, before the program ends.
    pub(crate) fn flush_refusals(&self) {
        for webhook in self.inner.webhook_sources.values() {
            webhook.refusals.flush();
        }
        self.inner.unknown_paths.flush();
    }

    /// What is likely wrong, as far as the sources of one shop, or of all, tell.
    fn likely_cause(
        &self,
        webhook: &WebhookSource,
        incoming: &Delivery<'_>,
        rejection: &Rejection,
        within: Option<ShopId>,
    ) -> Option<String> {
        let shops = &self.config().shops;
        let mut named = Vec::new();
        for shop in shops {
            if within.is_some_and(|within| self.shop_named(&shop.name) != Some(within)) {
                continue;
            }
            for configured in &shop.sources {
                if Arc::ptr_eq(&configured.source, &webhook.source) {
                    continue;
                }
                let source = configured.source.name();
                let name = match within {
                    Some(_) => source.to_owned(),
                    None => format!("{}/{source}", shop.name),
                };
                named.push((name, configured));
            }
        }
        let others: Vec<OtherSource<'_>> = named
            .iter()
            .take(OTHERS_MAX)
            .filter_map(|(name, configured)| {
                Some(OtherSource {
                    name,
                    path: configured.paths.first()?,
                    source: &configured.source,
                })
            })
            .collect();
        // As verifying, it does not panic (I7); should it, the refusal stands.
        let found = catch_unwind(AssertUnwindSafe(|| {
            webhook.source.likely_cause(incoming, rejection, &others)
        }));
        found.unwrap_or_else(|_| {
            let source = webhook.source.name();
            tracing::error!(source, "looking for the cause of a refusal has panicked");
            None
        })
    }
}

/// The beginning of a path that leads nowhere, in which no key stands.
fn shown_path(path: &str) -> String {
    let masked = masked(path);
    let mut shown: String = masked.chars().take(PATH_LETTERS_SHOWN).collect();
    if shown.len() < masked.len() {
        shown.push('…');
    }
    shown
}

/// Which path was meant by one at which no source is called, of those that are known in their order.
fn likely_path(path: &str, known: &[&str]) -> String {
    const LISTED_MAX: usize = 8;
    // What all of them begin with says nothing about how near they are.
    let own = |path: &'_ str| path.strip_prefix("/webhooks/").map(str::to_owned);
    let near = own(path).and_then(|wanted| {
        let names: Vec<String> = known.iter().filter_map(|known| own(known)).collect();
        nearest(&wanted, names.iter().map(String::as_str)).map(str::to_owned)
    });
    match (near, known) {
        (Some(name), _) => format!("/webhooks/{name} was meant"),
        (None, []) => "no source is configured".to_owned(),
        (None, known) => {
            let listed: Vec<&str> = known.iter().copied().take(LISTED_MAX).collect();
            let more = match known.len() - listed.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("sources are called at {}{more}", listed.join(", "))
        }
    }
}

impl Incoming<'_> {
    /// As providers read it.
    pub(super) fn delivery(&self, webhook: &WebhookSource) -> Delivery<'_> {
        Delivery {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: self.headers,
            body: &self.body,
            signed: match &self.encoded {
                Some(encoded) if webhook.source.signs_encoded() => encoded,
                Some(_) | None => &self.body,
            },
            peer: self.peer,
            now: self.received_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys are pasted into URLs.
    #[test]
    fn of_a_path_of_no_source_the_beginning_is_shown_and_no_key() {
        for (path, shown) in [
            ("/webhooks/midtrnas", "/webhooks/midtrnas"),
            ("/webhooks/tg_AbCdEfGh12345678", "/webhooks/tg_***"),
            ("/tg_AbCdEfGh12345678/bank", "/tg_***/bank"),
            ("/webhooks/whsec_MDEyMzQ1Njc4OWFi", "/webhooks/whsec_***"),
            (
                "/webhooks/SB-Mid-server-precious",
                "/webhooks/SB-Mid-server-…",
            ),
        ] {
            assert_eq!(shown_path(path), shown);
        }
    }

    #[test]
    fn a_path_of_no_source_is_said_with_what_may_have_been_meant() {
        let known = [
            "/hook",
            "/webhooks/bank",
            "/webhooks/midtrans",
            "/webhooks/tea/pay",
        ];
        let all =
            "sources are called at /hook, /webhooks/bank, /webhooks/midtrans, /webhooks/tea/pay";
        for (path, likely) in [
            ("/webhooks/midtrnas", "/webhooks/midtrans was meant"),
            ("/webhooks/Bank", "/webhooks/bank was meant"),
            ("/webhooks/tea/pays", "/webhooks/tea/pay was meant"),
            // As near as that only by what all begin with.
            ("/webhooks/xyz", all),
            ("/webhooks", all),
        ] {
            assert_eq!(likely_path(path, &known), likely, "{path}");
        }
        assert_eq!(likely_path("/webhooks/a", &[]), "no source is configured");
        let many: Vec<String> = (0..10).map(|number| format!("/hooks/{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(likely_path("/webhooks/a", &many).ends_with("/hooks/7 and 2 more"));
    }
}
