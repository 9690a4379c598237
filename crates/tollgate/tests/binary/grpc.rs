//! gRPC from outside: a client in Python with stubs of its own, and keys that outlive `kill -9` through both doors.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tonic_types::StatusExt;

use crate::harness::{ADMIN_KEY, Client, Home, Request, Tollgate, finish, in_parallel};
use crate::rpc::{self, Rpc};

/// What a person installs, pinned: stubs, and the packages for details, health and reflection.
const PACKAGES: [&str; 4] = [
    "grpcio-tools==1.85.1",
    "grpcio-status==1.85.1",
    "grpcio-reflection==1.85.1",
    "grpcio-health-checking==1.85.1",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A home whose server takes gRPC.
fn home() -> Home {
    let mut home = Home::new();
    home.set("server", "grpc_listen", "127.0.0.1:0");
    home
}

/// Python with these packages. Fetched once, into the target folder.
fn python() -> PathBuf {
    let output = Command::new(root().join("scripts/venv"))
        .arg("grpc")
        .args(PACKAGES)
        .output()
        .expect("scripts/venv runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "Python's packages are needed: {said}"
    );
    String::from_utf8_lossy(&output.stdout).trim().into()
}

/// The stubs, written by Python's own compiler from the committed files.
fn stubs(python: &Path, folder: &Path) {
    let proto = root().join("proto");
    let mut compile = Command::new(python);
    compile.args(["-m", "grpc_tools.protoc"]);
    for (option, place) in [("-I", &proto), ("--python_out=", &folder.to_owned())] {
        compile.arg(format!("{option}{}", place.display()));
    }
    compile.arg(format!("--grpc_python_out={}", folder.display()));
    for file in ["capacity", "events", "orders", "payments"] {
        compile.arg(proto.join(format!("tollgate/v1/{file}.proto")));
    }
    let ended = finish(&mut compile);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_client_in_python_creates_is_refused_watches_and_resumes() {
    let python = python();
    let folder = tempfile::tempdir().expect("there is room");
    stubs(&python, folder.path());
    let home = home();
    let server = Tollgate::start(&home);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/grpc_client.py");
    let mut client = Command::new(&python);
    client
        .arg(script)
        .arg(server.grpc_address().to_string())
        .arg(ADMIN_KEY)
        .arg(folder.path())
        // No proxy of this machine's speaks for it.
        .env("no_grpc_proxy", "127.0.0.1");
    let ended = finish(&mut client);
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 6, "{}", ended.stdout);
}

/// The client of docs/grpc.md, as it stands there but for where the server is.
#[test]
fn the_client_of_the_page_runs_as_it_stands_there() {
    let page = std::fs::read_to_string(root().join("docs/grpc.md")).expect("it is there");
    for package in ["grpcio-tools", "googleapis-common-protos"] {
        assert!(page.contains(package), "{package}");
    }
    let (_, block) = page.split_once("```python\n").expect("it has a client");
    let (block, _) = block.split_once("```").expect("it ends");
    let python = python();
    let folder = tempfile::tempdir().expect("there is room");
    stubs(&python, folder.path());
    let home = home();
    let server = Tollgate::start(&home);
    assert!(block.contains("\"127.0.0.1:8081\"") && block.contains("Bearer tg_…"));
    let address = format!("\"{}\"", server.grpc_address());
    let block = block
        .replace("\"127.0.0.1:8081\"", &address)
        .replace("tg_…", ADMIN_KEY);
    let script = folder.path().join("client.py");
    std::fs::write(&script, block).expect("it can be written");
    let ended = finish(
        Command::new(&python)
            .arg(&script)
            .env("no_grpc_proxy", "127.0.0.1"),
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with("ord_"), "{ended:?}");
    assert!(
        ended
            .stdout
            .trim_end()
            .ends_with(" ORDER_STATUS_AWAITING_PAYMENT"),
        "{ended:?}"
    );
}

/// An order over gRPC: its id, or the code of its refusal.
async fn create(grpc: SocketAddr, code: &str) -> Result<String, String> {
    let mut rpc = Rpc::new(grpc, ADMIN_KEY);
    let asked = rpc.keyed(rpc::order(code, "A", 1), code);
    match rpc.orders.create_order(asked).await {
        Ok(made) => Ok(made.into_inner().id),
        Err(status) => {
            let details = status.get_error_details();
            let info = details.error_info();
            Err(info.map_or_else(|| status.to_string(), |info| info.reason.clone()))
        }
    }
}

fn over_rest(client: &mut Client, code: &str) -> Result<String, String> {
    let order = json!({
        "code": code, "currency": "IDR",
        "lines": [{ "sku": "A", "quantity": 1, "unit_amount": 5000 }],
    });
    let answer = client.send(&Request::post("/v1/orders", &order).keyed(code));
    let answer = answer.map_err(|error| error.to_string())?;
    match answer.status {
        201 => Ok(answer.json()["id"].as_str().unwrap_or_default().to_owned()),
        _ => Err(answer.text()),
    }
}

/// K10: the server dies under load; whatever was asked is asked again through the other door, and is one order.
#[test]
fn k10_what_was_asked_before_a_crash_is_asked_again_through_the_other_door() {
    const CLIENTS: usize = 4;
    const EACH: usize = 25;
    let home = home();
    let server = Tollgate::start(&home);
    server
        .client()
        .put("/v1/stock/A", &json!({ "on_hand": 10_000 }));
    let (address, grpc) = (server.address(), server.grpc_address());
    let code = |number: usize, turn: usize| format!("K10-{number}-{turn}");
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the system gives what it needs")
    };
    // Every door has half of the clients. The first that has half of its answers pulls the plug.
    let server = std::sync::Mutex::new(Some(server));
    let first = std::sync::Mutex::new(std::collections::BTreeMap::new());
    in_parallel(CLIENTS, |number| {
        let runtime = runtime();
        let mut client = Client::new(address, Some(ADMIN_KEY));
        for turn in 0..EACH {
            let code = code(number, turn);
            let answer = match number % 2 {
                0 => over_rest(&mut client, &code),
                _ => runtime.block_on(create(grpc, &code)),
            };
            match answer {
                Ok(id) => {
                    first.lock().expect("no panic").insert(code, id);
                }
                // What was not heard is asked again below.
                Err(_) => return,
            }
            if turn == EACH / 2
                && let Some(server) = server.lock().expect("no panic").take()
            {
                server.kill();
            }
        }
    });
    let first = first.into_inner().expect("no panic");
    assert!(
        CLIENTS <= first.len() && first.len() < CLIENTS * EACH,
        "{}",
        first.len()
    );
    let server = Tollgate::start(&home);
    let (grpc, runtime) = (server.grpc_address(), runtime());
    let mut client = server.client();
    for number in 0..CLIENTS {
        for turn in 0..EACH {
            let code = code(number, turn);
            let other = match number % 2 {
                0 => runtime.block_on(create(grpc, &code)),
                _ => over_rest(&mut client, &code),
            };
            let id = other.unwrap_or_else(|why| panic!("{code}: {why}"));
            assert!(first.get(&code).is_none_or(|known| *known == id), "{code}");
        }
    }
    let all = i64::try_from(CLIENTS * EACH).expect("a small number");
    assert_eq!(client.get("/v1/stock/A")["held"], all);
    assert_eq!(home.number("select count(*) from idempotency"), all);
}
