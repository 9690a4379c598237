//! Every command that a document shows is run as it stands there, against a shop that has something of
//! everything: once as it is, and once with each part that may be left out.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_core::command::Settlement;

use crate::harness::{
    ADMIN_KEY, Client, Ended, Home, Said, Tollgate, Workshop, command, finish, finish_within, until,
};

/// A bench warms up with three thousand orders, however short its rounds are.
const BENCH_PATIENCE: Duration = Duration::from_secs(180);

/// What is not run here, by how the line begins, and why.
const NOT_HERE: &[(&str, &str)] = &[
    (
        "tollgate [--config FILE] COMMAND",
        "the form of all that follow",
    ),
    (
        "tollgate migrate",
        "it wants a stopped server; tests/file/setup.rs",
    ),
    (
        "tollgate serve",
        "the server that the others are run against",
    ),
    (
        "tollgate demo",
        "tests/file/tour.rs runs it, and what it prints",
    ),
    ("tollgate tail", "it does not end; tests/binary/tail.rs"),
    (
        "tollgate forward",
        "it does not end; tests/binary/forward.rs",
    ),
    (
        "tollgate top",
        "without --once it wants a terminal; tests/binary/top.rs",
    ),
    (
        "tollgate prune",
        "it wants a stopped server and takes orders; tests/binary/prune.rs",
    ),
    (
        "tollgate secrets rotate",
        "it wants a stopped server and a key; tests/binary/sealed.rs",
    ),
    (
        "tollgate failover",
        "it wants PostgreSQL; tests/instances/failover.rs",
    ),
    (
        "tollgate backup",
        "it makes a file, once; tests/file/backup.rs",
    ),
    (
        "tollgate restore",
        "it wants a place where nothing is; tests/file/backup.rs",
    ),
    (
        "tollgate move",
        "it wants a second database; tests/instances/moving.rs",
    ),
    ("tollgate orders cancel", "it asks; tests/binary/shown.rs"),
    ("tollgate orders refund", "it asks; tests/binary/shown.rs"),
    ("tollgate payments refund", "it asks; tests/binary/shown.rs"),
    (
        "tollgate payments check",
        "it wants a provider; tests/it/asking.rs",
    ),
    (
        "tollgate login",
        "it keeps keys in a home; tests/binary/profiles.rs",
    ),
    ("tollgate logout", "the same"),
    ("tollgate profiles", "the same"),
    (
        "psql ",
        "it wants a server, and tests/file/queries.rs has the statements",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A command of a document.
struct Shown {
    page: String,
    text: String,
}

/// The commands in the blocks of a page. A line that is further in goes on with the one before it.
fn commands_of(page: &Path) -> Vec<Shown> {
    const BEGIN: [&str; 4] = ["tollgate ", "curl ", "sqlite3 ", "psql "];
    let text = std::fs::read_to_string(page).expect("it can be read");
    let name = page
        .file_name()
        .expect("it is a file")
        .display()
        .to_string();
    let (mut found, mut is_open): (Vec<Shown>, bool) = (Vec::new(), false);
    for line in text.lines() {
        let Some(code) = line.strip_prefix("    ") else {
            is_open = false;
            continue;
        };
        if BEGIN.iter().any(|begin| code.starts_with(begin)) {
            is_open = true;
            found.push(Shown {
                page: name.clone(),
                text: without_remark(code).to_owned(),
            });
        } else if let Some(shown) = found
            .last_mut()
            .filter(|_| is_open && code.starts_with(' '))
        {
            // A remark may go on below it.
            if !code.trim_start().starts_with('#') {
                shown.text.push('\n');
                shown.text.push_str(code);
            }
        } else {
            is_open = false;
        }
    }
    found
}

fn without_remark(line: &str) -> &str {
    line.split(" # ").next().unwrap_or_default().trim_end()
}

/// The pages that show commands: all of docs, without those that say why.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md")];
    for folder in ["docs", "docs/providers"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("it can be read");
        pages.extend(entries.map(|entry| entry.expect("it is there").path()));
    }
    pages.retain(|page| page.extension().is_some_and(|ending| ending == "md"));
    pages.sort();
    pages
}

/// The line without what may be left out, then with each such part alone. Of words with `|` between them the
/// first one counts.
fn forms(text: &str) -> Vec<String> {
    if !text.starts_with("tollgate ") {
        return vec![text.to_owned()];
    }
    let (mut always, mut parts) = (String::new(), Vec::new());
    for piece in text.split_inclusive(']') {
        match piece.split_once('[') {
            Some((before, part)) => {
                always.push_str(before);
                parts.push(part.trim_end_matches(']').to_owned());
            }
            None => always.push_str(piece),
        }
    }
    let first = |text: &str| {
        let words = text.split_whitespace();
        let words: Vec<&str> = words
            .map(|word| word.split('|').next().unwrap_or(word))
            .collect();
        words.join(" ")
    };
    // `[--json | --repair-plan]` are two parts.
    let parts = parts.iter().flat_map(|part| part.split(" | "));
    let always = first(&always);
    let mut forms = vec![always.clone()];
    // `[FLAGS]` stands for those of a table.
    let parts = parts.filter(|part| *part != "FLAGS");
    forms.extend(parts.map(|part| format!("{always} {}", first(part))));
    forms
}

/// A shop with something of everything, and the server that a document's reader has.
struct Reader {
    home: Home,
    server: Option<Tollgate>,
    address: String,
    dead: Vec<String>,
    refused: Vec<String>,
    /// A payment, an event and the number of a receipt, all of one order.
    paid: [String; 3],
    /// Users that were made: an address is one user's.
    users: usize,
}

impl Reader {
    fn new() -> Reader {
        let free = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = free.local_addr().expect("it is bound").to_string();
        drop(free);
        let mut home = Home::on_file();
        home.set("server", "listen", address.as_str());
        let mut reader = Reader {
            dead: given_up(&home),
            home,
            server: None,
            address,
            refused: Vec::new(),
            paid: Default::default(),
            users: 0,
        };
        let password = reader.home.path().join("dewi.txt");
        std::fs::write(password, "correct horse battery\n").expect("it is ours");
        reader.refuse();
        let server = Tollgate::start(&reader.home);
        let mut client = server.client();
        client.put("/v1/stock/BATIK-M", &json!({ "on_hand": 10 }));
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let calendar = json!({
            "unit": "orders", "capacity": 3, "slot_minutes": 60,
            "weekly": [{ "days": days, "opens": "00:00", "closes": "00:00" }],
        });
        client.put("/v1/calendars/kitchen", &calendar);
        client.create_order("A-1", "midtrans", "IDR", 1_000);
        client.create_order("A-2", "standard", "IDR", 1_000);
        let paid = reader.home.webhook(Said::paid("standard", "A-2", 1_000));
        let (event, outcome) = client.deliver("standard", &paid).event();
        assert_eq!(outcome, "applied");
        let listed = |client: &mut Client, path: &str, member: &str| {
            let first = client.list(path).into_iter().next();
            first.and_then(|first| Some(first[member].as_str()?.to_owned()))
        };
        let payment = listed(&mut client, "/v1/payments?reference=A-2", "id");
        let receipt = until("its receipt is issued", || {
            listed(&mut client, "/v1/receipts", "number")
        });
        reader.paid = [payment.expect("it is registered"), event, receipt];
        reader.server = Some(server);
        reader
    }

    /// Webhooks that are refused under one secret and good under the other one, as many as are verified one by
    /// one.
    fn refuse(&mut self) {
        let right = self.home.config["sources"]["bank"]["secrets"].clone();
        let webhooks: Vec<_> = (0..6)
            .map(|number| {
                self.home
                    .webhook(Said::paid("bank", &format!("B-{number}"), 1_000))
            })
            .collect();
        self.home
            .set_source("bank", "secrets", json!(["another-of-the-tests"]));
        let server = Tollgate::start(&self.home);
        let mut client = server.client();
        for webhook in &webhooks {
            assert_eq!(client.deliver("bank", webhook).status, 401);
        }
        let kept = until("they are kept", || {
            let kept = client.rejected();
            (kept.len() == webhooks.len()).then_some(kept)
        });
        self.refused = kept
            .iter()
            .map(|kept| kept["id"].as_str().expect("it is an id").to_owned())
            .collect();
        assert!(server.stop().success());
        self.home.set_source("bank", "secrets", right);
    }

    /// The line with real things in the place of those that stand for any.
    fn filled(&mut self, form: &str) -> String {
        let mut filled = form.replace("http://localhost:8080", &format!("http://{}", self.address));
        // Of several only one is named.
        for prefix in ["eff_", "dlv_", "evt_"] {
            filled = filled.replace(&format!("{prefix}… …"), &format!("{prefix}…"));
        }
        if filled.contains("eff_…") {
            // One that is tried again is dead no more.
            let id = match filled.contains(" retry ") {
                true => self.dead.pop().expect("there are enough"),
                false => self.dead[0].clone(),
            };
            filled = filled.replace("eff_…", &id);
        }
        if filled.contains("dlv_…") {
            let id = match filled.contains(" verify ") {
                true => self.refused.pop().expect("there are enough"),
                false => self.refused[0].clone(),
            };
            filled = filled.replace("dlv_…", &id);
        }
        let [payment, event, receipt] = &self.paid;
        filled = filled
            .replace("pay_…", payment)
            .replace("evt_…", event)
            .replace("RECEIPT", receipt);
        if filled.contains("key_…") {
            let made = self.shell("tollgate keys create short-lived --json");
            let made: Value = serde_json::from_str(&made.stdout).expect("it is JSON");
            filled = filled.replace("key_…", made["id"].as_str().expect("it has an id"));
        }
        self.users += 1;
        let email = format!("user-{}@example.com", self.users);
        if filled.contains("usr_…") {
            let made = self.shell(&format!(
                "tollgate users create {email} --role viewer --password-file dewi.txt --json"
            ));
            let made: Value = serde_json::from_str(&made.stdout).expect("it is JSON");
            filled = filled.replace("usr_…", made["id"].as_str().expect("it has an id"));
        }
        if filled.starts_with("tollgate users") {
            filled = filled.replace("EMAIL", &email).replace("FILE", "dewi.txt");
        }
        filled = filled.replace("tg_…", ADMIN_KEY);
        let words = filled
            .split(' ')
            .map(|word| match word.trim_end_matches(",…") {
                "NAME" => "till",
                "SHOP" => "main",
                "SOURCE" | "PROVIDER" => "midtrans",
                "KIND" => "receipt",
                "STATE" => "dead",
                "STATUS" => "paid",
                "OUTCOME" => "parked",
                "TYPE" => "payment.*",
                "TEXT" => "some",
                "SKU" => "BATIK-M",
                "COMMAND" => "serve",
                "DIR" => "pages",
                "ORDER" => "A-1",
                "REF" => "R-1",
                "TIME" => "2026-01-22T10:00:00Z",
                "DAY" => "2026-01-22",
                "KEY" => ADMIN_KEY,
                "ID" => "another",
                "N" => "5",
                "URL" => "http://ADDRESS",
                other => other,
            });
        let mut filled = words
            .collect::<Vec<_>>()
            .join(" ")
            .replace("ADDRESS", &self.address);
        // No bench is longer here than it has to be; as fast as it can, it would prepare thousands of orders.
        if filled.starts_with("tollgate bench") {
            let words: Vec<&str> = filled.split(' ').collect();
            let mut kept = Vec::new();
            let mut words = words.into_iter();
            while let Some(word) = words.next() {
                match word {
                    "--rounds" | "--seconds" => drop(words.next()),
                    "100000" => kept.push("100"),
                    word => kept.push(word),
                }
            }
            filled = kept.join(" ") + " --rounds 1 --seconds 1";
            if !filled.contains("--rate") {
                filled.push_str(" --rate 100");
            }
        }
        if filled.starts_with("curl -N") {
            // It does not end by itself.
            filled.push_str(" --max-time 1");
        }
        filled
    }

    /// A shell that finds the program, with what docs/api.md calls U, K and J.
    fn shell(&self, script: &str) -> Ended {
        let program = command();
        let program = Path::new(program.get_program())
            .parent()
            .expect("it is in a folder");
        let mut path = program.as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let folder = match script.starts_with("tollgate init") {
            true => self.home.path().join("fresh"),
            false => self.home.path().to_owned(),
        };
        if script == "tollgate init" {
            std::fs::create_dir(&folder).expect("it is ours");
        }
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(folder);
        for (name, _) in std::env::vars() {
            if name.starts_with("TOLLGATE") {
                shell.env_remove(name);
            }
        }
        shell
            .env("XDG_CONFIG_HOME", self.home.path())
            .env("PATH", path)
            .env("U", format!("http://{}", self.address))
            .env("K", format!("Authorization: Bearer {ADMIN_KEY}"))
            .env("J", "Content-Type: application/json");
        let shell = shell.stdin(Stdio::null());
        match script.starts_with("tollgate bench") {
            true => finish_within(BENCH_PATIENCE, shell),
            false => finish(shell),
        }
    }
}

/// Receipts that were given up, as many as are tried again one by one.
fn given_up(home: &Home) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().expect("it can be started");
    runtime.block_on(async {
        let workshop = Workshop::open(home.database());
        let mut ids = Vec::new();
        for number in 0..8 {
            workshop.cash(&format!("cash-{number}"), 5_000).await;
            let claimed = workshop.claim_receipts().await;
            let settlement = Settlement::Dead {
                reason: "the printer is out of paper".to_owned(),
                skip: false,
            };
            workshop.settle(&claimed[0], settlement).await;
            ids.push(claimed[0].0.to_string());
        }
        workshop.close().await;
        ids
    })
}

