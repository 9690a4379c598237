//! Operations: what may be asked of the server, each declared once. A declaration holds the handler and says
//! what is asked and answered; the router is made of the handlers, and the API's description of the rest.
//!
//! A handler's signature says part of it: the scope, the body's type, the headers that are read
//! ([`Part`]). That is taken from there and not said again.

mod parameter;
mod signature;

pub(crate) use parameter::{
    IF_NONE_MATCH, LIMIT, OF_LISTS, PAST, Parameter, Place, SORT, schema_of,
};
pub(crate) use signature::{Part, Signature, Taken};

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};

use super::problem::{
    BODY_SLOW, BODY_TOO_LARGE, BODY_UNREADABLE, CONTENT_TYPE_UNSUPPORTED, CSRF_FAILED, Code,
    IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REQUIRED, IDEMPOTENCY_KEY_REUSED, INTERNAL,
    KEY_INVALID, KEY_MISSING, NOT_FOUND, OUTCOME_UNKNOWN, OVERLOADED, QUARANTINED, RATE_LIMITED,
    REQUEST_INVALID, SCOPE_MISSING, SESSION_INVALID, TICKET_INVALID, UNAVAILABLE, VERSION_MISMATCH,
};
use crate::app::App;

/// What becomes of an Idempotency-Key (K1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeating {
    /// A request without one is refused; the answer is kept with it.
    Required,
    /// It may be given; the answer is kept with it if it is.
    Kept,
    /// It may be given, must be a good one, and nothing is kept.
    Checked,
}

/// Makes the schema of a type, its parts among the generator's definitions.
pub(crate) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// What a good answer holds.
pub(crate) enum Content {
    /// Nothing.
    Nothing,
    /// A document of a type.
    Json(MakeSchema),
    /// A document of no one type, described by hand.
    Document(serde_json::Value),
    /// Something else, of this media type.
    Other(&'static str),
}

/// A good answer.
pub(crate) struct Good {
    pub(crate) status: u16,
    pub(crate) about: &'static str,
    pub(crate) contents: Vec<Content>,
    /// Headers that it has, each with what it is.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

/// What can be asked next: an operation, and which of its parameters a member of the answer is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) operation: &'static str,
    pub(crate) parameter: &'static str,
    /// A JSON pointer into the answer.
    pub(crate) member: &'static str,
}

/// One operation.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// The template of its path.
    pub(crate) path: &'static str,
    /// Its name in programs: `createOrder`.
    pub(crate) id: &'static str,
    /// What it does, in a few words.
    pub(crate) summary: &'static str,
    /// What else is to be said.
    pub(crate) about: &'static str,
    pub(crate) taken: Taken,
    /// Its body is bytes of any type.
    pub(crate) takes_bytes: bool,
    /// It is about the caller's session, and nothing for who comes with a key.
    pub(crate) is_of_session: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) repeating: Option<Repeating>,
    /// Good answers, and pages that say no.
    pub(crate) good: Vec<Good>,
    /// Refusals of its own; [`Operation::codes`] has all.
    refusals: Vec<&'static Code>,
    pub(crate) links: Vec<Link>,
    /// Its handler; none where something in front of the router, or the handler of another operation, answers.
    handler: Option<MethodRouter<App>>,
}

impl Operation {
    fn new(
        method: Method,
        path: &'static str,
        taken: Taken,
        handler: Option<MethodRouter<App>>,
    ) -> Operation {
        Operation {
            method,
            path,
            id: "",
            summary: "",
            about: "",
            taken,
            takes_bytes: false,
            is_of_session: false,
            parameters: Vec::new(),
            repeating: None,
            good: Vec::new(),
            refusals: Vec::new(),
            links: Vec::new(),
            handler,
        }
    }

    /// An operation that is answered in front of the router.
    pub(crate) fn apart(method: Method, path: &'static str) -> Operation {
        Operation::new(method, path, Taken::default(), None)
    }

