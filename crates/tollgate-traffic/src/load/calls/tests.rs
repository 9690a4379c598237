//! Calls against a server of tonic's, whose answers come when and as large as a test wants.

use std::net::TcpListener;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hyper::server::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::sync::{Barrier, Notify, watch};
use tollgate_proto::v1::order_service_server::{OrderService, OrderServiceServer};
use tollgate_proto::v1::*;
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::*;
use crate::load::Door;
use crate::load::drive::{self, Load};
use crate::load::pace::Rate;
use crate::load::script::Script;

const PATIENCE: Duration = Duration::from_secs(20);

/// What is answered to a number.
#[derive(Clone, Copy)]
enum Manner {
    /// An order at once.
    AtOnce,
    /// Only once this many are there.
    Together(usize),
    /// Only once this many are there, and the latest one first.
    LatestOfFirst(usize),
    /// An order with a note of so many bytes.
    Long(usize),
    /// A refusal of every third.
    EveryThirdRefused,
}

/// A server and what it has seen.
struct Shop {
    manner: Manner,
    /// How many connections there were.
    connections: AtomicUsize,
    /// How many calls run, and the most there were at once.
    running: Mutex<(usize, usize)>,
    calls: AtomicUsize,
    /// How many more calls may be answered: see `Manner::LatestOfFirst`.
    turn: watch::Sender<usize>,
    /// Where calls wait for each other: see `Manner::Together`.
    group: Barrier,
    /// Ends all connections, in order, after so many calls each.
    farewell_after: usize,
    farewell: Notify,
}

impl Shop {
    fn new(manner: Manner) -> Shop {
        Shop {
            manner,
            connections: AtomicUsize::new(0),
            running: Mutex::default(),
            calls: AtomicUsize::new(0),
            turn: watch::Sender::new(0),
            group: Barrier::new(match manner {
                Manner::Together(count) => count,
                _ => 1,
            }),
            farewell_after: usize::MAX,
            farewell: Notify::new(),
        }
    }

    fn most_at_once(&self) -> usize {
        self.running.lock().expect("nothing panics").1
    }

    async fn answer(&self, number: usize) -> Result<Order, Status> {
        let mut order = Order {
            status: status(number),
            ..Order::default()
        };
        match self.manner {
            Manner::AtOnce => {}
            Manner::Together(_) => {
                self.group.wait().await;
            }
            Manner::LatestOfFirst(count) => {
                let wanted = count - 1 - number;
                let mut turn = self.turn.subscribe();
                let waited = turn.wait_for(|turn| *turn == wanted).await;
                waited.map_err(|error| Status::internal(error.to_string()))?;
                self.turn.send_modify(|turn| *turn += 1);
            }
            Manner::Long(bytes) => order.note = Some("n".repeat(bytes)),
            Manner::EveryThirdRefused if number.is_multiple_of(3) => {
                return Err(Status::resource_exhausted("no more"));
            }
            Manner::EveryThirdRefused => {}
        }
        Ok(order)
    }
}

/// By the status of an answer one sees to which call it belongs.
fn status(number: usize) -> i32 {
    let all = [
        OrderStatus::AwaitingPayment,
        OrderStatus::Paid,
        OrderStatus::Cancelled,
    ];
    all[number % all.len()] as i32
}

fn said(number: usize) -> String {
    let word = OrderStatus::word(status(number)).expect("it has a word");
    format!("\"status\":\"{word}\"")
}

#[derive(Clone)]
struct OrderDoor(Arc<Shop>);

