//! TLS before HTTP: the handshake of a connection, and a certificate that is read again when it changes.
//!
//! Handshakes have a bound of their own and hold no place of a connection: of too many that are open at once
//! the oldest is ended, which under an attack with slow ones is one of those.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::{Certificate, CertificateError, Files};
use crate::config::Tls;
use crate::http::ResponseContext;
use crate::http::problem::{HTTPS_WANTED, Problem};
use crate::instance::Instance;

/// How often the files are read again.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The first byte of a handshake (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// How much of a request is read that is answered without looking at it, and how long for.
const UNREAD_BYTES_MAX: u64 = 64 << 10;
const UNREAD_FOR: Duration = Duration::from_secs(1);

/// How connections are encrypted.
pub(super) struct TlsDoor {
    tls: Tls,
    serving: RwLock<Serving>,
    /// What ends each handshake that is open, the oldest first.
    open: Mutex<VecDeque<oneshot::Sender<()>>>,
}

/// What is served.
struct Serving {
    files: Files,
    certificate: Certificate,
}

impl TlsDoor {
    /// Reads the certificate. One that is out of its time is served all the same, with an error in the log: a
    /// server that does not start takes nothing.
    pub(super) fn open(tls: &Tls) -> Result<TlsDoor, CertificateError> {
        let files = Files::read(tls)?;
        let certificate = Certificate::of(&files, tls)?;
        Ok(TlsDoor {
            tls: tls.clone(),
            serving: RwLock::new(Serving { files, certificate }),
            open: Mutex::default(),
        })
    }

    fn certificate(&self) -> Certificate {
        let serving = self.serving.read().unwrap_or_else(PoisonError::into_inner);
        serving.certificate.clone()
    }

    /// A place among the handshakes; what is received ends it.
    fn begin(&self) -> oneshot::Receiver<()> {
        let (end, ended) = oneshot::channel();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push_back(end);
        if self.tls.handshakes_max < open.len() {
            open.retain(|other| !other.is_closed());
        }
        if self.tls.handshakes_max < open.len()
            && let Some(oldest) = open.pop_front()
        {
            let _ = oldest.send(());
        }
        ended
    }

    /// Shakes hands, and then takes one of the `places`; `None` if nothing came of it. Whoever speaks HTTP is
    /// told what is spoken here.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        places: &Arc<Semaphore>,
    ) -> Option<(TlsStream<TcpStream>, OwnedSemaphorePermit)> {
        let ended = self.begin();
        let shaking = async {
            let mut first = [0];
            match stream.peek(&mut first).await {
                Ok(1) if first[0] == HANDSHAKE => {}
                Ok(1) if first[0].is_ascii_uppercase() => {
                    say_https(stream).await;
                    return None;
                }
                Ok(_) | Err(_) => return None,
            }
            let acceptor = TlsAcceptor::from(self.certificate().config);
            let shaken = acceptor.accept(stream).await;
            let shaken = shaken
                .inspect_err(|error| tracing::debug!(%error, "a TLS handshake failed"))
                .ok()?;
            let place = Arc::clone(places).acquire_owned().await.ok()?;
            Some((shaken, place))
        };
        tokio::select! {
            shaken = shaking => shaken,
            Ok(()) = ended => {
                tracing::debug!("a TLS handshake was ended, because too many were open");
                None
            }
            () = tokio::time::sleep(self.tls.handshake_timeout) => {
                tracing::debug!("a TLS handshake took too long");
                None
            }
        }
    }

    /// Reads the files again every few seconds, for ever, and serves what is new and good.
    pub(super) async fn keep_fresh(self: Arc<Self>, instance: Instance) {
        self.report(&instance);
        let mut refused: Option<CertificateError> = None;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let door = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || door.look()).await;
            match looked.expect("reading a certificate does not panic") {
                Ok(None) => refused = None,
                Ok(Some(serving)) => {
                    *self.serving.write().unwrap_or_else(PoisonError::into_inner) = serving;
                    refused = None;
                    tracing::info!("the certificate has changed, and is served from now on");
                    self.report(&instance);
                }
                Err(error) => {
                    // Key and certificate are seldom written in one moment, and this is said once.
                    if refused.as_ref() != Some(&error) {
                        tracing::warn!(%error, "the certificate has changed and cannot be served; the one before is");
                    }
                    refused = Some(error);
                }
            }
        }
    }

    /// What is in the files, if it is not what is served.
    fn look(&self) -> Result<Option<Serving>, CertificateError> {
        let files = Files::read(&self.tls)?;
        let is_served = |serving: &Serving| serving.files == files;
        if is_served(&self.serving.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(None);
        }
        let certificate = Certificate::of(&files, &self.tls)?;
        let now = crate::clock::machine_time();
        if !certificate.is_good_at(now) && self.certificate().is_good_at(now) {
            return Err(CertificateError::OutOfTime {
                path: self.tls.certificate.display().to_string(),
            });
        }
        Ok(Some(Serving { files, certificate }))
    }

    /// Says until when the certificate is good: to Prometheus, and in the log if it is not.
    fn report(&self, instance: &Instance) {
        let certificate = self.certificate();
        let until = certificate.not_after.as_millis() / 1000;
        instance.metrics().certificate_until.set(until);
        if !certificate.is_good_at(crate::clock::machine_time()) {
            tracing::error!("the certificate of server.tls is out of its time; clients refuse it");
        }
    }
}

