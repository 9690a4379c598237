//! `tollgate demo`: seven stories on a fresh temporary database, over the real HTTP server, each
//! with what it promises and what the API then says.

#[cfg(test)]
mod between;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use super::failed;
use super::send::quoted;
use super::serve::stop_signal;
use crate::log::start_log;
use tollgate_outbound::remote::Server;
use tollgate_server::StartError;
use tollgate_server::config::{Config, Log};
use tollgate_server::serve;
use tollgate_traffic::load::{self, Client, Target};
use tollgate_traffic::stories::{FILES_WANTED, ORDERS, Outside, World, all_held, play, verdict};

/// See the promises kept: seven stories on a temporary database, then the server stays up.
///
/// Nothing is left of it when it ends.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Args {
    /// End after the stories.
    #[arg(long)]
    exit: bool,
    /// Where the server listens, a loopback address; 127.0.0.1:8080 if absent, or any free port if
    /// that one is taken.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  every promise held
  1  one was broken, or a story could not be played
  2  wrong usage";

const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
pub(super) async fn run(args: Args) -> ExitCode {
    let _log = start_log(&Log::of_warnings());
    if let Some(wrong) = wrong(&args) {
        anstream::eprintln!("error: {wrong}");
        return ExitCode::from(2);
    }
    match demo(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => failed(&why),
    }
}

/// What is asked for wrongly.
fn wrong(args: &Args) -> Option<String> {
    let address = args.listen?;
    Target::new(address)
        .err()
        .map(|_| format!("--listen {address}: the demo only listens on a loopback address"))
}

/// Answers whether every promise held.
async fn demo(args: &Args) -> Result<bool, String> {
    let stop = stop_signal();
    tokio::pin!(stop);
    let mut stage = Stage::build(args.listen).await?;
    let world = stage.world.clone();
    let stories = tokio::select! {
        ended = &mut stage.server => return Err(ended_by(ended)),
        stories = play(&world, stage.address, &stage.key) => stories?,
        () = &mut stop => return Err("stopped before the stories had ended".to_owned()),
    };
    for story in &stories {
        anstream::println!("{}", story.table());
    }
    anstream::println!("{}", verdict(&stories));
    if !args.exit {
        let visitor = Visitor::let_in(stage.address, &stage.key).await?;
        anstream::println!("{}", stage.next_steps(&visitor));
        tokio::select! {
            ended = &mut stage.server => return Err(ended_by(ended)),
            () = &mut stop => {}
        }
    }
    stage.take_down().await?;
    Ok(all_held(&stories))
}

/// A server on a temporary database, and those who call it.
struct Stage {
    world: World,
    server: JoinHandle<Result<(), StartError>>,
    /// The server stops when this is dropped.
    stop: oneshot::Sender<()>,
    address: SocketAddr,
    key: String,
    /// Goes with everything in it when the demo ends.
    folder: TempDir,
    /// Those who are asked and handed something.
    _outside: Outside,
}

impl Stage {
    async fn build(address: Option<SocketAddr>) -> Result<Stage, String> {
        let listener = listen(address).await?;
        let folder = tempfile::Builder::new()
            .prefix("tollgate-demo-")
            .tempdir()
            .map_err(|error| format!("make a temporary folder: {error}"))?;
        let files = load::raise(FILES_WANTED);
        if files.is_some_and(|files| files < FILES_WANTED) {
            return Err(format!(
                "the demo makes {} connections and is both ends of each: allow it {FILES_WANTED} \
                 open files (`ulimit -n {FILES_WANTED}`)",
                ORDERS
            ));
        }
        let key = format!("tg_demo_{}", fresh());
        let address = listener
            .local_addr()
            .map_err(|error| format!("listen: {error}"))?;
        let target = Target::new(address).map_err(|_| {
            format!("--listen {address}: the demo only listens on a loopback address")
        })?;
        let outside = Outside::open()
            .await
            .map_err(|error| format!("listen for those outside: {error}"))?;
        let text = configuration(folder.path(), address, &key, outside.address);
        let file = configuration_file(&folder);
        std::fs::write(&file, &text)
            .map_err(|error| format!("write {}: {error}", file.display()))?;
        let config = Config::from_toml_str(&text).map_err(|error| error.to_string())?;
        let sources = config.shops.iter().flat_map(|shop| &shop.sources);
        let sources = sources
            .map(|configured| Arc::clone(&configured.source))
            .collect();
        let client = Arc::new(Client::new(target, &key));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(config, listener, async {
            // The sender is only ever dropped.
            let _ = stopped.await;
        }));
        let world = World {
            client,
            sources,
            outside: outside.memory.clone(),
            receipts: folder.path().join("receipts").join("main"),
        };
        Ok(Stage {
            world,
            server,
            stop,
            address,
            key,
            folder,
            _outside: outside,
        })
    }

    /// Stops the server and waits until it has drained.
    async fn take_down(self) -> Result<(), String> {
        drop(self.stop);
        match self.server.await {
            Ok(Ok(())) => Ok(()),
            ended => Err(ended_by(ended)),
        }
    }

    fn next_steps(&self, visitor: &Visitor) -> String {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("tollgate"));
        let file = configuration_file(&self.folder);
        let paste = next_steps(self.address, &self.key, &program, &file);
        format!("{}\n{paste}", visitor.way_in(self.address))
    }
}

