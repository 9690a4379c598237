//! What the worker needs of the program: ways out, and what was configured for a shop.

use std::collections::HashMap;

use tollgate_core::id::ShopId;
use tollgate_store::{ReadError, Store};

use super::App;
use crate::config::{Config, ConfigError, Shop};
use crate::effects::{Decided, Renderer, Tokens};
use crate::mail::Mailer;
use crate::outgoing::Client;
use crate::render;

/// The ways out of the program.
pub(super) struct Outside {
    client: Client,
    mailers: HashMap<String, Mailer>,
    tokens: Tokens,
    renderer: Renderer,
}

impl Outside {
    /// Reads templates and certificates; fails where one of them is unusable.
    pub(super) fn open(config: &Config, decided: &Decided) -> Result<Outside, ConfigError> {
        let mut mailers = HashMap::new();
        for shop in &config.shops {
            if let Some(mail) = &shop.mail {
                mailers.insert(shop.name.clone(), Mailer::new(mail.clone())?);
            }
        }
        Ok(Outside {
            client: Client::new(&config.outgoing.calls())?,
            mailers,
            tokens: Tokens::default(),
            renderer: Renderer::start(decided),
        })
    }
}

impl App {
    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The way to merchants and providers.
    pub(crate) fn client(&self) -> &Client {
        &self.inner.outside.client
    }

    /// The way to a shop's customers; `None` where no mail is configured.
    pub(crate) fn mailer(&self, shop: ShopId) -> Option<&Mailer> {
        self.inner.outside.mailers.get(self.shop_name(shop))
    }

    /// Access tokens of sources.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.inner.outside.tokens
    }

    /// What renders receipts.
    pub(crate) fn renderer(&self) -> &Renderer {
        &self.inner.outside.renderer
    }

    /// What is configured for a shop; `None` if it no longer is.
    pub(crate) fn shop_config(&self, shop: ShopId) -> Option<&Shop> {
        let at = self.inner.shops.iter().position(|known| *known == shop)?;
        self.inner.config.shops.get(at)
    }

    /// The name of a configured shop.
    pub(crate) fn shop_name(&self, shop: ShopId) -> &str {
        self.shop_config(shop).map_or("", |shop| &shop.name)
    }

    /// Who sells in a shop.
    pub(crate) fn seller_name(&self, shop: ShopId) -> &str {
        self.shop_config(shop)
            .map_or("", |shop| &shop.receipts.seller.name)
    }

    /// How the outside reaches the server, without a slash at the end.
    pub(crate) fn public_url(&self) -> String {
        let server = &self.inner.config.server;
        let url = match &server.public_url {
            Some(url) => url.clone(),
            None => format!("http://{}", server.listen),
        };
        url.trim_end_matches('/').to_owned()
    }

    /// The body that tells of the feed's entry at a position; `None` if it is no longer kept.
    pub(crate) async fn notice_at(
        &self,
        shop: ShopId,
        position: i64,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let told = self.inner.store.feed_line(shop, position).await?;
        Ok(told.as_ref().map(render::notice))
    }
}
