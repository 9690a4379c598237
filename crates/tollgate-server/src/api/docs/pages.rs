//! The pages of `/docs`: an index by nouns, and for each noun a page with its operations. Written from the same
//! description that `/openapi.json` is.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::curl::command;
use super::members::{Row, kind, rows};
use super::response::marked;
use crate::api::receipts::escape;
use crate::http::problem::CODES_PATH;

/// Where the index is.
pub(super) const DOCS_PATH: &str = "/docs";

/// An operation with its path and its method.
struct Placed<'d> {
    path: &'d str,
    method: &'d str,
    operation: &'d Value,
}

/// What a noun's page is called in its address.
pub(super) fn slug(noun: &str) -> String {
    noun.to_ascii_lowercase().replace(' ', "-")
}

/// The index of the API.
pub(super) fn index(document: &Value) -> String {
    let mut page = head(document, "Tollgate: the API", "");
    let about = document["info"]["description"].as_str().unwrap_or_default();
    let _ = write!(
        page,
        "<h1>The API of Tollgate</h1>\n<p>{}</p>\n<p>For programs there is <a href=\"/openapi.json\">OpenAPI 3.1</a>. \
         The commands on these pages take the key from <code>$TOLLGATE_API_KEY</code>.</p>\n",
        marked(about)
    );
    for (noun, about) in nouns(document) {
        let address = format!("{DOCS_PATH}/{}", slug(noun));
        let _ = write!(
            page,
            "<h2><a href=\"{address}\">{}</a></h2>\n<p>{}</p>\n<ul class=\"operations\">\n",
            escape(noun),
            marked(about)
        );
        for placed in operations(document, noun) {
            let Placed {
                path, operation, ..
            } = placed;
            let _ = writeln!(
                page,
                "<li><a href=\"{address}#{}\"><b>{}</b> <code>{}</code></a> <span>{}</span></li>",
                id(operation),
                placed.method.to_ascii_uppercase(),
                escape(path),
                marked(text(operation, "summary")),
            );
        }
        page.push_str("</ul>\n");
    }
    page.push_str(&messages(document));
    page.push_str(FOOT);
    page
}

/// The page of a noun by its address; none for what is no noun. Commands ask the server at a place.
pub(super) fn of_noun(document: &Value, address: &str, server: &str) -> Option<String> {
    let (noun, about) = nouns(document).find(|(noun, _)| slug(noun) == address)?;
    let mut page = head(document, &format!("Tollgate: {noun}"), noun);
    let _ = write!(
        page,
        "<h1>{}</h1>\n<p>{}</p>\n",
        escape(noun),
        marked(about)
    );
    for placed in operations(document, noun) {
        write_operation(&mut page, document, &placed, server);
    }
    page.push_str(FOOT);
    Some(page)
}

fn head(document: &Value, title: &str, here: &str) -> String {
    let mut head = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n\
         <link rel=\"stylesheet\" href=\"{DOCS_PATH}/style.css\">\n</head>\n<body>\n<nav>\n\
         <a href=\"{DOCS_PATH}\">Index</a>\n",
        escape(title)
    );
    for (noun, _) in nouns(document) {
        let current = if noun == here {
            " aria-current=\"page\""
        } else {
            ""
        };
        let _ = writeln!(
            head,
            "<a href=\"{DOCS_PATH}/{}\"{current}>{}</a>",
            slug(noun),
            escape(noun)
        );
    }
    let _ = write!(
        head,
        "<a href=\"{CODES_PATH}\">Error codes</a>\n</nav>\n<main>\n"
    );
    head
}

const FOOT: &str = "</main>\n</body>\n</html>\n";

fn nouns(document: &Value) -> impl Iterator<Item = (&str, &str)> {
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.map(|tag| (text(tag, "name"), text(tag, "description")))
}

fn operations<'d>(document: &'d Value, noun: &str) -> Vec<Placed<'d>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| Placed {
            path,
            method,
            operation,
        })
    });
    all.filter(|placed| placed.operation["tags"][0] == noun)
        .collect()
}

