//! Commands that call a server: over https with an authority of one's own, and where what answers is no Tollgate.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use serde_json::json;

use crate::harness::{ADMIN_KEY, Ended, Home, Tollgate, assert_names, command, finish, one_line};
use crate::tls;

/// Runs a command of the home against a URL.
fn run(home: &Home, url: &str, arguments: &[&str], more: &[&str]) -> Ended {
    let mut run = command();
    run.args(arguments)
        .args(["--url", url, "--key", ADMIN_KEY])
        .args(more);
    run.arg("--config").arg(home.path().join("tollgate.toml"));
    finish(run.current_dir(home.path()))
}

/// Stands before a server and speaks TLS.
fn tls_before(server: SocketAddr) -> SocketAddr {
    let (say, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("it can be started");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
            let listener = listener.expect("there is a free port");
            say.send(listener.local_addr().expect("it is bound"))
                .expect("the test waits");
            let acceptor = tls::acceptor(&[b"http/1.1"]);
            while let Ok((caller, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Some do not like our certificate.
                    let Ok(mut caller) = acceptor.accept(caller).await else {
                        return;
                    };
                    let server = tokio::net::TcpStream::connect(server).await;
                    let mut server = server.expect("the server listens");
                    let _ = tokio::io::copy_bidirectional(&mut caller, &mut server).await;
                });
            }
        });
    });
    heard.recv().expect("it listens")
}

/// Every command speaks https to a certificate of the system's authorities, or of one that is named.
#[test]
fn every_command_speaks_https_with_a_named_authority() {
    let home = Home::new();
    let server = Tollgate::start(&home);
    server.client().put("/v1/stock/A", &json!({ "on_hand": 1 }));
    let port = tls_before(server.address()).port();
    let url = format!("https://localhost:{port}");
    let trust = ["--root-certificate", tls::ROOT];
    for arguments in [
        &["keys", "list"][..],
        &["keys", "create", "over-https"],
        &["effects", "list"],
        &["deliveries", "list"],
        &["orders", "list"],
    ] {
        let done = run(&home, &url, arguments, &trust);
        assert_eq!(done.code, Some(0), "{arguments:?}: {done:?}");
        let refused = run(&home, &url, arguments, &[]);
        assert_eq!(refused.code, Some(1), "{arguments:?}: {refused:?}");
        assert_names(one_line(&refused), &[&url, "--root-certificate"]);
    }
    let send = |more: &[&str]| {
        let mut send = command();
        send.args(["send", "midtrans", "--to", &url])
            .args(more)
            .arg("--config");
        finish(
            send.arg(home.path().join("tollgate.toml"))
                .current_dir(home.path()),
        )
    };
    assert_eq!(send(&trust).code, Some(0));
    assert_eq!(send(&[]).code, Some(2));
    // A variable names it, too.
    let mut list = command();
    list.args(["effects", "list", "--url", &url, "--key", ADMIN_KEY]);
    list.env("TOLLGATE_ROOT_CERTIFICATE", tls::ROOT)
        .arg("--config");
    let done = finish(
        list.arg(home.path().join("tollgate.toml"))
            .current_dir(home.path()),
    );
    assert_eq!(done.code, Some(0), "{done:?}");
    let nothing = run(
        &home,
        &url,
        &["keys", "list"],
        &["--root-certificate", "nowhere.pem"],
    );
    assert_names(one_line(&nothing), &["nowhere.pem", "PEM"]);
    // A server that speaks no TLS.
    let plain = format!("https://{}", server.address());
    let refused = run(&home, &plain, &["keys", "list"], &trust);
    assert_names(one_line(&refused), &["does not speak TLS", "http:"]);
}

/// A program that answers every connection with these bytes.
fn other_program(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for caller in listener.incoming() {
            let mut caller = caller.expect("somebody calls");
            let mut some = [0; 4096];
            // Only answers that there are callers for are worth a word.
            let _ = caller.read(&mut some);
            let _ = caller.write_all(answer);
        }
    });
    format!("http://{address}")
}

/// A command that may have been done says how it is done once, as it was sent; one that nobody has heard does not.
#[test]
fn what_may_have_been_done_is_repeated_as_it_was_sent() {
    let home = Home::new();
    home.write_config();
    let payment = "pay_01kfjv7m00e008000000000001";
    let refund = [
        "payments",
        "refund",
        payment,
        "--amount",
        "500",
        "--recorded",
        "--idempotency-key",
        "k",
        "--yes",
    ];
    let silent = other_program(b"");
    let ended = run(&home, &silent, &refund, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let again =
        format!("`tollgate payments refund {payment} --amount 500 --recorded --idempotency-key k`");
    assert_names(&ended.stderr, &["it may have been done", &again]);
    let ended = run(&home, &silent, &["orders", "cancel", "A", "--yes"], &[]);
    assert_names(
        &ended.stderr,
        &[
            "it may have been done",
            "repeat the command with --idempotency-key",
        ],
    );
    let ended = run(&home, "http://127.0.0.1:1", &refund, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(!ended.stderr.contains("may have been done"), "{ended:?}");
}

/// What answers as no Tollgate does is said to be another program's, whatever it says.
#[test]
fn another_program_that_answers_is_called_one() {
    let home = Home::new();
    home.write_config();
    let page: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: 6\r\n\r\n<html>";
    let gone: &[u8] =
        b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let bare: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    for (answer, words) in [
        (page, &["200 with text/html", "no Tollgate"][..]),
        (gone, &["404 with application/json", "no Tollgate"]),
        (bare, &["200 with no Content-Type", "no Tollgate"]),
        (b"SSH-2.0-OpenSSH_9.9\r\n", &["does not speak HTTP"]),
    ] {
        let url = other_program(answer);
        for arguments in [
            &["keys", "list"][..],
            &["effects", "list"],
            &["deliveries", "list"],
            &["orders", "list"],
        ] {
            let ended = run(&home, &url, arguments, &[]);
            assert_eq!(ended.code, Some(1), "{ended:?}");
            assert_names(one_line(&ended), &[&[url.as_str()], words].concat());
        }
    }
    // The stream of another program is not listened to again and again.
    let ended = run(&home, &other_program(page), &["tail"], &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_names(one_line(&ended), &["200 with text/html", "no Tollgate"]);
    // A webhook that another program takes was not taken.
    let mut send = command();
    send.args(["send", "midtrans", "--to", &other_program(page)])
        .arg("--config");
    let ended = finish(
        send.arg(home.path().join("tollgate.toml"))
            .current_dir(home.path()),
    );
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(
        ended.stderr.contains("not as Tollgate answers"),
        "{ended:?}"
    );
}
