//! What of a configuration takes effect while the server runs (docs/configuration.md, While it runs).
//!
//! A configuration that was read again is checked like any other. Of it the server takes what it can have anew without
//! losing anything: sources with their secrets, routes, the way to the mail server, the bootstrap key, the log's level.
//! The rest it has for as long as it runs, and what differs there is named.

use secrecy::{ExposeSecret, SecretString};
use toml::{Table, Value};

use super::Config;
use super::shops::Shop;

/// A configuration that takes the place of another while the server runs.
#[derive(Debug)]
pub struct Reloaded {
    /// The one to go by from now on.
    pub config: Config,
    /// The keys that differ and take effect.
    pub changed: Vec<String>,
    /// The keys that differ and are read at a start only.
    pub at_restart: Vec<String>,
}

impl Config {
    /// This configuration, with what may change while the server runs as the fresh one has it.
    pub fn reloaded(&self, fresh: Config) -> Reloaded {
        let mut config = self.clone();
        let mut changed = self.changed_secrets(&fresh);
        let mut at_restart = self.secrets_at_restart(&fresh);
        let mut differing = Vec::new();
        differences(&mut Vec::new(), &self.shown, &fresh.shown, &mut differing);
        for path in differing {
            let key = path.join(".");
            match self.takes_effect(&fresh, &path) {
                true => {
                    put(&mut config.shown, &path, at(&fresh.shown, &path));
                    changed.push(key);
                }
                false => at_restart.push(key),
            }
        }
        if self.place != fresh.place && !at_restart.iter().any(|key| key.starts_with("store.")) {
            at_restart.push("store.url".to_owned());
        }
        changed.sort_unstable();
        changed.dedup();
        at_restart.sort_unstable();
        at_restart.dedup();
        for shop in &mut config.shops {
            if let Some(fresh) = shop_of(&fresh, &shop.name) {
                shop.sources.clone_from(&fresh.sources);
                shop.routes.clone_from(&fresh.routes);
                if shop.mail.is_some() && fresh.mail.is_some() {
                    shop.mail.clone_from(&fresh.mail);
                }
            }
        }
        config.bootstrap_key = fresh.bootstrap_key;
        config.log.level = fresh.log.level;
        config.log.targets = fresh.log.targets;
        config.readable_by_all = fresh.readable_by_all;
        Reloaded {
            config,
            changed,
            at_restart,
        }
    }

    /// Whether a key that differs takes effect.
    fn takes_effect(&self, fresh: &Config, path: &[String]) -> bool {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let (shop, words) = match words.as_slice() {
            ["shops", shop, rest @ ..] => (*shop, rest),
            all => (super::MAIN_SHOP, all),
        };
        match words {
            ["sources" | "routes", ..] => {
                shop_of(self, shop).is_some() && shop_of(fresh, shop).is_some()
            }
            // Whether mails are decided at all, and which, the store knows from its start.
            ["mail", "receipt"] => false,
            ["mail", ..] => self.shops.iter().all(|own| {
                let other = shop_of(fresh, &own.name);
                other.is_none_or(|other| other.mail.is_some() == own.mail.is_some())
            }),
            ["api", "bootstrap_key"] | ["log", "level"] => path[0] != "shops",
            _ => false,
        }
    }

    /// Secrets that differ and are read at a start only, by what they are masked under. Of the keys of the store it is
    /// said which they are by what they are called, in their order.
    fn secrets_at_restart(&self, fresh: &Config) -> Vec<String> {
        let seals = |config: &Config| {
            let key = config.secret_keys.seal.as_ref();
            key.map(|key| key.id().to_owned())
        };
        let opens = |config: &Config| {
            let keys = config.secret_keys.also.iter();
            keys.map(|key| key.id().to_owned()).collect::<Vec<_>>()
        };
        let headers = |config: &Config| {
            let headers = config.telemetry.headers.iter();
            headers
                .map(|(name, secret)| (name.clone(), secret.expose_secret().to_owned()))
                .collect::<Vec<_>>()
        };
        let differing = [
            ("store.secrets_key", seals(self) != seals(fresh)),
            ("store.secrets_keys_also", opens(self) != opens(fresh)),
            ("telemetry.headers", headers(self) != headers(fresh)),
        ];
        let differing = differing.iter().filter(|(_, differs)| *differs);
        differing.map(|(key, _)| (*key).to_owned()).collect()
    }

