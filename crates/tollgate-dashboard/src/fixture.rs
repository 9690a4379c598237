//! An API for tests of pages: documents by their paths, and what was asked of it.

use std::sync::{Mutex, PoisonError};

use tollgate_receipt::Locale;

use crate::api::{Answer, Api, Asking, Question};
use crate::asked::{Asked, Method};
use crate::reply::Reply;

/// Answers what a test has laid down; everything else is 404 `not_found`.
pub(crate) struct Fixture {
    documents: Vec<(String, u16, String)>,
    asked: Mutex<Vec<Question>>,
    role: &'static str,
    shop: &'static str,
}

impl Fixture {
    /// Of a shop whose viewer has this role.
    pub(crate) fn of(role: &'static str) -> Fixture {
        Fixture {
            documents: Vec::new(),
            asked: Mutex::default(),
            role,
            shop: "main",
        }
    }

    /// The same, looking at this shop.
    pub(crate) fn in_shop(self, shop: &'static str) -> Fixture {
        Fixture { shop, ..self }
    }

    /// Answers what begins so, `GET /v1/orders`, with this. The one that was laid down first counts.
    pub(crate) fn with(mut self, asked: &str, status: u16, document: &str) -> Fixture {
        self.documents
            .push((asked.to_owned(), status, document.to_owned()));
        self
    }

    /// What was asked, in its order, without who the viewer is.
    pub(crate) fn asked(&self) -> Vec<Question> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked
            .iter()
            .filter(|question| question.path != "/v1/session")
            .cloned()
            .collect()
    }

    /// The page at an address.
    pub(crate) fn get(&self, address: &str) -> Reply {
        self.visit(Method::Get, address, "", Locale::En)
    }

    /// The page in a language.
    pub(crate) fn get_in(&self, locale: Locale, address: &str) -> Reply {
        self.visit(Method::Get, address, "", locale)
    }

    /// What a form comes to.
    pub(crate) fn post(&self, address: &str, form: &str) -> Reply {
        self.visit(Method::Post, address, form, Locale::En)
    }

    fn visit(&self, method: Method, address: &str, form: &str, locale: Locale) -> Reply {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let asked = Asked {
            method,
            path,
            query,
            cookies: "",
            locale,
            form: form.as_bytes(),
            origin: "https://pay.example",
            once: "once",
            now: 1_769_076_000_000,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime without any driver starts");
        runtime.block_on(crate::routes::answer(self, &asked))
    }
}

impl Api for Fixture {
    fn ask(&self, question: Question) -> Asking<'_> {
        let said = format!("{} {}", question.method, question.path);
        let found = self
            .documents
            .iter()
            .find(|(begins, _, _)| said.starts_with(begins.as_str()));
        let answer = match found {
            Some((_, status, document)) => Answer {
                status: *status,
                body: document.clone().into_bytes(),
                ..Answer::default()
            },
            None if said == "GET /v1/session" => Answer {
                status: 200,
                body: format!(
                    r#"{{"user":{{"id":"usr_1","shop":"main","email":"dewi@example.com","name":"Dewi"}},
                    "shop":"{}","role":"{}","csrf_token":"csrf-1"}}"#,
                    self.shop, self.role
                )
                .into_bytes(),
                ..Answer::default()
            },
            None => Answer {
                status: 404,
                body: br#"{"status":404,"code":"not_found","title":"Not found"}"#.to_vec(),
                ..Answer::default()
            },
        };
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(question);
        Box::pin(std::future::ready(answer))
    }
}

/// The text of a page that was made.
pub(crate) fn text(reply: Reply) -> String {
    String::from_utf8(reply.body).expect("pages are UTF-8")
}
