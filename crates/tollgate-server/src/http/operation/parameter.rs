//! Parameters of paths, queries and headers: what each is called, what it means and what it may be.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use tollgate_core::word::Word;

use crate::http::body::{OneOf, Time, Whole};

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

impl Place {
    /// Its word in the API's description.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        }
    }
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// What it means.
    pub(crate) about: &'static str,
    pub(crate) place: Place,
    pub(crate) is_required: bool,
    schema: fn() -> Value,
    /// One that would do.
    pub(crate) example: &'static str,
}

/// The schema of a type, with all its parts in it.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.to_value()
}

/// Words of a set, as many as are named.
fn schema_of_words<W: Word>() -> Value {
    json!({ "type": "array", "items": schema_of::<OneOf<W>>() })
}

/// Any text that can be kept.
fn schema_of_text() -> Value {
    json!({ "type": "string", "pattern": "^[^\\u0000]*$" })
}

impl Parameter {
    /// One whose values are read by a type.
    pub(crate) const fn of<T: JsonSchema>(
        name: &'static str,
        example: &'static str,
        about: &'static str,
    ) -> Parameter {
        Parameter {
            name,
            about,
            place: Place::Query,
            is_required: false,
            schema: schema_of::<T>,
            example,
        }
    }

    /// Any text.
    pub(crate) const fn text(
        name: &'static str,
        example: &'static str,
        about: &'static str,
    ) -> Parameter {
        let schema = schema_of_text;
        Parameter::described(name, example, schema, about)
    }

    /// One whose schema is written by hand.
    pub(crate) const fn described(
        name: &'static str,
        example: &'static str,
        schema: fn() -> Value,
        about: &'static str,
    ) -> Parameter {
        Parameter {
            name,
            about,
            place: Place::Query,
            is_required: false,
            schema,
            example,
        }
    }

    /// A point in time.
    pub(crate) const fn time(name: &'static str, about: &'static str) -> Parameter {
        Parameter::of::<Time>(name, "2026-01-22T10:00:00Z", about)
    }

    /// A word of a set.
    pub(crate) const fn word<W: Word>(
        name: &'static str,
        example: &'static str,
        about: &'static str,
    ) -> Parameter {
        Parameter::of::<OneOf<W>>(name, example, about)
    }

    /// Words of a set: by commas, or by standing more than once.
    pub(crate) const fn words<W: Word>(
        name: &'static str,
        example: &'static str,
        about: &'static str,
    ) -> Parameter {
        Parameter::described(name, example, schema_of_words::<W>, about)
    }

    /// It must be there.
    pub(crate) const fn required(self) -> Parameter {
        Parameter {
            is_required: true,
            ..self
        }
    }

    /// It stands here; a path has all of its parameters.
    pub(super) fn at(self, place: Place) -> Parameter {
        Parameter {
            place,
            is_required: self.is_required || place == Place::Path,
            ..self
        }
    }

    /// What it may be.
    pub(crate) fn schema(&self) -> Value {
        (self.schema)()
    }

    /// The example, as its schema has it.
    pub(crate) fn example_value(&self) -> Value {
        match self.schema()["type"].as_str() {
            Some("integer") => self.example.parse::<i64>().map_or(Value::Null, Value::from),
            Some("boolean") => Value::from(self.example == "true"),
            Some("array") => json!([self.example]),
            _ => Value::from(self.example),
        }
    }
}

/// The parameters every list knows.
pub(crate) const OF_LISTS: [Parameter; 2] = [LIMIT, CURSOR];

/// How long a page is.
pub(crate) const LIMIT: Parameter = Parameter::of::<Whole<1, 200>>(
    "limit",
    "50",
    "How many items a page has at most; 50 if absent.",
);

/// Where a page begins: the number of an item. An empty one is the beginning.
const CURSOR: Parameter = Parameter::described(
    "cursor",
    "",
    || json!({ "type": "string", "pattern": "^([0-7][0-9a-hjkmnp-tv-z]{25})?$" }),
    PAST,
);

/// What a cursor is.
pub(crate) const PAST: &str =
    "The `next_cursor` of the page before, with the same query; absent, the first page is given.";

/// The parameters of a list that is in the order of names or times, which its cursors hold.
pub(super) const OF_LISTS_BY_PLACE: [Parameter; 2] = [LIMIT, Parameter::text("cursor", "", PAST)];

/// At which end a list begins.
pub(crate) const SORT: Parameter = Parameter::described(
    "sort",
    "desc",
    || json!({ "type": "string", "enum": ["asc", "desc"] }),
    "`desc`, the newest first, or `asc`, the oldest first, by the time that ids carry; `desc` if absent.",
);

/// An Idempotency-Key whose answer is kept (K2).
pub(super) const KEY: Parameter = Parameter {
    place: Place::Header,
    ..Parameter::described(
        "Idempotency-Key",
        "a-value-of-your-own-1",
        schema_of_key,
        "A value of your own that stays the same when this request is repeated: 1 to 255 printable ASCII \
         characters without spaces, bare or in quotes. The answer is kept with it for 72 hours, and every \
         repetition is answered with the same bytes.",
    )
};

/// An Idempotency-Key under which nothing is kept.
pub(super) const CHECKED_KEY: Parameter = Parameter {
    about: "It must be a good one where it is sent; no answer is kept under it, and a repetition is done \
            again.",
    ..KEY
};

/// A bare key, or one in quotes with what is escaped in them.
fn schema_of_key() -> Value {
    json!({
        "type": "string",
        "pattern": "^([!#-~][!-~]{0,254}|\"([!-~]{0,253}[!#-~])?|\"([!#-\\[\\]-~]|\\\\[\"\\\\]){1,255}\")$",
    })
}

/// What the caller has already.
pub(crate) const IF_NONE_MATCH: Parameter = Parameter::text(
    "If-None-Match",
    "",
    "The `ETag` of what you have: if it is the same, nothing is sent.",
);

/// What shows that a request with the cookie of a session is from our own pages.
pub(super) const CSRF_TOKEN: Parameter = Parameter {
    place: Place::Header,
    ..Parameter::text(
        "X-CSRF-Token",
        "Kq3VtV0Zc8vYJ5m2n1b7x9wQe4r6t8y0u2i4o6p8a0s",
        "The session's `csrf_token`, for who comes with its cookie; nobody looks at it beside a key.",
    )
};

/// The version that is to be changed.
pub(super) const IF_MATCH: Parameter = Parameter {
    place: Place::Header,
    ..Parameter::described(
        "If-Match",
        "\"3\"",
        || json!({ "type": "string", "pattern": "^(\"[0-9]{1,18}\"|[0-9]{1,18})$" }),
        "The `version` that was read, in quotes: it is done only if that is still the version, else 412 \
         `version_mismatch`.",
    )
};
