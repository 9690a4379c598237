//! Who calls, by the scope of the key or the role of the user: a handler says in its signature which one it wants,
//! and a request without it is refused before its body is read.

use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use tollgate_core::id::ShopId;
use tollgate_core::word::Word;

use super::AllowanceSlot;
use super::problem::{Problem, ResponseContext, SCOPE_MISSING};
use super::reply::{Answering, Write};
use super::session;
use crate::app::{App, AppError, Caller};
use crate::keys::Scope;

/// A caller whose key or session is good, and how its requests are answered.
#[derive(Debug)]
struct Authenticated {
    caller: Caller,
    context: ResponseContext,
}

/// Where a request's caller is noted, for whoever keeps count of what it is answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallerNote(Arc<OnceLock<Caller>>);

impl CallerNote {
    /// The caller, if its key was good.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.0.get()
    }
}

impl Authenticated {
    /// The caller of this request, if it may do what is wanted.
    async fn with(wanted: Wanted, parts: &Parts, app: &App) -> Result<Authenticated, Problem> {
        let authorization = parts.headers.get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let context = context_of(parts);
        let token = session::token(parts, app);
        let caller = app.authenticate(authorization, token).await;
        let allowance = match &caller {
            Ok(caller) => caller.allowance,
            Err(AppError::KeyTooFast(allowance)) => Some(*allowance),
            Err(_) => None,
        };
        if let (Some(allowance), Some(slot)) = (allowance, parts.extensions.get::<AllowanceSlot>())
        {
            slot.put(allowance);
        }
        let caller = caller?;
        if let Some(note) = parts.extensions.get::<CallerNote>() {
            // A handler that asks for two scopes has the same caller twice.
            let _ = note.0.set(caller.clone());
        }
        if let (None, Some(token)) = (authorization, token) {
            session::check(parts, app, token)?;
        }
        let may = match wanted {
            Wanted::Scope(scope) => caller.may(scope),
            Wanted::Mending => caller.may_mend(),
        };
        if !may {
            let scope = match wanted {
                Wanted::Scope(scope) => scope,
                Wanted::Mending => Scope::Admin,
            };
            return Err(Problem::from(SCOPE_MISSING).with("scope", scope.word()));
        }
        let caller = caller.asking(&context.request_id, context.origin.clone());
        Ok(Authenticated { caller, context })
    }

    fn answer(&self, write: Write) -> Answering {
        Answering::new(write, self.context.clone())
    }
}

/// What a response depends on besides its content.
pub(crate) fn context_of(parts: &Parts) -> ResponseContext {
    let context = parts.extensions.get::<ResponseContext>().cloned();
    context.unwrap_or_else(|| ResponseContext::fresh(&parts.headers))
}

/// What a handler wants of its caller.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// A scope.
    Scope(Scope),
    /// What of the scope `admin` the role operator may do, too.
    Mending,
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident: $wanted:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(Authenticated);

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<$name, Problem> {
                Authenticated::with($wanted, parts, app).await.map($name)
            }
        }

        impl $name {
            /// The shop that is open to the caller.
            pub(crate) fn shop(&self) -> ShopId {
                self.0.caller.shop()
            }

            /// The caller.
            pub(crate) fn caller(&self) -> &Caller {
                &self.0.caller
            }
        }
    )*};
}

scopes! {
    /// A caller with the scope `read`.
    Reader: Wanted::Scope(Scope::Read);
    /// A caller with the scope `write`.
    Writer: Wanted::Scope(Scope::Write);
    /// A caller with the scope `admin`, or a user who mends what is stuck.
    OnCall: Wanted::Mending;
    /// A caller with the scope `admin`.
    Admin: Wanted::Scope(Scope::Admin);
}

impl Reader {
    /// Whether raw bodies and answers are shown, too.
    pub(crate) fn may_mend(&self) -> bool {
        self.0.caller.may_mend()
    }
}

impl Writer {
    /// How a decision is answered.
    pub(crate) fn answer(&self, write: Write) -> Answering {
        self.0.answer(write)
    }
}

impl OnCall {
    /// How a decision is answered.
    pub(crate) fn answer(&self, write: Write) -> Answering {
        self.0.answer(write)
    }
}

impl Admin {
    /// How a decision is answered.
    pub(crate) fn answer(&self, write: Write) -> Answering {
        self.0.answer(write)
    }
}