/// Answers who speaks HTTP, whatever it wants.
async fn say_https(mut stream: TcpStream) {
    let context = ResponseContext::fresh(&axum::http::HeaderMap::new());
    let body = Problem::from(HTTPS_WANTED).answer(&context).body;
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\nx-request-id: {}\r\nx-content-type-options: nosniff\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n",
        body.len(),
        context.request_id,
    );
    let answered = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
        stream.shutdown().await?;
        // What is still unread when a connection is closed lets the system throw our answer away.
        let mut unread = [0; 4096];
        let mut stream = stream.take(UNREAD_BYTES_MAX);
        while stream.read(&mut unread).await? != 0 {}
        std::io::Result::Ok(())
    };
    if let Ok(Err(error)) = tokio::time::timeout(UNREAD_FOR, answered).await {
        tracing::debug!(%error, "whoever spoke HTTP where HTTPS is spoken went away");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const SERVER: [&str; 2] = [
        include_str!("../../../tollgate-outbound/tests/it/tls/server.pem"),
        include_str!("../../../tollgate-outbound/tests/it/tls/server.key"),
    ];
    const SECOND: [&str; 2] = [
        include_str!("../../../tollgate-outbound/tests/it/tls/second.pem"),
        include_str!("../../../tollgate-outbound/tests/it/tls/second.key"),
    ];
    const EXPIRED: [&str; 2] = [
        include_str!("../../../tollgate-outbound/tests/it/tls/expired.pem"),
        include_str!("../../../tollgate-outbound/tests/it/tls/expired.key"),
    ];

    fn put(folder: &Path, [certificate, key]: [&str; 2]) {
        std::fs::write(folder.join("c.pem"), certificate).expect("it can be written");
        std::fs::write(folder.join("k.pem"), key).expect("it can be written");
    }

    fn door(folder: &Path) -> TlsDoor {
        let tls = Tls {
            certificate: folder.join("c.pem"),
            key: folder.join("k.pem"),
            handshakes_max: 2,
            handshake_timeout: Duration::from_secs(1),
        };
        TlsDoor::open(&tls).expect("it can be served")
    }

    #[test]
    fn what_is_new_and_good_is_served_and_what_is_not_keeps_the_one_before() {
        let folder = tempfile::tempdir().expect("there is room");
        put(folder.path(), SERVER);
        let door = door(folder.path());
        let refused = |pair| {
            put(folder.path(), pair);
            match door.look() {
                Err(error) => error.to_string(),
                Ok(_) => panic!("it is served"),
            }
        };
        assert!(matches!(door.look(), Ok(None)), "nothing has changed");
        assert!(refused([SECOND[0], SERVER[1]]).contains("k.pem: "));
        assert!(refused(["", SERVER[1]]).contains("c.pem: there is no certificate"));
        assert!(refused(EXPIRED).ends_with("c.pem: it is not good at this time"));
        std::fs::remove_file(folder.path().join("k.pem")).expect("it is there");
        assert!(door.look().is_err(), "a key that is gone");
        put(folder.path(), SERVER);
        assert!(matches!(door.look(), Ok(None)), "it is as before");
        put(folder.path(), SECOND);
        assert!(matches!(door.look(), Ok(Some(_))), "it is new and good");
    }

    /// A server whose certificate has expired while it was away starts, and is mended without a restart.
    #[test]
    fn one_that_is_out_of_its_time_is_served_where_there_is_no_better() {
        let folder = tempfile::tempdir().expect("there is room");
        put(folder.path(), EXPIRED);
        let door = door(folder.path());
        put(folder.path(), SERVER);
        assert!(matches!(door.look(), Ok(Some(_))));
    }

    #[test]
    fn of_too_many_handshakes_the_oldest_is_ended_and_those_that_are_over_do_not_count() {
        let folder = tempfile::tempdir().expect("there is room");
        put(folder.path(), SERVER);
        let door = door(folder.path());
        let mut oldest = door.begin();
        drop(door.begin());
        let mut third = door.begin();
        assert!(oldest.try_recv().is_err(), "one is over");
        let mut fourth = door.begin();
        assert_eq!(oldest.try_recv(), Ok(()));
        assert!(third.try_recv().is_err() && fourth.try_recv().is_err());
    }
}
