//! What a handler's signature says about its operation: each of its parameters is a part of the request
//! that it takes.

use axum::extract::{Path, State};
use axum::http::request;
use axum::http::{Extensions, HeaderMap, Version};

use super::MakeSchema;
use crate::app::App;
use crate::http::Peer;
use crate::http::access::{Admin, OnCall, Reader, Writer};
use crate::http::body::Body;
use crate::http::extract::{IdempotencyKey, IfMatch, JsonBytes, Query};
use crate::http::problem::Problem;
use crate::keys::Scope;

/// What is taken out of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    /// The scope that the caller's key must have; none for anyone.
    pub(crate) scope: Option<Scope>,
    /// The key may be left out by some callers.
    pub(crate) key_is_optional: bool,
    /// A ticket may stand for the key.
    pub(crate) takes_ticket: bool,
    /// The type of the JSON body.
    pub(crate) body: Option<MakeSchema>,
    pub(crate) reads_query: bool,
    pub(crate) reads_key: bool,
    pub(crate) reads_version: bool,
}

/// One of a handler's parameters.
pub(crate) trait Part {
    /// Notes what is taken for it; what is not of the API takes nothing.
    fn note(_: &mut Taken) {}
}

impl Part for State<App> {}
impl<T> Part for Path<T> {}
// Whatever may be missing is not asked for.
impl<T> Part for Result<T, Problem> {}
impl Part for HeaderMap {}
impl Part for request::Parts {}
impl Part for Extensions {}
impl Part for Version {}
impl Part for axum::Extension<Peer> {}

macro_rules! parts {
    ($($name:ty: |$taken:ident| $note:expr;)*) => {$(
        impl Part for $name {
            fn note($taken: &mut Taken) {
                $note;
            }
        }
    )*};
}

parts! {
    Reader: |taken| taken.scope = Some(Scope::Read);
    Writer: |taken| taken.scope = Some(Scope::Write);
    OnCall: |taken| taken.scope = Some(Scope::Admin);
    Admin: |taken| taken.scope = Some(Scope::Admin);
    Query: |taken| taken.reads_query = true;
    IdempotencyKey: |taken| taken.reads_key = true;
    IfMatch: |taken| taken.reads_version = true;
}

impl<T: Body> Part for JsonBytes<T> {
    fn note(taken: &mut Taken) {
        taken.body = Some(|to| to.subschema_for::<T>());
    }
}

/// All parameters of a handler, as axum has them: a marker, and the types.
pub(crate) trait Signature {
    /// What the handler takes.
    fn taken() -> Taken;
}

impl Signature for ((),) {
    fn taken() -> Taken {
        Taken::default()
    }
}

macro_rules! signatures {
    ($([$($part:ident),*])*) => {$(
        impl<M, $($part: Part),*> Signature for (M, $($part),*) {
            fn taken() -> Taken {
                let mut taken = Taken::default();
                $($part::note(&mut taken);)*
                taken
            }
        }
    )*};
}

signatures! {
    [A]
    [A, B]
    [A, B, C]
    [A, B, C, D]
    [A, B, C, D, E]
    [A, B, C, D, E, F]
}
