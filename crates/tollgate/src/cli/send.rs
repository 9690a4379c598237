//! `tollgate send`: a correctly signed webhook, for development.

use std::path::Path;
use std::process::ExitCode;

use reqwest::Url;
use tollgate_core::money::Currency;
use tollgate_core::time::Timestamp;
use tollgate_providers::{Kind, Provider, Reply, Sample, SampleStatus, Webhook, nearest};

use super::client::{TrustArgs, configured_url};
use super::configuration;
use tollgate_outbound::remote::{post, server_url};
use tollgate_server::config::{Config, ConfiguredSource};

/// Send a correctly signed webhook, as the provider would.
///
/// It is signed with the first secret of the source in the configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The provider, or the name of a source in the configuration; SHOP/NAME for the source of a
    /// shop.
    provider: String,
    /// What has happened: pending, authorized, review, paid, failed, expired, cancelled, refunded,
    /// partially_refunded or charged_back.
    #[arg(long, default_value = "paid")]
    status: SampleStatus,
    /// The reference by which the provider names the payment; a new one if absent.
    #[arg(long)]
    reference: Option<String>,
    /// Minor units: 15000000 IDR is Rp 150 000,00.
    #[arg(long, default_value_t = 10_000)]
    amount: i64,
    /// Three letters; the provider's usual one if absent.
    #[arg(long)]
    currency: Option<String>,
    /// The provider's id of the payment; a new one if absent. The same one again is a duplicate.
    #[arg(long)]
    id: Option<String>,
    /// Where to; the configured server's URL for this source if absent.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Only print the command that would send it.
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  it was taken (2xx), or printed
  1  it was not taken
  2  it could not be made or sent, or was asked for wrongly";

pub(super) async fn run(args: Args, file: Option<&Path>) -> ExitCode {
    let config = match configuration(file) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match send(&args, &config).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            anstream::eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}

/// Answers whether it was taken; a command that is only printed was.
async fn send(args: &Args, config: &Config) -> Result<bool, String> {
    let configured = find_source(config, &args.provider)?;
    let source = &configured.source;
    let currency = match &args.currency {
        Some(code) => code.as_str(),
        None => source.provider().usual_currency,
    };
    let sample = Sample {
        reference: args
            .reference
            .clone()
            .unwrap_or_else(|| format!("sample-{}", fresh())),
        amount_minor: args.amount,
        currency: Currency::new(currency)
            .ok_or_else(|| format!("{currency:?} is no currency: three letters are wanted"))?,
        status: args.status,
        id: args.id.clone().unwrap_or_else(fresh),
        now: Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()),
    };
    let webhook = source.sample(&sample).map_err(|error| error.to_string())?;
    let path = configured
        .paths
        .first()
        .expect("the regular path is always there")
        .clone();
    let to = match &args.to {
        Some(url) => destination(url, &path)?,
        None => destination(&configured_url(config), &path)?,
    };
    let secret_headers = source.provider().secret_headers;
    if args.print {
        anstream::println!("{}", curl(&to, &webhook, secret_headers));
        if webhook
            .headers
            .iter()
            .any(|(name, _)| is_secret(name, secret_headers))
        {
            anstream::eprintln!(
                "a header of {} is itself the secret: put it in for ***",
                source.provider().title
            );
        }
        return Ok(true);
    }
    anstream::println!("{}", shown(&to, &webhook, secret_headers));
    let root_certificate = args.trust.root_certificate.as_deref();
    let sent = post(&to, &webhook.headers, &webhook.body, root_certificate).await;
    let (status, answer) =
        sent.map_err(|why| format!("send to {to}: {why}; is `tollgate serve` running?"))?;
    anstream::println!("\n{status}\n{}", String::from_utf8_lossy(&answer));
    let is_taken = (200..300).contains(&status);
    if is_taken && !is_answer(source.provider().reply, &answer) {
        return Err(format!(
            "{to} answered {status}, but not as Tollgate answers a webhook: another program listens there"
        ));
    }
    Ok(is_taken)
}

/// Whether a delivery that was taken is answered so.
fn is_answer(reply: Reply, answer: &[u8]) -> bool {
    match reply {
        Reply::Json => {
            let document: Option<serde_json::Value> = serde_json::from_slice(answer).ok();
            document.is_some_and(|document| document["events"].is_array())
        }
        Reply::Text(text) => answer == text.as_bytes(),
    }
}

