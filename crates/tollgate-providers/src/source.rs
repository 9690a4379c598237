//! One source: a provider with a checked configuration.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use regex_lite::Regex;
use serde_json::{Map, Value};
use tollgate_core::event::{Confirm, Event, FactKind, Policy, RefundState, Strength};
use tollgate_core::time::Timestamp;

use crate::delivery::{Delivery, Element, Identity, Item, ItemError, RejectCode, Rejection};
use crate::provider::{Covers, Field, Kind, Provider, Setup, StatusQuery};
use crate::question::{Answer, AskBy, CannotAsk, HttpRequest, HttpResponse, Question, Token};
use crate::refund::{Cancels, RefundAnswer, RefundOrder, RefundQuery, RefundStatus, RefundStep};
use crate::sample::{NotInProvider, Sample, Webhook};
use crate::settings::{ConfigError, Settings, nearest};
use crate::signature::sha256_hex;
use crate::spelling::one_spelling;
use crate::wording::lack_amount;

/// Keys and references are this long at most; PostgreSQL's indexes and people want an end.
const NAME_BYTES_MAX: usize = 255;

/// A delivery holds this many events at most; each is a command of its own (I9).
const ITEMS_MAX: usize = 4096;

/// An event says this much about payments at most.
const FACTS_MAX: usize = 256;

/// The configuration keys that every source knows.
pub const COMMON_FIELDS: &[Field] = &[
    Field {
        name: "provider",
        kind: Kind::Text,
        required: false,
        doc: "the provider's name",
    },
    Field {
        name: "paths",
        kind: Kind::List,
        required: false,
        doc: "further paths it is called at, besides /webhooks/NAME",
    },
    Field {
        name: "confirm",
        kind: Kind::Text,
        required: false,
        doc: "\"before\", \"after\" or \"never\": when the provider is asked whether it is true",
    },
    Field {
        name: "live",
        kind: Kind::Flag,
        required: false,
        doc: "false for the provider's test mode, in which its word is enough; default true",
    },
    Field {
        name: "order_code_pattern",
        kind: Kind::Text,
        required: false,
        doc: "a regular expression, anchored, whose capture `code` is the order's code",
    },
    Field {
        name: "addresses",
        kind: Kind::List,
        required: false,
        doc: "the addresses it may come from",
    },
    Field {
        name: "networks",
        kind: Kind::List,
        required: false,
        doc: "the networks it may come from, as 192.0.2.0/24",
    },
    Field {
        name: "i_accept_unverified",
        kind: Kind::Flag,
        required: false,
        doc: "true to take unsigned deliveries from anywhere",
    },
    Field {
        name: "content_encoding",
        kind: Kind::Text,
        required: false,
        doc: "of what comes compressed: \"before\" (default), decoded before its signature is \
              checked, or \"after\": the signature is over the compressed bytes",
    },
    Field {
        name: "per_second",
        kind: Kind::Integer,
        required: false,
        doc: "verified deliveries taken in a second, 1 to 1000000; more are answered 503 and come again. \
              Default: as many as come",
    },
    Field {
        name: "burst",
        kind: Kind::Integer,
        required: false,
        doc: "of those at once after a rest, 1 to 1000000; default: twice per_second",
    },
    Field {
        name: "api_url",
        kind: Kind::Text,
        required: false,
        doc: "where the provider is asked, if not at its usual place",
    },
];

