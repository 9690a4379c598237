//! JSON as providers mean it: the last of two equal members wins, numbers stay the text they are.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object, each value the text it is. Nothing below them is read yet.
pub(crate) struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads a body; bytes around it other than white space are refused.
    pub(crate) fn from_slice(bytes: &'a [u8]) -> Result<Object<'a>, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// Reads a value that is an object.
    pub(crate) fn from_raw(raw: &'a RawValue) -> Option<Object<'a>> {
        serde_json::from_str(raw.get()).ok()
    }

    /// The member of this name; of several the last.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.members
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    }

    /// The member of this name in whatever case; of several the last.
    pub(crate) fn get_any_case(&self, name: &str) -> Option<&'a RawValue> {
        let found = self
            .members
            .iter()
            .rev()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    /// A text or a number, as its text; anything else, and an empty text, is `None`.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(text)
    }

    /// A member that is an object.
    pub(crate) fn object(&self, name: &str) -> Option<Object<'a>> {
        self.get(name).and_then(Object::from_raw)
    }

    /// A member that is an array.
    pub(crate) fn array(&self, name: &str) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }
}

/// The text of a string or a number; `None` for anything else and for an empty string.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let json = raw.get();
    match json.as_bytes().first()? {
        b'"' => string(json).filter(|text| !text.is_empty()),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(json)),
        _ => None,
    }
}

/// A string without its quotes and escapes; `None` if it is no string.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(json).ok().map(Cow::Owned)
}

/// Whether the value is the whole number `number`, written as a number.
pub(crate) fn is_integer(raw: &RawValue, number: i64) -> bool {
    integer(raw) == Some(number)
}

/// The whole number a value is; a text or a fraction is none.
pub(crate) fn integer(raw: &RawValue) -> Option<i64> {
    raw.get().parse().ok()
}

/// Text as a JSON string, for what we write ourselves.
pub(crate) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Where a part that was cut out of `body` stands in it.
pub(crate) fn range_in(body: &[u8], part: &str) -> Range<usize> {
    let offset = (part.as_ptr() as usize).wrapping_sub(body.as_ptr() as usize);
    match offset.checked_add(part.len()) {
        Some(end) if end <= body.len() => offset..end,
        Some(_) | None => 0..body.len(),
    }
}

/// A path to a value inside an object (RFC 6901), split once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pointer {
    segments: Vec<String>,
}

impl Pointer {
    /// Takes a pointer that begins with a slash.
    pub(crate) fn new(text: &str) -> Option<Pointer> {
        let rest = text.strip_prefix('/')?;
        let segments = rest
            .split('/')
            .map(|part| part.replace("~1", "/").replace("~0", "~"));
        Some(Pointer {
            segments: segments.collect(),
        })
    }

    /// The names on the way, unescaped.
    pub(crate) fn segments(&self) -> &[String] {
        &self.segments
    }
}

/// Follows pointers through a body, reading every object on the way once.
pub(crate) struct Walker<'a> {
    read: Vec<(&'a str, Option<Object<'a>>)>,
    root: Object<'a>,
    is_blank: bool,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(root: Object<'a>) -> Walker<'a> {
        Walker {
            read: Vec::new(),
            root,
            is_blank: false,
        }
    }

    /// Through a body that is an object.
    pub(crate) fn of(body: &'a [u8]) -> Result<Walker<'a>, serde_json::Error> {
        Object::from_slice(body).map(Walker::new)
    }

    /// Of a body in which nothing stands.
    pub(crate) fn blank() -> Walker<'a> {
        let root = Object {
            members: Vec::new(),
        };
        Walker {
            is_blank: true,
            ..Walker::new(root)
        }
    }

    /// There was no body.
    pub(crate) fn is_blank(&self) -> bool {
        self.is_blank
    }

    pub(crate) fn find(&mut self, pointer: &Pointer) -> Option<&'a RawValue> {
        let (first, rest) = pointer.segments.split_first()?;
        let mut value = self.root.get(first)?;
        for segment in rest {
            value = self.step(value, segment)?;
        }
        Some(value)
    }

    pub(crate) fn text(&mut self, pointer: &Option<Pointer>) -> Option<Cow<'a, str>> {
        text(self.find(pointer.as_ref()?)?)
    }

    fn step(&mut self, value: &'a RawValue, segment: &str) -> Option<&'a RawValue> {
        let json = value.get();
        if json.starts_with('[') {
            let elements: Vec<&'a RawValue> = serde_json::from_str(json).ok()?;
            return elements.get(segment.parse::<usize>().ok()?).copied();
        }
        let same = |seen: &&(&'a str, Option<Object<'a>>)| std::ptr::eq(seen.0, json);
        if self.read.iter().find(same).is_none() {
            self.read.push((json, Object::from_raw(value)));
        }
        self.read.iter().find(same)?.1.as_ref()?.get(segment)
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::with_capacity(24);
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Object { members })
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A member's name, borrowed where it holds no escape.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// An object being written, members in the order they were put.
#[derive(Default)]
pub(crate) struct Tree {
    members: Vec<(String, Node)>,
}

enum Node {
    Value(String),
    Object(Tree),
}

impl Tree {
    /// A value already stands there, or where an object would have to: it is written over.
    pub(crate) fn put(&mut self, path: &[String], value: String) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let at = match self.members.iter().position(|(name, _)| name == first) {
            Some(at) => at,
            None => {
                self.members
                    .push((first.clone(), Node::Object(Tree::default())));
                self.members.len() - 1
            }
        };
        let node = &mut self.members[at].1;
        if rest.is_empty() {
            *node = Node::Value(value);
            return;
        }
        if let Node::Value(_) = node {
            *node = Node::Object(Tree::default());
        }
        if let Node::Object(tree) = node {
            tree.put(rest, value);
        }
    }

    pub(crate) fn write(&self) -> String {
        let members: Vec<String> = self
            .members
            .iter()
            .map(|(name, node)| {
                let value = match node {
                    Node::Value(value) => value.clone(),
                    Node::Object(tree) => tree.write(),
                };
                format!("{}:{value}", quote(name))
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }
}
