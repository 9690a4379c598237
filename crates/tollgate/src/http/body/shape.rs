//! Shapes: what members a body has, walked over its text only to explain a refusal.
//!
//! Not over a tree: a text can be JSON and yet have no tree, and a tree does not show what stood
//! twice.

use std::fmt::{self, Write as _};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::http::problem::Pointer;

/// What stands at a place.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// A value that its type judges.
    Leaf(fn(&str) -> Result<(), String>),
    /// An object with these members and no others.
    Object(&'static [Member]),
    /// A list of at least and at most so many.
    List(usize, usize, &'static Shape),
    /// A shape, and what its parts have to do with each other: places below it, and what is wrong.
    Judged(&'static Shape, fn(&str) -> Vec<Wrong>),
}

/// A member of an object: its name, whether it has to be there, what it holds.
pub(crate) type Member = (&'static str, bool, Shape);

/// A place below a value, the kind of fault and what is wanted there.
pub(crate) type Wrong = (String, &'static str, String);

/// Judges a value by the type it is read with.
pub(crate) const fn leaf<T: for<'de> Deserialize<'de>>() -> Shape {
    Shape::Leaf(|text| match serde_json::from_str::<T>(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let told = error.to_string();
            let end = told.find(" at line ").unwrap_or(told.len());
            Err(told[..end].to_owned())
        }
    })
}

/// The members of an object as they stand in its text.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// Collects every place of the text that is not as its shape says. The text is JSON.
pub(crate) fn check(text: &str, shape: &Shape, at: &mut String, errors: &mut Vec<Pointer>) {
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
    match shape {
        Shape::Leaf(judge) => {
            if let Err(detail) = judge(text) {
                refuse(at.clone(), "invalid", detail);
            }
        }
        Shape::Object(members) => {
            let Ok(Members(found)) = serde_json::from_str(text) else {
                return refuse(at.clone(), "invalid", "expected an object".to_owned());
            };
            for (index, (name, _)) in found.iter().enumerate() {
                let pointer = || format!("{at}/{}", escape(name));
                if members.iter().all(|(known, _, _)| known != name) {
                    refuse(pointer(), "unknown_member", String::new());
                } else if found[..index].iter().any(|(other, _)| other == name) {
                    refuse(pointer(), "invalid", "it stands twice".to_owned());
                }
            }
            for (name, required, shape) in *members {
                let length = at.len();
                let _ = write!(at, "/{name}");
                match found.iter().find(|(known, _)| known == name) {
                    None if *required => errors.push(Pointer {
                        pointer: at.clone(),
                        code: "missing",
                        detail: String::new(),
                    }),
                    None => {}
                    Some((_, value)) if value.get() == "null" && !required => {}
                    Some((_, value)) => check(value.get(), shape, at, errors),
                }
                at.truncate(length);
            }
        }
        Shape::List(least, most, inner) => {
            let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) else {
                return refuse(at.clone(), "invalid", "expected a list".to_owned());
            };
            if !(*least..=*most).contains(&list.len()) {
                let wanted = format!("expected {least} to {most} elements");
                refuse(at.clone(), "invalid", wanted);
            }
            for (index, value) in list.iter().enumerate() {
                let length = at.len();
                let _ = write!(at, "/{index}");
                check(value.get(), inner, at, errors);
                at.truncate(length);
            }
        }
        Shape::Judged(inner, judge) => {
            check(text, inner, at, errors);
            for (below, code, detail) in judge(text) {
                let pointer = format!("{at}{below}");
                // What is wrong by itself is told once.
                if errors.iter().all(|known| known.pointer != pointer) {
                    errors.push(Pointer {
                        pointer,
                        code,
                        detail,
                    });
                }
            }
        }
    }
}

/// A member's name in a JSON pointer (RFC 6901), cut to a readable length.
fn escape(name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    name.replace('~', "~0").replace('/', "~1")
}
