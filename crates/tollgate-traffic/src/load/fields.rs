//! The headers of calls as HTTP/2 carries them (HPACK, RFC 7541), as clients of gRPC write them: what is the same with
//! every call is named by its place in a table from the second call on.
//!
//! The table only grows: what finds no room is written out each time. So nothing is ever evicted, and the place of an
//! entry is known by its number.

/// The table of a connection, as the other side has it, too.
pub(super) struct Fields {
    entries: Vec<Entry>,
    bytes: usize,
    bytes_max: usize,
    /// Ours was emptied, and the other side was not told yet.
    is_cleared: bool,
}

struct Entry {
    name: Vec<u8>,
    value: Vec<u8>,
}

/// What the table may hold unless something else was agreed, and what an entry takes beside its letters.
const BYTES_MAX: usize = 4096;
const ENTRY_BYTES: usize = 32;

/// How many entries the static table has.
const STATIC: usize = 61;

/// What of the static table is needed (RFC 7541, Appendix A): whole fields, and names.
const WHOLE: [(&str, &str, usize); 2] = [(":method", "POST", 3), (":scheme", "http", 6)];
const NAMES: [(&str, usize); 4] = [
    (":authority", 1),
    (":path", 4),
    ("authorization", 23),
    ("content-type", 31),
];

/// How often a field has the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// With many calls: its value belongs into the table.
    Same,
    /// With this one: only its name does.
    Own,
}

impl Default for Fields {
    fn default() -> Fields {
        Fields {
            entries: Vec::new(),
            bytes: 0,
            bytes_max: BYTES_MAX,
            is_cleared: false,
        }
    }
}

impl Fields {
    /// The other side's table has this room. Less than was agreed empties ours for good.
    pub(super) fn limit(&mut self, bytes_max: usize) {
        if bytes_max < self.bytes_max {
            self.entries.clear();
            self.bytes = 0;
            self.bytes_max = 0;
            self.is_cleared = true;
        }
    }

    /// What comes before the first field of a call.
    pub(super) fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_cleared) {
            number(out, 0x20, 5, 0);
        }
    }

    /// Writes one field.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, name: &[u8], value: &[u8], kept: Kept) {
        let mut named = None;
        for (number, entry) in self.entries.iter().enumerate() {
            if entry.name == name {
                named = Some(number);
                if kept == Kept::Same && entry.value == value {
                    return self::number(out, 0x80, 7, self.place(number));
                }
            }
        }
        let whole = WHOLE
            .iter()
            .find(|(known, text, _)| known.as_bytes() == name && text.as_bytes() == value);
        if let Some((_, _, place)) = whole {
            return number(out, 0x80, 7, *place);
        }
        let known = NAMES.iter().find(|(known, _)| known.as_bytes() == name);
        let place = match (known, named) {
            (Some((_, place)), _) => *place,
            (None, Some(number)) => self.place(number),
            (None, None) => 0,
        };
        let bytes = name.len() + value.len() + ENTRY_BYTES;
        let is_wanted = kept == Kept::Same || place == 0;
        let is_entered = is_wanted && self.bytes + bytes <= self.bytes_max;
        match is_entered {
            true => number(out, 0x40, 6, place),
            false => number(out, 0x00, 4, place),
        }
        if place == 0 {
            text(out, name);
        }
        text(out, value);
        if is_entered {
            self.bytes += bytes;
            self.entries.push(Entry {
                name: name.to_vec(),
                value: value.to_vec(),
            });
        }
    }

    /// The place of an entry: the latest one comes first, behind the static table.
    fn place(&self, number: usize) -> usize {
        STATIC + self.entries.len() - number
    }
}

/// A whole number whose first byte has room for so many bits behind what stands in it already.
fn number(out: &mut Vec<u8>, first: u8, bits: u32, number: usize) {
    let most = (1 << bits) - 1;
    if number < most {
        return out.push(first | number as u8);
    }
    out.push(first | most as u8);
    let mut rest = number - most;
    while 128 <= rest {
        out.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    out.push(rest as u8);
}

/// A text without Huffman's code: its length and itself.
fn text(out: &mut Vec<u8>, text: &[u8]) {
    number(out, 0, 7, text.len());
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: &mut Fields, list: &[(&str, &str, Kept)]) -> Vec<u8> {
        let mut out = Vec::new();
        fields.begin(&mut out);
        for (name, value, kept) in list {
            fields.write(&mut out, name.as_bytes(), value.as_bytes(), *kept);
        }
        out
    }

    const CALL: [(&str, &str, Kept); 6] = [
        (":method", "POST", Kept::Same),
        (":scheme", "http", Kept::Same),
        (":path", "/s/m", Kept::Same),
        ("te", "trailers", Kept::Same),
        ("authorization", "Bearer k", Kept::Same),
        ("idempotency-key", "1", Kept::Own),
    ];

    #[test]
    fn a_text_has_its_length_before_it() {
        for (length, expected) in [
            (0, &[0][..]),
            (126, &[126]),
            (127, &[127, 0]),
            (128, &[127, 1]),
            (254, &[127, 127]),
            (255, &[127, 128, 1]),
            (1337 + 127, &[127, 185, 10]),
        ] {
            let mut out = Vec::new();
            text(&mut out, &vec![b'x'; length]);
            let letters = vec![b'x'; length];
            assert_eq!(out.strip_suffix(&letters[..]), Some(expected), "{length}");
        }
    }

    #[test]
    fn what_was_written_once_is_named_by_its_place() {
        let mut fields = Fields::default();
        assert_eq!(
            written(&mut fields, &CALL),
            b"\x83\x86\x44\x04/s/m\x40\x02te\x08trailers\x57\x08Bearer k\
              \x40\x0fidempotency-key\x011"
        );
        // Four entries, the latest at 62: the name of the key, the authorization, te, the path.
        assert_eq!(
            written(&mut fields, &CALL),
            b"\x83\x86\xc1\xc0\xbf\x0f\x2f\x011"
        );
    }

    #[test]
    fn what_finds_no_room_is_written_out_each_time() {
        let mut fields = Fields::default();
        let long = "x".repeat(BYTES_MAX);
        let call = [("a", long.as_str(), Kept::Same), ("b", "c", Kept::Same)];
        let first = written(&mut fields, &call);
        assert!(first.starts_with(b"\x00\x01a"));
        assert!(first.ends_with(b"\x40\x01b\x01c"));
        let again = written(&mut fields, &call);
        assert!(again.starts_with(b"\x00\x01a"));
        assert!(again.ends_with(b"\xbe"));
    }

    #[test]
    fn a_table_without_room_is_said_before_anything_and_used_no_more() {
        let mut fields = Fields::default();
        written(&mut fields, &CALL[3..]);
        fields.limit(10);
        let plain = b"\x00\x02te\x08trailers";
        let mut said = vec![0x20];
        said.extend_from_slice(plain);
        assert_eq!(written(&mut fields, &CALL[3..4]), said);
        assert_eq!(written(&mut fields, &CALL[3..4]), plain);
    }
}
