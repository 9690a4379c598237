//! How commands call a running server, and what they say of what it refuses.

use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use tollgate_outbound::remote::{NotDone, Server};
use tollgate_server::CODES;

use super::listing::{plain, word};

/// Sends a request; the answer's document, or what went wrong, for people.
pub(super) async fn call(
    server: &Server,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, String> {
    let asked = server.ask(method, path, body, None).await;
    asked.map_err(|not_done| in_words(&not_done, server.url()))
}

/// Under which key something is done once.
#[derive(Debug, clap::Args)]
pub(super) struct OnceArgs {
    /// Do it once under this key, however often the command is repeated; under a fresh one if absent.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

impl OnceArgs {
    /// A person has named the key: the same may have been sent before.
    pub(super) fn is_named(&self) -> bool {
        self.idempotency_key.is_some()
    }
}

/// Sends what is to be done once. Where it is not known whether it was done, the error says how to repeat it:
/// by the command as it was typed, or by `again`, which sends the same whatever has changed since.
pub(super) async fn call_once(
    server: &Server,
    path: &str,
    body: &Value,
    once: &OnceArgs,
    again: Option<&str>,
) -> Result<Value, String> {
    let key = match &once.idempotency_key {
        Some(key) => key.clone(),
        None => fresh_key()?,
    };
    let asked = server.ask("POST", path, Some(body), Some(&key)).await;
    asked.map_err(|not_done| {
        let why = in_words(&not_done, server.url());
        if !may_be_done(&not_done) {
            return why;
        }
        let key = plain(&quoted(&key));
        let repeat = match again {
            Some(again) => format!(
                "repeat it at this server with `{} --idempotency-key {key}`",
                plain(again)
            ),
            None => format!("repeat the command with --idempotency-key {key}"),
        };
        format!("{why}\n  it may have been done: {repeat}, and it is done once")
    })
}

/// Whether what came to nothing here may have been done there.
fn may_be_done(not_done: &NotDone) -> bool {
    let code = not_done.problem.as_ref().map(|problem| &problem["code"]);
    !not_done.was_not_sent && code.is_none_or(|code| code == "outcome_unknown")
}

/// A text as one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "._-:/".contains(letter);
    match !text.is_empty() && text.chars().all(is_word) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn fresh_key() -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| format!("make an Idempotency-Key: {error}"))?;
    Ok(hex::encode(random))
}

/// Writes a document of this media type into a file, which appears when all of it has come, in the place of what was
/// there. `seen` is told how many bytes have come.
pub(super) async fn save(
    server: &Server,
    path: &str,
    media: &str,
    output: &Path,
    seen: &mut dyn FnMut(usize),
) -> Result<(), String> {
    let says = |error: &dyn std::fmt::Display| format!("write {}: {error}", output.display());
    let folder = output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut part = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| says(&error))?;
    let mut take = |bytes: &[u8]| {
        seen(bytes.len());
        part.write_all(bytes)
    };
    server.download(path, media, &mut take).await?;
    part.as_file().sync_all().map_err(|error| says(&error))?;
    part.persist(output).map_err(|error| says(&error.error))?;
    Ok(())
}

/// A name or an id as a part of a path.
pub(super) fn segment(name: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// What every problem document has. It is said in other words, or says nothing to a person.
const STANDARD_MEMBERS: [&str; 10] = [
    "type",
    "title",
    "status",
    "detail",
    "code",
    "retryable",
    "retry_after_ms",
    "new_key_required",
    "request_id",
    "errors",
];

/// What came to nothing: its title, then what is so here, every place that is wrong, what to do, and
/// the members that it has besides.
fn in_words(not_done: &NotDone, url: &str) -> String {
    let Some(problem) = &not_done.problem else {
        return plain(&not_done.to_string());
    };
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let (code, detail) = (text("code"), text("detail"));
    let (asked, status, title) = (&not_done.asked, &problem["status"], text("title"));
    let mut said = format!("{asked}: {status} {code}: {title}");
    let mut lines = vec![detail.to_owned()];
    lines.extend(not_done.places.iter().cloned());
    let row = CODES.iter().find(|row| row.code == code);
    if let Some(remedy) = row.and_then(|row| row.details.first())
        && *remedy != detail
    {
        lines.push((*remedy).to_owned());
    }
    if let Some(after) = problem["retry_after_ms"].as_u64() {
        let seconds = after.div_ceil(1000);
        lines.push(format!("the same may succeed in {seconds} s"));
    }
    // What is free, what is there, which limit: a detail may point at it.
    for (name, value) in problem.as_object().into_iter().flatten() {
        if !STANDARD_MEMBERS.contains(&name.as_str()) {
            lines.push(format!("{name}: {}", word(value)));
        }
    }
    if row.is_some() {
        lines.push(format!("more: {url}/docs/errors#{code}"));
    }
    for line in lines.iter().filter(|line| !line.is_empty()) {
        said.push_str(&format!("\n  {line}"));
    }
    plain(&said)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_refused_is_said_with_its_places_and_what_to_do() {
        let not_done = NotDone {
            asked: "call PUT /v1/stock/A at http://x".to_owned(),
            why: String::new(),
            was_not_sent: false,
            problem: Some(json!({
                "title": "The request is not as documented", "status": 400, "code": "request_invalid",
                "detail": "one place is wrong\u{1b}[2J", "retry_after_ms": 1500, "request_id": "req_1",
                "available": 3, "sku": "A\u{1b}[2J",
            })),
            places: vec!["/on_hand: a number is wanted".to_owned()],
        };
        assert_eq!(
            in_words(&not_done, "http://x"),
            "call PUT /v1/stock/A at http://x: 400 request_invalid: The request is not as documented
  one place is wrong\\u{1b}[2J
  /on_hand: a number is wanted
  The request is not as documented; `errors` names every place that is wrong.
  the same may succeed in 2 s
  available: 3
  sku: A\\u{1b}[2J
  more: http://x/docs/errors#request_invalid"
        );
    }

    #[test]
    fn what_was_never_sent_or_refused_was_not_done() {
        for (was_not_sent, code, may_be) in [
            (false, None, true),
            (false, Some("outcome_unknown"), true),
            (false, Some("refund_exceeds_captured"), false),
            (true, None, false),
        ] {
            let not_done = NotDone {
                asked: String::new(),
                why: String::new(),
                was_not_sent,
                problem: code.map(|code| json!({ "code": code })),
                places: Vec::new(),
            };
            assert_eq!(may_be_done(&not_done), may_be, "{code:?}");
        }
    }

    #[test]
    fn what_is_quoted_is_one_word_of_a_shell() {
        for (text, word) in [
            ("9f86d0", "9f86d0"),
            ("", "''"),
            ("the till's", "'the till'\\''s'"),
            ("$(reboot)", "'$(reboot)'"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }

    #[test]
    fn a_name_is_one_part_of_a_path() {
        for (name, part) in [
            ("ZVR-1", "ZVR-1"),
            ("SHIRT/M #2", "SHIRT%2FM%20%232"),
            ("a+b", "a%2Bb"),
            ("चाय", "%E0%A4%9A%E0%A4%BE%E0%A4%AF"),
        ] {
            assert_eq!(segment(name), part);
        }
    }
}
