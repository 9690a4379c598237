//! What an entry says: its members, as texts for sentences.

use serde_json::Value;
use tollgate_core::effect::Heard;
use tollgate_core::event::CaptureState;
use tollgate_core::money::Currency;
use tollgate_receipt::{Locale, amount_text};

use super::story::Who;

/// What an entry says.
pub(super) struct Said<'a> {
    /// Times as texts.
    pub(super) detail: &'a Value,
    /// In which it is told where it names none.
    pub(super) currency: Option<Currency>,
    /// The source of all payments of the order, where they have one.
    pub(super) only_source: Option<&'a str>,
}

impl<'a> Said<'a> {
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.detail[name].as_str()
    }

    /// Whom it is about: the source it names, the one that did it, or the only one there is.
    pub(super) fn source<'b>(&self, who: &'b Who) -> &'b str
    where
        'a: 'b,
    {
        let named = self.text("source").or(who.source());
        named.or(self.only_source).unwrap_or("the provider")
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        self.detail[name].as_i64()
    }

    pub(super) fn money(&self, name: &str) -> String {
        self.integer(name)
            .map_or("?".to_owned(), |minor| self.amount(minor))
    }

    pub(super) fn amount(&self, minor: i64) -> String {
        let own = self.text("currency").and_then(Currency::new);
        match own.or(self.currency) {
            Some(currency) => amount(minor, currency),
            None => minor.to_string(),
        }
    }

    /// A number that is no amount.
    pub(super) fn plain(&self, name: &str) -> String {
        self.integer(name)
            .map_or("?".to_owned(), |number| number.to_string())
    }

    pub(super) fn note(&self, name: &str) -> String {
        match self.text(name) {
            Some("") | None => String::new(),
            Some(note) => format!(": {note}"),
        }
    }

    pub(super) fn had_come(&self) -> String {
        match self.integer("captured") {
            Some(0) | None => String::new(),
            Some(_) => format!("; {} had come", self.money("captured")),
        }
    }

    /// What a provider that was asked has said.
    pub(super) fn answer(&self, source: &str) -> String {
        let asked = times(self.integer("times").unwrap_or(1));
        let reference = self.text("reference").unwrap_or("?");
        let heard = self.text("answer").and_then(Heard::of);
        let why = self.note("reason");
        let answer = match heard {
            Some(Heard::Stands(state)) => state_words(state).to_owned(),
            Some(Heard::Known) => "it knows the payment".to_owned(),
            Some(Heard::Undecided) => "it says nothing decisive".to_owned(),
            Some(Heard::Impossible) => format!("it cannot be asked{why}"),
            Some(Heard::Mismatch) => format!("it spoke of something else{why}"),
            Some(Heard::Failed(Some(status))) => {
                format!("no answer that counts, status {status}{why}")
            }
            Some(Heard::Failed(None)) => format!("no answer{why}"),
            None => self.text("answer").unwrap_or("?").to_owned(),
        };
        format!("{source} asked {asked} about payment {reference}: {answer}")
    }

    /// The kind, and the details as they are.
    pub(super) fn plainly(&self, kind: &str) -> String {
        let mut summary = kind.replace(['.', '_'], " ");
        let members = self.detail.as_object().into_iter().flatten();
        for (index, (name, value)) in members.enumerate() {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            summary.push_str(if index == 0 { ": " } else { ", " });
            summary.push_str(&format!("{} {value}", name.replace('_', " ")));
        }
        summary
    }
}

/// An amount as people write it.
pub(super) fn amount(minor: i64, currency: Currency) -> String {
    amount_text(Locale::En, minor, currency).replace('\u{a0}', " ")
}

/// `once`, `2 times`.
pub(super) fn times(count: i64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// How a payment stands, for a sentence.
fn state_words(state: CaptureState) -> &'static str {
    match state {
        CaptureState::Created | CaptureState::Pending | CaptureState::Processing => {
            "it is still on its way"
        }
        CaptureState::RequiresAction => "it waits for the customer",
        CaptureState::Review => "it is under review",
        CaptureState::Failed => "it has failed",
        CaptureState::Denied => "it was refused",
        CaptureState::Expired => "it has run out of time",
        CaptureState::Cancelled => "it was called off",
        CaptureState::Authorized => "the money is set aside",
        CaptureState::Voided => "the money that was set aside is let go",
        CaptureState::Captured | CaptureState::Settled => "the money is captured",
        CaptureState::Reversed => "the money has gone back",
    }
}