    /// A GET that the router leads to the handler of another one, whose template it has no word for.
    pub(crate) fn get_beside<H, T>(path: &'static str, _: H) -> Operation
    where
        H: Handler<T, App>,
        T: Signature + 'static,
    {
        Operation::new(Method::GET, path, T::taken(), None)
    }

    /// It takes bytes of any type.
    pub(crate) fn takes_bytes(mut self) -> Operation {
        self.takes_bytes = true;
        self
    }

    /// It is about the caller's session.
    pub(crate) fn of_session(mut self) -> Operation {
        self.is_of_session = true;
        self
    }

    /// Its name in programs, and what it does.
    pub(crate) fn named(mut self, id: &'static str, summary: &'static str) -> Operation {
        (self.id, self.summary) = (id, summary);
        self
    }

    /// What else is to be said.
    pub(crate) fn about(mut self, about: &'static str) -> Operation {
        self.about = about;
        self
    }

    /// A parameter of its path.
    pub(crate) fn path(mut self, parameter: Parameter) -> Operation {
        self.parameters.push(parameter.at(Place::Path));
        self
    }

    /// A header that it reads.
    pub(crate) fn header(mut self, parameter: Parameter) -> Operation {
        self.parameters.push(parameter.at(Place::Header));
        self
    }

    /// Parameters of its query. What is named is what the handler takes.
    pub(crate) fn query(mut self, parameters: &[Parameter]) -> Operation {
        self.parameters.extend_from_slice(parameters);
        self
    }

    /// A list that is read page by page, with filters.
    pub(crate) fn pages(self, parameters: &[Parameter]) -> Operation {
        self.query(parameters).query(&OF_LISTS)
    }

    /// A list that is read page by page in the order of names or times.
    pub(crate) fn pages_by_place(self, parameters: &[Parameter]) -> Operation {
        self.query(parameters).query(&parameter::OF_LISTS_BY_PLACE)
    }

    /// A list that may begin at either end.
    pub(crate) fn list(self, parameters: &[Parameter]) -> Operation {
        self.pages(parameters).query(&[SORT])
    }

    /// What becomes of its Idempotency-Key.
    pub(crate) fn key(mut self, repeating: Repeating) -> Operation {
        self.repeating = Some(repeating);
        self
    }

    /// A good answer, with the document of a type.
    pub(crate) fn gives<V: JsonSchema>(self, status: u16, about: &'static str) -> Operation {
        self.good(status, about, Content::Json(|to| to.subschema_for::<V>()))
    }

    /// A good answer with a document that has no type of its own.
    pub(crate) fn gives_document(
        self,
        status: u16,
        about: &'static str,
        schema: serde_json::Value,
    ) -> Operation {
        self.good(status, about, Content::Document(schema))
    }

    /// A good answer without content.
    pub(crate) fn gives_nothing(self, status: u16, about: &'static str) -> Operation {
        self.good(status, about, Content::Nothing)
    }

    /// A good answer of another media type.
    pub(crate) fn gives_media(
        self,
        status: u16,
        media: &'static str,
        about: &'static str,
    ) -> Operation {
        self.good(status, about, Content::Other(media))
    }

    fn good(mut self, status: u16, about: &'static str, content: Content) -> Operation {
        match self.good.iter_mut().find(|good| good.status == status) {
            Some(good) => good.contents.push(content),
            None => self.good.push(Good {
                status,
                about,
                contents: vec![content],
                headers: Vec::new(),
            }),
        }
        self
    }

    /// A header of the answer that was declared last.
    pub(crate) fn with_header(mut self, name: &'static str, about: &'static str) -> Operation {
        let last = self.good.last_mut().expect("an answer was declared before");
        last.headers.push((name, about));
        self
    }

    /// Why it may be refused, besides what its signature brings.
    pub(crate) fn refuses(mut self, codes: &[&'static Code]) -> Operation {
        self.refusals.extend_from_slice(codes);
        self
    }

    /// A member of the good answer is a parameter of other operations.
    pub(crate) fn leads(
        mut self,
        member: &'static str,
        parameter: &'static str,
        operations: &[&'static str],
    ) -> Operation {
        self.links.extend(operations.iter().map(|operation| Link {
            operation,
            parameter,
            member,
        }));
        self
    }

    /// Its parameters, those that its signature brings too.
    pub(crate) fn all_parameters(&self) -> Vec<Parameter> {
        let mut all = self.parameters.clone();
        if let Some(repeating) = self.repeating {
            all.push(match repeating {
                Repeating::Required => parameter::KEY.required(),
                Repeating::Kept => parameter::KEY,
                Repeating::Checked => parameter::CHECKED_KEY,
            });
        }
        if self.taken.reads_version {
            all.push(parameter::IF_MATCH);
        }
        if self.changes() {
            all.push(match self.is_of_session {
                true => parameter::CSRF_TOKEN.required(),
                false => parameter::CSRF_TOKEN,
            });
        }
        all
    }

    /// Whether something is changed by it for a caller who is known.
    fn changes(&self) -> bool {
        self.method != Method::GET && self.taken.scope.is_some()
    }

    /// Every code that a refusal may have, in the order of the table.
    pub(crate) fn codes(&self) -> Vec<&'static Code> {
        let mut codes: Vec<&'static Code> = self.refusals.clone();
        let parameters = self.all_parameters();
        codes.extend([INTERNAL, OVERLOADED]);
        if self.taken.scope.is_some() {
            codes.extend([KEY_MISSING, KEY_INVALID, SESSION_INVALID, RATE_LIMITED]);
            codes.extend([UNAVAILABLE, OUTCOME_UNKNOWN]);
            if self.taken.scope != Some(crate::keys::Scope::Read) {
                codes.push(SCOPE_MISSING);
            }
        }
        if self.taken.takes_ticket {
            codes.push(TICKET_INVALID);
        }
        if self.taken.body.is_some() {
            codes.extend([REQUEST_INVALID, BODY_UNREADABLE, BODY_SLOW, BODY_TOO_LARGE]);
            codes.push(CONTENT_TYPE_UNSUPPORTED);
        }
        if self.taken.reads_query {
            codes.push(REQUEST_INVALID);
        }
        if self.taken.reads_version {
            codes.extend([REQUEST_INVALID, VERSION_MISMATCH]);
        }
        if parameters
            .iter()
            .any(|parameter| parameter.place == Place::Path)
        {
            codes.push(NOT_FOUND);
        }
        codes.extend(match self.repeating {
            None => &[][..],
            Some(Repeating::Checked) => &[IDEMPOTENCY_KEY_INVALID],
            Some(Repeating::Kept) => &[IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED],
            Some(Repeating::Required) => &[
                IDEMPOTENCY_KEY_INVALID,
                IDEMPOTENCY_KEY_REUSED,
                IDEMPOTENCY_KEY_REQUIRED,
            ],
        });
        if self.changes() {
            codes.extend([CSRF_FAILED, QUARANTINED]);
        }
        codes.sort_by_key(|code| (code.status, code.code));
        codes.dedup_by_key(|code| code.code);
        codes
    }
}

macro_rules! methods {
    ($($name:ident = $method:ident;)*) => {$(
        /// An operation of this method.
        pub(crate) fn $name<H, T>(path: &'static str, handler: H) -> Operation
        where
            H: Handler<T, App>,
            T: Signature + 'static,
        {
            let route = on(MethodFilter::$method, handler);
            Operation::new(Method::$method, path, T::taken(), Some(route))
        }
    )*};
}

methods! {
    get = GET;
    post = POST;
    put = PUT;
    patch = PATCH;
    delete = DELETE;
}

/// The operations of a noun.
pub(crate) struct Noun {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it is, in a sentence.
    pub(crate) about: &'static str,
    pub(crate) operations: Vec<Operation>,
}

impl Noun {
    pub(crate) fn new<const N: usize>(
        name: &'static str,
        about: &'static str,
        operations: [Operation; N],
    ) -> Noun {
        Noun {
            name,
            about,
            operations: Vec::from(operations),
        }
    }

    /// What of it the router answers.
    pub(crate) fn routes(self) -> Router<App> {
        let operations = self.operations.into_iter();
        operations.fold(Router::new(), |router, operation| match operation.handler {
            Some(handler) => router.route(operation.path, handler),
            None => router,
        })
    }
}
