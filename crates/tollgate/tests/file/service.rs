//! Progress as a service manager is told of it: a writer that stands still makes none.

use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Home, Request, Tollgate, serving};

/// A word at least so often.
const WITHIN: Duration = Duration::from_millis(200);

/// A lock that another program has is waited for for two seconds, in which the writer does nothing else.
#[test]
fn a_writer_that_stands_still_is_not_said_to_go_on() {
    let home = Home::on_file();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("it is bound");
    let patience = Some(Duration::from_millis(50));
    socket.set_read_timeout(patience).expect("it can be set");
    let mut serve = serving(&home);
    serve
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", WITHIN.as_micros().to_string());
    let server = Tollgate::spawn(serve);
    let mut somebody = Command::new("sqlite3")
        .arg(home.database_file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sqlite3 is installed");
    let mut shell = somebody.stdin.take().expect("it was asked for");
    writeln!(shell, ".timeout 5000\nbegin immediate;\nselect 'locked';").expect("it reads");
    let mut said = std::io::BufReader::new(somebody.stdout.take().expect("it was asked for"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).expect("it says so");
    assert_eq!(line.trim(), "locked");

    let answered = AtomicBool::new(false);
    let longest = std::thread::scope(|scope| {
        scope.spawn(|| {
            let stock = Request::put("/v1/stock/A", &json!({ "on_hand": 1 }));
            assert_eq!(server.client().call(&stock).status, 503);
            answered.store(true, Ordering::Relaxed);
        });
        let (mut last, mut longest) = (Instant::now(), Duration::ZERO);
        while !answered.load(Ordering::Relaxed) {
            let mut bytes = [0; 256];
            if let Ok(count) = socket.recv(&mut bytes)
                && bytes[..count].starts_with(b"WATCHDOG=1")
            {
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
        }
        longest.max(last.elapsed())
    });
    assert!(WITHIN * 5 < longest, "it was said to go on: {longest:?}");
    writeln!(shell, "rollback;\n.quit").expect("it reads");
    assert!(somebody.wait().expect("it is our child").success());
    let stock = Request::put("/v1/stock/A", &json!({ "on_hand": 1 }));
    assert_eq!(server.client().call(&stock).status, 200);
    assert!(server.stop().success());
}
