//! A key is typed once: `tollgate login`, what counts before what, and that no key is ever shown.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{ADMIN_KEY, Ended, Home, Tollgate, command, finish};

/// A person at another machine: a home of their own, and a folder without any configuration.
struct Person {
    home: tempfile::TempDir,
}

impl Person {
    fn new() -> Person {
        let home = tempfile::tempdir().expect("a temporary folder");
        Person { home }
    }

    fn types(&self, arguments: &[&str]) -> Command {
        let mut types = command();
        types
            .args(arguments)
            .env("XDG_CONFIG_HOME", self.home.path())
            .current_dir(self.home.path());
        types
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let ended = finish(&mut self.types(arguments));
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!said.contains(ADMIN_KEY), "{said}");
        ended
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.path().join("tollgate/profiles.toml")
    }
}

#[test]
fn a_key_is_typed_once_and_never_shown() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let person = Person::new();
    let none = person.run(&["orders", "list"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.stderr.contains("tollgate login"), "{none:?}");

    // What no server takes is not kept.
    let key_file = person.home.path().join("key");
    std::fs::write(&key_file, "tg_nobody\n").expect("it is ours");
    let login = ["login", "--url", &url, "--key-file", "key"];
    let refused = person.run(&login);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("key_invalid"), "{refused:?}");
    assert!(!person.file().exists());

    std::fs::write(&key_file, format!("{ADMIN_KEY}\n")).expect("it is ours");
    let kept = person.run(&login);
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let mode = std::fs::metadata(person.file())
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    for arguments in [
        &["orders", "list"][..],
        &["orders", "list", "--profile", "default"],
        &["--profile", "default", "orders", "list"],
        &[
            "--profile",
            "nobody",
            "orders",
            "list",
            "--profile",
            "default",
        ],
        &["orders", "list", "--url", &url],
        &["keys", "list"],
    ] {
        let ended = person.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    }
    let unknown = person.run(&["--profile", "nobody", "orders", "list"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(
        unknown.stderr.contains("there is no profile nobody"),
        "{unknown:?}"
    );
    let idle = person.run(&["--profile", "default", "completions", "bash"]);
    assert_eq!(idle.code, Some(2), "{idle:?}");
    assert!(idle.stderr.contains("calls no server"), "{idle:?}");
    assert!(
        !person.home.path().join("tollgate.db").exists(),
        "no store was opened here"
    );

    let shown = person.run(&["profiles"]);
    assert!(
        shown.stdout.contains("default") && shown.stdout.contains("tg_test…"),
        "{shown:?}"
    );
    let shown = person.run(&["profiles", "--json"]);
    assert!(shown.stdout.contains(&url), "{shown:?}");

    // A kept key goes to no other server.
    let other = person.run(&[
        "orders",
        "list",
        "--url",
        "http://127.0.0.1:1",
        "--profile",
        "default",
    ]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(
        other.stderr.contains("the key of profile default is for"),
        "{other:?}"
    );

    let forgot = person.run(&["logout"]);
    assert_eq!(forgot.code, Some(0), "{forgot:?}");
    assert_eq!(person.run(&["orders", "list"]).code, Some(1));
    assert!(!text(&person.file()).contains(ADMIN_KEY));
}

/// Who thinks better of it gets the terminal back as it was: it shows again what is typed.
#[test]
fn an_interrupted_key_is_nothing_typed() {
    let person = Person::new();
    let program = command().get_program().display().to_string();
    let inside = format!("'{program}' login --url http://127.0.0.1:1; echo ended with $?; stty -a");
    let mut terminal = Command::new("script")
        .args([
            "--quiet",
            "--flush",
            "--return",
            "--command",
            &inside,
            "/dev/null",
        ])
        .env("XDG_CONFIG_HOME", person.home.path())
        .current_dir(person.home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script is there");
    let mut stdin = terminal.stdin.take().expect("it was asked for");
    let mut stdout = terminal.stdout.take().expect("it was asked for");
    let mut said = Vec::new();
    while !said.ends_with(b"key to http://127.0.0.1:1: ") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).expect("it goes on");
        said.extend(byte);
    }
    stdin.write_all(b"tg_half\x03").expect("it is read");
    stdout.read_to_end(&mut said).expect("it ends");
    assert!(terminal.wait().expect("it is our child").success());
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("the key was not typed"), "{said}");
    assert!(said.contains("ended with 1"), "{said}");
    assert!(said.contains(" echo ") && said.contains("isig"), "{said}");
    assert!(
        !said.contains("tg_half") && !said.contains("-isig"),
        "{said}"
    );
    assert!(!person.file().exists());
}

