//! A PgBouncer of the test's own before the suite's server (scripts/pooler).

use std::path::{Path, PathBuf};
use std::process::Command;

/// A pooler in a folder of its own. Ended, and gone, when it is dropped.
pub(crate) struct Pooler {
    folder: tempfile::TempDir,
    url: String,
}

impl Pooler {
    /// One with this `pool_mode` and these settings before the server of a URL.
    #[track_caller]
    pub(crate) fn start(mode: &str, server: &str, settings: &[&str]) -> Pooler {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let output = script()
            .arg("start")
            .arg(folder.path())
            .args([mode, server])
            .args(settings)
            .output()
            .expect("the script can be run");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert!(output.status.success(), "{}", text(&output.stderr));
        Pooler {
            folder,
            url: text(&output.stdout),
        }
    }

    /// A database of the server, through the pooler.
    pub(crate) fn url(&self, database: &str) -> String {
        let (host, _) = self.url.rsplit_once('/').expect("a URL names a database");
        format!("{host}/{database}")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // One that is left behind costs a process and no test.
        let _ = script().arg("stop").arg(self.folder.path()).output();
    }
}

fn script() -> Command {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/pooler");
    Command::new(path)
}
