//! What is done about everything that the filter of a list finds: a button over the list, and a page on which it is
//! counted before it is done.

use maud::{Markup, html};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{ActionForm, code, encoded, facts};
use crate::failure::Failure;
use crate::reply::Page;
use crate::visit::Visit;
use crate::words::{Text, common};

/// How many of them are named before it is done.
const NAMED_MAX: usize = 5;

/// Something that is done about many.
pub(crate) struct Many {
    /// Where their list is.
    pub(crate) list: &'static str,
    /// Where it is done, below the list; the API has it at the same place.
    pub(crate) verb: &'static str,
    /// By what they are found.
    pub(crate) filters: &'static [&'static str],
    /// What the button over the list says.
    pub(crate) offer: Text,
    /// What the page is called, and its button.
    pub(crate) title: Text,
    /// Where there are more than one go takes.
    pub(crate) more: Text,
    /// Where there are none.
    pub(crate) none: Text,
    /// What stands over those that are named.
    pub(crate) first: Text,
}

/// What a trial has counted.
pub(crate) struct Counted<'c> {
    /// How many there are.
    pub(crate) count: u64,
    /// What is done about them, with how many.
    pub(crate) about: String,
    /// There are more than one go takes.
    pub(crate) more: bool,
    /// Some of them, or all.
    pub(crate) ids: &'c [String],
}

impl Many {
    fn path(&self) -> String {
        format!("{}/{}", self.list, self.verb)
    }

    /// The form that has it done.
    pub(crate) fn form(&self) -> ActionForm<'_> {
        ActionForm::new(self.path(), self.title)
    }

    /// Whether a filter was chosen at all.
    pub(crate) fn is_filtered(&self, visit: &Visit<'_>) -> bool {
        let mut filters = self.filters.iter();
        filters.any(|name| visit.query.get(name).is_some())
    }

    /// The button over the list.
    pub(crate) fn button(&self, visit: &Visit<'_>) -> Markup {
        let filters = self.filters.iter();
        let wanted = filters.filter_map(|name| Some((*name, visit.query.get(name)?)));
        let form = ActionForm::new(self.path(), self.offer);
        let form = wanted.fold(form, |form, (name, value)| form.hidden(name, value));
        html! { div.actions { (form.markup(visit)) } }
    }

    /// The filter that was sent, as the API takes it; `meant` is what a value means there.
    pub(crate) fn filter(
        &self,
        visit: &Visit<'_>,
        meant: impl Fn(&str, &str) -> String,
    ) -> Map<String, Value> {
        let filters = self.filters.iter();
        let wanted = filters.filter_map(|name| Some((*name, visit.form.get(name)?)));
        wanted
            .map(|(name, value)| (name.to_owned(), meant(name, value).into()))
            .collect()
    }

    /// Sends what is to be done, or to be counted.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        visit: &Visit<'_>,
        body: Value,
    ) -> Result<T, Failure> {
        let path = format!("/v1{}", self.path());
        let answer = visit.send("POST", path.clone(), Some(body)).await?;
        serde_json::from_value(answer)
            .map_err(|error| Failure::Unreadable(format!("{path}: {error}")))
    }

    /// The page that shows what was counted. `form` has it done.
    pub(crate) fn preview(
        &self,
        visit: &Visit<'_>,
        filter: &Map<String, Value>,
        counted: &Counted<'_>,
        form: ActionForm<'_>,
    ) -> Page {
        let wanted = filter.iter();
        let wanted = wanted.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
        let wanted: Vec<(&str, &str)> = wanted.collect();
        let terms = wanted.iter().map(|(name, value)| (*name, code(value)));
        let terms: Vec<_> = terms.collect();
        let hidden = wanted.iter();
        let form = hidden.fold(form, |form, (name, value)| form.hidden(name, *value));
        Page {
            title: visit.say(self.title).to_owned(),
            here: self.list,
            topics: "",
            body: html! {
                (facts(&terms))
                @if counted.count == 0 {
                    p.notice { (visit.say(self.none)) }
                } @else {
                    p { (counted.about) }
                    @if counted.more { p.notice { (visit.say(self.more)) } }
                    p.quiet { (visit.say(self.first)) }
                    ul {
                        @for id in counted.ids.iter().take(NAMED_MAX) {
                            li { a href={ (self.list) "/" (encoded(id)) } { (code(id)) } }
                        }
                    }
                    div.actions { (form.markup(visit)) }
                }
                p { a href=(self.list) { (visit.say(common::BACK)) } }
            },
        }
    }
}
