//! The server that a bench measures, in a process of its own (`tollgate bench server`).

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tollgate_server::{App, Config, Listeners, Serving};
use tollgate_traffic::bench::{BACKLOG, BenchError, Provider, Ready, Role, shop};

use super::null_store::NULL_STORE;

/// A source as the bench's server is configured with it.
const HMAC: &str = r#"
[sources.bench]
provider = "hmac"
secrets = ["literal:SECRET"]
header = "x-signature"
timestamp_header = "x-timestamp"
signed = "{timestamp}.{body}"
id = "/id"
type = "/type"
reference = "/data/payment/reference"
payment_id = "/data/payment/id"
amount = "/data/payment/amount"
currency = "/data/payment/currency"
status = "/data/payment/status"
occurred_at = "/created_at"
amount_unit = "minor"
status_map = { captured = "captured" }
"#;

/// The same name, but a provider that signs three fields within the body. There is no provider here to ask
/// whether it is true.
const MIDTRANS: &str = r#"
[sources.bench]
provider = "midtrans"
secrets = ["literal:SECRET"]
confirm = "never"
"#;

/// The server's own end of the pipe: reads its role, listens on loopback, says where, and serves
/// until the pipe is closed.
pub(super) fn serve() -> Result<(), BenchError> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| failed("read the role", error))?;
    let role: Role = serde_json::from_str(&line).map_err(|_| {
        BenchError("bench server: it is started by the other benches, not by hand".to_owned())
    })?;
    let config = Config::from_toml_str(&configuration(&role))
        .map_err(|error| BenchError(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("start the server", error))?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|error| failed("listen on loopback", error))?;
        let address = listener
            .local_addr()
            .map_err(|error| failed("listen on loopback", error))?;
        let listeners = Listeners::with(listener, &config.server)
            .await
            .map_err(|error| BenchError(error.to_string()))?;
        let app = match role.database {
            Some(_) => App::open(config),
            None => App::open_null(config, NULL_STORE),
        };
        let app = app.map_err(|error| BenchError(error.to_string()))?;
        let grpc = listeners
            .grpc_address()
            .ok_or_else(|| BenchError("listen for gRPC: the listener has no address".to_owned()))?;
        let ready = Ready { address, grpc };
        let ready = serde_json::to_string(&ready).expect("it is plain data");
        anstream::println!("{ready}");
        Serving::new(app, listeners).run(closed_input()).await;
        Ok(())
    })
}

/// Ends when the other end of the standard input is closed, or its process is gone.
async fn closed_input() {
    let (closed, waiting) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut rest = [0; 64];
        while matches!(std::io::stdin().read(&mut rest), Ok(bytes) if bytes > 0) {}
        drop(closed);
    });
    // The sender only ever goes away.
    let _ = waiting.await;
}

fn configuration(role: &Role) -> String {
    let url = role.database.as_deref().unwrap_or("sqlite::memory:");
    let source = source(role.provider, &role.secret);
    let further: String = (1..role.shops)
        .map(|number| source.replace("[sources.", &format!("[shops.{}.sources.", shop(number))))
        .collect();
    let route = |name: &str, handler: Option<SocketAddr>| {
        handler.map_or_else(String::new, |handler| {
            format!("[[routes]]\nsource = \"{name}\"\nurl = \"http://{handler}/\"\n")
        })
    };
    let mut routes = route("bench", role.sink) + &route(BACKLOG, role.backlog);
    if role.backlog.is_some() {
        routes += &source.replace("[sources.bench]", &format!("[sources.{}]", BACKLOG));
    }
    format!(
        "[server]\ngrpc_listen = \"127.0.0.1:0\"\n[store]\nurl = {}\n[api]\nbootstrap_key = \"literal:{}\"\n[receipts]\ndirectory = \"\"\n[log]\nlevel = \"warn\"\n{source}{routes}{further}",
        toml::Value::from(url),
        role.key,
    )
}

/// The source's part of the configuration.
fn source(provider: Provider, secret: &str) -> String {
    let source = match provider {
        Provider::Hmac => HMAC,
        Provider::Midtrans => MIDTRANS,
    };
    source.replace("SECRET", secret)
}

fn failed(what: &str, error: std::io::Error) -> BenchError {
    BenchError(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use tollgate_core::event::{CaptureState, FactKind};
    use tollgate_core::time::Timestamp;
    use tollgate_providers::Delivery;

    use super::*;

    #[test]
    fn the_source_takes_what_is_signed_and_reads_it() {
        for provider in [Provider::Hmac, Provider::Midtrans] {
            let config = Config::from_toml_str(&source(provider, "hush-hush")).expect("complete");
            let source = &config.shops[0].sources[0].source;
            let now = 1_790_000_000;
            let signer = provider
                .signer("hush-hush")
                .expect("the same configuration");
            let webhook = signer.captured(42, "bench-42", 199_900, now);
            let length = webhook.body.len();
            assert!(
                (500..=700).contains(&length),
                "{provider:?}: {length} bytes"
            );
            let headers: Vec<(&str, &[u8])> = webhook
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()))
                .collect();
            let items = source
                .verify(&Delivery {
                    method: "POST",
                    path: "/webhooks/bench",
                    query: "",
                    headers: &headers,
                    body: &webhook.body,
                    signed: &webhook.body,
                    peer: None,
                    now: Timestamp::from_millis(now * 1000),
                })
                .expect("it is signed");
            let event = items[0].event.as_ref().expect("it is read");
            assert!(!event.key.is_empty());
            assert_eq!(event.names[0], "bench-42");
            let fact = &event.facts[0];
            assert!(matches!(
                fact.kind,
                FactKind::Capture(CaptureState::Captured | CaptureState::Settled)
            ));
            let money = fact.money.expect("it has an amount");
            assert_eq!(
                (money.minor, money.currency.as_str()),
                (199_900, provider.currency())
            );
        }
    }
}