    /// Secrets that differ, by what they are masked under.
    fn changed_secrets(&self, fresh: &Config) -> Vec<String> {
        let mut changed = Vec::new();
        if !is_same(self.bootstrap_key.as_ref(), fresh.bootstrap_key.as_ref()) {
            changed.push("api.bootstrap_key".to_owned());
        }
        for shop in &self.shops {
            let Some(fresh) = shop_of(fresh, &shop.name) else {
                continue;
            };
            let prefix = match shop.name.as_str() {
                super::MAIN_SHOP => String::new(),
                name => format!("shops.{name}."),
            };
            for configured in &shop.sources {
                let name = configured.source.name();
                let mut others = fresh.sources.iter();
                let other = others.find(|other| other.source.name() == name);
                if other.is_some_and(|other| other.secrets != configured.secrets) {
                    changed.push(format!("{prefix}sources.{name}"));
                }
            }
            if !is_same(password_of(shop), password_of(fresh)) {
                changed.push(format!("{prefix}mail.password"));
            }
        }
        changed
    }
}

fn shop_of<'c>(config: &'c Config, name: &str) -> Option<&'c Shop> {
    config.shops.iter().find(|shop| shop.name == name)
}

fn password_of(shop: &Shop) -> Option<&SecretString> {
    let login = shop.mail.as_ref()?.server.login.as_ref()?;
    Some(&login.1)
}

fn is_same(one: Option<&SecretString>, other: Option<&SecretString>) -> bool {
    let text =
        |secret: Option<&SecretString>| secret.map(|secret| secret.expose_secret().to_owned());
    text(one) == text(other)
}

/// The paths at which two tables differ: of tables the keys below, of anything else the key itself. A source is one
/// thing, and so is a shop that only one of them has.
fn differences(path: &mut Vec<String>, one: &Table, other: &Table, found: &mut Vec<Vec<String>>) {
    let keys = one
        .keys()
        .chain(other.keys().filter(|key| !one.contains_key(*key)));
    for key in keys {
        path.push(key.clone());
        let is_source = path
            .len()
            .checked_sub(2)
            .is_some_and(|above| path[above] == "sources");
        match (one.get(key), other.get(key)) {
            (Some(Value::Table(one)), Some(Value::Table(other))) if !is_source => {
                differences(path, one, other, found);
            }
            (one, other) if one != other => match (one, other) {
                // What a missing table has are its keys.
                (Some(Value::Table(one)), None) if !is_source && !is_shop(path) => {
                    differences(path, one, &Table::new(), found);
                }
                (None, Some(Value::Table(other))) if !is_source && !is_shop(path) => {
                    differences(path, &Table::new(), other, found);
                }
                _ => found.push(path.clone()),
            },
            _ => {}
        }
        path.pop();
    }
}

fn is_shop(path: &[String]) -> bool {
    path.len() == 2 && path[0] == "shops"
}

fn at<'t>(table: &'t Table, path: &[String]) -> Option<&'t Value> {
    let (last, above) = path.split_last()?;
    let mut table = table;
    for key in above {
        table = table.get(key)?.as_table()?;
    }
    table.get(last)
}

