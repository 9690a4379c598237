//! Server-Sent Events as a reader takes them: the live stream of a running server.

use reqwest::Response;

use super::reason;

/// The longest message that is read.
const BYTES_MAX: usize = 64 << 20;

/// One message. A beat of the server has a position and no data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// The position it is at, if it says so.
    pub id: Option<i64>,
    /// Its type.
    pub event: String,
    /// What it says.
    pub data: String,
}

/// The messages of an answer, one after the other.
pub struct Messages {
    response: Response,
    unread: Vec<u8>,
}

impl Messages {
    /// Reads an answer that comes bit by bit.
    pub fn of(response: Response) -> Messages {
        Messages {
            response,
            unread: Vec::new(),
        }
    }

    /// The next message; `None` at the end of the stream. Of a message whose end has not come nothing is
    /// said: it comes again.
    pub async fn next(&mut self) -> Result<Option<Message>, String> {
        let mut looked = 0;
        loop {
            if let Some(end) = end_of_message(&self.unread, looked) {
                let bytes: Vec<u8> = self.unread.drain(..end).collect();
                return Ok(Some(read(&String::from_utf8_lossy(&bytes))));
            }
            if BYTES_MAX < self.unread.len() {
                return Err("a message is longer than one can be".to_owned());
            }
            looked = self.unread.len().saturating_sub(1);
            match self.response.chunk().await {
                Ok(Some(part)) => self.unread.extend_from_slice(&part),
                Ok(None) => return Ok(None),
                Err(error) => return Err(reason(&error)),
            }
        }
    }
}

/// Where the first empty line ends; `looked`: there is none before.
fn end_of_message(bytes: &[u8], looked: usize) -> Option<usize> {
    let found = bytes.get(looked..)?;
    let at = found.windows(2).position(|two| two == b"\n\n")?;
    Some(looked + at + 2)
}

fn read(text: &str) -> Message {
    let mut message = Message::default();
    for line in text.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => message.id = value.parse().ok(),
            "event" => value.clone_into(&mut message.event),
            "data" => {
                if !message.data.is_empty() {
                    message.data.push('\n');
                }
                message.data.push_str(value);
            }
            // A comment, or what a later version says besides.
            _ => {}
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_the_standard_says() {
        let message = read("id: 7\nevent: order.paid\ndata: {\ndata:}\n\n");
        let expected = Message {
            id: Some(7),
            event: "order.paid".to_owned(),
            data: "{\n}".to_owned(),
        };
        assert_eq!(message, expected);
        let beat = read(":\nid: 8\n\n");
        assert_eq!((beat.id, beat.data.as_str()), (Some(8), ""));
    }

    #[test]
    fn a_message_ends_with_an_empty_line_wherever_the_parts_are_cut() {
        let bytes = b"id: 1\n\nid: 2\n\n";
        assert_eq!(end_of_message(bytes, 0), Some(7));
        assert_eq!(end_of_message(&bytes[..6], 0), None);
        assert_eq!(end_of_message(&bytes[..7], 5), Some(7));
        assert_eq!(end_of_message(b"", 0), None);
    }
}
