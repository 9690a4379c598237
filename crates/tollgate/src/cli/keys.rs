//! `tollgate keys`: API keys.
//!
//! With a server running, its API is used; without one, the store is opened here (docs/gate.md, One
//! writer on SQLite).

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use comfy_table::Table;
use serde_json::{Value, json};
use tollgate_core::id::KeyId;
use tollgate_store::OpenError;

use super::client::{ServerArgs, server_of};
use super::listing::list;
use super::{configuration, failed, print};
use tollgate_outbound::remote::{Server, refusal};
use tollgate_server::{App, Config, NotMade, StartError, create_key, list_keys, revoke_key};

/// Create, list or revoke API keys.
#[derive(Debug, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    server: ServerArgs,
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
    /// Revoke a key.
    #[command(after_help = super::EXIT_CODES)]
    Revoke {
        /// Which, as `list` shows it.
        id: KeyId,
        /// The shop that it opens; other shops than the key's own need the bootstrap key.
        #[arg(long)]
        shop: Option<String>,
    },
}

/// Where keys are kept.
enum Backend {
    Server(Server),
    Here(App),
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let backend = match backend(&args, config) {
        Ok(backend) => backend,
        Err(why) => return failed(&why),
    };
    let done = match &args.what {
        What::Create { name, scopes, shop } => backend.create(name, scopes, shop.as_deref()).await,
        What::List { shop } => backend.list(shop.as_deref()).await,
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

fn backend(args: &Args, config: Config) -> Result<Backend, String> {
    let server = server_of(&args.server, &config);
    if args.server.url.is_some() {
        return server.map(Backend::Server);
    }
    match App::open(config) {
        Ok(app) => Ok(Backend::Here(app)),
        Err(StartError::Store(OpenError::Locked { .. })) => server.map(Backend::Server),
        Err(error) => Err(error.to_string()),
    }
}

impl Backend {
    async fn create(
        &self,
        name: &str,
        scopes: &[String],
        shop: Option<&str>,
    ) -> Result<Value, String> {
        let mut sent = json!({ "name": name, "scopes": scopes });
        if let Some(shop) = shop {
            sent["shop"] = shop.into();
        }
        match self {
            Backend::Server(server) => server.call("POST", "/v1/keys", Some(&sent)).await,
            Backend::Here(app) => {
                let made = create_key(app, &sent).await;
                made.map_err(|error| said(app, "make a key", &error, &sent))
            }
        }
    }

    /// The keys of one shop; without one those of the key's own, and where the store is open here of all.
    async fn list(&self, shop: Option<&str>) -> Result<Value, String> {
        let app = match self {
            Backend::Server(server) => {
                let filters = [("shop", &shop.map(str::to_owned))];
                return list(server, "/v1/keys", &filters, u32::MAX).await;
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
            let listed = list_keys(app, shop).await;
            let mut listed =
                listed.map_err(|error| said(app, "list keys", &error, &Value::Null))?;
            let keys = listed["data"].as_array_mut();
            all.extend(keys.into_iter().flatten().map(Value::take));
        }
        Ok(json!({ "data": all, "next_cursor": null }))
    }

    async fn revoke(&self, id: KeyId, shop: Option<&str>) -> Result<Value, String> {
        match self {
            Backend::Server(server) => {
                let path = format!("/v1/keys/{id}{}", of_shop(shop));
                server.call("DELETE", &path, None).await
            }
            Backend::Here(app) => match revoke_key(app, id, shop).await {
                Ok(true) => Ok(Value::Null),
                Ok(false) => Err(format!("there is no key {id}")),
                Err(error) => Err(said(app, "revoke a key", &error, &Value::Null)),
            },
        }
    }
}

/// The query that names a shop.
fn of_shop(shop: Option<&str>) -> String {
    let Some(shop) = shop else {
        return String::new();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("shop", shop);
    format!("?{}", query.finish())
}

/// Why it could not be done here, in words.
fn said(app: &App, doing: &str, error: &NotMade, sent: &Value) -> String {
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

fn show(what: &What, document: &Value) -> ExitCode {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match what {
        What::Create { .. } => {
            anstream::eprintln!("key {}; it is shown only now:", text(&document["id"]));
            print(&format!("{}\n", text(&document["key"])))
        }
        What::List { .. } => {
            let mut table = Table::new();
            table.load_preset(comfy_table::presets::NOTHING);
            table.set_header(["id", "shop", "name", "scopes", "created", "revoked"]);
            for key in document["data"].as_array().into_iter().flatten() {
                let scopes: Vec<String> = key["scopes"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(text)
                    .collect();
                table.add_row([
                    text(&key["id"]),
                    text(&key["shop"]),
                    text(&key["name"]),
                    scopes.join(" "),
                    text(&key["created_at"]),
                    text(&key["revoked_at"]),
                ]);
            }
            print(&format!("{table}\n"))
        }
        What::Revoke { id, .. } => {
            anstream::eprintln!("revoked {id}");
            ExitCode::SUCCESS
        }
    }
}
