//! `tollgate keys`: API keys.
//!
//! With a server running, its API is used; without one, the store is opened here (docs/gate.md, One
//! writer on SQLite).

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use tollgate_core::id::KeyId;
use tollgate_store::OpenError;

use super::calling::call;
use super::client::{ServerArgs, server_of};
use super::columns::{Column, Is};
use super::listing::{list, word};
use super::noun::rows_of;
use super::{configuration, failed, print};
use tollgate_outbound::remote::{Server, refusal};
use tollgate_server::{
    App, Config, NotMade, StartError, create_key, list_keys, revoke_key, rotate_key,
};

/// Create, list, rotate or revoke API keys.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// As JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a key; it is shown once.
    #[command(after_help = super::EXIT_CODES)]
    Create {
        /// For people.
        name: String,
        /// What it may do.
        #[arg(long, value_delimiter = ',', default_value = "read,write",
              value_parser = ["read", "write", "admin"])]
        scopes: Vec<String>,
        /// When it ends by itself: a time as 2027-01-01T00:00:00Z, or days from now as 90d.
        #[arg(long, value_name = "TIME", value_parser = expiry)]
        expires: Option<String>,
        /// The shop it opens; other shops than the key's own need the bootstrap key.
        #[arg(long)]
        shop: Option<String>,
    },
    /// List keys, revoked ones too.
    #[command(after_help = super::EXIT_CODES)]
    List {
        /// The shop whose keys; other shops than the key's own need the bootstrap key.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Give a key a new secret; it is shown once.
    #[command(after_help = super::EXIT_CODES)]
    Rotate {
        /// Which, as `list` shows it.
        id: KeyId,
        /// How many hours the former secret still opens; 0 to 720, 24 if absent.
        #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u16).range(0..=720))]
        overlap: Option<u16>,
        /// The shop that it opens; other shops than the key's own need the bootstrap key.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Revoke a key with both of its secrets.
    #[command(after_help = super::EXIT_CODES)]
    Revoke {
        /// Which, as `list` shows it.
        id: KeyId,
        /// The shop that it opens; other shops than the key's own need the bootstrap key.
        #[arg(long)]
        shop: Option<String>,
    },
}

/// Where keys and users are kept.
pub(super) enum Backend {
    Server(Server),
    Here(App),
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let backend = match backend(&args.server, config, file) {
        Ok(backend) => backend,
        Err(why) => return failed(&why),
    };
    let done = match &args.what {
        What::Create {
            name,
            scopes,
            expires,
            shop,
        } => {
            let mut wanted = json!({ "name": name, "scopes": scopes });
            put(&mut wanted, "expires_at", expires.as_deref());
            put(&mut wanted, "shop", shop.as_deref());
            backend.create(&wanted).await
        }
        What::Rotate { id, overlap, shop } => backend.rotate(*id, *overlap, shop.as_deref()).await,
        What::List { shop } => {
            let shop = shop.as_deref();
            backend
                .listed("/v1/keys", shop, "list keys", list_keys)
                .await
        }
        What::Revoke { id, shop } => backend.revoke(*id, shop.as_deref()).await,
    };
    if let Backend::Here(app) = &backend {
        app.close().await;
    }
    match done {
        Err(why) => failed(&why),
        Ok(document) if args.json => print(&format!("{document}\n")),
        Ok(document) => show(&args.what, &document),
    }
}

/// The server that is named, else the store, else the configured server if that has the file. Where nothing is
/// configured there is no store: then it is the server of the default profile.
pub(super) fn backend(
    args: &ServerArgs,
    config: Config,
    file: Option<&Path>,
) -> Result<Backend, String> {
    let server = server_of(args, &config);
    let is_named = args.url.is_some() || args.profile.is_some();
    if is_named || (!Config::is_given(file) && server.is_ok()) {
        return server.map(Backend::Server);
    }
    match App::open(config) {
        Ok(app) => Ok(Backend::Here(app)),
        Err(StartError::Store(OpenError::Locked { .. })) => server.map(Backend::Server),
        Err(error) => Err(error.to_string()),
    }
}

impl Backend {
    async fn create(&self, wanted: &Value) -> Result<Value, String> {
        match self {
            Backend::Server(server) => call(server, "POST", "/v1/keys", Some(wanted)).await,
            Backend::Here(app) => {
                let made = create_key(app, wanted).await;
                made.map_err(|error| said(app, "make a key", &error, wanted))
            }
        }
    }

    async fn rotate(
        &self,
        id: KeyId,
        overlap: Option<u16>,
        shop: Option<&str>,
    ) -> Result<Value, String> {
        let wanted = match overlap {
            Some(hours) => json!({ "overlap_hours": hours }),
            None => json!({}),
        };
        match self {
            Backend::Server(server) => {
                let path = format!("/v1/keys/{id}/rotate{}", of_shop(shop));
                call(server, "POST", &path, Some(&wanted)).await
            }
            Backend::Here(app) => match rotate_key(app, id, shop, &wanted).await {
                Ok(Some(document)) => Ok(document),
                Ok(None) => Err(format!("there is no key {id}")),
                Err(error) => Err(said(app, "rotate a key", &error, &wanted)),
            },
        }
    }

    /// What is listed at a path of one shop; without one of the key's own, and where the store is open here of all.
    pub(super) async fn listed(
        &self,
        path: &str,
        shop: Option<&str>,
        doing: &str,
        here: impl AsyncFn(&App, &str) -> Result<Value, NotMade>,
    ) -> Result<Value, String> {
        let app = match self {
            Backend::Server(server) => {
                let filters = [("shop", &shop.map(str::to_owned))];
                return list(server, path, &filters, u32::MAX).await;
            }
            Backend::Here(app) => app,
        };
        let every = app.config().shops.iter().map(|shop| shop.name.as_str());
        let shops: Vec<&str> = match shop {
            Some(shop) => vec![shop],
            None => every.collect(),
        };
        let mut all = Vec::new();
        for shop in shops {
            let listed = here(app, shop).await;
            let mut listed = listed.map_err(|error| said(app, doing, &error, &Value::Null))?;
            let rows = listed["data"].as_array_mut();
            all.extend(rows.into_iter().flatten().map(Value::take));
        }
        Ok(json!({ "data": all, "next_cursor": null }))
    }

    async fn revoke(&self, id: KeyId, shop: Option<&str>) -> Result<Value, String> {
        match self {
            Backend::Server(server) => {
                let path = format!("/v1/keys/{id}{}", of_shop(shop));
                call(server, "DELETE", &path, None).await
            }
            Backend::Here(app) => match revoke_key(app, id, shop).await {
                Ok(true) => Ok(Value::Null),
                Ok(false) => Err(format!("there is no key {id}")),
                Err(error) => Err(said(app, "revoke a key", &error, &Value::Null)),
            },
        }
    }
}

/// Puts a member where there is something to say.
pub(super) fn put(document: &mut Value, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        document[name] = value.into();
    }
}

