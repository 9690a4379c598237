//! Forms: fields, and forms that do something.

use maud::{Markup, html};

use crate::visit::Visit;
use crate::words::{Text, common};

/// What a field takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input<'a> {
    /// A line of text.
    Text,
    /// Text of several lines.
    Lines,
    /// A number.
    Number,
    /// A mail address.
    Email,
    /// A password; it is never filled in by us.
    Password,
    /// A day.
    Day,
    /// One of some values, each with what people read.
    Choice(&'a [(&'a str, &'a str)]),
    /// Yes, or not.
    Check,
}

/// A field of a form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    /// Its name in the query or the form.
    pub(crate) name: &'a str,
    /// What people read.
    pub(crate) label: &'a str,
    /// What it takes.
    pub(crate) input: Input<'a>,
    /// What stands in it; where absent, what the query has.
    pub(crate) value: Option<&'a str>,
    /// Whether it must be filled in.
    pub(crate) is_required: bool,
}

impl<'a> Field<'a> {
    /// A field that may be left empty.
    pub(crate) fn new(name: &'a str, label: &'a str, input: Input<'a>) -> Field<'a> {
        Field {
            name,
            label,
            input,
            value: None,
            is_required: false,
        }
    }

    /// The same with something in it.
    pub(crate) fn holding(self, value: &'a str) -> Field<'a> {
        Field {
            value: Some(value),
            ..self
        }
    }

    /// The same, to be filled in.
    pub(crate) fn required(self) -> Field<'a> {
        Field {
            is_required: true,
            ..self
        }
    }

    pub(crate) fn markup(&self, visit: &Visit<'_>) -> Markup {
        let Field { name, label, .. } = *self;
        let value = self.value.or_else(|| visit.query.get(name));
        let value = value.unwrap_or_default();
        let plain = |kind: &str, mode: Option<&str>| {
            html! {
                input type=(kind) name=(name) value=(value) inputmode=[mode] required[self.is_required]
                    maxlength="500" autocomplete=(completion(name)) dir=[(kind == "email").then_some("ltr")];
            }
        };
        html! {
            label.field {
                span { (label) }
                @match self.input {
                    Input::Text => (plain("text", None)),
                    Input::Number => (plain("text", Some("numeric"))),
                    Input::Email => (plain("email", None)),
                    Input::Day => (plain("date", None)),
                    Input::Password => {
                        input type="password" name=(name) required[self.is_required] maxlength="200"
                            autocomplete=(completion(name));
                    },
                    Input::Lines => {
                        textarea name=(name) rows="3" required[self.is_required] { (value) }
                    },
                    Input::Choice(choices) => {
                        select name=(name) {
                            @for (choice, text) in choices {
                                option value=(choice) selected[*choice == value] { (text) }
                            }
                        }
                    },
                    Input::Check => {
                        input type="checkbox" name=(name) value="true" checked[value == "true"];
                    },
                }
            }
        }
    }
}

/// What a browser or a password manager may fill in.
fn completion(name: &str) -> &'static str {
    match name {
        "email" => "username",
        "password" | "current" => "current-password",
        "new_password" => "new-password",
        _ => "off",
    }
}

/// A form that does something: what it will do is said before it is done. Sent twice, it does it once.
pub(crate) struct ActionForm<'a> {
    /// Where it is sent.
    pub(crate) action: String,
    /// What the button says.
    pub(crate) button: Text,
    /// What will happen; in a dialogue that opens before the form is sent.
    pub(crate) about: Option<String>,
    /// What is filled in.
    pub(crate) fields: Vec<Field<'a>>,
    /// What goes along unseen.
    pub(crate) hidden: Vec<(&'a str, String)>,
    /// It takes something away for good.
    pub(crate) is_dangerous: bool,
}

impl<'a> ActionForm<'a> {
    /// A form with nothing but a button.
    pub(crate) fn new(action: impl Into<String>, button: Text) -> ActionForm<'a> {
        ActionForm {
            action: action.into(),
            button,
            about: None,
            fields: Vec::new(),
            hidden: Vec::new(),
            is_dangerous: false,
        }
    }

    /// Says what it will do, and asks for a second press.
    pub(crate) fn about(mut self, about: impl Into<String>) -> ActionForm<'a> {
        self.about = Some(about.into());
        self
    }

    /// With a field.
    pub(crate) fn field(mut self, field: Field<'a>) -> ActionForm<'a> {
        self.fields.push(field);
        self
    }

    /// With a value that goes along unseen.
    pub(crate) fn hidden(mut self, name: &'a str, value: impl Into<String>) -> ActionForm<'a> {
        self.hidden.push((name, value.into()));
        self
    }

    /// It takes something away for good.
    pub(crate) fn dangerous(mut self) -> ActionForm<'a> {
        self.is_dangerous = true;
        self
    }

    /// The form. What only has a button is sent by it; all else is folded until it is wanted.
    pub(crate) fn markup(&self, visit: &Visit<'_>) -> Markup {
        let button = visit.say(self.button);
        let class = if self.is_dangerous { "danger" } else { "" };
        let form = html! {
            form.action method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(visit.viewer().csrf_token);
                input type="hidden" name="once" value=(visit.once());
                input type="hidden" name="back" value=(visit.address);
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                @if let Some(about) = &self.about { p.about { b { (visit.say(common::WILL_DO)) ": " } (about) } }
                @for field in &self.fields { (field.markup(visit)) }
                button class=(class) type="submit" { (button) }
            }
        };
        if self.about.is_none() && self.fields.is_empty() {
            return form;
        }
        html! { details.action { summary class=(class) { (button) } (form) } }
    }
}