/// A provider as it is configured here. Its secrets never show.
pub struct Source {
    name: String,
    provider: &'static Provider,
    paths: Vec<String>,
    confirm: Confirm,
    live: bool,
    /// The provider is asked how payments stand.
    asks: bool,
    order_code: Option<Regex>,
    networks: Vec<IpNet>,
    signs_encoded: bool,
    /// Verified deliveries in a second, and how many at once after a rest.
    pace: Option<(u32, u32)>,
    warnings: Vec<String>,
    setup: Box<dyn Setup>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("provider", &self.provider.name)
            .field("confirm", &self.confirm)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// Checks the configuration of one source.
    ///
    /// `settings` are the members of `[sources.NAME]` with every secret already in its place
    /// (see [`crate::visit_secrets`]); `provider` among them is ignored. The first thing wrong is
    /// named by its key.
    pub fn configure(
        name: &str,
        provider: &str,
        settings: &Map<String, Value>,
    ) -> Result<Source, ConfigError> {
        let provider = crate::provider(provider).ok_or_else(|| unknown_provider(provider))?;
        let settings = Settings::new(settings);
        settings.check_keys(&[COMMON_FIELDS, provider.fields])?;
        let setup = (provider.configure)(&settings)?;
        let networks = read_networks(&settings)?;
        let accepts_unverified = settings.flag("i_accept_unverified")?.unwrap_or(false);
        if setup.covers() == Covers::Nothing && networks.is_empty() && !accepts_unverified {
            let wanted = "addresses or networks of the provider, because it signs nothing; \
                          or i_accept_unverified = true";
            return Err(settings.absent("addresses", wanted));
        }
        let live = settings.live()?;
        let asks = read_asks(&settings, live, setup.as_ref())?;
        let confirm = read_confirm(&settings, provider, setup.as_ref(), asks)?;
        let mut warnings = Vec::new();
        if live && setup.covers() < Covers::WholeBody && !asks && provider.payments {
            warnings.push(format!(
                "the signature of {} does not cover what it says, and there are no credentials to \
                 ask: anyone who sees one webhook can write another",
                provider.title
            ));
        }
        if setup.covers() == Covers::Nothing && networks.is_empty() {
            warnings.push(format!(
                "{} signs nothing and may come from any address: anybody can send it",
                provider.title
            ));
        }
        Ok(Source {
            name: name.to_owned(),
            provider,
            paths: read_paths(name, &settings)?,
            confirm,
            live,
            asks,
            order_code: read_order_code(&settings)?,
            networks,
            signs_encoded: settings
                .choice("content_encoding", &[("before", false), ("after", true)])?
                .unwrap_or(false),
            pace: read_pace(&settings)?,
            warnings,
            setup,
        })
    }

