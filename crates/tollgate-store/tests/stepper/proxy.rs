//! A stand-in for the network between store and server: it forwards, until it is set to do something
//! else about a COMMIT, or about everything.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A COMMIT as it travels: a simple query.
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

/// What happens to what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The connection breaks when a COMMIT is sent, and the server never sees it.
    LoseCommit,
    /// As before, and from then on nothing gets through.
    LoseCommitAndServer,
    /// The connection breaks as soon as a COMMIT is sent; the server sees it.
    BreakAtCommit,
    /// The connection breaks when a COMMIT was answered, and no one sees the answer.
    LoseAnswer,
    /// As before, and from then on nothing gets through.
    LoseAnswerAndServer,
    /// A COMMIT stays on the way. Other connections are not concerned.
    HoldCommit,
    /// A COMMIT reaches the server, its answer stays on the way.
    HoldAnswer,
    /// Nothing gets through any more, in no connection; none of them breaks.
    HoldAll,
    /// No connection is let in, and those that are in are cut.
    Refuse,
}

/// What becomes of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passage {
    /// They go on.
    On,
    /// They go on, and nothing after them.
    Last,
    /// They do not.
    Lost,
}

/// The network.
#[derive(Clone)]
pub(crate) struct Proxy {
    port: u16,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    fault: Fault,
    /// COMMITs that were seen while there was a fault.
    seen: usize,
    streams: Vec<TcpStream>,
}

impl Proxy {
    /// A way to the server of this URL.
    pub(crate) fn to(url: &str) -> Proxy {
        let host = host(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let proxy = Proxy {
            port: listener.local_addr().expect("it is bound").port(),
            state: Arc::default(),
        };
        let mine = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("it is accepted");
                if mine.lock().fault == Fault::Refuse {
                    continue;
                }
                let server = TcpStream::connect(&host).expect("the server answers");
                mine.forward(client, server);
            }
        });
        proxy
    }

    /// The same URL by this way.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replace(host(url), &format!("127.0.0.1:{}", self.port))
    }

    /// From now on, this happens.
    pub(crate) fn set(&self, fault: Fault) {
        let mut state = self.lock();
        (state.fault, state.seen) = (fault, 0);
        if fault == Fault::Refuse {
            break_all(&mut state);
        }
        drop(state);
        self.state.1.notify_all();
    }

    /// COMMITs that have met the fault.
    pub(crate) fn seen(&self) -> usize {
        self.lock().seen
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forward(&self, client: TcpStream, server: TcpStream) {
        let clone = |stream: &TcpStream| stream.try_clone().expect("a socket can be shared");
        self.lock().streams.extend([clone(&client), clone(&server)]);
        let committing = Arc::new(Mutex::new(false));
        let (there, back) = (self.clone(), self.clone());
        let (from_client, to_server) = (clone(&client), clone(&server));
        let noted = Arc::clone(&committing);
        std::thread::spawn(move || {
            pump(from_client, to_server, |bytes| {
                let is_commit = bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = is_commit;
                there.on_way_there(is_commit)
            });
        });
        std::thread::spawn(move || {
            pump(server, client, |_| {
                let committing = *committing.lock().unwrap_or_else(PoisonError::into_inner);
                back.on_way_back(committing)
            });
        });
    }

    /// What becomes of what a client sends.
    fn on_way_there(&self, is_commit: bool) -> Passage {
        let mut state = self.lock();
        if is_commit && state.fault != Fault::None {
            state.seen += 1;
        }
        match state.fault {
            Fault::LoseCommit if is_commit => {
                state.fault = Fault::None;
                Passage::Lost
            }
            Fault::BreakAtCommit if is_commit => {
                state.fault = Fault::None;
                Passage::Last
            }
            Fault::LoseCommitAndServer if is_commit => {
                state.fault = Fault::Refuse;
                break_all(&mut state);
                Passage::Lost
            }
            // One of them: what is done again is another.
            Fault::HoldCommit if is_commit && state.seen == 1 => {
                self.hold(state, Fault::HoldCommit);
                Passage::On
            }
            Fault::HoldAll => {
                self.hold(state, Fault::HoldAll);
                Passage::On
            }
            Fault::None
            | Fault::LoseCommit
            | Fault::LoseCommitAndServer
            | Fault::BreakAtCommit
            | Fault::LoseAnswer
            | Fault::LoseAnswerAndServer
            | Fault::HoldCommit
            | Fault::HoldAnswer => Passage::On,
            Fault::Refuse => Passage::Lost,
        }
    }

    /// What becomes of what the server sends.
    fn on_way_back(&self, committing: bool) -> Passage {
        let mut state = self.lock();
        match state.fault {
            Fault::LoseAnswer if committing => {
                state.fault = Fault::None;
                Passage::Lost
            }
            Fault::LoseAnswerAndServer if committing => {
                state.fault = Fault::Refuse;
                break_all(&mut state);
                Passage::Lost
            }
            // The answer to one of them, for the same reason.
            Fault::HoldAnswer if committing && state.seen == 1 => {
                self.hold(state, Fault::HoldAnswer);
                Passage::On
            }
            Fault::HoldAll => {
                self.hold(state, Fault::HoldAll);
                Passage::On
            }
            Fault::None
            | Fault::LoseCommit
            | Fault::LoseCommitAndServer
            | Fault::BreakAtCommit
            | Fault::HoldCommit
            | Fault::LoseAnswer
            | Fault::LoseAnswerAndServer
            | Fault::HoldAnswer => Passage::On,
            Fault::Refuse => Passage::Lost,
        }
    }

    /// Keeps what was sent until the fault is over.
    fn hold(&self, mut state: MutexGuard<'_, State>, fault: Fault) {
        while state.fault == fault {
            state = self
                .state
                .1
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Host and port of a URL.
fn host(url: &str) -> &str {
    let (_, rest) = url.split_once('@').expect("a URL with a user");
    rest.split_once('/').expect("a URL with a database").0
}

fn break_all(state: &mut State) {
    for stream in state.streams.drain(..) {
        // It may have ended by itself.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// Moves bytes until either end is closed, or something does not go on.
fn pump(mut from: TcpStream, mut to: TcpStream, passage: impl Fn(&[u8]) -> Passage) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count) = from.read(&mut buffer)
        && 0 < count
    {
        let bytes = &buffer[..count];
        let passage = passage(bytes);
        if passage == Passage::Lost || to.write_all(bytes).is_err() || passage == Passage::Last {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