/// A time to come as the API wants it: as it was typed, or so many days from now.
fn expiry(text: &str) -> Result<String, String> {
    let wanted = "expected a time as 2027-01-01T00:00:00Z, or days from now as 90d";
    let Some(days) = text.strip_suffix('d') else {
        let time = text.parse::<jiff::Timestamp>();
        return time
            .map(|time| format!("{time:.3}"))
            .map_err(|_| wanted.to_owned());
    };
    let days = days
        .parse::<i64>()
        .ok()
        .filter(|days| (1..=3650).contains(days));
    let span = jiff::SignedDuration::from_hours(24 * days.ok_or(wanted)?);
    let time = jiff::Timestamp::now().checked_add(span);
    time.map(|time| format!("{time:.3}"))
        .map_err(|_| wanted.to_owned())
}

/// The query that names a shop.
pub(super) fn of_shop(shop: Option<&str>) -> String {
    let Some(shop) = shop else {
        return String::new();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("shop", shop);
    format!("?{}", query.finish())
}

/// Why it could not be done here, in words.
pub(super) fn said(app: &App, doing: &str, error: &NotMade, sent: &Value) -> String {
    match error {
        NotMade::Refused(document) => format!("{doing}: {}", refusal(document, sent)),
        NotMade::NoShop(named) => {
            let shops = app.config().shops.iter();
            let shops: Vec<&str> = shops.map(|shop| shop.name.as_str()).collect();
            format!(
                "{doing}: there is no shop {named}; there are {}",
                shops.join(", ")
            )
        }
    }
}

const KEYS: &[Column] = &[
    Column("id", Is::Word("/id")),
    Column("shop", Is::Word("/shop")),
    Column("name", Is::Word("/name")),
    Column("prefix", Is::Said(prefix)),
    Column("scopes", Is::Said(scopes)),
    Column("created", Is::Time("/created_at")),
    Column("expires", Is::Time("/expires_at")),
    Column("last used", Is::Time("/last_used_at")),
    Column("former ends", Is::Time("/former_ends_at")),
    Column("revoked", Is::Time("/revoked_at")),
];

fn prefix(key: &Value) -> String {
    let prefix = key["prefix"].as_str();
    prefix.map_or_else(String::new, |prefix| format!("{prefix}…"))
}

fn scopes(key: &Value) -> String {
    let scopes = key["scopes"].as_array().into_iter().flatten();
    scopes.map(word).collect::<Vec<_>>().join(" ")
}

fn show(what: &What, document: &Value) -> ExitCode {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match what {
        What::Create { .. } | What::Rotate { .. } => {
            anstream::eprintln!("key {}; it is shown only now:", text(&document["id"]));
            print(&format!("{}\n", text(&document["key"])))
        }
        What::List { .. } => print(&rows_of(KEYS, document)),
        What::Revoke { id, .. } => {
            anstream::eprintln!("revoked {id}");
            ExitCode::SUCCESS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::expiry;

    #[test]
    fn a_key_ends_at_a_time_or_after_days() {
        let at = expiry("2027-01-01T07:00:00+07:00");
        assert_eq!(at.as_deref(), Ok("2027-01-01T00:00:00.000Z"));
        let days = expiry("90d").expect("it is a number of days");
        assert!(days.parse::<jiff::Timestamp>().expect("it is a time") > jiff::Timestamp::now());
        for odd in ["", "d", "0d", "-1d", "90", "tomorrow", "4000d"] {
            assert!(expiry(odd).is_err(), "{odd}");
        }
    }
}