    /// The name in `[sources.NAME]`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The provider it is configured for.
    pub fn provider(&self) -> &'static Provider {
        self.provider
    }

    /// The paths at which it is called.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// How much its signature vouches for.
    pub fn covers(&self) -> Covers {
        self.setup.covers()
    }

    /// How many verified deliveries are taken in a second, and how many at once after a rest; `None`: as
    /// many as come.
    pub fn pace(&self) -> Option<(u32, u32)> {
        self.pace
    }

    /// Of what comes compressed, its signatures are over the compressed bytes.
    pub fn signs_encoded(&self) -> bool {
        self.signs_encoded
    }

    /// It stands for real money.
    pub fn live(&self) -> bool {
        self.live
    }

    /// Its word is enough because it is in test mode and nothing says that the provider is to be asked.
    pub fn is_unasked_trial(&self) -> bool {
        !self.live && !self.asks && self.setup.status_query().is_some()
    }

    /// What an operator should know before trusting it; said at the start and by `doctor`.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What `decide` has to know about this source.
    pub fn policy(&self) -> Policy {
        Policy {
            confirm: self.confirm,
            can_ask: self.asks,
            asks_by_own_id: self.asks_by() == AskBy::ProviderId,
        }
    }

    /// The policy for one event: a document about which nothing can be asked is not kept waiting
    /// for an answer, and one that says of a refund only that it happens is always asked about. For other
    /// payments it is [`Source::policy`].
    pub fn policy_for(&self, event: &Event) -> Policy {
        let policy = self.policy();
        let Some(query) = self.status_query() else {
            return policy;
        };
        if policy.confirm == Confirm::Never && lacks_figure(event) {
            return Policy {
                confirm: Confirm::After,
                ..policy
            };
        }
        if self.provider.payments || query.request(&Question::about(event), None, EPOCH).is_ok() {
            return policy;
        }
        Policy {
            confirm: Confirm::Never,
            can_ask: false,
            asks_by_own_id: false,
        }
    }

    /// By which name the provider is asked. Where it is its own, two pages of one reference are two
    /// questions; what cannot be asked is known by our reference.
    pub fn asks_by(&self) -> AskBy {
        let query = self.status_query();
        query.map_or(AskBy::Reference, |query| query.asks_by())
    }

    /// Verifies a delivery and reads its events, in the order they stand in it.
    ///
    /// The address comes first, then the signature, then what it says. Never panics (I7), and the
    /// same delivery gives the same items whenever it is verified within the tolerance.
    pub fn verify(&self, delivery: &Delivery<'_>) -> Result<Vec<Item>, Rejection> {
        self.check_address(delivery.peer)?;
        let elements = self.setup.verify(delivery)?;
        if ITEMS_MAX < elements.len() {
            let detail = format!(
                "it holds {} events, {ITEMS_MAX} are allowed",
                elements.len()
            );
            return Err(Rejection::unreadable(detail));
        }
        let items = elements
            .into_iter()
            .map(|element| self.finish(delivery.body, element));
        Ok(items.collect())
    }

    /// The request for an access token that [`Source::status_request`] wants; `None` where
    /// questions need none. Keep the token until it expires, or until an answer is `Refused`.
    pub fn token_request(&self) -> Option<HttpRequest> {
        self.setup.status_query()?.token_request()
    }

    /// Reads the token out of the answer to [`Source::token_request`].
    pub fn read_token(&self, response: &HttpResponse<'_>, now: Timestamp) -> Result<Token, String> {
        match self.setup.status_query() {
            Some(query) => query.read_token(response, now),
            None => Err("this source has no credentials to ask".to_owned()),
        }
    }

    /// The question to the provider.
    pub fn status_request(
        &self,
        question: &Question,
        token: Option<&Token>,
        now: Timestamp,
    ) -> Result<HttpRequest, CannotAsk> {
        match self.setup.status_query() {
            Some(query) => query.request(question, token, now),
            None => Err(CannotAsk(
                "this source has no credentials to ask".to_owned(),
            )),
        }
    }

    /// The same question by another name, to be put where the provider knows nothing by the first.
    pub fn by_another_name(&self, question: &Question) -> Option<Question> {
        self.setup.status_query()?.by_another_name(question)
    }

    /// What the provider answered.
    pub fn read_status(&self, question: &Question, response: &HttpResponse<'_>) -> Answer {
        let Some(query) = self.setup.status_query() else {
            return Answer::Unreadable("this source has no credentials to ask".to_owned());
        };
        let finish = |event: Box<Event>| {
            let mut event = *event;
            self.place(&mut event, None, Strength::Asked);
            check_limits(&event).map(|()| Box::new(event))
        };
        match query.read(question, response) {
            Answer::Final(event) => match finish(event) {
                Ok(event) => Answer::Final(event),
                Err(error) => Answer::NoAnswer(error.detail),
            },
            Answer::Pending(event) => match finish(event) {
                Ok(event) => Answer::Pending(event),
                Err(error) => Answer::NoAnswer(error.detail),
            },
            other @ (Answer::NotFound(_)
            | Answer::NoAnswer(_)
            | Answer::Unavailable(_)
            | Answer::Refused(_)
            | Answer::Unreadable(_)
            | Answer::Mismatch(_)) => other,
        }
    }

    /// The provider can be asked to give money back.
    pub fn can_refund(&self) -> bool {
        self.setup.refunds().is_some()
    }

    /// The provider promises that a refund with the same key is made once, however often it is ordered.
    pub fn refund_is_repeatable(&self) -> bool {
        let refunds = self.setup.refunds();
        refunds.is_some_and(|refunds| refunds.is_repeatable())
    }

    /// The order to give money back, in the way of `step`: first [`RefundStep::Refund`], then what the
    /// answer names as [`RefundAnswer::NextStep`]. The token is that of [`Source::token_request`].
    pub fn refund_request(
        &self,
        order: &RefundOrder,
        step: RefundStep,
        token: Option<&Token>,
    ) -> Result<HttpRequest, CannotAsk> {
        let refunds = self.setup.refunds();
        let refunds = refunds.ok_or_else(|| CannotAsk(NO_REFUNDS.to_owned()))?;
        if order.money.minor <= 0 {
            return Err(CannotAsk("a refund of nothing".to_owned()));
        }
        match step {
            RefundStep::Refund => refunds.request(order, token),
            RefundStep::Cancel if !order.whole => Err(CannotAsk(
                "a payment can only be cancelled as a whole".to_owned(),
            )),
            RefundStep::Cancel => match refunds.cancels() {
                Some(cancels) => cancels.request(order, token),
                None => Err(CannotAsk(NO_CANCELS.to_owned())),
            },
        }
    }

    /// What the provider says to the order. An answer that cannot be read is
    /// unclear.
    pub fn read_refund(
        &self,
        order: &RefundOrder,
        step: RefundStep,
        response: &HttpResponse<'_>,
    ) -> RefundAnswer {
        let Some(refunds) = self.setup.refunds() else {
            return RefundAnswer::Refused(NO_REFUNDS.to_owned());
        };
        match step {
            RefundStep::Refund => refunds.read(order, response),
            RefundStep::Cancel => match refunds.cancels() {
                Some(cancels) => cancels.read(order, response),
                None => RefundAnswer::Refused(NO_CANCELS.to_owned()),
            },
        }
    }

    /// The provider can be asked how a refund stands.
    pub fn can_check_refunds(&self) -> bool {
        self.refund_query().is_some()
    }

    /// The question how a refund stands, by the names of its order; `None` where the provider cannot be
    /// asked.
    pub fn refund_status_request(
        &self,
        order: &RefundOrder,
        token: Option<&Token>,
    ) -> Option<Result<HttpRequest, CannotAsk>> {
        Some(self.refund_query()?.request(order, token))
    }

    /// What the provider answered. `known_id` is its own name for the refund, where it has given one
    /// before: an answer that names another is about another.
    pub fn read_refund_status(
        &self,
        order: &RefundOrder,
        known_id: Option<&str>,
        response: &HttpResponse<'_>,
    ) -> RefundStatus {
        match self.refund_query() {
            Some(query) => query.read(order, known_id, response),
            None => RefundStatus::Other("this provider cannot be asked about refunds".to_owned()),
        }
    }

    /// The provider can be asked to let go of money that was only set aside.
    pub fn can_void(&self) -> bool {
        self.cancels().is_some()
    }

    /// The order to let go of money that was only set aside; `None` where the provider cannot. Of the
    /// order only the payment's names count.
    pub fn void_request(
        &self,
        order: &RefundOrder,
        token: Option<&Token>,
    ) -> Option<Result<HttpRequest, CannotAsk>> {
        Some(self.cancels()?.request(order, token))
    }

    /// What the provider says to it. Taken and succeeded is let go; of a duplicate the payment's own
    /// state decides.
    pub fn read_void(&self, order: &RefundOrder, response: &HttpResponse<'_>) -> RefundAnswer {
        match self.cancels() {
            Some(cancels) => cancels.read(order, response),
            None => RefundAnswer::Refused(NO_CANCELS.to_owned()),
        }
    }

    /// The way to ask how a payment stands, where the provider is asked at all.
    fn status_query(&self) -> Option<&dyn StatusQuery> {
        self.setup.status_query().filter(|_| self.asks)
    }

    fn refund_query(&self) -> Option<&dyn RefundQuery> {
        self.setup.refunds()?.status_query()
    }

    fn cancels(&self) -> Option<&dyn Cancels> {
        self.setup.refunds()?.cancels()
    }

    /// The headers that are secrets themselves, each with a value that is accepted. Of a kept
    /// delivery only their HMAC is known; with these it shows whether it was one of them.
    pub fn secret_headers(&self) -> Vec<(&'static str, &str)> {
        self.setup.secret_headers()
    }

    /// A webhook as the provider would send it, signed so that this source takes it.
    pub fn sample(&self, sample: &Sample) -> Result<Webhook, NotInProvider> {
        self.setup.sample(sample)
    }

    /// What it does with its checked configuration.
    pub(crate) fn setup(&self) -> &dyn Setup {
        self.setup.as_ref()
    }

    fn check_address(&self, peer: Option<IpAddr>) -> Result<(), Rejection> {
        if self.networks.is_empty() {
            return Ok(());
        }
        let refuse = |detail| Err(Rejection::new(RejectCode::AddressNotAllowed, detail));
        match peer.map(|peer| peer.to_canonical()) {
            None => refuse("the sender's address is not known".to_owned()),
            Some(peer) if self.networks.iter().any(|network| network.contains(&peer)) => Ok(()),
            Some(peer) => refuse(format!("{peer} is not among its addresses")),
        }
    }

    /// Gives an event its key, code, mode and strength, and refuses what cannot be kept.
    fn finish(&self, body: &[u8], element: Element) -> Item {
        let Element {
            identity,
            event,
            live,
            bytes,
            part,
        } = element;
        let event = event.and_then(|mut event| {
            let strength = match self.setup.covers() {
                Covers::Nothing => Strength::Unsigned,
                Covers::Sender | Covers::SomeFields => Strength::PartlySigned,
                Covers::WholeBody => Strength::Signed,
            };
            self.place(&mut event, live, strength);
            event.key = self.key(identity, body, &part);
            check_limits(&event)?;
            Ok(event)
        });
        Item { event, bytes, part }
    }

    /// I2: an empty key is never a duplicate. What is confirmed before it counts is known by its
    /// bytes alone, so that the same bytes ask again (a card declined and then replaced).
    fn key(&self, identity: Identity, body: &[u8], part: &Range<usize>) -> String {
        let digest = || sha256_hex(body.get(part.clone()).unwrap_or(body));
        match identity {
            Identity::None => String::new(),
            Identity::Bytes => digest(),
            Identity::Digest(digest) => digest,
            Identity::Claimed(_) | Identity::Sure(_)
                if self.confirm == Confirm::Before && self.provider.payments =>
            {
                digest()
            }
            Identity::Claimed(key) => format!("{key}:{}", digest()),
            Identity::Sure(key) => key,
        }
    }

    fn place(&self, event: &mut Event, live: Option<bool>, strength: Strength) {
        let mut names: Vec<String> = Vec::with_capacity(event.names.len());
        for name in event.names.drain(..) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        event.names = names;
        let foreign_mode = live.is_some_and(|live| live != self.live);
        for fact in &mut event.facts {
            fact.strength = strength;
            fact.foreign_mode = foreign_mode;
        }
        event.amount_unreadable = lack_amount(&event.facts, event.amount_unreadable);
        if let (None, Some(pattern)) = (&event.code, &self.order_code) {
            event.code = event.names.iter().find_map(|name| {
                let code = pattern.captures(name)?.name("code")?.as_str();
                (!code.is_empty()).then(|| code.to_owned())
            });
        }
        // Orders are found by the one spelling of their codes.
        if let Some(code) = &mut event.code
            && let Cow::Owned(spelled) = one_spelling(code)
        {
            *code = spelled;
        }
    }
}

