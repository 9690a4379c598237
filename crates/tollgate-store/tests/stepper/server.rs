//! The server that the suite runs on, and plain sessions that look at it.

use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The variable that names it.
const VARIABLE: &str = "TOLLGATE_TEST_POSTGRES";

/// A session that waits for its answers. Not for threads of an async runtime.
pub(crate) struct Session {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Session {
    pub(crate) fn open(url: &str) -> Session {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls)
                .await
                .expect("the server answers");
            tokio::spawn(connection);
            client
        });
        Session { runtime, client }
    }

    /// Runs statements.
    pub(crate) fn script(&self, sql: &str) {
        self.runtime
            .block_on(self.client.batch_execute(sql))
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The rows that a statement finds, as texts; a null is empty.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let messages = self
            .runtime
            .block_on(self.client.simple_query(sql))
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|column| row.get(column).unwrap_or_default().to_owned())
                    .collect(),
            ),
            _ => None,
        });
        rows.collect()
    }

    /// The only column of its only row.
    pub(crate) fn text(&self, sql: &str) -> String {
        self.rows(sql).concat().concat()
    }

    /// Whether a session of this name waits for a row that somebody else has locked.
    pub(crate) fn waits(&self, name: &str) -> bool {
        let found = self.rows(&format!(
            "select pid from pg_stat_activity
              where datname = current_database() and application_name = '{name}'
                and wait_event_type = 'Lock' and wait_event in ('transactionid', 'tuple')
                and cardinality(pg_blocking_pids(pid)) > 0"
        ));
        !found.is_empty()
    }

    /// Ends the sessions of this name, and returns when they have ended.
    pub(crate) fn cut(&self, name: &str) {
        let pids = self.rows(&format!(
            "select pid from pg_stat_activity
              where datname = current_database() and application_name = '{name}'"
        ));
        let pids = pids.concat().join(", ");
        assert!(!pids.is_empty(), "{name} has no sessions");
        self.script(&format!(
            "select pg_terminate_backend(pid) from unnest(array[{pids}]) as pid"
        ));
        while self.text(&format!(
            "select count(*) from pg_stat_activity where pid in ({pids})"
        )) != "0"
        {
            std::thread::yield_now();
        }
    }

    /// Deadlocks of this database. Sessions report their counts when they end, so first all but this one
    /// must have ended.
    pub(crate) fn deadlocks(&self) -> String {
        while self.text(
            "select count(*) from pg_stat_activity
              where datname = current_database() and application_name <> ''",
        ) != "0"
        {
            std::thread::yield_now();
        }
        self.text("select deadlocks from pg_stat_database where datname = current_database()")
    }
}

/// The URL of an empty database of this name.
pub(crate) fn database(name: &str) -> String {
    let Ok(url) = std::env::var(VARIABLE) else {
        panic!(
            "{VARIABLE} is not set: run scripts/test, or set it to what `scripts/cluster start FOLDER` \
             prints"
        );
    };
    let name = format!("stepper_{name}");
    let session = Session::open(&url);
    session.script(&format!("drop database if exists {name} with (force)"));
    session.script(&format!("create database {name}"));
    let (server, _) = url.rsplit_once('/').expect("a URL names a database");
    format!("{server}/{name}")
}