#[tonic::async_trait]
impl OrderService for OrderDoor {
    async fn create_order(
        &self,
        request: Request<CreateOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        let shop = &self.0;
        let header = |name| {
            let value = request.metadata().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let seen = (header("authorization"), header("idempotency-key"));
        let message = request.get_ref();
        let right = (Some("Bearer k".to_owned()), message.code.clone());
        if seen != right {
            return Err(Status::invalid_argument(format!("{seen:?}")));
        }
        if let Some(metadata) = &message.metadata_json
            && metadata.bytes().any(|byte| byte != b'm')
        {
            return Err(Status::invalid_argument("not what was sent"));
        }
        let number = message.code().parse().unwrap_or_default();
        {
            let mut running = shop.running.lock().expect("nothing panics");
            running.0 += 1;
            running.1 = running.1.max(running.0);
        }
        let answer = shop.answer(number).await;
        shop.running.lock().expect("nothing panics").0 -= 1;
        let calls = shop.calls.fetch_add(1, Ordering::Relaxed) + 1;
        if calls.is_multiple_of(shop.farewell_after) {
            shop.farewell.notify_waiters();
        }
        answer.map(Response::new)
    }

    async fn get_order(&self, _: Request<GetOrderRequest>) -> Result<Response<Order>, Status> {
        Err(Status::unimplemented("get"))
    }

    async fn list_orders(
        &self,
        _: Request<ListOrdersRequest>,
    ) -> Result<Response<ListOrdersResponse>, Status> {
        Err(Status::unimplemented("list"))
    }

    async fn update_order(
        &self,
        _: Request<UpdateOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        Err(Status::unimplemented("update"))
    }

    async fn cancel_order(
        &self,
        _: Request<CancelOrderRequest>,
    ) -> Result<Response<Order>, Status> {
        Err(Status::unimplemented("cancel"))
    }

    async fn resolve_order_attention(
        &self,
        _: Request<ResolveOrderAttentionRequest>,
    ) -> Result<Response<Order>, Status> {
        Err(Status::unimplemented("resolve"))
    }

    async fn get_order_timeline(
        &self,
        _: Request<GetOrderTimelineRequest>,
    ) -> Result<Response<OrderTimeline>, Status> {
        Err(Status::unimplemented("timeline"))
    }

    type WatchOrdersStream = BoxStream<WatchOrdersResponse>;

    async fn watch_orders(
        &self,
        _: Request<WatchOrdersRequest>,
    ) -> Result<Response<Self::WatchOrdersStream>, Status> {
        Err(Status::unimplemented("watch"))
    }
}

/// Serves until the process ends.
fn serve(shop: Shop, set: impl FnOnce(&mut Builder<TokioExecutor>)) -> (Target, Arc<Shop>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("it can be");
    let target = Target::new(listener.local_addr().expect("it is bound")).expect("loopback");
    let shop = Arc::new(shop);
    let mut builder = Builder::new(TokioExecutor::new());
    set(&mut builder);
    let served = Arc::clone(&shop);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
            let orders = OrderServiceServer::new(OrderDoor(Arc::clone(&served)));
            let routes = Routes::new(orders.max_decoding_message_size(usize::MAX));
            while let Ok((stream, _)) = listener.accept().await {
                served.connections.fetch_add(1, Ordering::Relaxed);
                let service = TowerToHyperService::new(routes.clone());
                let connection = builder.serve_connection(TokioIo::new(stream), service);
                let shop = Arc::clone(&served);
                tokio::spawn(async move {
                    tokio::pin!(connection);
                    tokio::select! {
                        _ = &mut connection => return,
                        () = shop.farewell.notified() => connection.as_mut().graceful_shutdown(),
                    }
                    let _ = connection.await;
                });
            }
        });
    });
    (target, shop)
}

/// The call of a number, with metadata of so many bytes.
fn call(number: usize, bytes: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let code = number.to_string();
    let order = CreateOrderRequest {
        code: Some(code.clone()),
        metadata_json: (0 < bytes).then(|| "m".repeat(bytes)),
        ..CreateOrderRequest::default()
    };
    write_call(
        &mut out,
        "/tollgate.v1.OrderService/CreateOrder",
        "shop",
        &[("authorization", "Bearer k")],
        &[("idempotency-key", &code)],
        &order,
    );
    out
}

/// Makes the calls of these numbers at once; what each of them was answered, in the order of the answers.
async fn asked(
    calls: &mut Calls,
    numbers: std::ops::Range<usize>,
    bytes: usize,
) -> Vec<(usize, u16, String)> {
    let base = Instant::now();
    let at = |number: usize| base + Duration::from_nanos(number as u64);
    for number in numbers.clone() {
        calls.begin(&call(number, bytes), at(number));
    }
    let mut answers = Vec::new();
    while answers.len() < numbers.len() {
        let mut each = |begun: Instant, outcome: Result<Answer<'_>, ExchangeError>| {
            let answer = outcome.expect("it is answered");
            let number = (begun - base).as_nanos() as usize;
            let body = String::from_utf8(answer.body.to_vec()).expect("a text");
            answers.push((number, answer.status, body));
        };
        let heard = calls.exchange(PATIENCE, &mut each).await;
        heard.expect("the connection holds");
    }
    answers
}

async fn open(target: Target, calls: usize) -> Calls {
    let opened = Calls::open(target, calls, PATIENCE).await;
    opened.expect("it listens")
}

