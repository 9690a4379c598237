//! Where webhooks of one source arrive.

use std::sync::Arc;

use tollgate_core::command::Forward;
use tollgate_core::id::ShopId;
use tollgate_providers::Source;

use super::pace::SourcePace;
use super::refused_webhooks::RefusedWebhook;
use super::unproved::UnprovedBudget;
use crate::config::Route;
use crate::metrics::WebhookCounts;
use crate::throttle::Throttle;

/// Where webhooks of one source arrive.
pub(crate) struct WebhookSource {
    /// Whose they are.
    pub(crate) shop: ShopId,
    /// What verifies and reads them.
    pub(crate) source: Arc<Source>,
    /// The routes by which they are handed on.
    pub(crate) routes: Vec<Route>,
    /// What became of them.
    pub(crate) counts: WebhookCounts,
    /// Those that were refused, as the log has them.
    pub(crate) refusals: Arc<Throttle<RefusedWebhook>>,
    /// How many are taken in a second.
    pub(crate) pace: Arc<SourcePace>,
    /// How much is kept of those that prove nothing by themselves.
    pub(crate) unproved: Arc<UnprovedBudget>,
}

impl WebhookSource {
    /// The routes that take an event, each with the value whose order it keeps there.
    pub(crate) fn forwards(&self, kind: &str, body: &[u8]) -> Vec<Forward> {
        let routes = self.routes.iter().filter(|route| route.takes(kind));
        routes
            .map(|route| Forward {
                route: route.name.clone(),
                order_by: route.order_of(body),
            })
            .collect()
    }
}
