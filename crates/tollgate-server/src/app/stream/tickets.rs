//! Tickets: a browser cannot send a key with an `EventSource`, and a key does not belong into a URL. So a page asks
//! for a ticket, which opens one stream once, within a minute, and is worth nothing after that.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use tollgate_core::id::ShopId;
use tollgate_core::time::{Span, Timestamp};
use tollgate_store::TicketRow;

use super::TopicSet;
use crate::app::{App, AppError, Caller};
use crate::keys::{self, Scope};

/// What a ticket begins with. Behind it stand the shop's number and 32 random bytes.
const PREFIX: &str = "tgs_";

/// How long a ticket is good.
const GOOD_FOR: Span = Span::seconds(60);

impl App {
    /// A ticket for the caller's shop and these topics, and until when it is good. It is shown once.
    pub(crate) async fn make_ticket(
        &self,
        caller: &Caller,
        topics: TopicSet,
    ) -> Result<(SecretString, Timestamp), AppError> {
        let shop = caller.shop();
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        let random = URL_SAFE_NO_PAD.encode(bytes);
        let ticket = SecretString::from(format!("{PREFIX}{}_{random}", shop.0));
        let expires_at = self.now().plus(GOOD_FOR);
        let row = TicketRow {
            shop,
            hash: keys::hash(ticket.expose_secret()),
            key_hash: caller.key_hash(),
            topics: topics.bits(),
            expires_at,
        };
        let most = self.config().stream.tickets_max;
        match self.inner.store.create_ticket(row, most).await? {
            true => Ok((ticket, expires_at)),
            false => Err(AppError::TooManyTickets),
        }
    }

    /// Takes a ticket: whose it is, and what its stream is about. It opens nothing a second time, wherever it is
    /// tried, and nothing once its key is revoked.
    pub(crate) async fn take_ticket(&self, ticket: &str) -> Result<(Caller, TopicSet), AppError> {
        let shop = shop_in(ticket).ok_or(AppError::TicketUnknown)?;
        let hash = keys::hash(ticket);
        let store = &self.inner.store;
        let row = store.ticket(shop, hash).await?;
        let row = row.ok_or(AppError::TicketUnknown)?;
        if !store.take_ticket(shop, hash).await? {
            return Err(AppError::TicketUnknown);
        }
        let caller = self.caller_with(row.key_hash).await?;
        match caller {
            Some(caller) if caller.may(Scope::Read) && caller.shop() == shop => {
                Ok((caller, TopicSet::of_bits(row.topics)))
            }
            Some(_) | None => Err(AppError::TicketUnknown),
        }
    }
}

/// Whether a text has the form of a ticket; whether it opens anything, [`App::take_ticket`] says.
pub(crate) fn is_ticket(text: &str) -> bool {
    shop_in(text).is_some()
}

/// The shop that a ticket names.
fn shop_in(ticket: &str) -> Option<ShopId> {
    let (shop, _) = ticket.strip_prefix(PREFIX)?.split_once('_')?;
    shop.parse().ok().map(ShopId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_names_its_shop() {
        assert_eq!(shop_in("tgs_3_abc_def"), Some(ShopId(3)));
        for other in ["", "tg_3_a", "tgs_3", "tgs__a", "tgs_x_a"] {
            assert_eq!(shop_in(other), None, "{other:?}");
        }
    }
}
