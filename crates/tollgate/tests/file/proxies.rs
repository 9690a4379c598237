//! nginx and Caddy before a server, with the lines of docs/install.md: webhooks come through with the address of who
//! has sent them, whatever that one says of itself.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{Home, Request, Said, Tollgate, finish, until};

/// The only address that the source takes webhooks from; another one of this machine is a stranger's.
const PROVIDER: &str = "127.0.0.5";
const STRANGER: &str = "127.0.0.6";

/// The name of the certificate of the tests.
const NAME: &str = "localhost";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the certificate of the tests.
fn tls(file: &str) -> PathBuf {
    let file = root()
        .join("crates/tollgate-outbound/tests/it/tls")
        .join(file);
    file.canonicalize().expect("it is there")
}

/// The lines of the page in this language, with each of these in the place of what is written there.
fn lines(language: &str, here: &[(&str, String)]) -> String {
    let page = std::fs::read_to_string(root().join("docs/install.md")).expect("it is there");
    let (_, lines) = page
        .split_once(&format!("```{language}\n"))
        .expect("it has the lines");
    let (lines, _) = lines.split_once("```").expect("they have an end");
    let mut lines = lines.to_owned();
    for (written, here) in here {
        assert!(lines.contains(written), "{written}");
        lines = lines.replace(written, here);
    }
    lines
}

/// A proxy at work; ended with the test.
struct Proxy {
    process: Child,
    address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx ends its workers when it is asked to, and leaves them when it is killed.
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.process.wait();
    }
}

/// A port that was free a moment ago.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is one");
    listener.local_addr().expect("it listens")
}

fn nginx(server: SocketAddr, folder: &Path) -> Proxy {
    let address = free();
    let lines = lines(
        "nginx",
        &[
            ("listen 443 ssl", format!("listen {address} ssl")),
            ("listen [::]:443 ssl http2;", String::new()),
            ("pay.shop.example;", format!("{NAME};")),
            (
                "/etc/letsencrypt/live/pay.shop.example/fullchain.pem",
                tls("server.pem").display().to_string(),
            ),
            (
                "/etc/letsencrypt/live/pay.shop.example/privkey.pem",
                tls("server.key").display().to_string(),
            ),
            ("127.0.0.1:8080", server.to_string()),
        ],
    );
    // What a distribution's nginx.conf says around it, in a folder of the test.
    let at = folder.display();
    let settings = format!(
        "daemon off;\nuser root;\npid {at}/nginx.pid;\nerror_log {at}/nginx.log;\nevents {{}}\nhttp {{\naccess_log off;\n\
         client_body_temp_path {at}/body;\nproxy_temp_path {at}/proxy;\nfastcgi_temp_path {at}/fastcgi;\n\
         uwsgi_temp_path {at}/uwsgi;\nscgi_temp_path {at}/scgi;\n{lines}}}\n"
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, settings).expect("it can be written");
    let mut nginx = Command::new("nginx");
    nginx
        .arg("-c")
        .arg(&file)
        .arg("-e")
        .arg(folder.join("nginx.log"));
    start(nginx, address, "nginx")
}

fn caddy(server: SocketAddr, folder: &Path) -> Proxy {
    let address = free();
    let (certificate, key) = (tls("server.pem"), tls("server.key"));
    // Its own certificate takes an authority on the network; its own place for data is a person's home.
    let site = format!(
        "{{\n admin off\n storage file_system {}\n auto_https disable_redirects\n}}\nhttps://{NAME}:{} {{\n bind 127.0.0.1\n \
         tls {} {}",
        folder.display(),
        address.port(),
        certificate.display(),
        key.display()
    );
    let lines = lines(
        "caddy",
        &[
            ("pay.shop.example {", site),
            ("127.0.0.1:8080", server.to_string()),
        ],
    );
    let file = folder.join("Caddyfile");
    std::fs::write(&file, lines).expect("it can be written");
    let mut caddy = Command::new("caddy");
    caddy
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&file)
        .env("HOME", folder);
    start(caddy, address, "caddy")
}

