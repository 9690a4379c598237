//! Lines of time, level, place, message and fields, in that order.

use tracing::Level;

use super::line::{Line, Said};
use super::quoting::escaped;
use super::{BLUE, DIM, GREEN, RED, Style, YELLOW};

pub(super) fn write(line: &Line, style: Style) -> String {
    let level = format!("{:>5}", line.level.as_str());
    let level = match line.level {
        Level::ERROR => style.paint(RED, &level),
        Level::WARN => style.paint(YELLOW, &level),
        Level::INFO => style.paint(GREEN, &level),
        Level::DEBUG => style.paint(BLUE, &level),
        Level::TRACE => style.paint(DIM, &level),
    };
    let at = style.paint(DIM, &format!("{:.6}", line.at));
    let target = style.paint(DIM, &format!("{}:", line.target));
    let mut text = format!("{at} {level} {target} {}", escaped(&line.message));
    for (name, said) in &line.fields {
        let value = match said {
            Said::Text(text) => format!("{text:?}"),
            Said::Shown(shown) => escaped(shown),
            Said::Plain(value) => value.to_string(),
        };
        text.push_str(&format!(" {name}={value}"));
    }
    text
}