/// It says that a refund happens, and not how much it is.
fn lacks_figure(event: &Event) -> bool {
    let pending = FactKind::Refund(RefundState::Pending);
    let mut facts = event.facts.iter();
    facts.any(|fact| fact.kind == pending && fact.money.is_none())
}

/// Why a source gives nothing back.
const NO_REFUNDS: &str = "this source cannot give money back";

/// Why a source calls nothing off.
const NO_CANCELS: &str = "this source cannot cancel a payment";

const EPOCH: Timestamp = Timestamp::from_millis(0);

fn unknown_provider(found: &str) -> ConfigError {
    let names = || crate::PROVIDERS.iter().map(|provider| provider.name);
    let wanted = match nearest(found, names()) {
        Some(name) => format!("a known provider; did you mean \"{name}\"?"),
        None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
    };
    ConfigError {
        key: "provider".to_owned(),
        found: format!("{found:?}"),
        wanted,
    }
}

/// Whether the provider is asked. In test mode one that is asked with the very secret that signs its
/// webhooks is asked where the configuration says so: a secret that was made up for a trial is refused
/// there, and what is asked in vain ends unconfirmed.
fn read_asks(settings: &Settings<'_>, live: bool, setup: &dyn Setup) -> Result<bool, ConfigError> {
    let Some(query) = setup.status_query() else {
        return Ok(false);
    };
    let is_wanted = match settings.text("confirm")? {
        Some(confirm) => confirm != "never",
        None => settings.has("api_url"),
    };
    Ok(live || is_wanted || !query.asks_with_signing_secret())
}

