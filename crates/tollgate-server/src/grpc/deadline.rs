//! How long a caller waits (`grpc-timeout`).

use std::time::Duration;

use axum::http::HeaderMap;
use tokio::time::Instant;
use tonic::Status;

/// When the time of a call is over that comes now; nothing where its caller waits for ever.
pub(super) fn deadline(headers: &HeaderMap) -> Result<Option<Instant>, Status> {
    let Some(value) = headers.get("grpc-timeout") else {
        return Ok(None);
    };
    let read = value.to_str().ok().and_then(read);
    let until = read.map(|left| Instant::now().checked_add(left));
    until.ok_or_else(|| {
        Status::invalid_argument("grpc-timeout: expected 1 to 8 digits and one of H, M, S, m, u, n")
    })
}

fn read(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = (1..=8).contains(&digits.len()) && digits.bytes().all(|d| d.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_number)?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// The caller has stopped waiting. What was decided by then is decided.
pub(super) fn passed() -> Status {
    Status::deadline_exceeded(
        "the deadline of the call has passed; repeat it with the same idempotency-key to learn its answer",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_as_the_protocol_writes_it() {
        for (text, millis) in [
            ("1H", Some(3_600_000)),
            ("99999999M", Some(5_999_999_940_000)),
            ("2S", Some(2_000)),
            ("100m", Some(100)),
            ("5000u", Some(5)),
            ("7000000n", Some(7)),
            ("0S", Some(0)),
            ("", None),
            ("S", None),
            ("100", None),
            ("1s", None),
            ("-1S", None),
            ("+1S", None),
            ("123456789S", None),
            ("1€", None),
        ] {
            assert_eq!(read(text), millis.map(Duration::from_millis), "{text:?}");
        }
    }
}
