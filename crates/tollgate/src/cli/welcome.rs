//! What a server that has just started says to people: where its dashboard is, and how the first of them signs in.

use std::net::SocketAddr;

use secrecy::ExposeSecret;
use tollgate_server::config::LogFormat;
use tollgate_server::{App, Config};

use super::client::{reachable, scheme_of};

/// How the first user is made where no link may be said.
const BY_COMMAND: &str =
    "there is no user yet: make one with `tollgate users create EMAIL --role admin`";

/// Says it: in lines for people, or as part of a log for machines, which is kept and so has no link. `addresses`: where
/// it listens, the dashboard's door last.
pub(super) async fn say(app: &App, addresses: &[SocketAddr]) {
    // Who asks for one of these forms collects logs. By itself a log has one where it is not on a terminal, and there
    // somebody reads it who wants to begin.
    let is_for_machines = match app.config().log.format {
        LogFormat::Json | LogFormat::Logfmt => true,
        LogFormat::Auto | LogFormat::Pretty | LogFormat::Text => false,
    };
    let dashboard = dashboard(app.config(), addresses);
    match is_for_machines {
        true => tracing::info!(url = dashboard, "dashboard"),
        false => anstream::eprintln!("dashboard: {dashboard}/"),
    }
    let Some(ticket) = app.welcome().await else {
        return;
    };
    match is_for_machines {
        true => tracing::info!("{BY_COMMAND}"),
        false => anstream::eprintln!(
            "make the first user: {dashboard}/welcome?ticket={}",
            ticket.expose_secret()
        ),
    }
}

/// Where a browser finds the dashboard: at the admin door if there is one, else where the world calls the server.
fn dashboard(config: &Config, addresses: &[SocketAddr]) -> String {
    let listen = addresses.last().copied().unwrap_or(config.server.listen);
    match (&config.server.public_url, config.server.admin_listen) {
        (Some(url), None) => url.trim_end_matches('/').to_owned(),
        (Some(_) | None, _) => format!("{}://{}", scheme_of(config), reachable(listen)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboard_is_where_a_browser_reaches_it() {
        for (server, addresses, expected) in [
            ("", ["0.0.0.0:8080"].as_slice(), "http://127.0.0.1:8080"),
            (
                "public_url = \"https://pay.example/\"",
                &["127.0.0.1:8080"],
                "https://pay.example",
            ),
            (
                "public_url = \"https://pay.example\"\nadmin_listen = \"127.0.0.1:9\"",
                &["127.0.0.1:8080", "127.0.0.1:9"],
                "http://127.0.0.1:9",
            ),
        ] {
            let config = Config::from_toml_str(&format!("[server]\n{server}\n"));
            let config = config.expect("it is a configuration");
            let addresses: Vec<SocketAddr> = addresses
                .iter()
                .map(|address| address.parse().expect("the table holds addresses"))
                .collect();
            assert_eq!(dashboard(&config, &addresses), expected, "{server}");
        }
    }
}