/// What the start refuses, and the defaults (docs/providers/README.md).
fn read_confirm(
    settings: &Settings<'_>,
    provider: &Provider,
    setup: &dyn Setup,
    can_ask: bool,
) -> Result<Confirm, ConfigError> {
    let covers = setup.covers();
    let words = [
        ("before", Confirm::Before),
        ("after", Confirm::After),
        ("never", Confirm::Never),
    ];
    let wants_credentials = || {
        let asking = match provider.asks_with {
            [] => "\"never\", because this provider cannot be asked".to_owned(),
            keys => format!(
                "the credentials to ask the provider: {}",
                keys.join(" and ")
            ),
        };
        settings.error("confirm", "no credentials to ask the provider", asking)
    };
    match settings.choice("confirm", &words)? {
        Some(Confirm::Never | Confirm::After) if covers == Covers::Nothing && provider.payments => {
            let found = "\"never\" or \"after\" for a provider that signs nothing";
            Err(settings.error("confirm", found, "\"before\""))
        }
        Some(Confirm::Before | Confirm::After) if !can_ask => Err(wants_credentials()),
        Some(confirm) => Ok(confirm),
        None => match covers {
            Covers::Nothing if can_ask => Ok(Confirm::Before),
            Covers::Nothing if provider.payments => Err(wants_credentials()),
            Covers::Sender | Covers::SomeFields if can_ask => Ok(Confirm::After),
            Covers::Nothing | Covers::Sender | Covers::SomeFields | Covers::WholeBody => {
                Ok(Confirm::Never)
            }
        },
    }
}

