//! The hosts of a URL: all are dialled side by side, each with a limit of its own, and one of them is taken.
//!
//! Tried one after the other, a host that takes connections and says nothing hides all after it; and the first
//! that takes writes may be an old primary that has come back (docs/high-availability.md). So whoever takes
//! writes on the newest timeline is taken. A host that is known to be that is not compared with others. Whoever knows of
//! no timeline yet waits for every host, up to its limit: nothing else tells an old primary from the one there is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::open::drive;
use super::server::open_limit;
use super::{Error, OpenError, Server, Sql, on_postgres};

/// How long the others may take to answer when one was found that takes writes, on another timeline than the one that
/// is known.
const PATIENCE: Duration = Duration::from_secs(1);

/// How soon a host that could not be used is dialled again while another says nothing.
const AGAIN: Duration = Duration::from_millis(500);

/// What a host is: its cluster, whether it follows another, its timeline, and how far its log has got. Of a
/// standby the timeline is that of its last checkpoint.
const ORIGIN: Sql = on_postgres(
    "select (select system_identifier from pg_control_system()),
            pg_is_in_recovery(),
            case when pg_is_in_recovery()
                 then (select cast(timeline_id as bigint) from pg_control_checkpoint())
                 else cast(cast('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8) as bit(32)) as bigint)
             end,
            case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
                 else pg_current_wal_flush_lsn()
             end",
);

/// Where a connection leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// `host:port`.
    pub(crate) host: String,
    /// It follows another and takes no writes.
    pub(crate) is_standby: bool,
    /// Which history it writes; `None` where the server does not say.
    pub(crate) lineage: Option<Position>,
}

/// A place in the history of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    /// What all copies of a cluster have in common.
    pub(crate) system: i64,
    /// Grows with each promotion.
    pub(crate) timeline: i64,
    /// What is on its disk.
    pub(crate) lsn: Lsn,
}

/// A place in the log, as PostgreSQL counts it: bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Lsn(pub(crate) u64);

impl std::fmt::Display for Lsn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xffff_ffff)
    }
}

impl std::str::FromStr for Lsn {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Lsn, Self::Err> {
        let (high, low) = text.split_once('/').unwrap_or(("", text));
        let part = |part| u64::from_str_radix(part, 16);
        Ok(Lsn((part(high)? << 32) | part(low)?))
    }
}

/// A host that has let us in.
pub(super) struct Reached {
    pub(super) client: Client,
    /// The last warning of class 01000.
    pub(super) warning: Arc<Mutex<Option<String>>>,
    pub(super) origin: Origin,
    /// Its place among the hosts of the server.
    pub(super) place: usize,
}

/// What came of dialling one host.
pub(super) type Dialled = Result<Reached, Error>;

/// Dials every host at once, and takes one. As long as a host has said nothing, those that could not be used are
/// dialled again: one of them may be promoted meanwhile.
pub(super) async fn reach(server: &Server) -> Result<Reached, OpenError> {
    let mut dialling = FuturesUnordered::new();
    for place in 0..server.hosts().len() {
        dialling.push(dialled(server, place, Duration::ZERO));
    }
    let mut taken: Option<Reached> = None;
    let mut refused: BTreeMap<usize, Error> = BTreeMap::new();
    let mut silent: BTreeSet<usize> = (0..server.hosts().len()).collect();
    let mut until: Option<Instant> = None;
    // Whoever only looks says which host that was, and looks at each of them besides.
    let knows_some = server.is_for_looking() || server.lineage().timeline().is_some();
    while !silent.is_empty() {
        let next = match until {
            Some(until) => match timeout_at(until, dialling.next()).await {
                Ok(next) => next,
                Err(_) => break,
            },
            None => dialling.next().await,
        };
        let Some((place, dial)) = next else { break };
        silent.remove(&place);
        match dial.and_then(|reached| admitted(server, reached)) {
            Err(error) => {
                refused.insert(place, error);
                dialling.push(dialled(server, place, AGAIN));
            }
            Ok(reached) => {
                let is_known = server.lineage().is_newest(&reached.origin);
                // A host that names no timeline is not compared, so nobody waits for others to be compared with it.
                let is_compared = reached.origin.lineage.is_some();
                let ends_the_wait = !reached.origin.is_standby && (knows_some || !is_compared);
                // Whatever another cluster calls its timelines.
                if is_known || is_better(&reached, taken.as_ref()) {
                    taken = Some(reached);
                }
                if is_known {
                    break;
                }
                if ends_the_wait {
                    until.get_or_insert_with(|| Instant::now() + PATIENCE);
                }
            }
        }
    }
    taken.ok_or_else(|| refuse(server, refused))
}

/// What each host is, in the order of the URL, or why it does not say.
pub(super) async fn look_at_all(server: &Server) -> Vec<Result<Origin, Error>> {
    let mut dialling = FuturesUnordered::new();
    for place in 0..server.hosts().len() {
        dialling.push(dialled(server, place, Duration::ZERO));
    }
    let mut found: Vec<_> = server.hosts().iter().map(|_| Err(Error::gone())).collect();
    while let Some((place, dial)) = dialling.next().await {
        found[place] = dial.map(|reached| reached.origin);
    }
    found
}

