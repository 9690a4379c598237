//! What a server that has just started says to people: where its dashboard is, and how the first of them signs in.

use std::io::IsTerminal;
use std::net::SocketAddr;

use secrecy::ExposeSecret;
use tollgate_server::config::LogFormat;
use tollgate_server::{App, Config};

use super::client::{reachable, scheme_of};
use crate::log::{is_for_machines, say as say_plainly};

/// How the first user is made where no link may be said.
const BY_COMMAND: &str =
    "there is no user yet: make one with `tollgate users create EMAIL --role admin`";

/// Says it: in lines for people, or as part of a log for machines. What is collected has no link. `addresses`: where it
/// listens, the dashboard's door last.
pub(super) async fn say(app: &App, addresses: &[SocketAddr]) {
    let format = app.config().log.format;
    let for_machines = is_for_machines(format);
    let dashboard = dashboard(app.config(), addresses);
    match for_machines {
        true => tracing::info!(url = dashboard, "dashboard"),
        false => say_plainly(&format!("dashboard: {dashboard}/")),
    }
    let Some(ticket) = app.welcome().await else {
        return;
    };
    match (
        for_machines,
        is_read(format, std::io::stderr().is_terminal()),
    ) {
        (true, _) => tracing::info!("{BY_COMMAND}"),
        (false, false) => say_plainly(BY_COMMAND),
        (false, true) => say_plainly(&format!(
            "make the first user: {dashboard}/welcome?ticket={}",
            ticket.expose_secret()
        )),
    }
}

/// Whether a person reads what is said, so that it may hold a link: who asks for a form for people does; by itself only
/// a terminal is no collected log.
fn is_read(format: LogFormat, is_terminal: bool) -> bool {
    match format {
        LogFormat::Pretty | LogFormat::Text => true,
        LogFormat::Auto => is_terminal,
        LogFormat::Json | LogFormat::Logfmt => false,
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
    fn a_link_is_said_where_it_is_read_and_not_collected() {
        for (format, on_terminal, elsewhere) in [
            (LogFormat::Auto, true, false),
            (LogFormat::Pretty, true, true),
            (LogFormat::Text, true, true),
            (LogFormat::Json, false, false),
            (LogFormat::Logfmt, false, false),
        ] {
            let found = (is_read(format, true), is_read(format, false));
            assert_eq!(found, (on_terminal, elsewhere), "{format:?}");
        }
    }

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
