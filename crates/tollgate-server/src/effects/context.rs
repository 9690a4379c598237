//! What effects are done with: an instance, and the ways out of it.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use tollgate_core::id::ShopId;
use tollgate_store::{FeedEntry, Origin, ReadError};

use super::{CommandCount, Renderer, Tokens};
use crate::config::{Config, ConfigError};
use crate::fonts::ShopFonts;
use crate::instance::Instance;
use crate::trace;
use tollgate_outbound::calls::{Call, Client, Exchange};
use tollgate_outbound::mail::Mailer;
use tollgate_receipt::Fonts;

/// The ways out of the program.
pub(crate) struct Outside {
    client: Client,
    mailers: HashMap<String, Mailer>,
    tokens: Tokens,
    renderer: Arc<Renderer>,
    fonts: Arc<ShopFonts>,
}

impl Outside {
    /// Reads templates, certificates and fonts; fails where one of them is unusable.
    pub(crate) fn open(config: &Config, count: &CommandCount) -> Result<Outside, ConfigError> {
        Ok(Outside {
            client: Client::new(&config.outgoing.calls())?,
            mailers: mailers(config)?,
            tokens: Tokens::default(),
            renderer: Arc::new(Renderer::start(count)),
            fonts: Arc::new(ShopFonts::load(config)?),
        })
    }

    /// The same ways by another configuration: mail goes as that says, and no access token is kept, for it was had
    /// with a secret of before.
    pub(crate) fn reconfigured(&self, config: &Config) -> Result<Outside, ConfigError> {
        Ok(Outside {
            client: self.client.clone(),
            mailers: mailers(config)?,
            tokens: Tokens::default(),
            renderer: Arc::clone(&self.renderer),
            fonts: Arc::clone(&self.fonts),
        })
    }

    /// The way to merchants and providers.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The fonts of every shop.
    pub(crate) fn fonts(&self) -> &ShopFonts {
        &self.fonts
    }
}

/// The way to the customers of each shop that has one.
fn mailers(config: &Config) -> Result<HashMap<String, Mailer>, ConfigError> {
    let mut mailers = HashMap::new();
    for shop in &config.shops {
        if let Some(mail) = &shop.mail {
            mailers.insert(shop.name.clone(), Mailer::new(mail.clone())?);
        }
    }
    Ok(mailers)
}

/// Writes a merchant's notification of an entry of the feed.
pub(crate) type WriteNotice = fn(&FeedEntry) -> Vec<u8>;

/// What effects are done with. Clones share it.
#[derive(Clone)]
pub(crate) struct Context {
    instance: Instance,
    outside: Arc<Outside>,
    notice: WriteNotice,
    /// The request that is worked for.
    origin: Option<Arc<Origin>>,
}

impl Deref for Context {
    type Target = Instance;

    fn deref(&self) -> &Instance {
        &self.instance
    }
}

impl Context {
    /// An instance and its ways out; `notice` writes merchants' notifications.
    pub(crate) fn new(instance: Instance, outside: Arc<Outside>, notice: WriteNotice) -> Context {
        Context {
            instance,
            outside,
            notice,
            origin: None,
        }
    }

    /// The same, for what goes back to a request.
    pub(crate) fn caused_by(&self, origin: Option<Arc<Origin>>) -> Context {
        Context {
            origin,
            ..self.clone()
        }
    }

    /// Calls a merchant or a provider, with the names of the request that it goes back to.
    pub(super) async fn call(&self, mut call: Call<'_>) -> Exchange {
        match &self.origin {
            Some(origin) => trace::hand_on(origin, &mut call.headers),
            None => trace::hand_on_ours(&mut call.headers),
        }
        self.outside.client.call(call).await
    }

    /// The way to a shop's customers; `None` where no mail is configured.
    pub(super) fn mailer(&self, shop: ShopId) -> Option<&Mailer> {
        self.outside.mailers.get(self.shop_name(shop))
    }

    /// Access tokens of sources.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.outside.tokens
    }

    /// What renders receipts.
    pub(super) fn renderer(&self) -> &Renderer {
        &self.outside.renderer
    }

    /// The fonts of a shop's receipts.
    pub(super) fn fonts(&self, shop: ShopId) -> Arc<Fonts> {
        self.outside.fonts.of(self.shop_name(shop))
    }

    /// Who sells in a shop.
    pub(super) fn seller_name(&self, shop: ShopId) -> &str {
        self.shop_config(shop)
            .map_or("", |shop| &shop.receipts.seller.name)
    }

    /// How the outside reaches the server, without a slash at the end; `None` where nobody has said it. What is
    /// handed to customers leads nowhere else.
    pub(super) fn public_url(&self) -> Option<&str> {
        let url = self.config().server.public_url.as_deref();
        url.map(|url| url.trim_end_matches('/'))
    }

    /// The notification about the feed's entry at a position; `None` if it is no longer kept.
    pub(super) async fn notice_at(
        &self,
        shop: ShopId,
        position: i64,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let entry = self.store().feed_entry(shop, position).await?;
        Ok(entry.as_ref().map(self.notice))
    }
}
