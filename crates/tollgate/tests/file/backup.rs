//! `tollgate backup` and `tollgate restore`: beside a server under load and without one; what a restored shop is, and what
//! it does not do twice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::harness::{
    Client, Ended, Home, Request, Said, Tollgate, at_once, command, finish, sqlite3, until,
};

/// Clients that write all the time.
const CALLERS: usize = 4;

/// A command of the home's.
fn run(home: &Home, arguments: &[&str]) -> Ended {
    let mut run = command();
    run.args(arguments).arg("--config").arg(home.write_config());
    finish(run.current_dir(home.path()))
}

/// A backup that was made; its file.
#[track_caller]
fn backed_up(home: &Home, target: &str) -> PathBuf {
    let ended = run(home, &["backup", target]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    home.path().join(ended.stdout.trim())
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    let found = std::fs::metadata(path).expect("it is there");
    found.permissions().mode() & 0o777
}

/// A home in whose place something is restored: with the first one's sources, and its key to the API.
fn another() -> Home {
    Home::on_file()
}

fn order(code: &str) -> Value {
    let line = json!({ "sku": "tea", "stocked": false, "quantity": 1, "unit_amount": 1000 });
    json!({ "code": code, "currency": "IDR", "lines": [line] })
}

/// Under full load a backup ends, refuses nobody, and has whatever was acknowledged before it was begun; so has the
/// server that is started on it.
#[test]
fn a_backup_beside_full_load_ends_and_is_whole() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    let (taken, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (before, backup) = std::thread::scope(|scope| {
        let backup = scope.spawn(|| {
            until("it is under load", || {
                (100 < taken.load(Ordering::Relaxed)).then_some(())
            });
            let before = taken.load(Ordering::Relaxed);
            let ended = run(&home, &["backup", "copies/", "--verify", "--json"]);
            stop.store(true, Ordering::Relaxed);
            (before, ended)
        });
        at_once(&server, CALLERS, |caller, client| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                let wanted = order(&format!("C-{caller}-{number}"));
                client
                    .call(&Request::create("/v1/orders", &wanted))
                    .expect(201);
                taken.fetch_add(1, Ordering::Relaxed);
            }
        });
        backup.join().expect("it ends")
    });
    let after = taken.into_inner();
    assert_eq!(backup.code, Some(0), "{backup:?}");
    let said: Value = serde_json::from_str(&backup.stdout).expect("it is JSON");
    let roots = said["roots"].as_u64().expect("a number");
    eprintln!("{before} orders before, {roots} in the backup, {after} in all");
    assert!(
        before <= roots && roots <= after,
        "{before} {roots} {after}"
    );
    assert_eq!(server.client().figure("tollgate_gate_unavailable_total"), 0);
    assert!(server.stop().success());

    let file = home.path().join(said["file"].as_str().expect("a path"));
    assert_eq!(
        (mode(&file), mode(&home.path().join("copies"))),
        (0o600, 0o700)
    );
    let beside = std::fs::read_dir(home.path().join("copies")).expect("it can be read");
    assert_eq!(beside.count(), 1, "nothing is left beside it");
    let restored = another();
    let ended = run(&restored, &["restore", &file.display().to_string()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(mode(&restored.database_file()), 0o600);
    let verified = run(&restored, &["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let server = Tollgate::start(&restored);
    let mut client = server.client();
    client.get("/v1/orders/C-0-1");
    client.create("/v1/orders", &order("NEW")).expect(201);
}

/// A shop with a receipt, a mail and a refund that cannot be sent, an endpoint, and a delivery that was refused.
fn a_shop(home: &mut Home) -> (Vec<u8>, Value, String) {
    home.set("mail", "url", "smtp://127.0.0.1:1");
    home.set("mail", "from", "shop@example.com");
    let server = Tollgate::start(home);
    let mut client = server.client();
    let endpoint = json!({ "url": "https://shop.example/hook", "events": ["stock.low"] });
    client.create("/v1/endpoints", &endpoint).expect(201);
    let mut wanted = order("A-1");
    wanted["customer"] = json!({ "name": "Dewi", "email": "dewi@example.com" });
    wanted["payment"] = json!({ "source": "midtrans", "reference": "A-1" });
    let request = Request::post("/v1/orders", &wanted).keyed("the-first-order-of-the-tests");
    let answer = client.call(&request).expect(201);
    let paid = home.webhook(Said::paid("midtrans", "A-1", 1_000));
    assert_eq!(client.deliver("midtrans", &paid).outcome(), "applied");
    let receipt = until("its receipt is issued", || {
        let listed = client.list("/v1/receipts");
        let issued = listed
            .into_iter()
            .find(|receipt| receipt["state"] == "issued");
        Some(issued?["id"].as_str()?.to_owned())
    });
    let payments = client.list("/v1/payments?reference=A-1");
    let payment = payments[0]["id"].as_str().expect("an id").to_owned();
    client
        .create(
            &format!("/v1/payments/{payment}/refund"),
            &json!({ "amount": 400, "reason": "scratched" }),
        )
        .expect(201);
    let pdf = pdf_of(&mut client, &receipt);
    until("both were tried in vain", || {
        let pending = client.list("/v1/effects?state=pending");
        let is_tried = |kind: &str| {
            let mut of_kind = pending.iter().filter(|effect| effect["kind"] == kind);
            of_kind.any(|effect| effect["tries"].as_u64() != Some(0))
        };
        (is_tried("mail") && is_tried("refund")).then_some(())
    });
    assert!(server.stop().success());
    (pdf, answer, receipt)
}

fn pdf_of(client: &mut Client, receipt: &str) -> Vec<u8> {
    let answer = client.call(&Request::get(format!("/v1/receipts/{receipt}.pdf")));
    assert_eq!(answer.status, 200);
    answer.body
}

/// What is restored is the shop that was backed up; what may have been done since is a person's, and what is told goes on
/// behind what may have been told.
#[test]
fn a_restored_shop_is_the_same_and_sends_nothing_twice() {
    let mut home = Home::on_file();
    let (pdf, answer, receipt) = a_shop(&mut home);
    let key = std::fs::read(home.path().join("tollgate.db.key")).expect("it was made");
    let file = backed_up(&home, "shop.db");
    assert!(
        !home.path().join("tollgate.db-wal").exists(),
        "nothing was left beside it"
    );
    let position = home.number("select position from shop_heads where shop_id = 1");
    let secrets = sqlite3(&home.database_file(), "select secrets from endpoints");

    let mut restored = another();
    restored.config = home.config.clone();
    restored.set(
        "store",
        "url",
        format!("sqlite:{}", restored.database_file().display()),
    );
    let file = file.display().to_string();
    let ended = run(&restored, &["restore", &file, "--last-receipt", "2099/7"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for said in [
        "as it was at",
        "2 mails, refunds or voids",
        "next: tollgate doctor",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {ended:?}");
    }
    let kept = std::fs::read(restored.path().join("tollgate.db.key")).expect("it was put back");
    assert_eq!(kept, key);
    assert_eq!(mode(&restored.path().join("tollgate.db.key")), 0o600);
    assert_eq!(
        sqlite3(&restored.database_file(), "select secrets from endpoints"),
        secrets
    );
    let head = restored.number("select position from shop_heads where shop_id = 1");
    assert!(position + 1_000_000 <= head, "{position} {head}");

    let server = Tollgate::start(&restored);
    let mut client = server.client();
    let unknown = until("a person has them", || {
        let unknown = client.list("/v1/effects?state=unknown");
        (unknown.len() == 2).then_some(unknown)
    });
    for effect in &unknown {
        let reason = effect["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("restored from a backup"), "{effect:#}");
    }
    let checks = client.list("/v1/effects?kind=refund_check");
    assert!(!checks.is_empty(), "the provider will be asked");
    let wanted = "select operation from audit where operation = 'restore'";
    assert_eq!(restored.database().ask(wanted), "restore");
    assert_eq!(pdf_of(&mut client, &receipt), pdf);
    let mut again = order("A-1");
    again["customer"] = json!({ "name": "Dewi", "email": "dewi@example.com" });
    again["payment"] = json!({ "source": "midtrans", "reference": "A-1" });
    let request = Request::post("/v1/orders", &again).keyed("the-first-order-of-the-tests");
    assert_eq!(client.call(&request).expect(201), answer);
    // What is told from now on was told by nobody before.
    client.create("/v1/orders", &order("A-2")).expect(201);
    let last = restored.number("select max(position) from timeline where shop_id = 1");
    assert!(head < last, "{head} {last}");
    assert!(server.stop().success());
    let verified = run(&restored, &["verify"]);
    assert_ne!(verified.code, Some(2), "{verified:?}");
    let again = run(&restored, &["restore", "--in-place"]);
    assert_eq!(again.code, Some(0), "{again:?}");
}

/// Of a shop whose server was stopped before, everything is done as if it had never been away.
#[test]
fn where_nothing_has_happened_since_a_backup_is_gone_on_with() {
    let mut home = Home::on_file();
    a_shop(&mut home);
    let file = backed_up(&home, "shop.db").display().to_string();
    let count =
        "select count(*) from effects where state = 'pending' and kind in ('mail', 'refund')";
    let position = "select position from shop_heads where shop_id = 1";
    let restored = another();
    let ended = run(&restored, &["restore", &file, "--nothing-since"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(restored.number(count), 2);
    assert_eq!(restored.number(position), home.number(position));
}

/// Nothing that is there is written over, and nothing that is not whole is put in its place.
#[test]
fn what_cannot_be_backed_up_or_restored_is_refused_and_nothing_is_lost() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    server
        .client()
        .create("/v1/orders", &order("A-1"))
        .expect(201);
    let file = backed_up(&home, "shop.db");
    let shown = file.display().to_string();
    let bytes = std::fs::read(&file).expect("it is there");
    let refused = |home: &Home, arguments: &[&str], code: i32, says: &str| {
        let ended = run(home, arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{says}: {ended:?}");
    };
    refused(&home, &["backup", "shop.db"], 1, "add --replace");
    refused(
        &home,
        &["backup", "tollgate.db", "--replace"],
        1,
        "it is there already",
    );
    refused(&home, &["backup", "other.db", "--keep", "3"], 2, "a folder");
    assert_eq!(std::fs::read(&file).expect("it is there"), bytes);
    let ended = run(&home, &["backup", "shop.db", "--replace"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // Over a database that is served, and one that is not.
    refused(&home, &["restore", &shown], 1, &server.pid().to_string());
    assert!(server.stop().success());
    refused(&home, &["restore", &shown], 1, "move it away first");
    for _ in 0..3 {
        let ended = run(&home, &["backup", "many/", "--keep", "2"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let kept = std::fs::read_dir(home.path().join("many")).expect("it is there");
    assert_eq!(kept.count(), 2);

    // A backup is no database for a server.
    let mut on_backup = another();
    on_backup.set("store", "url", format!("sqlite:{shown}"));
    refused(
        &on_backup,
        &["serve"],
        1,
        "put it back first: `tollgate restore",
    );

    // One byte in the midst of a table's page.
    let mut damaged = std::fs::read(&file).expect("it is there");
    let at = damaged.len() / 2 / 4096 * 4096;
    damaged[at..at + 64].fill(0xff);
    let wrong = home.path().join("damaged.db");
    std::fs::write(&wrong, damaged).expect("it is written");
    let empty = another();
    let wrong = wrong.display().to_string();
    refused(&empty, &["restore", &wrong], 1, "nothing was put in place");
    refused(&empty, &["restore", "nowhere.db"], 1, "nowhere.db");
    refused(
        &empty,
        &["restore", &shown, "--last-receipt", "tea=2099/1"],
        2,
        "there is no shop tea",
    );
    let left = |ending: &str| empty.path().join(format!("tollgate.db{ending}")).exists();
    assert!(![".key", "", ".part", "-wal"].into_iter().any(left));
    // What lies beside a database that is missing belongs to it.
    std::fs::write(empty.path().join("tollgate.db.key"), [0; 32]).expect("it is written");
    refused(
        &empty,
        &["restore", &shown],
        1,
        "tollgate.db.key lies there",
    );
}

/// A server on PostgreSQL has programs of its own for it.
#[test]
fn a_server_is_backed_up_by_its_own_programs() {
    let mut home = Home::on_file();
    home.set("store", "url", "postgres://shop:s3cret@127.0.0.1:1/shop");
    let ended = run(&home, &["backup", "shop.db"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("pg_dump"), "{ended:?}");
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
}

/// Ended in the midst, a backup leaves no file of its name, and the next one is not in its way.
#[test]
fn a_killed_backup_leaves_nothing_under_its_name() {
    let home = Home::on_file();
    let server = Tollgate::start(&home);
    server
        .client()
        .create("/v1/orders", &order("A-1"))
        .expect(201);
    let mut slow: Command = command();
    // A rest after each part: it is still at it when it is ended.
    slow.args(["backup", "shop.db", "--mib-per-second", "1", "--config"])
        .arg(home.write_config())
        .current_dir(home.path());
    let mut child = slow.spawn().expect("the binary can be started");
    let part = home.path().join("shop.db.part");
    until("it writes", || {
        let has_ended = child.try_wait().expect("it is our child").is_some();
        (part.exists() || has_ended).then_some(())
    });
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");
    let file = home.path().join("shop.db");
    let ended = run(&home, &["backup", "shop.db", "--replace"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(file.exists() && !part.exists());
}

/// What is no backup is named as such, and nothing is put in place.
#[test]
fn what_is_no_backup_is_refused_by_what_it_is() {
    let home = Home::on_file();
    std::fs::write(home.path().join("junk"), "no database at all ".repeat(500))
        .expect("it is ours");
    for (name, what) in [
        ("nothing", "read nothing: there is no such file"),
        ("junk", "read junk: it is not a SQLite database"),
    ] {
        let ended = run(&home, &["restore", name]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let said = format!("error: {what}; name a file that `tollgate backup` has made");
        assert!(ended.stderr.contains(&said), "{ended:?}");
        assert!(!home.database_file().exists(), "{name}");
    }
}
