//! Sources: how each is configured, when it was heard, and what came of what it sent.

use std::collections::BTreeMap;

use tollgate_core::event::DeliveryVerdict;
use tollgate_core::id::ShopId;
use tollgate_core::time::Timestamp;
use tollgate_store::{DeliveryFilter, KeptDelivery, Seek};

use super::{App, AppError};
use crate::calendar;
use crate::config::ConfiguredSource;

/// How a source stands.
pub(crate) struct SourceStanding<'a> {
    /// As it is configured.
    pub(crate) configured: &'a ConfiguredSource,
    /// When it was heard last; `None` if none of the shop's newest events is its.
    pub(crate) heard_at: Option<Timestamp>,
    /// It says nothing while its payments are open.
    pub(crate) is_silent: bool,
    /// What its webhooks were answered today, by what doors call it.
    pub(crate) today: BTreeMap<String, u64>,
    /// The newest of its deliveries that was refused and still is; only for who may see deliveries.
    pub(crate) refused: Option<KeptDelivery>,
}

impl App {
    /// How each source of a shop stands, in the order of the configuration; `with_refused` with what was refused.
    pub(crate) async fn sources(
        &self,
        shop: ShopId,
        with_refused: bool,
    ) -> Result<Vec<SourceStanding<'_>>, AppError> {
        let Some(config) = self.inner.instance.shop_config(shop) else {
            return Ok(Vec::new());
        };
        let store = &self.inner.store;
        let today = calendar::day_in(&config.timezone, self.now(), 0);
        let happened = store.happened_since(shop, vec![today]).await?;
        let mut answered = happened.into_iter().next().unwrap_or_default().by_source;
        let heard = store.sources_heard(shop).await?;
        let mut sources = Vec::with_capacity(config.sources.len());
        for configured in &config.sources {
            let name = configured.source.name();
            let refused = match with_refused {
                true => self.newest_refused(shop, name).await?,
                false => None,
            };
            sources.push(SourceStanding {
                configured,
                heard_at: heard.get(name).copied(),
                is_silent: self.metrics().silent(&config.name, name).get() != 0,
                today: answered.remove(name).unwrap_or_default(),
                refused,
            });
        }
        Ok(sources)
    }

    async fn newest_refused(
        &self,
        shop: ShopId,
        source: &str,
    ) -> Result<Option<KeptDelivery>, AppError> {
        let filter = DeliveryFilter {
            verdict: Some(DeliveryVerdict::Rejected),
            source: Some(source.to_owned()),
        };
        let page = self.deliveries(shop, filter, Seek::first(1)).await?;
        Ok(page.items.into_iter().next())
    }
}