#[tokio::test]
async fn answers_find_their_calls_in_whatever_order_they_come() {
    let (target, shop) = serve(Shop::new(Manner::LatestOfFirst(40)), |_| ());
    let mut calls = open(target, 40).await;
    let answers = asked(&mut calls, 0..40, 0).await;
    let first = answers.first().map(|(number, ..)| *number);
    assert_ne!(first, Some(0), "the first one waits for all others");
    for (number, status, body) in answers {
        assert_eq!((status, body), (MADE, said(number)), "{number}");
    }
    assert_eq!(shop.most_at_once(), 40);
    assert_eq!(shop.connections.load(Ordering::Relaxed), 1);
}

/// Every call has its own key and the same authorization, whatever table the server has for them.
#[tokio::test]
async fn headers_are_read_as_they_were_written() {
    for table in [None, Some(0), Some(100), Some(65_536)] {
        let (target, _) = serve(Shop::new(Manner::AtOnce), |builder| {
            builder.header_table_size(table);
        });
        let mut calls = open(target, 8).await;
        for from in [0, 5, 10] {
            let answers = asked(&mut calls, from..from + 5, 0).await;
            assert!(
                answers.iter().all(|(_, status, _)| *status == MADE),
                "{table:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_message_goes_out_as_far_as_there_is_room() {
    let (target, shop) = serve(Shop::new(Manner::AtOnce), |builder| {
        builder
            .initial_stream_window_size(1_000)
            .initial_connection_window_size(65_535);
    });
    let mut calls = open(target, 3).await;
    // Each is larger than a frame, a stream's window and the connection's.
    for from in [0, 3] {
        let answers = asked(&mut calls, from..from + 3, 150_000).await;
        assert!(answers.iter().all(|(_, status, _)| *status == MADE));
    }
    assert_eq!(shop.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_server_is_told_when_there_is_room_for_more_answers() {
    let (target, _) = serve(Shop::new(Manner::Long(900_000)), |_| ());
    let mut calls = open(target, 2).await;
    // More than twice what is taken of a connection at first.
    for from in (0..10).step_by(2) {
        let answers = asked(&mut calls, from..from + 2, 0).await;
        assert!(answers.iter().all(|(_, status, _)| *status == MADE));
    }
}

#[tokio::test]
async fn a_refusal_counts_as_one() {
    let (target, _) = serve(Shop::new(Manner::EveryThirdRefused), |_| ());
    let mut calls = open(target, 9).await;
    for (number, status, _) in asked(&mut calls, 0..9, 0).await {
        let expected = if number.is_multiple_of(3) {
            REFUSED
        } else {
            MADE
        };
        assert_eq!(status, expected, "{number}");
    }
}

#[tokio::test]
async fn a_server_that_takes_fewer_calls_is_an_error() {
    let (target, _) = serve(Shop::new(Manner::AtOnce), |builder| {
        builder.max_concurrent_streams(4);
    });
    assert!(Calls::open(target, 4, PATIENCE).await.is_ok());
    let error = Calls::open(target, 5, PATIENCE).await.err();
    assert!(
        matches!(error, Some(ExchangeError::TooFewStreams(4))),
        "{error:?}"
    );
}

fn script(requests: usize) -> Arc<Script> {
    let mut script = Script::default();
    for number in 0..requests {
        script.push(|out| out.extend_from_slice(&call(number, 0)));
    }
    Arc::new(script)
}

fn load(target: Target, connections: usize, rate: Option<u32>) -> Load {
    Load {
        targets: vec![target],
        door: Door::Grpc,
        connections,
        calls_per_connection: 16,
        rate: rate.and_then(NonZeroU32::new).map(Rate::new),
        length: Duration::from_secs(10),
        word_prefix: b"\"status\":\"",
        repeat: false,
    }
}

#[test]
fn a_run_shares_its_connections_among_its_calls() {
    // None of them is answered unless all of them are under way.
    let (target, shop) = serve(Shop::new(Manner::Together(40)), |_| ());
    let tally = drive::run(&load(target, 40, None), script(2400), &|_| ()).expect("it runs");
    assert_eq!((tally.answers(), tally.broken), (2400, 0));
    assert_eq!(tally.latency.count(), 2400);
    for word in ["awaiting_payment", "paid", "cancelled"] {
        assert_eq!(tally.count(MADE, word), 800, "{word}");
    }
    assert!(tally.ran_out);
    assert_eq!(shop.connections.load(Ordering::Relaxed), 3);
    assert_eq!(shop.most_at_once(), 40);
}

#[test]
fn an_open_loop_shares_them_too() {
    let (target, shop) = serve(Shop::new(Manner::AtOnce), |_| ());
    let mut load = load(target, 40, Some(500));
    load.length = Duration::from_millis(400);
    let tally = drive::run(&load, script(1000), &|_| ()).expect("it runs");
    // On a busy machine the last ones may not be sent before time is up; none is sent besides.
    assert_eq!((tally.answers() + tally.unsent, tally.broken), (200, 0));
    assert!(150 < tally.answers() && !tally.ran_out);
    assert_eq!(shop.connections.load(Ordering::Relaxed), 3);
}

#[test]
fn a_connection_that_is_ended_in_order_loses_no_call() {
    let shop = Shop {
        farewell_after: 100,
        ..Shop::new(Manner::AtOnce)
    };
    let (target, shop) = serve(shop, |_| ());
    let tally = drive::run(&load(target, 16, None), script(1000), &|_| ()).expect("it runs");
    assert_eq!(
        (tally.answers(), tally.broken),
        (1000, 0),
        "{:?}",
        tally.first_broken
    );
    assert!(2 < shop.connections.load(Ordering::Relaxed), "it was ended");
}

#[test]
fn lines_are_spread_over_all_servers() {
    let targets: Vec<Target> = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]
        .map(|address| Target::new(address.parse().expect("an address")).expect("loopback"))
        .to_vec();
    // calls in all, of a connection, and what the connections carry then
    for (connections, calls, expected) in [
        (64, 16, &[16, 16, 16, 16][..]),
        (40, 16, &[14, 13, 13]),
        (16, 128, &[6, 5, 5]),
        (2, 16, &[1, 1]),
        (3, 1, &[1, 1, 1]),
    ] {
        let load = Load {
            targets: targets.clone(),
            calls_per_connection: calls,
            ..load(targets[0], connections, None)
        };
        let rooms: Vec<usize> = load.lines().into_iter().map(|(_, room)| room).collect();
        assert_eq!(rooms, expected, "{connections} over {calls}");
        let reached = load.lines().into_iter().map(|(target, _)| target.address());
        let reached: std::collections::BTreeSet<_> = reached.collect();
        assert_eq!(reached.len(), targets.len().min(connections));
    }
}

#[test]
fn a_call_comes_apart_as_it_was_written() {
    let mut out = Vec::new();
    let order = Order {
        code: "A".to_owned(),
        ..Order::default()
    };
    let (same, own) = ([("authorization", "Bearer k")], [("a", "b")]);
    write_call(&mut out, "/s/m", "h", &same, &own, &order);
    let (fields, message) = split(&out);
    let found: Vec<_> = listed(fields)
        .map(|(name, value, kept)| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
            (text(name), text(value), kept == Kept::Same)
        })
        .collect();
    let expected = [
        (":method", "POST", true),
        (":scheme", "http", true),
        (":path", "/s/m", true),
        (":authority", "h", true),
        ("te", "trailers", true),
        ("content-type", "application/grpc", true),
        ("authorization", "Bearer k", true),
        ("a", "b", false),
    ]
    .map(|(name, value, kept)| (name.to_owned(), value.to_owned(), kept));
    assert_eq!(found, expected);
    assert_eq!(message[..5], [0, 0, 0, 0, 3]);
    assert_eq!(Order::decode(&message[5..]).expect("it is one"), order);
}

#[test]
fn a_message_that_is_not_whole_or_not_alone_is_none() {
    let order = Order {
        status: OrderStatus::Paid as i32,
        code: "A".to_owned(),
        ..Order::default()
    };
    let mut whole = vec![0, 0, 0, 0, order.encoded_len() as u8];
    whole.extend(order.encode_to_vec());
    let found = standing(&whole).map(|standing| standing.status);
    assert_eq!(found, Some(OrderStatus::Paid as i32));
    assert_eq!(standing(&whole[..whole.len() - 1]), None);
    assert_eq!(standing(&[&whole[..], &[0]].concat()), None);
    assert_eq!(standing(&whole[..4]), None);
    whole[0] = 1;
    assert_eq!(standing(&whole), None, "it is compressed");
}

#[test]
fn padding_is_no_part_of_the_data() {
    assert_eq!(unpadded(0, b"abc").ok(), Some(&b"abc"[..]));
    assert_eq!(unpadded(PADDED, b"\x02abc..").ok(), Some(&b"abc"[..]));
    assert!(unpadded(PADDED, b"\x04abc").is_err());
    assert!(unpadded(PADDED, b"").is_err());
}