/// Dials a host after a pause.
pub(super) fn dialled(
    server: &Server,
    place: usize,
    pause: Duration,
) -> impl Future<Output = (usize, Dialled)> + Send + 'static {
    let host = &server.hosts()[place];
    let (config, tls, name) = (host.config.clone(), server.tls(), host.name.clone());
    async move {
        tokio::time::sleep(pause).await;
        (place, dial(&config, tls, (place, name)).await)
    }
}

/// Connects to one host, and asks what it is. Within its limit, whatever it does not say.
async fn dial(config: &Config, tls: Option<MakeRustlsConnect>, at: (usize, String)) -> Dialled {
    let limit = open_limit(config);
    let (place, host) = at;
    let dialling = async {
        let warning = Arc::default();
        let client = connect(config, tls, &warning).await?;
        let origin = origin(&client, host).await?;
        Ok::<Reached, Error>(Reached {
            client,
            warning,
            origin,
            place,
        })
    };
    match timeout(limit, dialling).await {
        Ok(dialled) => dialled,
        Err(_) => Err(Error::no_answer(limit)),
    }
}

/// A connection to the one host of a configuration, driven by the runtime that it is made in.
pub(super) async fn connect(
    config: &Config,
    tls: Option<MakeRustlsConnect>,
    warning: &Arc<Mutex<Option<String>>>,
) -> Result<Client, Error> {
    match tls {
        Some(tls) => {
            let (client, connection) = config.connect(tls).await?;
            drive(connection, warning);
            Ok(client)
        }
        None => {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
            drive(connection, warning);
            Ok(client)
        }
    }
}

/// Asked in a plain query: it may be a pooler that answers. What has no such functions is taken as it is.
async fn origin(client: &Client, host: String) -> Result<Origin, Error> {
    let messages = match client.simple_query(ORIGIN.postgres).await {
        Ok(messages) => messages,
        Err(error) if error.as_db_error().is_some() && !error.is_closed() => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |column| row.and_then(|row| row.get(column));
    let position = || {
        Some(Position {
            system: text(0)?.parse().ok()?,
            timeline: text(2)?.parse().ok()?,
            lsn: text(3)?.parse().ok()?,
        })
    };
    Ok(Origin {
        host,
        is_standby: text(1) == Some("t"),
        lineage: position(),
    })
}

/// A host that may go on with what was answered; whoever only looks may look at each.
fn admitted(server: &Server, reached: Reached) -> Dialled {
    if server.is_for_looking() {
        return Ok(reached);
    }
    match server.lineage().refuses(&reached.origin) {
        Some(reason) => Err(Error::behind(reason)),
        None => Ok(reached),
    }
}

/// Whoever takes writes is before a standby, and a newer timeline before an older one; else the first in the URL is.
fn is_better(reached: &Reached, than: Option<&Reached>) -> bool {
    let Some(than) = than else { return true };
    let rank = |reached: &Reached| {
        let timeline = reached.origin.lineage.map_or(0, |lineage| lineage.timeline);
        (!reached.origin.is_standby, timeline)
    };
    match rank(reached).cmp(&rank(than)) {
        std::cmp::Ordering::Equal => reached.place < than.place,
        order => order.is_gt(),
    }
}

/// Why none of them was taken: in the words for the one there is, else of each.
fn refuse(server: &Server, mut refused: BTreeMap<usize, Error>) -> OpenError {
    if let Some(at) = refused.values().position(Error::is_behind) {
        let error = refused.into_values().nth(at).expect("it was found there");
        return server.refuse(error);
    }
    if refused.len() == 1
        && let Some((_, error)) = refused.pop_first()
    {
        return server.refuse(error);
    }
    let each: Vec<String> = refused
        .iter()
        .map(|(place, error)| format!("{}: {error}", server.hosts()[*place].name))
        .collect();
    // What every host says that is no standby is wrong with the URL, and no wait mends it.
    let mut others = refused.into_values().filter(|error| !error.is_standby());
    let first = others.next().map(|error| server.refuse(error));
    match first {
        None | Some(OpenError::Unreachable { .. }) => {}
        Some(error) if others.all(|error| error.sql_state().is_some()) => return error,
        Some(_) => {}
    }
    server.refuse(Error::no_host(each.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_log_reads_as_postgresql_writes_it() {
        for (text, bytes) in [
            ("0/0", 0),
            ("0/5A3F1238", 0x5A3F_1238),
            ("1A/2", 0x1A_0000_0002),
        ] {
            let lsn: Lsn = text.parse().expect("it is one");
            assert_eq!((lsn.0, lsn.to_string().as_str()), (bytes, text));
        }
        assert!("elsewhere".parse::<Lsn>().is_err());
    }
}
