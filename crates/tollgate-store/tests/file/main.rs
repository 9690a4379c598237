//! What only a SQLite file has: its lock, its log, a full disk, damage, and how it is opened.

#[allow(dead_code, reason = "two suites share it, and neither needs all of it")]
#[path = "../it/child.rs"]
mod child;
#[allow(
    dead_code,
    reason = "three suites share them, and none needs all of them"
)]
#[path = "../it/words.rs"]
mod words;
#[allow(dead_code, reason = "three suites share it, and none needs all of it")]
#[path = "../it/world.rs"]
mod world;

mod backup;
mod busy;
mod closing;
mod expiry_of_keys;
mod full_disk;
mod log;
mod moved;
mod opening;
#[allow(dead_code, reason = "two suites share it, and neither needs all of it")]
mod sources;
mod standing;
mod statements;

/// The file that a database is.
fn path(database: &world::Database) -> &std::path::Path {
    match database {
        world::Database::File { path, .. } => path,
        world::Database::Server { .. } => panic!("this suite is about files"),
    }
}
