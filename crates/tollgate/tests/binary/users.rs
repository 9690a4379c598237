//! People who sign in: made by the command line, before there is a server and beside one.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{ADMIN_KEY, Client, Ended, Home, Request, Tollgate, command, finish, until};

const PASSWORD: &str = "correct horse battery";

/// A command of `tollgate users` over the store itself, or over a server where one is named.
fn users(home: &Home, server: Option<&Tollgate>, arguments: &[&str]) -> Ended {
    let password = home.path().join("password.txt");
    std::fs::write(password, format!("{PASSWORD}\n")).expect("it is ours");
    let mut users = command();
    users
        .arg("users")
        .args(arguments)
        .arg("--config")
        .arg(home.write_config());
    if let Some(server) = server {
        let url = format!("http://{}", server.address());
        users.args(["--url", &url, "--key", ADMIN_KEY]);
    }
    finish(users.current_dir(home.path()).stdin(Stdio::null()))
}

fn made(home: &Home, server: Option<&Tollgate>, email: &str, role: &str) -> String {
    let arguments = [
        "create",
        email,
        "--role",
        role,
        "--password-file",
        "password.txt",
    ];
    let ended = users(home, server, &arguments);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout.trim().to_owned()
}

/// The cookie and the token of a session, or the problem's code.
fn sign_in(client: &mut Client, email: &str, password: &str) -> Result<(String, String), String> {
    let body = json!({ "email": email, "password": password });
    let answer = client.call(&Request::post("/v1/session", &body));
    let document = answer.json();
    if answer.status != 201 {
        return Err(document["code"].as_str().unwrap_or_default().to_owned());
    }
    let cookie = answer.header("set-cookie").expect("it has a cookie");
    let cookie = cookie.split(';').next().expect("it has a value");
    let token = document["csrf_token"].as_str().expect("it has a token");
    Ok((cookie.to_owned(), token.to_owned()))
}

/// The first user is made without a server; a session outlives a restart, and so does lock-out.
#[test]
fn a_user_made_before_the_server_runs_signs_in() {
    let home = Home::new();
    let id = made(&home, None, "dewi@example.com", "admin");
    assert!(id.starts_with("usr_"), "{id}");
    let server = Tollgate::start(&home);
    let mut client = server.client_as(None);
    let (cookie, token) = sign_in(&mut client, "dewi@example.com", PASSWORD).expect("it signs in");
    for _ in 0..5 {
        let refused = sign_in(&mut client, "nobody@example.com", PASSWORD);
        assert_eq!(refused, Err("credentials_invalid".to_owned()));
    }
    assert!(server.stop().success());

    let server = Tollgate::start(&home);
    let mut client = server.client_as(None);
    let locked = sign_in(&mut client, "nobody@example.com", PASSWORD);
    assert_eq!(locked, Err("sign_in_locked".to_owned()));
    let body = json!({ "name": "till", "scopes": ["read"] });
    let create = Request::post("/v1/keys", &body).header("cookie", &cookie);
    assert_eq!(client.call(&create).refused(403), "csrf_failed");
    let create = create.header("x-csrf-token", &token);
    assert_eq!(client.call(&create).status, 201);
    let audit = server.client().get("/v1/audit");
    let told = |entry: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!(
            "{} {}",
            text(&entry["operation"]),
            text(&entry["actor"]["name"])
        )
    };
    let entries: Vec<String> = audit["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(told)
        .collect();
    assert_eq!(entries[0], "create_key dewi@example.com");
    assert_eq!(
        entries.last().map(String::as_str),
        Some("create_user command_line")
    );
    assert_eq!(
        entries
            .iter()
            .filter(|entry| entry.starts_with("sign_in_failed"))
            .count(),
        5
    );
}

#[test]
fn users_are_listed_changed_and_let_in_no_more() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    let id = made(&home, Some(&server), "dewi@example.com", "viewer");
    let done = |arguments: &[&str]| {
        let ended = users(&home, Some(&server), arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    };
    let listed = done(&["list"]);
    assert!(
        listed.contains("dewi@example.com") && listed.contains("viewer"),
        "{listed}"
    );
    assert!(
        !listed.contains("argon2"),
        "nothing of the password is shown: {listed}"
    );
    let mut client = server.client_as(None);
    let (cookie, _) = sign_in(&mut client, "dewi@example.com", PASSWORD).expect("it signs in");
    let look = Request::get("/v1/orders").header("cookie", &cookie);
    assert_eq!(client.call(&look).status, 200);
    done(&["role", &id, "operator"]);
    assert_eq!(client.call(&look).refused(401), "session_invalid");
    done(&["disable", &id]);
    let refused = sign_in(&mut client, "dewi@example.com", PASSWORD);
    assert_eq!(refused, Err("credentials_invalid".to_owned()));
    done(&["enable", &id]);
    done(&["password", &id, "--password-file", "password.txt"]);
    sign_in(&mut client, "dewi@example.com", PASSWORD).expect("it signs in again");

    let short = home.path().join("short.txt");
    std::fs::write(short, "too short").expect("it is ours");
    let refused = users(
        &home,
        Some(&server),
        &["password", &id, "--password-file", "short.txt"],
    );
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("/password") && !refused.stderr.contains("too short"),
        "{refused:?}"
    );
    let refused = users(&home, Some(&server), &["create", "a@b", "--role", "viewer"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("--password-file"), "{refused:?}");
}

/// What a password, a cookie or a token is stands in no log.
#[test]
fn nothing_that_signs_in_is_logged() {
    let mut home = Home::new();
    home.set("log", "level", "debug");
    made(&home, None, "dewi@example.com", "admin");
    let server = Tollgate::start(&home);
    let mut client = server.client_as(None);
    let (cookie, token) = sign_in(&mut client, "dewi@example.com", PASSWORD).expect("it signs in");
    let wrong = "wrong horse battery";
    assert!(sign_in(&mut client, "dewi@example.com", wrong).is_err());
    let look = Request::get("/v1/session").header("cookie", &cookie);
    assert_eq!(client.call(&look).status, 200);
    let log = server.stop_and_read_log();
    let value = cookie.split_once('=').expect("it has a value").1;
    for secret in [PASSWORD, wrong, value, &token, "argon2id"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
}

/// A session ends at its time, also where it was used a moment before; what is over is looked for every few
/// seconds.
#[test]
fn a_session_ends_at_its_time() {
    let home = Home::new();
    made(&home, None, "dewi@example.com", "admin");
    for change in ["ends_at = 1", "seen_at = 1"] {
        let server = Tollgate::start(&home);
        let mut client = server.client_as(None);
        let (cookie, _) = sign_in(&mut client, "dewi@example.com", PASSWORD).expect("it signs in");
        let look = Request::get("/v1/orders").header("cookie", &cookie);
        assert_eq!(client.call(&look).status, 200);
        assert!(server.stop().success());
        home.database()
            .change(&format!("update sessions set {change}"));
        let server = Tollgate::start(&home);
        let mut client = server.client_as(None);
        let refused = until("it has ended", || {
            let answer = client.call(&look);
            (answer.status != 200).then(|| answer.refused(401))
        });
        assert_eq!(refused, "session_invalid", "{change}");
    }
}
