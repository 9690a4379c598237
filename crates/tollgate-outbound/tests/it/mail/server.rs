//! A mail server that answers by a script.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::net::TcpListener;

use crate::tls;

/// What a server says at each step; it closes where the script ends.
#[derive(Clone, Copy)]
pub(super) struct Script {
    pub(super) greeting: Option<&'static str>,
    pub(super) mail: &'static str,
    pub(super) rcpt: &'static str,
    pub(super) data: &'static str,
    /// How much of the content it reads before it closes; all of it where `None`.
    pub(super) reads: Option<usize>,
    /// After the content; `None`: it closes.
    pub(super) end: Option<&'static str>,
}

pub(super) const GOOD: Script = Script {
    greeting: Some("220 mail.example ready\r\n"),
    mail: "250 ok\r\n",
    rcpt: "250 ok\r\n",
    data: "354 go on\r\n",
    reads: None,
    end: Some("250 queued as 1\r\n"),
};

/// A server, and what it was sent: the commands, and the content after DATA.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    heard: Arc<Mutex<(Vec<String>, Vec<u8>)>>,
}

impl Server {
    pub(super) async fn start(script: Script) -> Server {
        Server::with_features(script, "250 mail.example\r\n", false).await
    }

    /// A server that answers EHLO so, and speaks TLS from the first byte if `whole`.
    pub(super) async fn with_features(
        script: Script,
        features: &'static str,
        whole: bool,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let heard = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let server = Server {
            address,
            heard: heard.clone(),
        };
        let tls = tls::acceptor(&[]);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let greeting = script.greeting;
                let converse = async {
                    if whole {
                        let stream = tls.accept(stream).await?;
                        return converse(stream, greeting, script, features, &heard)
                            .await
                            .map(drop);
                    }
                    let left = converse(stream, greeting, script, features, &heard).await?;
                    if let Some(stream) = left {
                        let stream = tls.accept(stream).await?;
                        converse(stream, Some(""), script, features, &heard).await?;
                    }
                    std::io::Result::Ok(())
                };
                let _ = converse.await;
            }
        });
        server
    }

    pub(super) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub(super) fn commands(&self) -> Vec<String> {
        self.heard.lock().expect("no test panicked").0.clone()
    }

    pub(super) fn content(&self) -> Vec<u8> {
        self.heard.lock().expect("no test panicked").1.clone()
    }
}

/// Goes through the script; gives the stream back to have it encrypted.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    greeting: Option<&str>,
    script: Script,
    features: &str,
    heard: &Mutex<(Vec<String>, Vec<u8>)>,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    match greeting {
        Some(greeting) => stream.write_all(greeting.as_bytes()).await?,
        None => std::future::pending().await,
    }
    loop {
        stream.flush().await?;
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end().to_owned();
        heard.lock().expect("no test panicked").0.push(line.clone());
        let reply = match line.split([' ', ':']).next() {
            Some("EHLO") => features,
            Some("STARTTLS") => "220 go on\r\n",
            // Any password but one is wrong.
            Some("AUTH") if line.ends_with("AHVzZXIAcGE1NQ==") => "235 welcome\r\n",
            Some("AUTH") => "535 no\r\n",
            Some("MAIL") => script.mail,
            Some("RCPT") => script.rcpt,
            Some("DATA") => script.data,
            _ => "221 bye\r\n",
        };
        stream.write_all(reply.as_bytes()).await?;
        if line == "STARTTLS" {
            return Ok(Some(stream.into_inner()));
        }
        if line != "DATA" || !reply.starts_with("354") {
            continue;
        }
        stream.flush().await?;
        if let Some(bytes) = script.reads {
            stream.read_exact(&mut vec![0; bytes]).await?;
            return Ok(None);
        }
        heard.lock().expect("no test panicked").1 = read_content(&mut stream).await?;
        match script.end {
            Some(end) => stream.write_all(end.as_bytes()).await?,
            None => return Ok(None),
        }
    }
}

/// The content up to the line with a full stop, as it was before full stops were doubled.
async fn read_content(stream: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let from = content.len();
        if stream.read_until(b'\n', &mut content).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        match &content[from..] {
            b".\r\n" => {
                content.truncate(from);
                return Ok(content);
            }
            [b'.', ..] => {
                content.remove(from);
            }
            _ => {}
        }
    }
}