fn text<'d>(value: &'d Value, name: &str) -> &'d str {
    value[name].as_str().unwrap_or_default()
}

fn id(operation: &Value) -> &str {
    text(operation, "operationId")
}

fn write_operation(page: &mut String, document: &Value, placed: &Placed<'_>, server: &str) {
    let Placed {
        path,
        method,
        operation,
    } = placed;
    let id = id(operation);
    let _ = write!(
        page,
        "<section id=\"{id}\">\n<h2><a href=\"#{id}\">{}</a></h2>\n<p class=\"path\"><b>{}</b> <code>{}</code></p>\n\
         <p>{}</p>\n",
        marked(text(operation, "summary")),
        method.to_ascii_uppercase(),
        escape(path),
        marked(text(operation, "description")),
    );
    let command = command(server, path, method, operation);
    let _ = writeln!(page, "<pre class=\"curl\">{}</pre>", escape(&command));
    let parameters = parameters(document, operation);
    write_rows(page, "Parameters", &parameters);
    if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema") {
        write_rows(page, "Body", &rows(document, schema));
    }
    let answers = operation["responses"].as_object();
    for (status, answer) in answers.into_iter().flatten() {
        if answer["content"].get("application/problem+json").is_none()
            && answer.get("$ref").is_none()
        {
            write_answer(page, document, status, answer);
        }
    }
    write_refusals(page, document, answers);
    page.push_str("</section>\n");
}

fn parameters(document: &Value, operation: &Value) -> Vec<Row> {
    let list = operation["parameters"].as_array().into_iter().flatten();
    let row = |parameter: &Value| Row {
        place: text(parameter, "name").to_owned(),
        kind: format!(
            "{}: {}",
            text(parameter, "in"),
            kind(document, &parameter["schema"])
        ),
        is_required: parameter["required"] == true,
        about: text(parameter, "description").to_owned(),
    };
    list.map(row).collect()
}

fn write_rows(page: &mut String, title: &str, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(page, "<h3>{title}</h3>\n<dl>");
    for row in rows {
        let required = if row.is_required {
            " <b>required</b>"
        } else {
            ""
        };
        let _ = writeln!(
            page,
            "<dt><code>{}</code> <span>{}</span>{required}</dt><dd>{}</dd>",
            escape(&row.place),
            marked(&row.kind),
            marked(&row.about),
        );
    }
    page.push_str("</dl>\n");
}

fn write_answer(page: &mut String, document: &Value, status: &str, answer: &Value) {
    let _ = writeln!(
        page,
        "<h3>Answer {status}</h3>\n<p>{}</p>",
        marked(text(answer, "description"))
    );
    for (media, content) in answer["content"].as_object().into_iter().flatten() {
        let members = rows(document, &content["schema"]);
        if members.is_empty() {
            let _ = writeln!(page, "<p><code>{}</code></p>", escape(media));
            continue;
        }
        let _ = writeln!(
            page,
            "<details>\n<summary><code>{}</code></summary>",
            escape(media)
        );
        if let Some(example) = content.get("example") {
            let _ = writeln!(page, "<pre>{}</pre>", escape(&format!("{example:#}")));
        }
        write_rows(page, "Members", &members);
        page.push_str("</details>\n");
    }
}

/// Every code that a refusal may have, with the way to what it means.
fn write_refusals(page: &mut String, document: &Value, answers: Option<&Map<String, Value>>) {
    page.push_str("<h3>Refusals</h3>\n<ul class=\"codes\">\n");
    for (status, answer) in answers.into_iter().flatten() {
        let answer = match answer["$ref"].as_str() {
            Some(path) => document
                .pointer(path.trim_start_matches('#'))
                .unwrap_or(answer),
            None => answer,
        };
        let codes =
            answer.pointer("/content/application~1problem+json/schema/properties/code/enum");
        let codes = codes.and_then(Value::as_array).into_iter().flatten();
        for code in codes.filter_map(Value::as_str) {
            let _ = writeln!(
                page,
                "<li>{status} <a href=\"{CODES_PATH}#{code}\"><code>{code}</code></a></li>"
            );
        }
    }
    page.push_str("</ul>\n");
}

