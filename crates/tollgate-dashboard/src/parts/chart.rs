//! Charts, as SVG of our own: every value also stands in a table for whoever reads without seeing.

use maud::{Markup, html};

/// A bar: what it is called, and how high it is.
pub(crate) struct Bar {
    /// Under it.
    pub(crate) label: String,
    /// How high.
    pub(crate) value: u64,
    /// What people read of the value.
    pub(crate) text: String,
}

const WIDTH: u64 = 600;
const HEIGHT: u64 = 120;
const GAP: u64 = 2;

/// Bars beside each other, over time. `title` says what they count.
pub(crate) fn bars(title: &str, bars: &[Bar]) -> Markup {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let count = u64::try_from(bars.len()).unwrap_or(1).max(1);
    let step = WIDTH / count;
    let width = step.saturating_sub(GAP).max(1);
    let placed = bars.iter().zip(0u64..).map(|(bar, index)| {
        let height = scaled(bar.value, most);
        (bar, index * step, HEIGHT - height, height)
    });
    html! {
        figure.chart {
            figcaption { (title) }
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(title) preserveAspectRatio="none" {
                @for (bar, x, y, height) in placed {
                    rect x=(x) y=(y) width=(width) height=(height) { title { (bar.label) ": " (bar.text) } }
                }
            }
            table.unseen {
                tbody {
                    @for bar in bars { tr { th scope="row" { (bar.label) } td { (bar.text) } } }
                }
            }
        }
    }
}

/// How high a value is; what is more than nothing is seen.
fn scaled(value: u64, most: u64) -> u64 {
    let height = u128::from(value) * u128::from(HEIGHT) / u128::from(most);
    let height = u64::try_from(height).unwrap_or(HEIGHT);
    match value {
        0 => 0,
        _ => height.clamp(1, HEIGHT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_value() {
        assert_eq!(scaled(0, 10), 0);
        assert_eq!(scaled(1, 1_000_000), 1);
        assert_eq!(scaled(5, 10), HEIGHT / 2);
        assert_eq!(scaled(u64::MAX, u64::MAX), HEIGHT);
    }
}
