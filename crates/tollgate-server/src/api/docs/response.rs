//! The page of error codes, to which the `type` of every problem leads: written from the one table.

use std::fmt::Write as _;

use crate::api::receipts::escape;
use crate::http::problem::{CODES, Code};

/// The page: a section for every code, whose anchor is the code.
pub(crate) fn codes_page() -> String {
    let mut page = String::from(HEAD);
    for code in CODES {
        write_section(&mut page, code);
    }
    page.push_str("</body>\n</html>\n");
    page
}

const HEAD: &str = "\
<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Tollgate: error codes</title>
<link rel=\"stylesheet\" href=\"/r/style.css\">
</head>
<body>
<h1>Error codes</h1>
<p>Whatever is refused is answered with a problem document (RFC 9457). Its <code>code</code> never changes:
decide by it, and not by its texts. <code>errors</code> names the places of the request that are wrong.</p>
";

fn write_section(page: &mut String, row: &Code) {
    let Code {
        code,
        status,
        retryable: _,
        retry_after_ms: _,
        title,
        details,
    } = row;
    let _ = write!(
        page,
        "<section id=\"{code}\">\n<h2><a href=\"#{code}\">{code}</a></h2>\n<dl>\n\
         <dt>Status</dt><dd>{status}</dd>\n\
         <dt>What happened</dt><dd>{}</dd>\n\
         <dt>What to do</dt><dd>{}</dd>\n\
         <dt>The same request again</dt><dd>{}</dd>\n</dl>\n</section>\n",
        marked(title),
        marked(details[0]),
        marked(&again(row)),
    );
}

/// What repeating the request comes to, and under which Idempotency-Key (K8, K9).
fn again(row: &Code) -> String {
    let seconds = f64::from(row.retry_after_ms) / 1000.0;
    match row.status {
        _ if row.retryable && seconds == 0.0 => {
            "May succeed at once, as described above.".to_owned()
        }
        _ if row.retryable => format!(
            "May succeed after {seconds} s, or what `Retry-After` says; an Idempotency-Key stays the same."
        ),
        404 | 409 | 422 => {
            "Is refused again. Where it had an Idempotency-Key, and `new_key_required` is true, \
             this answer stays with the key: send it with a new one once the cause is gone."
                .to_owned()
        }
        500.. => "Only once the cause is gone.".to_owned(),
        _ => "Is refused again until it is mended; an Idempotency-Key is not used up by this."
            .to_owned(),
    }
}

/// What stands between backticks as code.
pub(super) fn marked(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        let part = escape(part);
        match index % 2 {
            0 => marked.push_str(&part),
            _ => {
                let _ = write!(marked, "<code>{part}</code>");
            }
        }
    }
    marked
}