/// How a command may end. What only checks may find something: effects that were given up, a disk that is
/// nearly full.
fn may_end_with(command: &str) -> &'static [i32] {
    const CHECKS: [&str; 2] = ["tollgate doctor", "tollgate verify"];
    if CHECKS.iter().any(|check| command.starts_with(check)) {
        &[0, 1]
    } else if command.starts_with("curl -N") {
        // Its time was over.
        &[28]
    } else {
        &[0]
    }
}

#[test]
fn every_command_that_a_document_shows_works() {
    let mut shown: Vec<Shown> = pages().iter().flat_map(|page| commands_of(page)).collect();
    assert!(30 < shown.len(), "{} commands were found", shown.len());
    // What takes all that there are comes after what takes them one by one.
    shown.sort_by_key(|shown| shown.text.contains(" retry --state "));
    let mut reader = Reader::new();
    let (mut left_out, mut wrong) = (BTreeSet::new(), Vec::new());
    for Shown { page, text } in &shown {
        if let Some((begin, _)) = NOT_HERE.iter().find(|(begin, _)| text.starts_with(begin)) {
            left_out.insert(*begin);
            continue;
        }
        for form in forms(text) {
            let filled = reader.filled(&form);
            let ended = reader.shell(&filled);
            let is_good = ended
                .code
                .is_some_and(|code| may_end_with(&filled).contains(&code));
            let is_refused = filled.starts_with("curl ") && ended.stdout.contains("\"detail\":");
            if !is_good || is_refused {
                wrong.push(format!("{page}: {form}\n  {filled}\n  {ended:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    let known: BTreeSet<&str> = NOT_HERE.iter().map(|(begin, _)| *begin).collect();
    assert_eq!(left_out, known, "what is left out is shown somewhere");
}

/// What is left out here is tried by its flags at least: each is one that the command has.
#[test]
fn every_flag_that_a_document_shows_is_one_of_its_command() {
    let mut checked = 0;
    for page in pages() {
        for Shown { page, text } in commands_of(&page) {
            let mut words = text.split_whitespace();
            if words.next() != Some("tollgate") || text.contains("COMMAND") {
                continue;
            }
            let is_name = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase());
            let names: Vec<&str> = words.clone().take_while(is_name).collect();
            let mut help = command();
            // `send midtrans`: what stands behind the command's own name may be its argument.
            let own = &names[..names.len().min(1)];
            let ended = finish(help.args(own).args(nested(own, &names)).arg("--help"));
            assert_eq!(ended.code, Some(0), "{page}: {text}: {ended:?}");
            let flags = text.split(|c: char| c.is_whitespace() || "[]|".contains(c));
            for flag in flags.filter(|word| word.starts_with("--")) {
                checked += 1;
                assert!(ended.stdout.contains(flag), "{page}: {text} has {flag}");
            }
        }
    }
    assert!(30 < checked, "{checked} flags were looked at");
}

/// The second name of commands that have commands of their own.
fn nested<'n>(own: &[&str], names: &[&'n str]) -> Option<&'n str> {
    let has_commands = [
        "config",
        "keys",
        "users",
        "orders",
        "payments",
        "events",
        "stock",
        "receipts",
        "effects",
        "deliveries",
        "secrets",
        "failover",
    ];
    let name = own.first()?;
    has_commands
        .contains(name)
        .then(|| names.get(1).copied())
        .flatten()
}

/// The recorded terminal shows the commands of the tour, in its order and no others.
#[test]
fn the_recorded_terminal_is_that_of_the_tour() {
    let tour = crate::tour::first_script("README.md");
    let page = std::fs::read_to_string(root().join("docs/tour.md")).expect("it can be read");
    let typed: Vec<&str> = page
        .lines()
        .filter_map(|line| match line {
            ">" => Some(""),
            line => line.strip_prefix("$ ").or_else(|| line.strip_prefix("> ")),
        })
        .collect();
    let expected: Vec<&str> = tour.lines().collect();
    assert_eq!(typed, expected, "docs/tour.md is old: run scripts/record");
    assert!(page.contains(r#""status":"completed""#), "it ends well");
}
