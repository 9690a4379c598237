//! What is done in a store that is open in this process and has no server, with the requests and answers of the
//! API.

use serde_json::Value;
use tollgate_core::id::ShopId;

use crate::app::App;
use crate::http::problem::{Problem, ResponseContext};
use tollgate_outbound::language::Language;

/// Why it was not done.
#[derive(Debug)]
pub enum NotMade {
    /// The problem document that the API would answer with.
    Refused(Value),
    /// There is no shop of this name.
    NoShop(String),
}

impl From<Problem> for NotMade {
    fn from(problem: Problem) -> NotMade {
        let context = ResponseContext {
            request_id: String::new(),
            origin: None,
            language: Language::English,
        };
        let answer = problem.answer(&context);
        NotMade::Refused(serde_json::from_slice(&answer.body).unwrap_or_default())
    }
}

/// The shop of this name.
pub(super) fn shop_named(app: &App, name: &str) -> Result<ShopId, NotMade> {
    app.shop_named(name)
        .ok_or_else(|| NotMade::NoShop(name.to_owned()))
}
