//! Search: what a text finds in a shop.

use tollgate_core::id::ShopId;
use tollgate_core::payment::MANUAL_SOURCE;
use tollgate_providers::spelling::one_spelling;
use tollgate_store::{Hit, Page, SearchPlace, SearchQuery};

use super::{App, AppError};

impl App {
    /// A page of what a text finds.
    pub(crate) async fn search(
        &self,
        shop: ShopId,
        text: &str,
        limit: u32,
        past: Option<SearchPlace>,
    ) -> Result<Page<Hit, SearchPlace>, AppError> {
        let config = self.inner.instance.shop_config(shop);
        let configured = config.iter().flat_map(|shop| &shop.sources);
        let configured = configured.map(|configured| configured.source.name().to_owned());
        let query = SearchQuery {
            text: one_spelling(text).into_owned(),
            sources: configured.chain([MANUAL_SOURCE.to_owned()]).collect(),
            limit,
        };
        Ok(self.inner.store.search(shop, query, past).await?)
    }
}
