//! What handlers take out of requests: the caller, its key, the body, parameters.

use std::marker::PhantomData;
use std::str::FromStr;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, RawQuery};
use axum::http::{HeaderMap, Request, header, request::Parts};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tollgate_core::time::Timestamp;
use tollgate_core::word::Word;
use tollgate_core::word::words;
use tollgate_store::{Order, Seek};

use super::Place;
use super::body;
use super::operation::{OF_LISTS, Parameter, SORT};
use super::problem::{
    BODY_SLOW, BODY_TOO_LARGE, BODY_UNREADABLE, CONTENT_TYPE_UNSUPPORTED, IDEMPOTENCY_KEY_INVALID,
    IDEMPOTENCY_KEY_REQUIRED, NOT_FOUND, OVERLOADED, Pointer, Problem,
};
use super::reply::{self, Answering};
use crate::app::{App, Keyed};
use crate::bodies::{Arrival, NoRoom, Share};
use crate::time_text;

/// The Idempotency-Key of a request, checked (K2).
#[derive(Debug)]
pub(crate) struct IdempotencyKey(Option<String>);

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<IdempotencyKey, Problem> {
        read_key(&parts.headers).map(IdempotencyKey)
    }
}

fn read_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(IDEMPOTENCY_KEY_INVALID.into());
    }
    let text = line
        .to_str()
        .map_err(|_| Problem::from(IDEMPOTENCY_KEY_INVALID))?
        .trim();
    // `"k"` is a structured string (RFC 8941) and the same key as a bare `k`.
    let key = match text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    {
        Some(inner) if 2 <= text.len() => unescape(inner),
        _ => Some(text.to_owned()),
    };
    let good = |key: &String| {
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
    };
    key.filter(good)
        .map(Some)
        .ok_or_else(|| IDEMPOTENCY_KEY_INVALID.into())
}

/// A structured string knows two escapes.
fn unescape(inner: &str) -> Option<String> {
    let mut key = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            '"' => return None,
            letter => key.push(letter),
        }
    }
    Some(key)
}

impl IdempotencyKey {
    /// The key, on a request that must have one (K1).
    pub(crate) fn required(
        self,
        operation: &'static str,
        path: &[&str],
        body: &impl serde::Serialize,
        answering: &Answering,
    ) -> Result<Keyed, Problem> {
        self.optional(operation, path, body, answering)
            .ok_or_else(|| IDEMPOTENCY_KEY_REQUIRED.into())
    }

    /// Refuses a request without a key, before its body is looked at.
    pub(crate) fn present(&self) -> Result<(), Problem> {
        match self.0 {
            Some(_) => Ok(()),
            None => Err(IDEMPOTENCY_KEY_REQUIRED.into()),
        }
    }

    /// The key, on a request that may have one.
    pub(crate) fn optional(
        self,
        operation: &'static str,
        path: &[&str],
        body: &impl serde::Serialize,
        answering: &Answering,
    ) -> Option<Keyed> {
        self.0.map(|key| Keyed {
            operation,
            key,
            fingerprint: body::fingerprint(path, body),
            write: answering.kept(),
        })
    }
}

/// The version that a request wants to change, out of `If-Match: "7"`.
#[derive(Debug)]
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<IfMatch, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(IfMatch(None));
        };
        let text = value.to_str().unwrap_or_default().trim();
        let number = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        number
            .parse()
            .map(|number| IfMatch(Some(number)))
            .map_err(|_| {
                let found = body::shown(text);
                let wanted = "expected the version in quotes, as \"7\"";
                Problem::invalid_at("If-Match", format!("found {found}, {wanted}"))
            })
    }
}

/// Whether the caller has what is of this entity tag.
pub(crate) fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let has = |known: &str| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag;
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .any(|line| line.split(',').any(|known| has(known.trim())))
}

/// An id out of a path; whatever else stands there is the id of nothing.
pub(crate) fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| NOT_FOUND.into())
}

/// The bytes of a JSON body of a type.
#[derive(Debug)]
pub(crate) struct JsonBytes<T>(pub(crate) Bytes, PhantomData<fn() -> T>);

impl<T> FromRequest<App> for JsonBytes<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, app: &App) -> Result<JsonBytes<T>, Problem> {
        let (parts, body) = request.into_parts();
        let most = app.config().server.body_bytes_max;
        let bytes = match parts.extensions.get::<Place>() {
            Some(place) => {
                place
                    .without(read_body(app, body, most, Share::Others))
                    .await?
            }
            // Over gRPC and from a page the body is here already, and what it was made of is counted.
            None => read_here(body, most).await?,
        };
        let media = parts
            .headers
            .get(header::CONTENT_TYPE)
            .map(|value| value.to_str());
        let is_json = match media {
            None => true,
            Some(Ok(media)) => {
                let media = media.split(';').next().unwrap_or_default().trim();
                media.eq_ignore_ascii_case("application/json")
            }
            Some(Err(_)) => false,
        };
        match is_json || bytes.is_empty() {
            true => Ok(JsonBytes(bytes, PhantomData)),
            false => Err(CONTENT_TYPE_UNSUPPORTED.into()),
        }
    }
}

