//! The body of an answer with one message, and the status that ends it.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Frame, SizeHint};

use super::PREFIX_BYTES;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A message that is over with status OK.
struct One {
    /// The message, until it is sent.
    message: Option<Bytes>,
    is_over: bool,
}

/// The body with one message, which has room for its prefix before it.
pub(super) fn one(mut framed: Vec<u8>, is_compressed: bool) -> Body {
    if is_compressed {
        framed = compressed(&framed[PREFIX_BYTES..]);
        framed[0] = 1;
    }
    let length = u32::try_from(framed.len() - PREFIX_BYTES).unwrap_or(u32::MAX);
    framed[1..PREFIX_BYTES].copy_from_slice(&length.to_be_bytes());
    Body::new(One {
        message: Some(framed.into()),
        is_over: false,
    })
}

/// The same message with gzip, behind the same room.
fn compressed(message: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![0; PREFIX_BYTES], Compression::default());
    let written = encoder.write_all(message);
    let whole = written.and_then(|()| encoder.finish());
    whole.expect("a vector has room")
}

impl hyper::body::Body for One {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(message) = self.message.take() {
            return Poll::Ready(Some(Ok(Frame::data(message))));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        self.is_over = true;
        let mut trailers = HeaderMap::with_capacity(1);
        trailers.insert(STATUS, HeaderValue::from_static("0"));
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_over
    }

    /// Without an end that is known a body gets no `content-length`, which no answer to a call has.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use http_body_util::BodyExt;
    use std::io::Read;

    #[tokio::test]
    async fn a_message_has_its_length_before_it_and_its_status_behind_it() {
        for is_compressed in [false, true] {
            let framed = [&[0; PREFIX_BYTES][..], b"message"].concat();
            let whole = one(framed, is_compressed)
                .collect()
                .await
                .expect("it is here");
            let trailers = whole.trailers().expect("they end it");
            assert_eq!(trailers.len(), 1);
            assert_eq!(trailers["grpc-status"], "0");
            let bytes = whole.to_bytes();
            let (prefix, message) = bytes.split_at(PREFIX_BYTES);
            assert_eq!(
                prefix,
                [u8::from(is_compressed), 0, 0, 0, message.len() as u8]
            );
            let mut read = message.to_vec();
            if is_compressed {
                read.clear();
                let unpacked = GzDecoder::new(message).read_to_end(&mut read);
                unpacked.expect("it is gzip");
            }
            assert_eq!(read, b"message");
        }
    }
}