/// Out of a pipe, for who has the key in a safe.
#[test]
fn a_key_is_read_from_the_standard_input() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let person = Person::new();
    let mut login = person.types(&["login", "--profile", "till", "--url", &url]);
    let mut child = login
        .stdin(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let mut stdin = child.stdin.take().expect("it was asked for");
    stdin
        .write_all(format!("{ADMIN_KEY}\n").as_bytes())
        .expect("it reads");
    drop(stdin);
    assert!(child.wait().expect("it is our child").success());
    assert_eq!(
        person.run(&["stock", "list", "--profile", "till"]).code,
        Some(0)
    );
    let unknown = person.run(&["stock", "list", "--profile", "tills"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.stderr.contains("there are till"), "{unknown:?}");
}

/// Flags, environment, the profile that is named, the configuration of the folder, the default profile.
#[test]
fn what_is_named_closer_by_counts_first() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let url = format!("http://{}", server.address());
    let person = Person::new();
    std::fs::create_dir(person.home.path().join("tollgate")).expect("it is ours");
    // Of the two profiles only one is of a server.
    let profiles = format!(
        "default = \"nowhere\"\n[profiles.nowhere]\nurl = \"http://127.0.0.1:1\"\nkey = \"tg_kept\"\n\
         [profiles.here]\nurl = \"{url}\"\nkey = \"{ADMIN_KEY}\"\n"
    );
    std::fs::write(person.file(), profiles).expect("it is ours");
    let open = person.run(&["orders", "list"]);
    assert_eq!(open.code, Some(1), "{open:?}");
    assert!(open.stderr.contains("chmod 600"), "{open:?}");
    std::fs::set_permissions(person.file(), std::fs::Permissions::from_mode(0o600))
        .expect("it is ours");

    let ends = |mut typed: Command| finish(&mut typed).code;
    let list = ["orders", "list"];
    assert_eq!(
        ends(person.types(&list)),
        Some(1),
        "the default one is nowhere"
    );
    let mut named = person.types(&list);
    named.env("TOLLGATE_PROFILE", "here");
    assert_eq!(ends(named), Some(0));
    let mut flagged = person.types(&["orders", "list", "--profile", "here"]);
    flagged.env("TOLLGATE_PROFILE", "nowhere");
    assert_eq!(
        ends(flagged),
        Some(0),
        "a flag counts before the environment"
    );
    let mut keyed = person.types(&["orders", "list", "--profile", "here"]);
    keyed.env("TOLLGATE_API_KEY", "tg_nobody");
    assert_eq!(
        ends(keyed),
        Some(1),
        "a key of the environment counts before that of a profile"
    );

    let configured = format!(
        "[server]\nlisten = \"{}\"\n[api]\nbootstrap_key = \"literal:{ADMIN_KEY}\"\n",
        server.address()
    );
    std::fs::write(person.home.path().join("tollgate.toml"), configured).expect("it is ours");
    assert_eq!(
        ends(person.types(&list)),
        Some(0),
        "the configuration counts before the default"
    );
    let named = person.types(&["orders", "list", "--profile", "nowhere"]);
    assert_eq!(
        ends(named),
        Some(1),
        "what is named counts before the configuration"
    );
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("it can be read")
}