impl<T: body::Body> JsonBytes<T> {
    /// The body; an empty one is an empty object.
    pub(crate) fn read(&self) -> Result<T, Problem> {
        body::read(&self.0)
    }
}

/// Reads a whole body of at most so many bytes within the configured time, or refuses it. Never cuts it. It counts
/// among those of its share as long as anybody has it.
pub(crate) async fn read_body<B>(
    app: &App,
    body: B,
    most: usize,
    share: Share,
) -> Result<Bytes, Problem>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let hint = body.size_hint();
    if u64::try_from(most).is_ok_and(|most| most < hint.lower()) {
        return Err(BODY_TOO_LARGE.into());
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut arrival = app.bodies().begin(share);
    let reading = collect(body, most, Some(&mut arrival));
    match tokio::time::timeout(app.config().server.body_timeout, reading).await {
        Ok(read) => Ok(arrival.whole(read?)),
        Err(_) if arrival.is_waiting() => Err(no_room(arrival.refused())),
        Err(_) => Err(BODY_SLOW.into()),
    }
}

/// Reads a whole body that is in memory already.
async fn read_here(body: Body, most: usize) -> Result<Bytes, Problem> {
    collect(body, most, None).await
}

/// Why a body was not read on.
fn no_room(NoRoom: NoRoom) -> Problem {
    let detail =
        "as many bodies are being read as server.bodies_bytes_max allows; nothing was done";
    Problem::from(OVERLOADED)
        .detail(detail)
        .told_apart("bodies")
}

/// All of a body; `arrival` makes room for it as it comes, and ends it where it has to give way.
async fn collect<B>(
    mut body: B,
    most: usize,
    mut arrival: Option<&mut Arrival>,
) -> Result<Bytes, Problem>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut length = 0;
    loop {
        let frame = match &arrival {
            Some(arrival) => tokio::select! {
                biased;
                refused = arrival.gives_way() => return Err(no_room(refused)),
                frame = body.frame() => frame,
            },
            None => body.frame().await,
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| {
            Problem::from(BODY_UNREADABLE).detail(format!("the body broke off: {error}"))
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if most < length {
            return Err(BODY_TOO_LARGE.into());
        }
        if let Some(arrival) = &mut arrival {
            arrival.take(data.len()).await.map_err(no_room)?;
        }
        // Most bodies come in one piece, which is then not copied.
        match &first {
            None if rest.is_empty() => first = Some(data),
            None => rest.extend_from_slice(&data),
            Some(only) => {
                rest.reserve(only.len() + data.len());
                rest.extend_from_slice(only);
                rest.extend_from_slice(&data);
                first = None;
            }
        }
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}

/// The parameters of a query; no unknown ones, and each at most once unless it says which words of a set are
/// meant.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl FromRequestParts<App> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Query, Problem> {
        let Ok(RawQuery(query)) = RawQuery::from_request_parts(parts, app).await;
        let query = query.unwrap_or_default();
        Ok(Query(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        ))
    }
}

/// The parameters that name words of a set, several perhaps: by commas, or by standing more than once.
const OF_WORDS: [&str; 4] = ["status", "outcome", "state", "kind"];

impl Query {
    /// Refuses parameters that this list does not know.
    pub(crate) fn only(self, known: &[Parameter]) -> Result<Query, Problem> {
        self.knows(&[known, &OF_LISTS])
    }

    /// Refuses parameters that this list, which may begin at either end, does not know.
    pub(crate) fn list(self, known: &[Parameter]) -> Result<Query, Problem> {
        self.knows(&[known, &OF_LISTS, &[SORT]])
    }

    /// Refuses parameters that are not known, on what is no list.
    pub(crate) fn just(self, known: &[Parameter]) -> Result<Query, Problem> {
        self.knows(&[known])
    }

    fn knows(self, known: &[&[Parameter]]) -> Result<Query, Problem> {
        let known = known.iter().copied().flatten();
        let known: Vec<&str> = known.map(|parameter| parameter.name).collect();
        let mut errors = Vec::new();
        for (index, (name, value)) in self.0.iter().enumerate() {
            let pointer = format!("?{}", name.chars().take(100).collect::<String>());
            if !known.contains(&name.as_str()) {
                errors.push(Pointer {
                    pointer,
                    code: "unknown_member",
                    detail: String::new(),
                });
            } else if !OF_WORDS.contains(&name.as_str())
                && self.0[..index].iter().any(|(other, _)| other == name)
            {
                let detail = "it stands twice".to_owned();
                errors.push(Pointer {
                    pointer,
                    code: "invalid",
                    detail,
                });
            } else if value.contains('\0') {
                // Nothing that is kept has one, and PostgreSQL cannot even be asked for it.
                let detail = "it has a NUL in it".to_owned();
                errors.push(Pointer {
                    pointer,
                    code: "invalid",
                    detail,
                });
            }
        }
        match errors.is_empty() {
            true => Ok(self),
            false => Err(Problem::invalid(errors)),
        }
    }

