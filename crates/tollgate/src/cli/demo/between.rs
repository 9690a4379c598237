//! For the demo's tests: a proxy that changes what a server answers.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tollgate_traffic::load::Target;

/// Stands before a server and changes a text of its answers into another of the same length.
pub(super) async fn stand_between(server: Target, from: &'static str, to: &'static str) -> Target {
    assert_eq!(from.len(), to.len(), "an answer keeps its length");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let target = Target::new(listener.local_addr().expect("it is bound")).expect("loopback");
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            tokio::spawn(pass(caller, server, from, to));
        }
    });
    target
}

async fn pass(caller: TcpStream, server: Target, from: &str, to: &str) {
    let server = TcpStream::connect(server.address())
        .await
        .expect("the server listens");
    let (mut from_caller, mut to_caller) = caller.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_caller, &mut to_server).await;
    });
    // Small answers come in one piece; a text that is cut in two is only changed less often.
    let mut piece = vec![0; 256 << 10];
    while let Ok(bytes @ 1..) = from_server.read(&mut piece).await {
        let bytes = &mut piece[..bytes];
        for at in 0..bytes.len() {
            if bytes[at..].starts_with(from.as_bytes()) {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
        }
        if to_caller.write_all(bytes).await.is_err() {
            break;
        }
    }
    there.abort();
}
