//! Who calls, by what his key may do: a handler says in its signature which scope it wants.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use tollgate_core::id::ShopId;

use super::problem::{Problem, SCOPE_MISSING, Telling};
use super::reply::{Answering, Write};
use crate::app::{App, Caller};
use crate::ids;
use crate::keys::Scope;

/// A caller and how he is answered.
#[derive(Debug)]
struct Known {
    caller: Caller,
    telling: Telling,
}

impl Known {
    /// Whoever sent this request, if his key has the scope.
    async fn with(scope: Scope, parts: &Parts, app: &App) -> Result<Known, Problem> {
        let authorization = parts.headers.get(header::AUTHORIZATION);
        let authorization = authorization.and_then(|value| value.to_str().ok());
        let telling = Telling {
            request_id: ids::request(),
            language: super::language(&parts.headers),
        };
        let caller = app.authenticate(authorization).await?;
        match caller.may(scope) {
            true => Ok(Known { caller, telling }),
            false => Err(Problem::from(SCOPE_MISSING).with("scope", scope.as_str())),
        }
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident: $scope:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(Known);

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<$name, Problem> {
                Known::with($scope, parts, app).await.map($name)
            }
        }

        impl $name {
            /// Whose things he sees.
            pub(crate) fn shop(&self) -> ShopId {
                self.0.caller.shop()
            }

            /// The caller.
            #[allow(dead_code)] // Not every scope's handlers ask for him.
            pub(crate) fn caller(&self) -> &Caller {
                &self.0.caller
            }

            /// How a decision is answered to him.
            #[allow(dead_code)] // Nobody who only reads is answered a decision.
            pub(crate) fn answer(&self, write: Write) -> Answering {
                Answering::new(write, self.0.telling.clone())
            }
        }
    )*};
}

scopes! {
    /// Whoever may read.
    Reader: Scope::Read;
    /// Whoever may change something.
    Writer: Scope::Write;
    /// Whoever may see raw bodies and say what becomes of them, and of keys.
    Admin: Scope::Admin;
}

impl Reader {
    /// Whether he is shown what only admins see.
    pub(crate) fn is_admin(&self) -> bool {
        self.0.caller.may(Scope::Admin)
    }
}