    /// Refuses every parameter, on what is no list.
    pub(crate) fn none(self) -> Result<(), Problem> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Problem::invalid(
                self.0
                    .iter()
                    .map(|(name, _)| Pointer {
                        pointer: format!("?{}", name.chars().take(100).collect::<String>()),
                        code: "unknown_member",
                        detail: String::new(),
                    })
                    .collect(),
            )),
        }
    }

    /// A page of what is read as a whole: the items that come after the page before. `place` is the
    /// cursor of an item.
    pub(crate) fn page<T>(
        &self,
        items: Vec<T>,
        is_after: impl Fn(&T) -> bool,
        place: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let limit = usize::try_from(self.limit()?).unwrap_or(50);
        let mut page: Vec<T> = items.into_iter().filter(is_after).take(limit + 1).collect();
        let more = limit < page.len();
        page.truncate(limit);
        let next = page.last().filter(|_| more).map(place);
        Ok((page, next))
    }

    /// A text; an empty one is none.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let said = self.said(name).filter(|value| !value.is_empty());
        said.map(str::to_owned)
    }

    fn said(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Where the page begins; an empty cursor is the beginning.
    pub(crate) fn cursor<T>(&self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
        match self.said("cursor") {
            Some("") => Ok(None),
            _ => self.read("cursor", "the next_cursor of the page before", read),
        }
    }

    /// A point in time.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        self.read(name, time_text::WANTED, time_text::parse)
    }

    /// A member of a closed set.
    pub(crate) fn word<W: Word>(&self, name: &str) -> Result<Option<W>, Problem> {
        let known: Vec<&str> = words::<W>().collect();
        self.read(name, &format!("one of {}", known.join(", ")), W::of)
    }

    /// Members of a closed set, as many as are named; none is any.
    pub(crate) fn words<W: Word>(&self, name: &str) -> Result<Vec<W>, Problem> {
        let values = self.0.iter().filter(|(known, _)| known == name);
        let texts = values.flat_map(|(_, value)| value.split(','));
        let mut words = Vec::new();
        for text in texts.map(str::trim) {
            let word = W::of(text).ok_or_else(|| {
                let known: Vec<&str> = tollgate_core::word::words::<W>().collect();
                let (found, known) = (body::shown(text), known.join(", "));
                Problem::invalid_at(
                    format!("?{name}"),
                    format!("found {found}, expected one of {known}"),
                )
            })?;
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Ok(words)
    }

    /// Anything that can be read from a text.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        match self.said(name) {
            None => Ok(None),
            Some(text) => read(text).map(Some).ok_or_else(|| {
                let found = body::shown(text);
                Problem::invalid_at(
                    format!("?{name}"),
                    format!("found {found}, expected {wanted}"),
                )
            }),
        }
    }

    /// How many items are wanted.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        let limit = self.read("limit", "a number from 1 to 200", |text| {
            text.parse().ok().filter(|limit| (1..=200).contains(limit))
        })?;
        Ok(limit.unwrap_or(50))
    }

    /// Where the page begins.
    pub(crate) fn seek<K>(&self, of: impl Fn(u128) -> K) -> Result<Seek<K>, Problem> {
        let past = self.cursor(|text| reply::read_cursor(text).map(&of))?;
        let order = self.read("sort", "asc or desc", |text| match text {
            "desc" => Some(Order::NewestFirst),
            "asc" => Some(Order::OldestFirst),
            _ => None,
        })?;
        Ok(Seek {
            limit: self.limit()?,
            past,
            order: order.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], expected: Result<Option<&str>, &str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("idempotency-key", line.parse().expect("it is a value"));
        }
        let found = read_key(&headers).map_err(|problem| problem.code().code);
        assert_eq!(
            found,
            expected.map(|key| key.map(str::to_owned)),
            "{lines:?}"
        );
    }

    #[test]
    fn keys_are_read_with_and_without_quotes() {
        let long = "x".repeat(255);
        check(&[], Ok(None));
        check(&["k"], Ok(Some("k")));
        check(&["\"k\""], Ok(Some("k")));
        check(&["\"a\\\"b\""], Ok(Some("a\"b")));
        check(&[&long], Ok(Some(&long)));
        for bad in ["", "\"\"", "a b", "\"a b\"", "\"a\\n\"", &"x".repeat(256)] {
            check(&[bad], Err("idempotency_key_invalid"));
        }
        check(&["k", "k"], Err("idempotency_key_invalid"));
    }
}
