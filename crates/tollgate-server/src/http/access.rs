//! Who calls, by the scope of the key: a handler says in its signature which one it wants, and a request
//! without it is refused before its body is read.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use tollgate_core::id::ShopId;
use tollgate_core::word::Word;

use super::AllowanceSlot;
use super::problem::{Problem, ResponseContext, SCOPE_MISSING};
use super::reply::{Answering, Write};
use crate::app::{App, AppError, Caller};
use crate::keys::Scope;

/// A caller whose key is good, and how its requests are answered.
#[derive(Debug)]
struct Authenticated {
    caller: Caller,
    context: ResponseContext,
}

impl Authenticated {
    /// The caller of this request, if the key has the scope.
    async fn with(scope: Scope, parts: &Parts, app: &App) -> Result<Authenticated, Problem> {
        let authorization = parts.headers.get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let context = parts.extensions.get::<ResponseContext>().cloned();
        let context = context.unwrap_or_else(|| ResponseContext::fresh(&parts.headers));
        let caller = app.authenticate(authorization).await;
        let allowance = match &caller {
            Ok(caller) => caller.allowance,
            Err(AppError::KeyTooFast(allowance)) => Some(*allowance),
            Err(_) => None,
        };
        if let (Some(allowance), Some(slot)) = (allowance, parts.extensions.get::<AllowanceSlot>())
        {
            slot.put(allowance);
        }
        let caller = caller?.caused_by(context.origin.clone());
        match caller.may(scope) {
            true => Ok(Authenticated { caller, context }),
            false => Err(Problem::from(SCOPE_MISSING).with("scope", scope.word())),
        }
    }

    fn answer(&self, write: Write) -> Answering {
        Answering::new(write, self.context.clone())
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident: $scope:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(Authenticated);

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<$name, Problem> {
                Authenticated::with($scope, parts, app).await.map($name)
            }
        }

        impl $name {
            /// The shop that the key opens.
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
    Reader: Scope::Read;
    /// A caller with the scope `write`.
    Writer: Scope::Write;
    /// A caller with the scope `admin`.
    Admin: Scope::Admin;
}

impl Reader {
    /// Whether the key has the scope `admin`, too: raw bodies and answers are shown then.
    pub(crate) fn is_admin(&self) -> bool {
        self.0.caller.may(Scope::Admin)
    }
}

impl Writer {
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
