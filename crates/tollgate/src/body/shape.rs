//! Shapes: what members a body has, walked only to explain a refusal.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Pointer;

/// What stands at a place.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// A value that its type judges.
    Leaf(fn(&Value) -> Result<(), String>),
    /// An object with these members and no others.
    Object(&'static [Member]),
    /// A list of at least and at most so many.
    List(usize, usize, &'static Shape),
}

/// A member of an object: its name, whether it has to be there, what it holds.
pub(crate) type Member = (&'static str, bool, Shape);

/// Judges a value by the type it is read with.
pub(crate) const fn leaf<T: for<'de> Deserialize<'de>>() -> Shape {
    Shape::Leaf(|value| {
        // Through the text, because raw values are read from texts only.
        match serde_json::from_str::<T>(&value.to_string()) {
            Ok(_) => Ok(()),
            Err(error) => {
                let told = error.to_string();
                let end = told.rfind(" at line ").unwrap_or(told.len());
                Err(told[..end].to_owned())
            }
        }
    })
}

/// Collects every place of the value that is not as its shape says.
pub(crate) fn check(value: &Value, shape: &Shape, at: &mut String, errors: &mut Vec<Pointer>) {
    /// More than anybody reads.
    const ERRORS_MAX: usize = 100;
    if ERRORS_MAX <= errors.len() {
        return;
    }
    let mut refuse = |pointer: String, code, detail: String| {
        errors.push(Pointer {
            pointer,
            code,
            detail,
        });
    };
    match (shape, value) {
        (Shape::Leaf(judge), value) => {
            if let Err(detail) = judge(value) {
                refuse(at.clone(), "invalid", detail);
            }
        }
        (Shape::Object(members), Value::Object(object)) => {
            for (name, _) in object {
                if members.iter().all(|(known, _, _)| known != name) {
                    let pointer = format!("{at}/{}", escape(name));
                    refuse(pointer, "unknown_member", String::new());
                }
            }
            for (name, required, shape) in *members {
                let length = at.len();
                let _ = write!(at, "/{name}");
                match object.get(*name) {
                    None if *required => errors.push(Pointer {
                        pointer: at.clone(),
                        code: "missing",
                        detail: String::new(),
                    }),
                    None => {}
                    Some(Value::Null) if !required => {}
                    Some(value) => check(value, shape, at, errors),
                }
                at.truncate(length);
            }
        }
        (Shape::List(least, most, inner), Value::Array(list)) => {
            if !(*least..=*most).contains(&list.len()) {
                refuse(
                    at.clone(),
                    "invalid",
                    format!("expected {least} to {most} elements"),
                );
            }
            for (index, value) in list.iter().enumerate() {
                let length = at.len();
                let _ = write!(at, "/{index}");
                check(value, inner, at, errors);
                at.truncate(length);
            }
        }
        (Shape::Object(_), _) => refuse(at.clone(), "invalid", "expected an object".to_owned()),
        (Shape::List(..), _) => refuse(at.clone(), "invalid", "expected a list".to_owned()),
    }
}

/// A member's name in a JSON pointer (RFC 6901), cut to a readable length.
fn escape(name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    name.replace('~', "~0").replace('/', "~1")
}