/// Who looks at the stories in the dashboard.
struct Visitor {
    password: String,
}

/// What the visitor signs in with.
const VISITOR: &str = "demo@example.com";

impl Visitor {
    /// Makes the user, an admin with a password of its own.
    async fn let_in(address: SocketAddr, key: &str) -> Result<Visitor, String> {
        let password = fresh();
        let wanted =
            json!({ "email": VISITOR, "name": "Demo", "role": "admin", "password": password });
        let server = Server::new(&format!("http://{address}"), key.to_owned())?;
        server.call("POST", "/v1/users", Some(&wanted)).await?;
        Ok(Visitor { password })
    }

    fn way_in(&self, address: SocketAddr) -> String {
        let Visitor { password } = self;
        format!(
            "\
The stories are in the dashboard until you press Ctrl-C:

  http://{address}/
  mail      {VISITOR}
  password  {password}
"
        )
    }
}

fn configuration_file(folder: &TempDir) -> PathBuf {
    folder.path().join("tollgate.toml")
}

/// Takes the address that was asked for; else the usual one, or any if that is taken.
async fn listen(wanted: Option<SocketAddr>) -> Result<TcpListener, String> {
    let because = |address: SocketAddr, error: std::io::Error| {
        format!("listen on {address}: {error}; name another address with --listen")
    };
    if let Some(address) = wanted {
        return TcpListener::bind(address)
            .await
            .map_err(|error| because(address, error));
    }
    match TcpListener::bind(USUAL).await {
        Ok(listener) => Ok(listener),
        Err(error) => {
            anstream::eprintln!("{USUAL}: {error}; taking another port");
            let any = SocketAddr::new(USUAL.ip(), 0);
            TcpListener::bind(any)
                .await
                .map_err(|error| because(any, error))
        }
    }
}

/// The demo's configuration, as it could stand in a file of yours.
fn configuration(folder: &Path, address: SocketAddr, key: &str, outside: SocketAddr) -> String {
    let database = toml::Value::from(format!("sqlite:{}", folder.join("demo.db").display()));
    let receipts = toml::Value::from(folder.join("receipts").display().to_string());
    format!(
        r#"# Of `tollgate demo`; gone when it ends.
[server]
listen = "{address}"

[store]
url = {database}

[api]
bootstrap_key = "literal:{key}"

[log]
level = "warn"

[receipts]
directory = {receipts}
seller = {{ name = "Batik Shop", address = "Jalan Malioboro 1, Yogyakarta" }}

# There is no Midtrans here that could be asked, so its word is taken: in production leave `live`
# out, and it is asked right behind every notification.
[sources.midtrans]
provider = "midtrans"
live = false
secrets = ["literal:{midtrans}"]
order_code_pattern = '^(?<code>.+)-\d{{10}}$'

[sources.phonepe]
provider = "phonepe"
version = "v1"
merchant_id = "DEMOMERCHANT"
salts = {{ "1" = "literal:{phonepe}" }}
api_url = "http://{outside}"

# Accurate signs nothing: who sends it is all there is to go by.
[sources.accurate]
provider = "accurate"
addresses = ["{ip}"]
database_ids = [1443290]

# Nor does CardCom: its reports are believed when it has been asked.
[sources.cardcom]
provider = "cardcom"
terminal_number = 1000
api_name = "literal:{cardcom}"
addresses = ["{ip}"]
api_url = "http://{outside}"

# The shop's own handler of documents, one at a time for each company.
[[routes]]
source = "accurate"
types = ["SALES_*"]
url = "http://{outside}/documents"
order_by = "/databaseId"
"#,
        midtrans = fresh(),
        phonepe = fresh(),
        cardcom = fresh(),
        ip = address.ip(),
    )
}

/// Lines to paste while the server is up. The program is named by its path: `cargo run` puts it on none.
fn next_steps(address: SocketAddr, key: &str, program: &Path, file: &Path) -> String {
    let [program, file] = [program, file].map(|path| quoted(&path.display().to_string()));
    format!(
        r#"They are behind the API at http://{address}, too. What to try:

  export KEY={key}
  # the orders, and the timeline of one of them
  curl -sS -H "Authorization: Bearer $KEY" "http://{address}/v1/orders?limit=3"
  curl -sS -H "Authorization: Bearer $KEY" http://{address}/v1/orders/ZVR-20260122-000/timeline
  # what the slots hold
  curl -sS -H "Authorization: Bearer $KEY" http://{address}/v1/calendars/kitchen/slots
  # a webhook that no order waits for yet ...
  {program} send midtrans --config {file} --reference TRY-1-1737558000 --amount 4200000
  # ... and its order, paid in its own answer
  curl -sS -H "Authorization: Bearer $KEY" -H "Idempotency-Key: try-1" -H "Content-Type: application/json" -d '{{"code":"TRY-1","currency":"IDR","lines":[{{"sku":"TEA","name":"Tea","quantity":1,"unit_amount":4200000,"stocked":false}}]}}' http://{address}/v1/orders
"#
    )
}

