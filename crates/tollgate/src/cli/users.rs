//! `tollgate users`: people who sign in.
//!
//! As with keys: with a server running its API is used; without one, the store is opened here.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tollgate_core::id::UserId;

use super::calling::call;
use super::client::ServerArgs;
use super::columns::{Column, Is};
use super::keys::{Backend, backend, of_shop, put, said};
use super::noun::rows_of;
use super::typing::{first_line, typed};
use super::{configuration, failed, print};
use tollgate_server::{change_user, create_user, list_users, set_password};

/// Create, list or change users, or give them passwords.
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
    /// Make a user.
    #[command(after_help = super::EXIT_CODES)]
    Create {
        /// The mail address that it signs in with.
        email: String,
        /// For people; the address if absent.
        #[arg(long)]
        name: Option<String>,
        /// What it may do.
        #[arg(long, value_parser = ["viewer", "operator", "admin"])]
        role: String,
        /// The shop whose user it is.
        #[arg(long)]
        shop: Option<String>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List users.
    #[command(after_help = super::EXIT_CODES)]
    List {
        /// The shop whose users.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Give a user another password; what it has open ends.
    #[command(after_help = super::EXIT_CODES)]
    Password {
        /// Which, as `list` shows it.
        id: UserId,
        /// The shop whose user it is.
        #[arg(long)]
        shop: Option<String>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Give a user another role; what it has open ends.
    #[command(after_help = super::EXIT_CODES)]
    Role {
        /// Which, as `list` shows it.
        id: UserId,
        /// What it may do.
        #[arg(value_parser = ["viewer", "operator", "admin"])]
        role: String,
        /// The shop whose user it is.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Let a user sign in no more; what it has open ends.
    #[command(after_help = super::EXIT_CODES)]
    Disable {
        /// Which, as `list` shows it.
        id: UserId,
        /// The shop whose user it is.
        #[arg(long)]
        shop: Option<String>,
    },
    /// Let a user sign in again, and forget the tries that failed.
    #[command(after_help = super::EXIT_CODES)]
    Enable {
        /// Which, as `list` shows it.
        id: UserId,
        /// The shop whose user it is.
        #[arg(long)]
        shop: Option<String>,
    },
}

/// Where a password comes from.
#[derive(Debug, clap::Args)]
struct PasswordArgs {
    /// A file with the password in its first line, `-` for the standard input; else it is asked for.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    // Asked for before the store is opened: nobody waits for a person.
    let password = match args.what.password() {
        Ok(password) => password,
        Err(why) => return failed(&why),
    };
    let backend = match backend(&args.server, config, file) {
        Ok(backend) => backend,
        Err(why) => return failed(&why),
    };
    let done = done(&backend, &args.what, password.as_ref()).await;
    if let Backend::Here(app) = &backend {
        app.close().await;
    }
    match done {
        Err(why) => failed(&why),
        Ok(document) if args.json => print(&format!("{document}\n")),
        Ok(document) => show(&args.what, &document),
    }
}

async fn done(
    backend: &Backend,
    what: &What,
    password: Option<&SecretString>,
) -> Result<Value, String> {
    let password = password.map(ExposeSecret::expose_secret);
    match what {
        What::Create {
            email,
            name,
            role,
            shop,
            ..
        } => {
            let name = name.as_ref().unwrap_or(email);
            let mut wanted = json!({ "email": email, "name": name, "role": role });
            put(&mut wanted, "password", password);
            put(&mut wanted, "shop", shop.as_deref());
            backend.create_user(&wanted).await
        }
        What::List { shop } => {
            let shop = shop.as_deref();
            backend
                .listed("/v1/users", shop, "list users", list_users)
                .await
        }
        What::Password { id, shop, .. } => {
            let mut wanted = json!({});
            put(&mut wanted, "password", password);
            backend.set_password(*id, shop.as_deref(), &wanted).await
        }
        What::Role { id, role, shop } => {
            let wanted = json!({ "role": role });
            backend.change_user(*id, shop.as_deref(), &wanted).await
        }
        What::Disable { id, shop } => {
            let wanted = json!({ "disabled": true });
            backend.change_user(*id, shop.as_deref(), &wanted).await
        }
        What::Enable { id, shop } => {
            let wanted = json!({ "disabled": false, "unlock": true });
            backend.change_user(*id, shop.as_deref(), &wanted).await
        }
    }
}

impl Backend {
    async fn create_user(&self, wanted: &Value) -> Result<Value, String> {
        match self {
            Backend::Server(server) => call(server, "POST", "/v1/users", Some(wanted)).await,
            Backend::Here(app) => {
                let made = create_user(app, wanted).await;
                made.map_err(|error| said(app, "make a user", &error, &Value::Null))
            }
        }
    }

    async fn change_user(
        &self,
        id: UserId,
        shop: Option<&str>,
        wanted: &Value,
    ) -> Result<Value, String> {
        match self {
            Backend::Server(server) => {
                let path = format!("/v1/users/{id}{}", of_shop(shop));
                call(server, "PATCH", &path, Some(wanted)).await
            }
            Backend::Here(app) => match change_user(app, id, shop, wanted).await {
                Ok(Some(document)) => Ok(document),
                Ok(None) => Err(format!("there is no user {id}")),
                Err(error) => Err(said(app, "change a user", &error, &Value::Null)),
            },
        }
    }

    async fn set_password(
        &self,
        id: UserId,
        shop: Option<&str>,
        wanted: &Value,
    ) -> Result<Value, String> {
        match self {
            Backend::Server(server) => {
                let path = format!("/v1/users/{id}/password{}", of_shop(shop));
                call(server, "POST", &path, Some(wanted)).await
            }
            Backend::Here(app) => match set_password(app, id, shop, wanted).await {
                Ok(true) => Ok(Value::Null),
                Ok(false) => Err(format!("there is no user {id}")),
                Err(error) => Err(said(app, "set a password", &error, &Value::Null)),
            },
        }
    }
}

impl What {
    /// The password that the command needs: out of a file, or as it is typed.
    fn password(&self) -> Result<Option<SecretString>, String> {
        let args = match self {
            What::Create { password, .. } | What::Password { password, .. } => password,
            What::List { .. } | What::Role { .. } | What::Disable { .. } | What::Enable { .. } => {
                return Ok(None);
            }
        };
        let line = match args.password_file.as_deref() {
            Some(path) => first_line(path, "the password")?,
            None if std::io::stdin().is_terminal() => return typed_twice().map(Some),
            None => {
                let why = "there is no terminal to ask for the password: name --password-file FILE, \
                           or - for the standard input";
                return Err(why.to_owned());
            }
        };
        match line.is_empty() {
            true => Err("the password is empty".to_owned()),
            false => Ok(Some(SecretString::from(line))),
        }
    }
}

/// Asks for a password and once more for it, without showing what is typed.
fn typed_twice() -> Result<SecretString, String> {
    let first = typed("password: ", "the password")?;
    let second = typed("once more: ", "the password")?;
    match first == second {
        true => Ok(SecretString::from(first)),
        false => Err("the two passwords are not the same".to_owned()),
    }
}

const USERS: &[Column] = &[
    Column("id", Is::Word("/id")),
    Column("shop", Is::Word("/shop")),
    Column("email", Is::Word("/email")),
    Column("name", Is::Word("/name")),
    Column("role", Is::Word("/role")),
    Column("signed in", Is::Time("/signed_in_at")),
    Column("disabled", Is::Time("/disabled_at")),
];

fn show(what: &What, document: &Value) -> ExitCode {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match what {
        What::Create { email, .. } => {
            anstream::eprintln!("made {email}:");
            print(&format!("{}\n", text(&document["id"])))
        }
        What::List { .. } => print(&rows_of(USERS, document)),
        What::Password { id, .. } => {
            anstream::eprintln!("{id} has another password, and is signed in nowhere");
            ExitCode::SUCCESS
        }
        What::Role { id, role, .. } => {
            anstream::eprintln!("{id} is {role}");
            ExitCode::SUCCESS
        }
        What::Disable { id, .. } => {
            anstream::eprintln!("disabled {id}");
            ExitCode::SUCCESS
        }
        What::Enable { id, .. } => {
            anstream::eprintln!("enabled {id}");
            ExitCode::SUCCESS
        }
    }
}
