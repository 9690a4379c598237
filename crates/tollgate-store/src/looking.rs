//! A database that no store has open here, or that another process has: where it is, and a connection that only looks.

use std::path::PathBuf;

use crate::db::{Db, Error, OpenError, Postgres, Server, Source, Sqlite, refuse};
use crate::options::Place;

/// Does something with a database that no store has open here, or another process has: it is only
/// read.
pub(crate) fn look_at<T: Send>(
    place: &Place,
    look: impl FnOnce(&Db) -> Result<T, Error> + Send,
) -> Result<T, OpenError> {
    let source = source_of(place)?;
    apart(|| {
        let db = open_to_look(&source)?;
        look(&db).map_err(|error| match &source {
            Source::File { path, .. } => refuse(path, error),
            Source::Server(server) => server.refuse(error),
        })
    })
}

/// Where a place is that no store has open here.
pub(crate) fn source_of(place: &Place) -> Result<Source, OpenError> {
    match place {
        Place::File(path) => Ok(Source::File {
            path: path.clone(),
            durable: true,
        }),
        Place::Memory => Err(OpenError::CannotOpen {
            path: PathBuf::from(":memory:"),
        }),
        Place::Server(place) => Ok(Source::Server(Box::new(Server::of(place)?))),
    }
}

/// A connection that only looks: also beside another process, and at a server that takes no writes.
pub(crate) fn open_to_look(source: &Source) -> Result<Db, OpenError> {
    Ok(match source {
        Source::File { path, .. } => Db::Sqlite(Sqlite::open_to_look(path)?),
        Source::Server(server) => {
            Db::Postgres(Box::new(Postgres::open_reader(&server.for_looking())?))
        }
    })
}

/// Does something on a thread of its own: connections to a server wait in a way that an async
/// runtime's threads must not.
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        scope
            .spawn(work)
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