/// The webhooks that endpoints are sent.
fn messages(document: &Value) -> String {
    let mut part = "<h2 id=\"webhooks\">Webhooks out</h2>\n<p>What an endpoint is sent, signed by the \
                    <code>webhook-id</code>, <code>webhook-timestamp</code> and <code>webhook-signature</code> of the \
                    Standard Webhooks scheme: <code>type</code>, <code>timestamp</code>, <code>position</code> and \
                    <code>data</code>.</p>\n<ul class=\"codes\">\n"
        .to_owned();
    for kind in document["webhooks"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
    {
        let _ = writeln!(part, "<li><code>{}</code></li>", escape(kind));
    }
    part.push_str("</ul>\n");
    part
}

/// The style of these pages.
pub(super) const STYLE: &str = "\
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, Canvas);
  --soft: color-mix(in srgb, CanvasText 6%, Canvas); }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 0 1rem 3rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 1rem 0; border-bottom: 1px solid var(--line); }
nav a[aria-current] { font-weight: 600; text-decoration: none; color: CanvasText; }
main { min-width: 0; }
h1 { font-size: 1.6rem; margin: 1.5rem 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; }
h2 a { color: CanvasText; text-decoration: none; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { max-width: 48rem; }
section { border-bottom: 1px solid var(--line); padding-bottom: 1.5rem; }
code, pre { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .4rem; padding: .75rem; overflow-x: auto;
  white-space: pre-wrap; }
ul { padding: 0; list-style: none; margin: .5rem 0; }
.operations li { padding: .35rem 0; border-top: 1px solid var(--line); }
.operations span, dt span { color: GrayText; }
.codes { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
dl { margin: .25rem 0; }
dt { padding-top: .5rem; border-top: 1px solid var(--line); }
dt b { font-size: .8rem; }
dd { margin: 0 0 .5rem; }
summary { cursor: pointer; padding: .35rem 0; }
@media (min-width: 60rem) {
  body { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 2.5rem; }
  nav { flex-direction: column; flex-wrap: nowrap; border: 0; position: sticky; top: 0; align-self: start; }
  .operations li { display: grid; grid-template-columns: minmax(0, 26rem) minmax(0, 1fr); gap: 1rem; }
  dl { display: grid; grid-template-columns: minmax(0, 24rem) minmax(0, 1fr); }
  dd { padding-top: .5rem; border-top: 1px solid var(--line); }
}
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::docs::description::DESCRIPTION;

    #[test]
    fn every_operation_is_on_the_index_and_on_one_page() {
        let document = &DESCRIPTION.document;
        let index = index(document);
        let pages: Vec<String> = nouns(document)
            .map(|(noun, _)| of_noun(document, &slug(noun), "http://h").expect("it has a page"))
            .collect();
        let mut count = 0;
        for (noun, _) in nouns(document) {
            for Placed {
                operation, path, ..
            } in operations(document, noun)
            {
                let (id, anchor) = (id(operation), format!("<section id=\"{}\">", id(operation)));
                let found = pages.iter().filter(|page| page.contains(&anchor)).count();
                assert_eq!(found, 1, "{id}");
                let link = format!("{DOCS_PATH}/{}#{id}\"", slug(noun));
                assert!(index.contains(&link), "{link}");
                assert!(index.contains(path), "{path}");
                count += 1;
            }
        }
        assert!(60 < count, "{count} operations");
        assert_eq!(of_noun(document, "nothing", "http://h"), None);
        for page in pages.iter().chain([&index]) {
            assert!(
                !page.contains("style=\"") && !page.contains("<script"),
                "it needs no more"
            );
        }
    }
}