fn read_paths(name: &str, settings: &Settings<'_>) -> Result<Vec<String>, ConfigError> {
    let paths = settings.list("paths")?;
    if paths.is_empty() {
        return Ok(vec![format!("/webhooks/{name}")]);
    }
    for path in &paths {
        let wanted = if !path.starts_with('/') {
            "a path that begins with /"
        } else if path.contains(['?', '#']) {
            "a path without ? and #: a query is not part of it"
        } else if path.chars().any(char::is_control) {
            "a path without control characters"
        } else {
            continue;
        };
        return Err(settings.error("paths", format!("{path:?}"), wanted));
    }
    Ok(paths)
}

fn read_pace(settings: &Settings<'_>) -> Result<Option<(u32, u32)>, ConfigError> {
    const MOST: i64 = 1_000_000;
    let read = |key: &str| match settings.integer(key)? {
        Some(number) if !(1..=MOST).contains(&number) => {
            let wanted = format!("a whole number from 1 to {MOST}");
            Err(settings.error(key, number.to_string(), &wanted))
        }
        number => Ok(number.and_then(|number| u32::try_from(number).ok())),
    };
    match (read("per_second")?, read("burst")?) {
        (Some(rate), burst) => Ok(Some((rate, burst.unwrap_or(rate.saturating_mul(2))))),
        (None, None) => Ok(None),
        (None, Some(burst)) => {
            let wanted = "per_second beside it";
            Err(settings.error("burst", burst.to_string(), wanted))
        }
    }
}

fn read_networks(settings: &Settings<'_>) -> Result<Vec<IpNet>, ConfigError> {
    let mut networks = Vec::new();
    for text in settings.list("addresses")? {
        let address: IpAddr = text
            .parse()
            .map_err(|_| settings.error("addresses", format!("{text:?}"), "an IP address"))?;
        networks.push(IpNet::from(address.to_canonical()));
    }
    for text in settings.list("networks")? {
        let wanted = "a network like 192.0.2.0/24";
        let network: IpNet = text
            .parse()
            .map_err(|_| settings.error("networks", format!("{text:?}"), wanted))?;
        networks.push(network.trunc());
    }
    Ok(networks)
}

fn read_order_code(settings: &Settings<'_>) -> Result<Option<Regex>, ConfigError> {
    let key = "order_code_pattern";
    let Some(text) = settings.text(key)? else {
        return Ok(None);
    };
    let refuse = |wanted: &str| Err(settings.error(key, format!("{text:?}"), wanted));
    let begins = text.starts_with('^') || text.starts_with("\\A");
    let ends = text.ends_with('$') && !text.ends_with("\\$") || text.ends_with("\\z");
    if !begins || !ends {
        return refuse("a pattern from ^ to $: it has to match the whole reference");
    }
    // The outer anchors hold for every branch of an alternation too.
    let Ok(pattern) = Regex::new(&format!("\\A(?:{text})\\z")) else {
        return refuse("a regular expression");
    };
    if !pattern.capture_names().flatten().any(|name| name == "code") {
        return refuse("a pattern with a capture (?<code>…)");
    }
    Ok(Some(pattern))
}

