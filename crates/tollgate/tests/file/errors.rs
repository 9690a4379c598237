//! What was refused while the database took no writes is counted afterwards.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::harness::{Home, Request, Tollgate, until};

/// Another program that has the file locked.
struct Locked(Child);

impl Locked {
    fn lock(file: &Path) -> Locked {
        let mut child = Command::new("sqlite3")
            .args(["-cmd", ".timeout 5000"])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("the command line of SQLite is needed (sqlite3): {error}")
            });
        let mut to = child.stdin.take().expect("it was asked for");
        to.write_all(b"begin immediate;\nselect 'locked';\n")
            .expect("it reads");
        child.stdin = Some(to);
        let mut said = String::new();
        let from = child.stdout.as_mut().expect("it was asked for");
        BufReader::new(from)
            .read_line(&mut said)
            .expect("it answers");
        assert_eq!(said.trim(), "locked");
        Locked(child)
    }

    fn release(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("it ends at the end of its input");
    }
}

/// D10: 503s of an outage are seen when it is over, all of them, and with what the Gate has seen.
#[test]
fn refusals_of_an_outage_are_counted_when_it_is_over() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.put("/v1/stock/tea", &json!({ "on_hand": 5 }));
    let order = json!({
        "currency": "IDR",
        "lines": [{ "sku": "tea", "quantity": 1, "unit_amount": 100 }],
    });
    let locked = Locked::lock(&home.database_file());
    let mut refused = 0;
    // More than one write of the errors falls into it. Each write waits for the lock as long as it may, so few fit
    // into a test's patience.
    until("the outage has been seen by the errors' own write", || {
        let answer = client.call(&Request::create("/v1/orders", &order));
        assert_eq!(answer.refused(503), "unavailable");
        refused += 1;
        let batches = client.figure("tollgate_gate_unavailable_total");
        (refused + 1 < batches).then_some(())
    });
    assert_eq!(client.list("/v1/errors?code=unavailable").len(), 0);
    locked.release();
    client.create("/v1/orders", &order).expect(201);
    let rows = until("they are counted", || {
        let rows = client.list("/v1/errors?code=unavailable");
        let counts = rows.iter().filter_map(|row| row["count"].as_u64());
        (counts.sum::<u64>() == refused).then_some(rows)
    });
    for row in &rows {
        assert_eq!(row["cause"], "no_writes", "{row}");
        assert_eq!(row["level"], "error", "{row}");
        assert_eq!(row["operation"], "POST /v1/orders", "{row}");
    }
    let gate = client.list("/v1/errors?code=gate_unavailable");
    assert_eq!(gate[0]["operation"], "gate", "{gate:#?}");
    assert_eq!(client.figure("tollgate_errors_not_kept_total"), 0);
}
