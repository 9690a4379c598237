//! A file that is deleted while it is served, and a start where only what belongs to it is left.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{
    Client, Home, Request, Tollgate, assert_names, command, finish, one_line, serve, serving,
};

/// Longer than any machine needs to look once a second.
const LIMIT: Duration = Duration::from_secs(60);

fn order(number: u32) -> Request {
    let line = json!({ "sku": "t", "stocked": false, "quantity": 1, "unit_amount": 1000 });
    let wanted = json!({ "code": format!("C-{number}"), "currency": "IDR", "lines": [line] });
    Request::create("/v1/orders", &wanted)
}

/// Orders until one is refused; how many were taken.
fn order_until_refused(client: &mut Client) -> u32 {
    let begun = Instant::now();
    let mut taken = 0;
    loop {
        let answer = client.call(&order(taken));
        match answer.status {
            201 => taken += 1,
            _ => {
                assert_eq!(answer.refused(503), "unavailable");
                return taken;
            }
        }
        assert!(begun.elapsed() < LIMIT, "it goes on taking orders");
    }
}

/// It answered 2xx, and `/readyz` 200, for as long as it ran; after the restart everything was gone. Now it
/// refuses and says why, to whoever may see figures; it does not start over what is left; and by `--create`
/// it does, and the log that was left is kept.
#[test]
fn a_deleted_database_is_noticed_and_not_made_anew_by_itself() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    let mut client = server.client();
    client.call(&order(1_000)).expect(201);
    std::fs::remove_file(home.database_file()).expect("it is there");
    order_until_refused(&mut client);

    let problem = client.call(&Request::get("/readyz")).expect(503);
    assert_eq!(problem["code"], "unavailable");
    let reason = problem["reason"].as_str().expect("it says why");
    assert!(reason.contains("was deleted or moved"), "{reason}");
    // Behind a proxy anybody may ask.
    let asked = Request::get("/readyz").header("X-Forwarded-For", "192.0.2.1");
    let problem = server.client_as(None).call(&asked).expect(503);
    assert_eq!(problem.get("reason"), None, "{problem}");
    assert_eq!(client.call(&Request::get("/healthz")).status, 200);
    assert_eq!(client.figure("tollgate_gate_file_moved"), 1);

    let config = home.write_config();
    let mut doctor = command();
    doctor.args(["doctor", "--json", "--config"]).arg(&config);
    let ended = finish(&mut doctor);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    let seen: Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    let said = seen.to_string();
    let pid = format!("process {} has it open", server.pid());
    assert!(said.contains(&pid), "{said}");

    server.kill();
    let ended = serve(&home);
    assert_names(one_line(&ended), &["tollgate.db", "is missing", "--create"]);
    assert!(!home.database_file().exists(), "nothing is made");
    let mut create = serving(&home);
    create.arg("--create");
    let server = Tollgate::spawn(create);
    assert!(
        server.client().list("/v1/orders").is_empty(),
        "it is a new one"
    );
    assert!(server.stop().success());
    let names = std::fs::read_dir(home.path()).expect("a folder");
    let mut names = names.filter_map(|file| file.ok()?.file_name().into_string().ok());
    assert!(names.any(|name| name.starts_with("tollgate.db-wal.orphaned-")));
}
