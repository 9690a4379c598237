//! Beside Litestream, which copies the log while it is written, and checkpoints it.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Home, Request, Tollgate, at_once, finish, pause, until};

const CALLERS: usize = 8;

/// How long it is written to beside it, over several of its checkpoints.
const LENGTH: Duration = Duration::from_secs(8);

/// Litestream at work; ended with the test.
struct Litestream(Child);

impl Drop for Litestream {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn litestream() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/litestream");
    // It may have to be installed, for which nobody knows how long it takes.
    let ended = Command::new(script).arg("path").output();
    let ended = ended.expect("it is in the repository");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    String::from_utf8_lossy(&ended.stdout).trim().to_owned()
}

/// 702 of 71 000 requests were refused beside it: its moments with the lock are waited for. What it copied
/// has what was acknowledged.
#[test]
fn nothing_is_refused_beside_litestream_and_its_copy_is_whole() {
    let litestream = litestream();
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    let copy = home.path().join("copy");
    let settings = home.path().join("litestream.yml");
    // Checkpoints as often as it makes them under a heavy load, and copies as often as it can.
    let text = format!(
        "dbs:\n  - path: {}\n    monitor-interval: 50ms\n    checkpoint-interval: 500ms\n    \
         min-checkpoint-page-count: 50\n    replica:\n      type: file\n      path: {}\n      \
         sync-interval: 100ms\n",
        home.database_file().display(),
        copy.display()
    );
    std::fs::write(&settings, text).expect("it can be written");
    let copying = Command::new(&litestream)
        .args(["replicate", "-config"])
        .arg(&settings)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let copying = Litestream(copying.expect("it can be started"));
    until("it copies", || copy.exists().then_some(()));
    let begun = Instant::now();
    let taken = AtomicU64::new(0);
    at_once(&server, CALLERS, |caller, client| {
        let mut number = 0;
        while begun.elapsed() < LENGTH {
            number += 1;
            let line = json!({ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": 1000 });
            let code = format!("C-{caller}-{number}");
            let wanted = json!({ "code": code, "currency": "IDR", "lines": [line] });
            client
                .call(&Request::create("/v1/orders", &wanted))
                .expect(201);
            taken.fetch_add(1, Ordering::Relaxed);
        }
    });
    let taken = taken.into_inner();
    eprintln!("{taken} orders beside Litestream");
    assert!(100 < taken);
    assert_eq!(server.client().figure("tollgate_gate_unavailable_total"), 0);
    // What is restored has them all, once it has copied the last ones.
    let restored = home.path().join("restored.db");
    until("its copy has every order", || {
        let _ = std::fs::remove_file(&restored);
        let mut restore = Command::new(&litestream);
        restore
            .args(["restore", "-config"])
            .arg(&settings)
            .arg("-o");
        let ended = finish(restore.arg(&restored).arg(home.database_file()));
        if ended.code != Some(0) {
            pause(Duration::from_millis(200));
            return None;
        }
        let count = crate::harness::sqlite3(&restored, "select count(*) from roots");
        (count.trim() == taken.to_string()).then_some(())
    });
    drop(copying);
    assert!(server.stop().success());
}