/// The source of this name (SHOP/NAME where several shops have one), or the only one of this
/// provider.
fn find_source<'a>(config: &'a Config, wanted: &str) -> Result<&'a ConfiguredSource, String> {
    let all = || {
        config.shops.iter().flat_map(|shop| {
            let sources = shop.sources.iter();
            sources.map(move |configured| (shop.name.as_str(), configured))
        })
    };
    let full =
        |shop: &str, configured: &ConfiguredSource| format!("{shop}/{}", configured.source.name());
    if let Some((_, found)) = all().find(|(shop, configured)| full(shop, configured) == wanted) {
        return Ok(found);
    }
    let named: Vec<_> = all()
        .filter(|(_, configured)| configured.source.name() == wanted)
        .collect();
    let of_provider = || {
        all()
            .filter(|(_, configured)| configured.source.provider().name == wanted)
            .collect()
    };
    let is_name = !named.is_empty();
    let candidates = if is_name { named } else { of_provider() };
    match candidates[..] {
        [(_, found)] => Ok(found),
        [] => Err(match tollgate_providers::provider(wanted) {
            Some(provider) => not_configured(provider),
            None => unknown(
                wanted,
                all().map(|(_, configured)| configured.source.name()),
            ),
        }),
        _ => {
            let names: Vec<String> = candidates
                .iter()
                .map(|(shop, configured)| full(shop, configured))
                .collect();
            let are = if is_name { "named" } else { "of" };
            Err(format!(
                "several sources are {are} {wanted}: name one of {}",
                names.join(", ")
            ))
        }
    }
}

/// What a provider's webhooks are signed with, and where to put it.
fn not_configured(provider: &Provider) -> String {
    let secrets: Vec<String> = provider
        .fields
        .iter()
        .filter(|field| match field.kind {
            Kind::Secret | Kind::SecretList | Kind::SecretMap | Kind::Tables(_) => true,
            Kind::Text
            | Kind::Integer
            | Kind::Flag
            | Kind::List
            | Kind::TextMap
            | Kind::IntegerMap => field.required,
        })
        .map(|field| format!("\n  {} - {}", field.name, field.doc))
        .collect();
    let name = provider.name;
    format!(
        "no source of {name} is configured, and its secrets are what a webhook is signed with: \
         write [sources.{name}] with provider = \"{name}\" into tollgate.toml (or name the file \
         with --config). Its keys:{}",
        secrets.concat()
    )
}

fn unknown<'a>(wanted: &str, sources: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = sources.collect();
    names.extend(
        tollgate_providers::PROVIDERS
            .iter()
            .map(|provider| provider.name),
    );
    match nearest(wanted, names.iter().copied()) {
        Some(name) => format!("{wanted} is no provider and no source; did you mean {name}?"),
        None => format!(
            "{wanted} is no provider and no source; there are {}",
            names.join(", ")
        ),
    }
}

/// Sixteen hexadecimal digits of chance.
fn fresh() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    hex::encode(bytes)
}

/// Where a webhook goes: a URL without a path leads to where the source listens.
fn destination(url: &str, usual_path: &str) -> Result<Url, String> {
    let mut url = server_url(url)?;
    if url.path() == "/" && url.query().is_none() {
        url.set_path(usual_path);
    }
    Ok(url)
}

fn is_secret(header: &str, secret_headers: &[&str]) -> bool {
    secret_headers
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(header))
}

