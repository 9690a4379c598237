//! Reads HTTP/1.1 answers: the status, how long the body is, and whether the connection stays.
//!
//! Only what our own server sends: a body has a `content-length`. Everything else is refused with
//! a reason, so that a load run never counts an answer it did not understand.

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The status.
    pub(crate) status: u16,
    /// Bytes up to the body.
    pub(crate) head_bytes: usize,
    /// Bytes of the body.
    pub(crate) body_bytes: usize,
    /// Another request may follow on this connection.
    pub(crate) keep_alive: bool,
}

/// The longest head that is read.
pub(crate) const HEAD_BYTES_MAX: usize = 16 << 10;
/// The longest body that is read.
pub(crate) const BODY_BYTES_MAX: usize = 16 << 20;

/// The most headers of an answer.
const HEADERS_MAX: usize = 64;

/// Why bytes are not an answer that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is no HTTP.
    #[error("read the answer: {0}")]
    Head(#[from] httparse::Error),
    /// It is of an older HTTP.
    #[error("read the answer: it is not HTTP/1.1")]
    Version,
    /// The length is no number, is there twice or is too large.
    #[error("read the answer: its content-length is no length")]
    Length,
    /// The body comes in chunks, or ends with the connection.
    #[error("read the answer: its body has no content-length")]
    NoLength,
    /// The head does not end.
    #[error("read the answer: its head is over 16 KiB")]
    TooLong,
}

/// Reads the head at the beginning of `bytes`; `None` while its end has not come yet.
pub(crate) fn read_head(bytes: &[u8]) -> Result<Option<Head>, Unreadable> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let head_bytes = match response.parse(bytes)? {
        httparse::Status::Complete(head_bytes) => head_bytes,
        httparse::Status::Partial if HEAD_BYTES_MAX < bytes.len() => {
            return Err(Unreadable::TooLong);
        }
        httparse::Status::Partial => return Ok(None),
    };
    let (Some(1), Some(status)) = (response.version, response.code) else {
        return Err(Unreadable::Version);
    };
    let mut length: Option<usize> = None;
    let mut keep_alive = true;
    let mut chunked = false;
    for header in response.headers.iter() {
        let (name, value) = (header.name, header.value.trim_ascii());
        if name.eq_ignore_ascii_case("content-length") {
            if length.replace(read_length(value)?).is_some() {
                return Err(Unreadable::Length);
            }
        } else if name.eq_ignore_ascii_case("connection") {
            keep_alive = !value.eq_ignore_ascii_case(b"close");
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = true;
        }
    }
    let without_body = status < 200 || status == 204 || status == 304;
    let body_bytes = match length {
        _ if without_body => 0,
        Some(length) if !chunked => length,
        Some(_) | None => return Err(Unreadable::NoLength),
    };
    Ok(Some(Head {
        status,
        head_bytes,
        body_bytes,
        keep_alive,
    }))
}

fn read_length(value: &[u8]) -> Result<usize, Unreadable> {
    let text = std::str::from_utf8(value).map_err(|_| Unreadable::Length)?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let length: usize = text.parse().map_err(|_| Unreadable::Length)?;
    match is_plain && length <= BODY_BYTES_MAX {
        true => Ok(length),
        false => Err(Unreadable::Length),
    }
}

/// The text between `before` and the next quotation mark, at the first place `before` stands.
///
/// Enough to distinguish answers by one word of a flat document of ours, at the price of a search.
pub(crate) fn word_after<'a>(body: &'a [u8], before: &[u8]) -> Option<&'a [u8]> {
    let first = *before.first()?;
    let mut from = 0;
    loop {
        from += body.get(from..)?.iter().position(|byte| *byte == first)?;
        if body[from..].starts_with(before) {
            let word = &body[from + before.len()..];
            return Some(&word[..word.iter().position(|byte| *byte == b'"')?]);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<Option<(u16, usize, bool)>, Unreadable>) {
        let found = read_head(text.as_bytes());
        let found =
            found.map(|head| head.map(|head| (head.status, head.body_bytes, head.keep_alive)));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn answers_and_what_is_read_of_them() {
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
            Ok(Some((200, 5, true))),
        );
        check("HTTP/1.1 204 No Content\r\n\r\n", Ok(Some((204, 0, true))));
        check(
            "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Ok(Some((503, 0, false))),
        );
        check(
            "HTTP/1.1 200\r\ncontent-length:7\r\n\r\n",
            Ok(Some((200, 7, true))),
        );
        check("HTTP/1.1 200 OK\r\ncontent-le", Ok(None));
        check("", Ok(None));
        check("HTTP/1.0 200 OK\r\n\r\n", Err(Unreadable::Version));
        let status = httparse::Error::Status;
        check("HTTP/1.1 2000 OK\r\n\r\n", Err(status.into()));
        check(
            "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
            Err(httparse::Error::HeaderName.into()),
        );
        check("HTTP/1.1 200 OK\r\n\r\n", Err(Unreadable::NoLength));
        check(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            Err(Unreadable::NoLength),
        );
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            Err(Unreadable::Length),
        );
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            Err(Unreadable::Length),
        );
        check(
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            Err(Unreadable::Length),
        );
        let version = httparse::Error::Version;
        check("SSH-2.0-x\r\n\r\n", Err(version.into()));
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(HEAD_BYTES_MAX));
        check(&endless, Err(Unreadable::TooLong));
    }

    #[test]
    fn a_word_is_found_where_it_first_stands() {
        let body = br#"{"events":[{"outcome":"parked","x":1},{"outcome":"applied"}]}"#;
        assert_eq!(word_after(body, br#""outcome":""#), Some(&b"parked"[..]));
        assert_eq!(word_after(body, br#""state":""#), None);
        assert_eq!(word_after(br#"{"outcome":"cut"#, br#""outcome":""#), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read_head(&bytes);
            let _ = word_after(&bytes, b"\"a");
        }

        #[test]
        fn a_head_is_read_only_when_all_of_it_is_there(
            status in 200u16..600,
            length in 0usize..100_000,
            headers in proptest::collection::vec(("x-[a-z]{1,10}", "[ -~]{0,30}"), 0..6),
            close in any::<bool>(),
        ) {
            prop_assume!(status != 204 && status != 304);
            let mut head = format!("HTTP/1.1 {status} Some Reason\r\n");
            for (name, value) in &headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str(&format!("Content-Length: {length}\r\n"));
            if close {
                head.push_str("connection: close\r\n");
            }
            head.push_str("\r\n");
            for cut in 0..head.len() {
                prop_assert_eq!(read_head(&head.as_bytes()[..cut]), Ok(None));
            }
            let whole = Head {
                status,
                head_bytes: head.len(),
                body_bytes: length,
                keep_alive: !close,
            };
            prop_assert_eq!(read_head(head.as_bytes()), Ok(Some(whole)));
            prop_assert_eq!(read_head(format!("{head}and a body").as_bytes()), Ok(Some(whole)));
        }
    }
}
