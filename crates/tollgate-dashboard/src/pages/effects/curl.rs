//! A request as a command that sends it again.

use serde::Deserialize;

/// What an effect sends, as the API shows it: without secrets.
#[derive(Deserialize)]
pub(super) struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_base64: Option<String>,
}

/// The command, for a shell of the POSIX family: everything stands between single quotes, so that nothing in it is
/// read by the shell.
pub(super) fn command(request: &Request) -> String {
    let mut command = String::new();
    // A body that is no text comes out of its base64.
    if let Some(base64) = &request.body_base64 {
        command.push_str(&format!("printf %s {} | base64 -d | ", quoted(base64)));
    }
    command.push_str(&format!(
        "curl -X {} {}",
        quoted(&request.method),
        quoted(&request.url)
    ));
    for (name, value) in &request.headers {
        command.push_str(&format!(
            " \\\n  -H {}",
            quoted(&format!("{name}: {value}"))
        ));
    }
    if request.body_base64.is_some() {
        command.push_str(" \\\n  --data-binary @-");
    } else if let Some(body) = &request.body {
        command.push_str(&format!(" \\\n  --data-raw {}", quoted(body)));
    }
    command
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Option<&str>, body_base64: Option<&str>) -> Request {
        Request {
            method: "POST".to_owned(),
            url: "https://shop.example/hook?a=1&b='2'".to_owned(),
            headers: vec![("webhook-id".to_owned(), "notify:ep_1:7".to_owned())],
            body: body.map(str::to_owned),
            body_base64: body_base64.map(str::to_owned),
        }
    }

    #[test]
    fn nothing_in_a_request_is_read_by_the_shell() {
        let text = command(&request(Some("{\"name\":\"$(reboot) it's\"}"), None));
        assert_eq!(
            text,
            r#"curl -X 'POST' 'https://shop.example/hook?a=1&b='\''2'\''' \
  -H 'webhook-id: notify:ep_1:7' \
  --data-raw '{"name":"$(reboot) it'\''s"}'"#
        );
    }

    #[test]
    fn a_body_that_is_no_text_comes_out_of_its_base64() {
        let text = command(&request(None, Some("AP8=")));
        assert!(
            text.starts_with("printf %s 'AP8=' | base64 -d | curl "),
            "{text}"
        );
        assert!(text.ends_with("--data-binary @-"), "{text}");
    }
}