/// The request for people; a header that is itself a secret is masked.
fn shown(to: &Url, webhook: &Webhook, secret_headers: &[&str]) -> String {
    let mut text = format!("POST {to}\n");
    for (name, value) in &webhook.headers {
        let value = if is_secret(name, secret_headers) {
            "***"
        } else {
            value
        };
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text.push_str(&String::from_utf8_lossy(&webhook.body));
    text
}

/// The command that sends it. The body goes out byte for byte, because it is signed.
fn curl(to: &Url, webhook: &Webhook, secret_headers: &[&str]) -> String {
    let mut text = String::from("curl -sS -X POST");
    for (name, value) in &webhook.headers {
        let value = if is_secret(name, secret_headers) {
            "***"
        } else {
            value
        };
        text.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
    }
    let body = String::from_utf8_lossy(&webhook.body);
    text.push_str(&format!(" --data-binary {}", quoted(&body)));
    text.push_str(&format!(" {}", quoted(to.as_str())));
    text
}

/// One word of a POSIX shell.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
[sources.midtrans]
provider = "midtrans"
secrets = ["literal:hush-hush"]

[sources.shopfront]
provider = "phonepe"
version = "v2"
credentials = [{ username = "tollgate", password = "literal:hush2026" }]
"#;

    fn config() -> Config {
        Config::from_toml_str(CONFIG).expect("it is complete")
    }

    fn sample(configured: &ConfiguredSource, currency: &str) -> Webhook {
        let sample = Sample {
            reference: "it's-1".to_owned(),
            amount_minor: 10_000,
            currency: Currency::new(currency).expect("three letters"),
            status: SampleStatus::Paid,
            id: "1".to_owned(),
            now: Timestamp::from_millis(1_790_000_000_000),
        };
        configured
            .source
            .sample(&sample)
            .expect("the provider has it")
    }

    #[test]
    fn a_source_is_found_by_its_name_and_by_its_provider() {
        let config = config();
        let found =
            |wanted| find_source(&config, wanted).map(|found| found.source.name().to_owned());
        assert_eq!(found("midtrans").as_deref(), Ok("midtrans"));
        assert_eq!(found("shopfront").as_deref(), Ok("shopfront"));
        assert_eq!(found("phonepe").as_deref(), Ok("shopfront"));
        assert!(found("midtrnas").is_err_and(|why| why.contains("did you mean midtrans?")));
        assert!(found("hmac").is_err_and(|why| why.contains("secrets - ")));
    }

    #[test]
    fn a_source_that_two_shops_have_is_named_with_its_shop() {
        let text = CONFIG.to_owned()
            + "[shops.tea.sources.midtrans]\nprovider = \"midtrans\"\nsecrets = [\"literal:tea-leaf\"]";
        let config = Config::from_toml_str(&text).expect("it is complete");
        let path = |wanted| find_source(&config, wanted).map(|found| found.paths[0].clone());
        let refused = path("midtrans").expect_err("there are two");
        assert!(
            refused.ends_with("name one of main/midtrans, tea/midtrans"),
            "{refused}"
        );
        assert_eq!(path("main/midtrans").as_deref(), Ok("/webhooks/midtrans"));
        assert_eq!(
            path("tea/midtrans").as_deref(),
            Ok("/webhooks/tea/midtrans")
        );
        assert!(path("tea/shopfront").is_err());
    }

    #[test]
    fn no_secret_is_shown_or_printed() {
        let config = config();
        for (wanted, currency) in [("midtrans", "IDR"), ("shopfront", "INR")] {
            let configured = find_source(&config, wanted).expect("it is configured");
            let to = destination("http://127.0.0.1:1", &configured.paths[0]).expect("a URL");
            let webhook = sample(configured, currency);
            let secret_headers = configured.source.provider().secret_headers;
            for text in [
                shown(&to, &webhook, secret_headers),
                curl(&to, &webhook, secret_headers),
            ] {
                assert!(!text.contains("hush"), "{text}");
                for (name, value) in &webhook.headers {
                    assert_eq!(
                        text.contains(value.as_str()),
                        !is_secret(name, secret_headers),
                        "{name} in {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_quotation_mark_survives_the_shell() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[test]
    fn where_a_url_leads() {
        for (url, leads) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/usual"),
            ("https://pay.example/", "https://pay.example/usual"),
            ("http://[::1]:9/hook?x=1", "http://[::1]:9/hook?x=1"),
            ("http://localhost/?x=1", "http://localhost/?x=1"),
        ] {
            let found = destination(url, "/usual").expect(url);
            assert_eq!(found.as_str(), leads);
        }
        for url in [
            "ftp://x",
            "127.0.0.1:80",
            "http://",
            "http://a b/",
            "http://u@h/",
        ] {
            assert!(destination(url, "/usual").is_err(), "{url}");
        }
    }
}