/// How a server ended that should be up.
fn ended_by(ended: Result<Result<(), StartError>, JoinError>) -> String {
    match ended {
        Ok(Ok(())) => "the server ended by itself".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => format!("the server ended: {error}"),
    }
}

/// Thirty-two hexadecimal digits of chance.
fn fresh() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_starts_and_has_the_sources_of_the_stories() {
        let text = configuration(
            Path::new("/tmp/a \"b\""),
            USUAL,
            "tg_demo_0123456789",
            USUAL,
        );
        let config = Config::from_toml_str(&text).expect("it is complete");
        let mut names: Vec<&str> = config
            .shops
            .iter()
            .flat_map(|shop| &shop.sources)
            .map(|c| c.source.name())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["accurate", "cardcom", "midtrans", "phonepe"]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_promise_is_kept_by_the_real_server() {
        let args = Args {
            exit: true,
            listen: Some(SocketAddr::new(USUAL.ip(), 0)),
        };
        assert_eq!(demo(&args).await, Ok(true));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_visitor_signs_in_with_what_is_printed() {
        let stage = Stage::build(Some(SocketAddr::new(USUAL.ip(), 0)))
            .await
            .expect("it is built");
        let visitor = Visitor::let_in(stage.address, &stage.key).await;
        let visitor = visitor.expect("the server takes a user");
        let printed = stage.next_steps(&visitor);
        let address = stage.address;
        assert!(
            printed.contains(&format!("  http://{address}/\n")),
            "{printed}"
        );
        let typed = |name: &str| {
            let lines = printed.lines();
            let mut words = lines.filter_map(|line| line.trim().split_once(' '));
            let found = words.find(|(known, _)| *known == name);
            found.expect("it is printed").1.trim().to_owned()
        };
        let wanted = json!({ "email": typed("mail"), "password": typed("password") });
        let server = Server::new(&format!("http://{address}"), "none".to_owned());
        let server = server.expect("it is a URL");
        let session = server.call("POST", "/v1/session", Some(&wanted)).await;
        assert_eq!(session.expect("it signs in")["role"], "admin");
        stage.take_down().await.expect("it stops");
    }

    /// Plays the stories through a proxy that changes what the server answers.
    async fn broken_stories(from: &'static str, to: &'static str) -> Vec<usize> {
        let stage = Stage::build(Some(SocketAddr::new(USUAL.ip(), 0)))
            .await
            .expect("it is built");
        let mut world = stage.world.clone();
        let doctored = between::stand_between(world.client.target(), from, to).await;
        world.client = Arc::new(Client::new(doctored, &stage.key));
        let stories = play(&world, stage.address, &stage.key)
            .await
            .expect("they can be played");
        assert!(!all_held(&stories));
        stage.take_down().await.expect("the server itself is well");
        let broken = (1..).zip(&stories).filter(|(_, story)| !story.holds());
        broken.map(|(number, _)| number).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_doctored_answer_breaks_the_story_it_belongs_to() {
        // The story, what the server says and what arrives.
        const DOCTORED: [(usize, &str, &str); 4] = [
            (1, r#""status":"paid""#, r#""status":"void""#),
            (2, r#""outcome":"duplicate""#, r#""outcome":"processed""#),
            (4, r#""on_hand":10,"held":10"#, r#""on_hand":10,"held":11"#),
            (
                5,
                r#""code":"no_slot_with_room""#,
                r#""code":"no_more_with_room""#,
            ),
        ];
        let played = DOCTORED.map(|(_, from, to)| tokio::spawn(broken_stories(from, to)));
        for ((story, from, to), played) in DOCTORED.into_iter().zip(played) {
            let broken = played.await.expect("it is played");
            assert!(broken.contains(&story), "{from} -> {to} breaks {broken:?}");
        }
    }

    #[test]
    fn the_help_counts_the_stories_that_are_played() {
        use clap::CommandFactory;
        #[derive(clap::Parser)]
        struct Demo {
            #[command(flatten)]
            _args: Args,
        }
        let words = [
            "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        ];
        let about = Demo::command().render_long_help().to_string();
        let counted = format!("{} stories", words[tollgate_traffic::stories::STORIES]);
        assert!(about.contains(&counted), "{about}");
    }

    #[test]
    fn only_loopback_is_listened_on() {
        let args = Args {
            exit: true,
            listen: Some(([0, 0, 0, 0], 0).into()),
        };
        assert!(wrong(&args).is_some_and(|why| why.contains("loopback")));
    }
}
