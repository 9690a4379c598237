//! What a command prints, compared with what it printed when somebody last looked at it.
//!
//! The texts lie in tests/snapshots. `WRITE_SNAPSHOTS=1 cargo nextest run …` writes them anew; what has changed is
//! then seen in the diff.

use std::path::Path;

/// Fails where a text is not the one that was kept under this name.
#[track_caller]
pub(crate) fn assert_snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots")
        .join(format!("{name}.txt"));
    if std::env::var_os("WRITE_SNAPSHOTS").is_some() {
        let folder = path.parent().expect("it is in a folder");
        std::fs::create_dir_all(folder).expect("the folder can be made");
        std::fs::write(&path, text).expect("the snapshot can be written");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{} is not what is printed now (WRITE_SNAPSHOTS=1 writes it anew):\n{}",
        path.display(),
        changes(&kept, text)
    );
}

/// The lines that only one of them has.
fn changes(kept: &str, now: &str) -> String {
    let of = |text: &str, other: &str, sign: char| -> String {
        let lines = text
            .lines()
            .filter(|line| !other.lines().any(|known| known == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    of(kept, now, '-') + &of(now, kept, '+')
}

/// A text with ids and times that are the same in every run: ids are numbered as they come, every time is one.
pub(crate) fn made_plain(text: &str) -> String {
    const PREFIXES: [&str; 12] = [
        "ord_", "pay_", "hld_", "rfd_", "slt_", "evt_", "dlv_", "eff_", "rcp_", "key_", "usr_",
        "req_",
    ];
    let mut ids: Vec<String> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let id = PREFIXES.iter().find_map(|prefix| {
            let id = rest.get(..30)?;
            let is_id =
                id.starts_with(prefix) && id[4..].bytes().all(|byte| byte.is_ascii_alphanumeric());
            is_id.then(|| id.to_owned())
        });
        if let Some(id) = id {
            let known = ids.iter().position(|known| *known == id);
            let number = known.unwrap_or_else(|| {
                ids.push(id.clone());
                ids.len() - 1
            });
            plain.push_str(&format!("{}{:0>26}", &id[..4], number + 1));
            rest = &rest[30..];
        } else if let Some((shape, length)) = timed(rest) {
            plain.push_str(shape);
            rest = &rest[length..];
        } else {
            plain.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    plain
}

/// What stands for a time at the beginning of a text, and how long that is.
fn timed(text: &str) -> Option<(&'static str, usize)> {
    const SHAPES: [(&str, &str); 10] = [
        ("dddd-dd-ddTdd:dd:dd.dddZ", "2026-01-22T10:00:00.000Z"),
        ("dddd-dd-dd dd:dd:dd", "2026-01-22 10:00:00"),
        ("dddd-dd-dd (", "2026-01-22 ("),
        ("  dd:dd:dd  ", "  10:00:00  "),
        // How long something took.
        (", d ms", ", 5 ms"),
        (", dd ms", ", 5 ms"),
        (", ddd ms", ", 5 ms"),
        (", dddd ms", ", 5 ms"),
        (", ddddd ms", ", 5 ms"),
        // The year in the number of a receipt.
        ("R-dddd-", "R-2026-"),
    ];
    SHAPES.iter().find_map(|(shape, instead)| {
        let begin = text.as_bytes().get(..shape.len())?;
        let fits = begin
            .iter()
            .zip(shape.bytes())
            .all(|(found, wanted)| match wanted {
                b'd' => found.is_ascii_digit(),
                wanted => *found == wanted,
            });
        fits.then_some((*instead, shape.len()))
    })
}
