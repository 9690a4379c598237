//! A PostgreSQL cluster of the test's own, which it may stop, start and promote (scripts/cluster).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A cluster in a folder of its own. Stopped, and gone, when it is dropped.
pub(crate) struct Cluster {
    folder: TempDir,
    url: String,
}

impl Cluster {
    /// An empty one.
    pub(crate) fn start() -> Cluster {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = script(&["start".as_ref(), folder.path()]);
        Cluster { folder, url }
    }

    /// An empty one with settings of its own, that does not wait for the disk.
    pub(crate) fn start_with(settings: &[String]) -> Cluster {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut arguments = vec!["start".as_ref(), "--fast".as_ref(), folder.path()];
        arguments.extend(settings.iter().map(Path::new));
        let url = script(&arguments);
        Cluster { folder, url }
    }

    /// A base backup of another, which no server runs on.
    pub(crate) fn copy(of: &Cluster) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        script(&["copy".as_ref(), folder.path(), of.folder.path()]);
        folder
    }

    /// A server that recovers from a base backup by these settings.
    pub(crate) fn recover(copy: TempDir, settings: &[String]) -> Cluster {
        let mut arguments = vec!["recover".as_ref(), copy.path()];
        arguments.extend(settings.iter().map(Path::new));
        let url = script(&arguments);
        Cluster { folder: copy, url }
    }

    /// A standby of another.
    pub(crate) fn standby(of: &Cluster) -> Cluster {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = script(&["standby".as_ref(), folder.path(), of.folder.path()]);
        Cluster { folder, url }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `host:port`.
    pub(crate) fn host(&self) -> &str {
        let from = self.url.find('@').expect("a URL names its user") + 1;
        let rest = &self.url[from..];
        rest.split('/').next().expect("a split has a first part")
    }

    /// Ends it as a power cut does.
    pub(crate) fn stop(&self) {
        script(&["stop".as_ref(), self.folder.path()]);
    }

    /// Starts it again, where it was.
    pub(crate) fn start_again(&self) {
        script(&["start".as_ref(), self.folder.path()]);
    }

    /// Lets it stand still, or go on.
    pub(crate) fn freeze(&self, freeze: bool) {
        let command = if freeze { "freeze" } else { "thaw" };
        script(&[command.as_ref(), self.folder.path()]);
    }

    /// Takes a standby off its primary: it gets nothing more.
    pub(crate) fn cut_off(&self, say: impl Fn(&str, &str) -> String, primary: &Cluster) {
        say(self.url(), "alter system set primary_conninfo = ''");
        say(self.url(), "select pg_reload_conf()");
        until("nobody follows the primary", || {
            say(primary.url(), "select count(*) from pg_stat_replication") == "0"
        });
    }

    /// Waits until a standby has all that its primary has.
    pub(crate) fn catch_up(&self, say: impl Fn(&str, &str) -> String, primary: &Cluster) {
        let lsn = say(
            primary.url(),
            "select cast(pg_current_wal_flush_lsn() as text)",
        );
        let got =
            format!("select cast(coalesce('{lsn}' <= pg_last_wal_replay_lsn(), false) as text)");
        until("the standby has caught up", || {
            say(self.url(), &got) == "true"
        });
    }

    /// Makes a standby the server that takes writes.
    pub(crate) fn promote(&self) {
        script(&["promote".as_ref(), self.folder.path()]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // One that stands still does not end.
        let _ = run(&["thaw".as_ref(), self.folder.path()]);
        // It may be stopped already.
        let _ = run(&["stop".as_ref(), self.folder.path()]);
    }
}

/// The store's suite has this file too, and no harness.
#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn script(arguments: &[&Path]) -> String {
    match run(arguments) {
        Ok(said) => said,
        Err(said) => panic!("scripts/cluster {arguments:?}: {said}"),
    }
}

fn run(arguments: &[&Path]) -> Result<String, String> {
    let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/cluster");
    let output = Command::new(script)
        .args(arguments)
        .output()
        .expect("the script can be run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(text(&output.stderr)),
    }
}