/// Refuses what no database would keep: the edge rule of docs/gate.md.
fn check_limits(event: &Event) -> Result<(), ItemError> {
    let fits = |what: &str, text: &str| {
        if NAME_BYTES_MAX < text.len() {
            let length = text.len();
            let limit = format!("its {what} has {length} bytes, {NAME_BYTES_MAX} are allowed");
            return Err(ItemError::unreadable(limit));
        }
        if text.chars().any(char::is_control) {
            let detail = format!("its {what} holds a control character");
            return Err(ItemError::unreadable(detail));
        }
        Ok(())
    };
    if FACTS_MAX < event.facts.len() {
        return Err(ItemError::unreadable(format!(
            "it holds more than {FACTS_MAX} facts"
        )));
    }
    fits("key", &event.key)?;
    fits("type", &event.kind)?;
    for name in &event.names {
        fits("reference", name)?;
    }
    fits("order code", event.code.as_deref().unwrap_or_default())?;
    fits(
        "payment id",
        event.provider_payment_id.as_deref().unwrap_or_default(),
    )?;
    for fact in &event.facts {
        fits("object id", &fact.object)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(provider: &str, settings: serde_json::Value) -> String {
        let settings = settings.as_object().expect("a table");
        let refused = Source::configure("shop", provider, settings);
        refused.expect_err("it is refused").to_string()
    }

    #[test]
    fn a_source_that_cannot_ask_says_which_keys_are_missing() {
        let token = serde_json::json!([{ "username": "u", "password": "password1" }]);
        for (provider, settings, wanted) in [
            (
                "cardcom",
                serde_json::json!({
                    "terminal_number": 1, "confirm": "before", "addresses": ["192.0.2.1"]
                }),
                "api_name",
            ),
            (
                "phonepe",
                serde_json::json!({ "version": "v2", "credentials": token, "confirm": "before" }),
                "client_id and client_secret",
            ),
            (
                "standard_webhooks",
                serde_json::json!({
                    "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "confirm": "before"
                }),
                "cannot be asked",
            ),
        ] {
            let said = refusal(provider, settings);
            assert!(
                said.starts_with("confirm: ") && said.contains(wanted),
                "{said}"
            );
        }
    }

    #[test]
    fn every_key_to_ask_with_is_a_key_of_its_provider() {
        for provider in crate::PROVIDERS {
            for key in provider.asks_with {
                assert!(
                    provider.fields.iter().any(|field| field.name == *key),
                    "{key}"
                );
            }
        }
    }

    #[test]
    fn a_path_is_refused_with_what_is_wrong_about_it() {
        for (path, wanted) in [
            ("hook", "begins with /"),
            ("/hook?x=1", "without ? and #"),
            ("/hook#x", "without ? and #"),
            ("/ho\nok", "without control characters"),
        ] {
            let settings = serde_json::json!({ "secrets": ["k"], "paths": [path] });
            let said = refusal("midtrans", settings);
            assert!(said.contains(wanted), "{said}");
        }
    }

    #[test]
    fn a_pace_has_its_bounds_and_a_burst_of_twice_itself() {
        let pace = |settings| {
            let source = Source::configure("m", "midtrans", &settings);
            source
                .map(|source| source.pace())
                .map_err(|error| error.to_string())
        };
        let with = |more: &[(&str, i64)]| {
            let mut settings = serde_json::json!({ "secrets": ["k"] });
            for (key, number) in more {
                settings[*key] = (*number).into();
            }
            pace(settings.as_object().cloned().unwrap_or_default())
        };
        assert_eq!(with(&[]), Ok(None));
        assert_eq!(with(&[("per_second", 5)]), Ok(Some((5, 10))));
        assert_eq!(with(&[("per_second", 5), ("burst", 1)]), Ok(Some((5, 1))));
        for wrong in [
            &[("per_second", 0)][..],
            &[("per_second", 1_000_001)],
            &[("burst", 7)],
        ] {
            assert!(with(wrong).is_err(), "{wrong:?}");
        }
    }
}
