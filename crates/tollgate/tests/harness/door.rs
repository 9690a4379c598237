//! An address that leads to a server, or for a while to none.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// An address that stays while servers come and go.
pub(crate) struct Door {
    address: SocketAddr,
    leads_to: Arc<Mutex<SocketAddr>>,
}

impl Door {
    pub(crate) fn open(to: SocketAddr) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let leads_to = Arc::new(Mutex::new(to));
        let goal = Arc::clone(&leads_to);
        std::thread::spawn(move || {
            for inside in listener.incoming().map_while(Result::ok) {
                let goal = *goal.lock().expect("no panic");
                // No server there: whatever connects is sent away.
                let Ok(outside) = TcpStream::connect(goal) else {
                    continue;
                };
                let copy = |from: &TcpStream, to: &TcpStream| {
                    let mut from = from.try_clone().expect("it can be cloned");
                    let mut to = to.try_clone().expect("it can be cloned");
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                };
                copy(&inside, &outside);
                copy(&outside, &inside);
            }
        });
        Door { address, leads_to }
    }

    pub(crate) fn lead_to(&self, to: SocketAddr) {
        *self.leads_to.lock().expect("no panic") = to;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
