//! Many clients that act at one instant.

use std::sync::Barrier;

use super::{Client, Tollgate};

/// A thread needs little room: it writes a request and reads an answer.
const STACK_BYTES: usize = 512 * 1024;

/// Lets `count` clients, connected beforehand, act at once; their results in order of number.
pub(crate) fn at_once<T: Send>(
    server: &Tollgate,
    count: usize,
    act: impl Fn(usize, &mut Client) -> T + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(count);
    in_parallel(count, |number| {
        let mut client = server.client();
        client.connect().expect("the server takes connections");
        barrier.wait();
        act(number, &mut client)
    })
}

/// Runs `count` threads and waits for all of them.
pub(crate) fn in_parallel<T: Send>(count: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let act = &act;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                std::thread::Builder::new()
                    .stack_size(STACK_BYTES)
                    .spawn_scoped(scope, move || act(number))
                    .expect("a thread can be started")
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}
