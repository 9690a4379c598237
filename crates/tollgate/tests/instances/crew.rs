//! One instance that takes requests and workers that do what follows from them, on one database; what they
//! notify listens on loopback and remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tollgate_providers::{SampleStatus, Webhook};

use crate::fleet::order;
use crate::harness::{Client, Database, Home, Said, Sink, Tollgate, Worker, pause, serving};
use crate::invariants;

/// What was decided for outside is done within this, whatever has happened to the workers.
const DONE_MAX: Duration = Duration::from_secs(400);

/// Rows of the shop in which stories are played.
const MAIN: &str = "shop_id = (select shop_id from shops where name = 'main')";

/// What an order of a story comes to.
const TOTAL: i64 = 10_000;

/// Documents that are handed on in one story.
const DOCUMENTS: usize = 2;

/// They go before their database does, the workers first.
pub(crate) struct Crew {
    pub(crate) workers: Vec<Worker>,
    pub(crate) api: Tollgate,
    /// Homes of the workers, in their order.
    pub(crate) homes: Vec<Home>,
    /// The home of the instance that takes requests.
    pub(crate) home: Home,
    /// The endpoint that is notified of orders and receipts.
    pub(crate) sink: Sink,
    /// The handler that is handed documents in order.
    pub(crate) books: Sink,
    pub(crate) database: Arc<Database>,
}

/// What was asked and answered: the codes of paid orders, those of them that were given something back,
/// and the documents, each with its place in the order of its client.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) paid: Vec<String>,
    pub(crate) refunded: BTreeSet<String>,
    documents: BTreeMap<String, (usize, usize)>,
}

impl Asked {
    /// Takes in what another client has asked.
    pub(crate) fn join(&mut self, other: Asked) {
        self.paid.extend(other.paid);
        self.refunded.extend(other.refunded);
        self.documents.extend(other.documents);
    }
}

impl Crew {
    /// So many workers on this database, each with its home changed. The endpoints take so long to answer.
    pub(crate) fn on(
        database: Database,
        workers: usize,
        dawdles: Duration,
        change: impl Fn(&mut Home),
    ) -> Crew {
        let database = Arc::new(database);
        let sink = Sink::dawdling(dawdles);
        let books = Sink::dawdling(dawdles);
        let furnished = || {
            let mut home = Home::on(&database);
            home.set("outgoing", "allow_networks", json!(["127.0.0.0/8"]));
            let route = json!({ "source": "accurate", "types": ["*"], "url": books.url(),
                                "order_by": "/databaseId" });
            home.config.insert("routes".to_owned(), json!([route]));
            change(&mut home);
            home
        };
        let home = furnished();
        let mut api = serving(&home);
        api.args(["--role", "api"]);
        let api = Tollgate::spawn(api);
        let homes: Vec<Home> = (0..workers).map(|_| furnished()).collect();
        let crew = Crew {
            workers: homes.iter().map(Worker::start).collect(),
            api,
            homes,
            home,
            sink,
            books,
            database,
        };
        let mut client = crew.api.client();
        client.put("/v1/stock/A", &json!({ "on_hand": 1_000_000 }));
        crew
    }

    /// One more worker, its home like that of the instance that takes requests, but for a change. The
    /// server knows its connections as `worker`.
    pub(crate) fn hire(&mut self, change: impl FnOnce(&mut Home)) {
        let mut home = Home::on(&self.database);
        home.config.clone_from(&self.home.config);
        let url = format!("{}?application_name=worker", self.database.url());
        home.set("store", "url", url);
        change(&mut home);
        self.workers.push(Worker::start(&home));
        self.homes.push(home);
    }

    /// Has the sink notified of these types.
    pub(crate) fn subscribe(&self, types: &[&str]) {
        let endpoint = json!({ "url": self.sink.url(), "events": types });
        let made = self.api.client().create("/v1/endpoints", &endpoint);
        made.expect(201);
    }

    /// A paid order, for every third a refund of half of it, and documents to be handed on in order.
    pub(crate) fn play(&self, client: &mut Client, caller: usize, turn: usize, asked: &mut Asked) {
        let code = format!("CREW-{caller}-{turn}");
        let wanted = order(&code, &["A"]);
        client.create("/v1/orders", &wanted).expect(201);
        let paid = Said::paid("standard", &code, TOTAL);
        let webhook = self.home.webhook(paid.clone());
        assert_eq!(client.deliver("standard", &webhook).outcome(), "applied");
        if turn.is_multiple_of(3) {
            let refund = self
                .home
                .webhook(paid.status(SampleStatus::PartiallyRefunded));
            assert_eq!(client.deliver("standard", &refund).outcome(), "applied");
            asked.refunded.insert(code.clone());
        }
        let documents: Vec<Value> = (0..DOCUMENTS)
            .map(|number| {
                let uuid = format!("{code}-{number}");
                let place = turn * DOCUMENTS + number;
                asked.documents.insert(uuid.clone(), (caller, place));
                json!({ "databaseId": caller, "type": "SALES_INVOICE", "uuid": uuid,
                        "data": [{ "salesInvoiceId": place, "salesInvoiceNo": uuid,
                                   "action": "WRITE" }] })
            })
            .collect();
        let batch = Webhook {
            headers: Vec::new(),
            body: json!(documents).to_string().into_bytes(),
        };
        for event in client.deliver("accurate", &batch).events() {
            assert_eq!(event["outcome"], "queued", "{event:#}");
        }
        asked.paid.push(code);
    }