fn start(mut command: Command, address: SocketAddr, name: &str) -> Proxy {
    let path = std::env::var("PATH").unwrap_or_default();
    let process = command
        .env("PATH", format!("{path}:/usr/sbin"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{name} (Debian: apt-get install {name}): {error}"));
    let mut proxy = Proxy { process, address };
    until(&format!("{name} listens"), || {
        if let Ok(Some(status)) = proxy.process.try_wait() {
            panic!("{name} has ended: {status}");
        }
        std::net::TcpStream::connect(address).ok()
    });
    proxy
}

/// What a request is answered that comes from an address and says this of itself: status and body.
fn post(proxy: &Proxy, from: &str, headers: &[(&str, &str)], sent: &Request) -> (String, String) {
    let port = proxy.address.port();
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--max-time", "20", "--interface", from, "--cacert"])
        .arg(tls("root.pem"))
        .args(["--resolve", &format!("{NAME}:{port}:127.0.0.1")])
        .args([
            "-w",
            "\n%{http_code}",
            "-H",
            "Expect:",
            "--data-binary",
            "@-",
        ]);
    let own = sent.headers.iter();
    for (name, value) in own
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(headers.iter().copied())
    {
        curl.args(["-H", &format!("{name}: {value}")]);
    }
    curl.arg(format!("https://{NAME}:{port}{}", sent.path));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let body = folder.path().join("body");
    std::fs::write(&body, &sent.body).expect("it can be written");
    curl.stdin(std::fs::File::open(&body).expect("it was written"));
    let ended = finish(&mut curl);
    let (body, status) = ended.stdout.rsplit_once('\n').unwrap_or_default();
    assert_ne!(status, "000", "{}", ended.stderr);
    (status.to_owned(), body.to_owned())
}

/// Who is a provider and who is not is known behind a proxy as it is without one.
fn knows_who_sends(start: fn(SocketAddr, &Path) -> Proxy) {
    let mut home = Home::on_file();
    home.set("server", "trusted_proxies", vec!["127.0.0.1", "::1"]);
    home.set_source("standard", "addresses", vec![PROVIDER]);
    let server = Tollgate::start(&home);
    let proxy = start(server.address(), home.path());
    let webhook = |reference: &str| {
        let said = Said::paid("standard", reference, 15_000_000);
        Request::webhook("standard", &home.webhook(said))
    };
    let lies = [
        ("X-Forwarded-For", STRANGER),
        ("Forwarded", "for=127.0.0.6"),
    ];
    let truths = [
        ("X-Forwarded-For", PROVIDER),
        ("Forwarded", "for=127.0.0.5"),
    ];
    for (number, says) in [&[][..], &lies[..1], &lies[1..], &lies[..]]
        .iter()
        .enumerate()
    {
        let (status, body) = post(&proxy, PROVIDER, says, &webhook(&format!("P-{number}")));
        assert_eq!(status, "200", "{says:?}: {body}");
    }
    let claims = [&[][..], &truths[..1], &truths[1..], &truths[..]];
    for (number, says) in claims.iter().enumerate() {
        let (status, body) = post(&proxy, STRANGER, says, &webhook(&format!("S-{number}")));
        assert_eq!(status, "403", "{says:?}: {body}");
        assert!(body.contains("address_not_allowed"), "{body}");
    }
    let mut client = server.client();
    let refused = until("each is kept", || {
        let refused = client.rejected();
        (refused.len() == claims.len()).then_some(refused)
    });
    for one in refused {
        assert_eq!(one["peer"], STRANGER, "{one}");
    }
    drop(proxy);
    assert!(server.stop().success());
}

#[test]
fn behind_nginx_a_webhook_has_the_address_of_who_sent_it() {
    knows_who_sends(nginx);
}

#[test]
fn behind_caddy_a_webhook_has_the_address_of_who_sent_it() {
    knows_who_sends(caddy);
}
