//! How a connection is made: to which host, what is looked at before it is used, and what is set in its session.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config, Connection};

use super::hosts::{self, Origin, connect};
use super::{Error, OpenError, Postgres, Server, lineage, pooler, server};

/// The settings of every session. The plans are made once: they are look-ups by key, whose best plan does
/// not depend on the values. Nor on how full a table was when the plan was made: over an empty one the
/// planner would choose to read all of it, and go on doing so when it is large.
const SESSION: &str = "\
    set timezone = 'UTC';
    set plan_cache_mode = 'force_generic_plan';
    set jit = off;
    set enable_seqscan = off;
    set enable_hashjoin = off;
    set enable_mergejoin = off;
    set lock_timeout = '500ms';
    set idle_in_transaction_session_timeout = '5s'";

/// The further settings of a session that only reads.
const READER: &str = "\
    set default_transaction_read_only = on;
    set statement_timeout = '5s'";

impl Postgres {
    /// Connects for writing: to the host of the list that takes writes.
    pub(crate) fn open_writer(server: &Server) -> Result<Postgres, OpenError> {
        let mut postgres = Postgres::open(server, "")?;
        postgres.pause = server.pause();
        Ok(postgres)
    }

    /// Connects for whatever a caller begins by itself.
    pub(crate) fn open_plain(server: &Server) -> Result<Postgres, OpenError> {
        Postgres::open(server, "set lock_timeout = 0")
    }

    /// Connects for reading beside the writers.
    pub(crate) fn open_reader(server: &Server) -> Result<Postgres, OpenError> {
        Postgres::open(server, READER)
    }

    /// Connects, and sets the session up once it is known to be one (`pooler.rs`) and to have all that was
    /// answered (`lineage.rs`).
    fn open(server: &Server, more: &str) -> Result<Postgres, OpenError> {
        let refuse = |source: Error| server.refuse(source);
        let mut postgres = Postgres::reach(server)?;
        pooler::rule_out(server, &postgres)?;
        // Before it is judged: what is asked for that waits for no lock longer than a batch does.
        postgres.script(SESSION).map_err(refuse)?;
        postgres.epoch = lineage::judge(server, &postgres).map_err(refuse)?;
        postgres.changes.get_mut().mark_unchanged();
        if !more.is_empty() {
            postgres.script(more).map_err(refuse)?;
        }
        Ok(postgres)
    }

    /// A connection in which nothing is set, to whichever host of the URL is to be used.
    fn reach(server: &Server) -> Result<Postgres, OpenError> {
        let runtime = runtime(server)?;
        let reached = runtime.block_on(hosts::reach(server))?;
        let config = server.hosts()[reached.place].config.clone();
        let made = (reached.client, reached.warning);
        Ok(Postgres::new(
            server,
            runtime,
            made,
            (reached.origin, config),
        ))
    }

    /// One more to where another one leads.
    pub(super) fn beside(
        server: &Server,
        config: &Config,
        origin: &Origin,
    ) -> Result<Postgres, OpenError> {
        let runtime = runtime(server)?;
        let warning = Arc::default();
        let limit = server::open_limit(config);
        let connected = runtime.block_on(async {
            tokio::time::timeout(limit, connect(config, server.tls(), &warning)).await
        });
        let connected = connected.unwrap_or_else(|_| Err(Error::no_answer(limit)));
        let client = connected.map_err(|error| server.refuse(error))?;
        let at = (origin.clone(), config.clone());
        Ok(Postgres::new(server, runtime, (client, warning), at))
    }

    fn new(
        server: &Server,
        runtime: tokio::runtime::Runtime,
        (client, warning): (Client, Arc<Mutex<Option<String>>>),
        (origin, config): (Origin, Config),
    ) -> Postgres {
        Postgres {
            client,
            runtime,
            origin,
            config,
            lineage: Arc::clone(server.lineage()),
            epoch: 0,
            changes: RefCell::new(server.lineage().changes()),
            is_for_looking: server.is_for_looking(),
            flushed: Cell::default(),
            begin: server.begin(),
            statements: RefCell::default(),
            in_transaction: Cell::new(false),
            hurries: Cell::new(false),
            warning,
            pause: None,
        }
    }
}

/// What a connection runs on.
pub(super) fn runtime(server: &Server) -> Result<tokio::runtime::Runtime, OpenError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| OpenError::Io {
            path: server.to_string().into(),
            source,
        })
}

/// Lets the connection work whenever its thread waits. A wait for a standby that somebody cuts short
/// succeeds with a warning; it is kept, because such a COMMIT is in doubt.
pub(super) fn drive<S, T>(mut connection: Connection<S, T>, warning: &Arc<Mutex<Option<String>>>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let warning = Arc::clone(warning);
    tokio::runtime::Handle::current().spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notice(notice) = message
                && *notice.code() == SqlState::WARNING
            {
                *warning.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(notice.message().to_owned());
            }
        }
    });
}
