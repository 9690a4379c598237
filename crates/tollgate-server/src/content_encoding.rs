//! Bodies that come compressed: decoded within the limit of a body, or refused with the reason.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Why a body cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// Decoded it is larger than a body may be.
    TooLarge,
    /// It is in an encoding that is not read, or not what its header says.
    Unreadable(String),
}

/// Decodes a body by its `Content-Encoding` (RFC 9110, 8.4); `None` if it is not encoded.
///
/// Never holds more than `most` bytes and one, however much a body unfolds to.
pub(crate) fn decode(
    headers: &[(&str, &[u8])],
    body: &[u8],
    most: usize,
) -> Result<Option<Vec<u8>>, Undecodable> {
    let mut codings = codings(headers);
    let (Some(coding), another) = (codings.pop(), codings.pop()) else {
        return Ok(None);
    };
    if another.is_some() {
        let detail = "it is encoded more than once; gzip or deflate is read, once";
        return Err(Undecodable::Unreadable(detail.to_owned()));
    }
    if body.is_empty() {
        return Ok(None);
    }
    match coding.as_str() {
        "gzip" | "x-gzip" => unfold(&coding, MultiGzDecoder::new(body), most),
        // Some send the bare stream that the name suggests, without the frame that it means.
        "deflate" if has_zlib_frame(body) => unfold(&coding, ZlibDecoder::new(body), most),
        "deflate" => unfold(&coding, DeflateDecoder::new(body), most),
        _ => {
            let coding: String = coding.chars().take(40).collect();
            let detail = format!("it is encoded with {coding:?}; gzip and deflate are read");
            Err(Undecodable::Unreadable(detail))
        }
    }
    .map(Some)
}

/// The encodings that were applied, in lower case; no encoding is none.
fn codings(headers: &[(&str, &[u8])]) -> Vec<String> {
    let lines = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
    lines
        .flat_map(|(_, value)| value.split(|byte| *byte == b','))
        .map(|coding| String::from_utf8_lossy(coding).trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect()
}

/// RFC 1950, 2.2: the method is 8, and the first two bytes are a multiple of 31.
fn has_zlib_frame(body: &[u8]) -> bool {
    match body {
        [first, second, ..] => {
            first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
        }
        _ => false,
    }
}

fn unfold(coding: &str, decoder: impl Read, most: usize) -> Result<Vec<u8>, Undecodable> {
    let mut decoded = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    if let Err(error) = decoder.take(limit).read_to_end(&mut decoded) {
        let detail = format!("its content-encoding is {coding}, and it is none: {error}");
        return Err(Undecodable::Unreadable(detail));
    }
    match most < decoded.len() {
        true => Err(Undecodable::TooLarge),
        false => Ok(decoded),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const BODY: &[u8] = b"{\"id\":1}";

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).expect("a vector takes every byte");
        encoder.finish().expect("a vector takes every byte")
    }

    fn decoded(coding: &str, body: &[u8]) -> Result<Option<Vec<u8>>, Undecodable> {
        decode(&[("Content-Encoding", coding.as_bytes())], body, 1000)
    }

    #[test]
    fn what_is_encoded_is_decoded_and_what_is_not_is_left_alone() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(BODY).expect("a vector takes every byte");
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(BODY).expect("a vector takes every byte");
        let read = Ok(Some(BODY.to_vec()));
        assert_eq!(decoded("gzip", &gzip(BODY)), read);
        assert_eq!(decoded("X-GZIP", &gzip(BODY)), read);
        assert_eq!(decoded("identity, gzip", &gzip(BODY)), read);
        assert_eq!(decoded("deflate", &zlib.finish().expect("it ends")), read);
        assert_eq!(decoded("deflate", &bare.finish().expect("it ends")), read);
        // A file of two members is both of them.
        let two = [gzip(b"{\"id\""), gzip(b":1}")].concat();
        assert_eq!(decoded("gzip", &two), read);
        assert_eq!(decoded("identity", BODY), Ok(None));
        assert_eq!(decode(&[], BODY, 1000), Ok(None));
        assert_eq!(decoded("gzip", b""), Ok(None));
    }

    #[test]
    fn a_bomb_is_too_large_and_a_body_of_exactly_the_limit_is_not() {
        assert_eq!(
            decoded("gzip", &gzip(&[b' '; 1_000_000])),
            Err(Undecodable::TooLarge)
        );
        assert_eq!(
            decoded("gzip", &gzip(&[b' '; 1001])),
            Err(Undecodable::TooLarge)
        );
        let most = decoded("gzip", &gzip(&[b' '; 1000]));
        assert_eq!(most.map(|body| body.map(|body| body.len())), Ok(Some(1000)));
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        for (coding, body, wanted) in [
            ("br", BODY.to_vec(), "it is encoded with \"br\""),
            ("gzip, gzip", gzip(&gzip(BODY)), "more than once"),
            (
                "gzip",
                BODY.to_vec(),
                "its content-encoding is gzip, and it is none",
            ),
            (
                "gzip",
                gzip(BODY)[..15].to_vec(),
                "its content-encoding is gzip",
            ),
            (
                "deflate",
                b"\xff\xff".to_vec(),
                "its content-encoding is deflate",
            ),
        ] {
            match decoded(coding, &body) {
                Err(Undecodable::Unreadable(detail)) => {
                    assert!(detail.contains(wanted), "{coding}: {detail}");
                }
                other => panic!("{coding}: {other:?}"),
            }
        }
    }
}