    /// Waits until everything that was decided for outside is done. Nothing is dead or unknown then, and
    /// nothing leased, past its deadline or before it (F2).
    #[track_caller]
    pub(crate) fn wait_until_done(&self) {
        let begun = Instant::now();
        let open = "select kind, state, count(*), min(due_at), min(reason)
                      from effects where state <> 'done' group by 1, 2 order by 1, 2";
        loop {
            let left = self.database.ask(open);
            if left.is_empty() {
                return;
            }
            let now = crate::harness::now_ms();
            assert!(
                begun.elapsed() < DONE_MAX,
                "not done in {DONE_MAX:?}, at {now}:\n{left}"
            );
            pause(Duration::from_millis(100));
        }
    }

    /// Everything that was asked is done, once where it may happen once, and nothing else is.
    pub(crate) fn check(&self, asked: &Asked) {
        self.check_receipts(asked);
        self.check_notices(asked);
        self.check_documents(asked);
        invariants::check(&self.database);
        let verified = self.api.client().get("/v1/verify");
        let wrong: Vec<&Value> = verified["checks"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|check| check["status"] != "ok")
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// One receipt for each payment and each refund, issued; their numbers have no gaps.
    fn check_receipts(&self, asked: &Asked) {
        let mut client = self.api.client();
        for code in &asked.paid {
            let listed = client.get(&format!("/v1/orders/{code}/receipts"));
            let listed = listed["data"].as_array().expect("a list");
            let mut kinds: Vec<&str> = listed
                .iter()
                .map(|receipt| {
                    assert_eq!(receipt["state"], "issued", "{receipt:#}");
                    receipt["kind"].as_str().expect("a receipt has a kind")
                })
                .collect();
            kinds.sort_unstable();
            let expected: &[&str] = match asked.refunded.contains(code) {
                true => &["refund", "sale"],
                false => &["sale"],
            };
            assert_eq!(kinds, expected, "{code}");
        }
        let count = asked.paid.len() + asked.refunded.len();
        let issued = format!("select count(*) from receipts where {MAIN}");
        let issued = self.database.number(&issued);
        assert_eq!(issued as usize, count, "one receipt for each");
        let gaps = self.database.ask(
            "select shop_id, year, count(*), count(distinct sequence), min(sequence), max(sequence)
               from receipts
              group by 1, 2
             having min(sequence) <> 1 or max(sequence) <> count(*)
                 or count(distinct sequence) <> count(*)",
        );
        assert_eq!(gaps, "", "numbers of receipts without gaps");
    }

    /// Each notice came at least once, always under one id and with the same bytes.
    fn check_notices(&self, asked: &Asked) {
        let bodies = one_body_each(&self.sink);
        let decided = self.decided("notify");
        let came: BTreeSet<&str> = bodies.keys().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = decided.iter().map(String::as_str).collect();
        assert_eq!(came, wanted, "what was decided is what came");
        let mut positions = BTreeSet::new();
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        for body in bodies.values() {
            let body: Value = serde_json::from_slice(body).expect("it is JSON");
            let position = body["position"].as_i64().expect("a position");
            assert!(
                positions.insert(position),
                "notified under two ids: {body:#}"
            );
            let kind = body["type"].as_str().expect("a type").to_owned();
            *kinds.entry(kind).or_default() += 1;
        }
        let receipts = asked.paid.len() + asked.refunded.len();
        assert_eq!(kinds.get("order.paid"), Some(&asked.paid.len()));
        assert_eq!(kinds.get("receipt.issued"), Some(&receipts));
    }

    /// Each document was handed on at least once, as it came, and after those before it.
    fn check_documents(&self, asked: &Asked) {
        let handed = one_body_each(&self.books);
        assert_eq!(handed.len(), asked.documents.len(), "each under its own id");
        let mut seen = BTreeSet::new();
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for arrival in self.books.arrivals() {
            if !seen.insert(arrival.id.clone()) {
                continue;
            }
            let document: Value = serde_json::from_slice(&arrival.body).expect("it is JSON");
            let uuid = document["uuid"].as_str().expect("a document has an id");
            let (caller, place) = asked.documents[uuid];
            let next = last.get(&caller).map_or(0, |last| last + 1);
            assert_eq!(place, next, "{uuid} came in its turn");
            last.insert(caller, place);
        }
    }

    /// The keys of what was decided of a kind.
    fn decided(&self, kind: &str) -> BTreeSet<String> {
        let statement = format!("select key from effects where kind = '{kind}' and {MAIN}");
        let keys = self.database.ask(&statement);
        keys.lines().map(str::to_owned).collect()
    }
}

/// What came, by its id: always the same bytes.
#[track_caller]
fn one_body_each(sink: &Sink) -> BTreeMap<String, Vec<u8>> {
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for arrival in sink.arrivals() {
        assert!(!arrival.id.is_empty(), "it has an id");
        let first = bodies
            .entry(arrival.id.clone())
            .or_insert_with(|| arrival.body.clone());
        assert_eq!(*first, arrival.body, "{} is frozen", arrival.id);
    }
    bodies
}