/// Writes a value at a path, or takes it away.
fn put(table: &mut Table, path: &[String], value: Option<&Value>) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let mut table = table;
    for key in above {
        let below = table
            .entry(key.clone())
            .or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(below) = below else { return };
        table = below;
    }
    match value {
        Some(value) => _ = table.insert(last.clone(), value.clone()),
        None => _ = table.remove(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"
        [server]
        listen = "127.0.0.1:8080"
        [api]
        bootstrap_key = "literal:tg_0000000000000000000000000000000000000000001"
        [sources.bank]
        provider = "hmac"
        secrets = ["literal:secret-of-the-bank"]
        header = "x-bank-signature"
        id = "/id"
        reference = "/order"
        amount = "/amount"
        currency = "/currency"
        status = "/status"
        [shops.tea.sources.till]
        provider = "standard_webhooks"
        secrets = ["literal:whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    "#;

    fn config(text: &str) -> Config {
        Config::from_toml_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// What `BEFORE` comes to with these texts exchanged: the keys that take effect, and those that do not.
    #[track_caller]
    fn check(exchanged: &[(&str, &str)], changed: &[&str], at_restart: &[&str]) -> Config {
        let mut after = BEFORE.to_owned();
        for (before, instead) in exchanged {
            assert!(after.contains(before), "{before}");
            after = after.replace(before, instead);
        }
        let reloaded = config(BEFORE).reloaded(config(&after));
        assert_eq!(reloaded.changed, changed);
        assert_eq!(reloaded.at_restart, at_restart);
        reloaded.config
    }

    #[test]
    fn what_may_change_does_and_what_may_not_is_named() {
        check(&[], &[], &[]);
        let config = check(
            &[("secret-of-the-bank", "another-one"), ("tg_00", "tg_11")],
            &["api.bootstrap_key", "sources.bank"],
            &[],
        );
        let key = config.bootstrap_key.expect("it is there");
        assert!(key.expose_secret().starts_with("tg_11"));
        let config = check(
            &[
                (
                    "[api]",
                    "drain_ms = 5000\n[log]\nlevel = \"debug\"\nformat = \"json\"\n[api]",
                ),
                (":8080", ":9090"),
            ],
            &["log.level"],
            &["log.format", "server.drain_ms", "server.listen"],
        );
        assert_eq!(config.log.level, tracing::Level::DEBUG);
        assert_eq!(config.server.listen.port(), 8080);
        assert!(config.server.drain.is_zero());
    }

    #[test]
    fn sources_come_and_go_in_shops_that_stay() {
        let config = check(
            &[
                ("[sources.bank]", "[sources.house]"),
                ("[shops.tea.sources.till]", "[shops.tea.sources.desk]"),
            ],
            &[
                "shops.tea.sources.desk",
                "shops.tea.sources.till",
                "sources.bank",
                "sources.house",
            ],
            &[],
        );
        let names: Vec<&str> = config
            .shops
            .iter()
            .flat_map(|shop| {
                shop.sources
                    .iter()
                    .map(|configured| configured.source.name())
            })
            .collect();
        assert_eq!(names, ["house", "desk"]);
        let shop = check(
            &[("[shops.tea.", "[shops.coffee.")],
            &[],
            &["shops.coffee", "shops.tea"],
        );
        assert!(shop.shops.iter().any(|shop| shop.name == "tea"));
    }

    /// They are masked alike, so it is the secrets that are compared.
    #[test]
    fn secrets_that_are_read_at_a_start_only_are_named() {
        let key = |letter: &str| format!("literal:{}", letter.repeat(64));
        let with = |seal: &str, also: [&str; 2], header: &str| {
            let also = also.map(|letter| format!("{:?}", key(letter))).join(", ");
            let seal = key(seal);
            format!(
                "{BEFORE}\n[store]\nsecrets_key = {seal:?}\nsecrets_keys_also = [{also}]\n\
                 [telemetry]\nheaders = [\"authorization=literal:{header}\"]\n"
            )
        };
        let before = with("a", ["b", "c"], "one");
        let cases: [(String, &[&str]); 5] = [
            (with("a", ["b", "c"], "one"), &[]),
            (with("d", ["b", "c"], "one"), &["store.secrets_key"]),
            (with("a", ["c", "b"], "one"), &["store.secrets_keys_also"]),
            (with("a", ["b", "c"], "two"), &["telemetry.headers"]),
            (
                BEFORE.to_owned(),
                &[
                    "store.secrets_key",
                    "store.secrets_keys_also",
                    "telemetry.headers",
                ],
            ),
        ];
        for (after, at_restart) in cases {
            let reloaded = config(&before).reloaded(config(&after));
            assert_eq!(reloaded.changed, [""; 0]);
            assert_eq!(reloaded.at_restart, at_restart, "{after}");
        }
    }

    /// What was taken over is compared with the next time, not what there was at the start.
    #[test]
    fn a_reload_is_what_the_next_one_starts_from() {
        let after = BEFORE.replace("x-bank-signature", "x-house-signature");
        let first = config(BEFORE).reloaded(config(&after));
        assert_eq!(first.changed, ["sources.bank"]);
        let second = first.config.reloaded(config(&after));
        assert_eq!(second.changed, [""; 0]);
        let back = second.config.reloaded(config(BEFORE));
        assert_eq!(back.changed, ["sources.bank"]);
    }
}
