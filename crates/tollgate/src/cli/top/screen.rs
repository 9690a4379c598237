//! The picture of `top`: figures side by side where there is room, below one another where there is not, and what has
//! happened under them.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Sparkline};

use super::figures::Figures;

/// From this width on figures stand side by side.
const WIDE: u16 = 100;

/// Rows of the figures that stand side by side: the longest column and its frame.
const FIGURES_ROWS: u16 = 13;

const QUIET: Style = Style::new().fg(Color::DarkGray);
const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);

/// What is drawn.
pub(super) struct View<'a> {
    pub(super) url: &'a str,
    pub(super) figures: Figures,
    /// Why nothing new is known.
    pub(super) trouble: Option<String>,
    /// Somebody can press keys, and is told which.
    pub(super) has_keys: bool,
    /// What has happened, the newest first.
    pub(super) messages: &'a VecDeque<String>,
    /// How many of the newest are out of sight.
    pub(super) scrolled: usize,
}

/// Draws it into whatever room there is.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View<'_>) {
    let figures = &view.figures;
    let columns = [
        ("a second / today", rates(figures)),
        ("open", open(figures)),
        ("this instance, p50 / p99", measured(figures)),
    ];
    let is_wide = WIDE <= frame.area().width;
    let figures_rows = match is_wide {
        true => FIGURES_ROWS,
        false => columns.iter().map(|(_, lines)| rows(lines) + 2).sum(),
    };
    let [title, upper, pace, lower] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(figures_rows),
        Constraint::Length(3),
        Constraint::Min(0),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(heading(view)), title);
    let places: Vec<Rect> = match is_wide {
        true => Layout::horizontal([
            Constraint::Length(34),
            Constraint::Min(36),
            Constraint::Length(30),
        ])
        .split(upper)
        .to_vec(),
        false => Layout::vertical(
            columns
                .iter()
                .map(|(_, lines)| Constraint::Length(rows(lines) + 2)),
        )
        .split(upper)
        .to_vec(),
    };
    for ((name, lines), place) in columns.into_iter().zip(places) {
        frame.render_widget(Paragraph::new(lines).block(framed(name)), place);
    }
    let bars = framed("webhook events a second");
    frame.render_widget(Sparkline::default().data(&figures.pace).block(bars), pace);
    let messages = view.messages.iter().skip(view.scrolled);
    let messages: Vec<Line<'_>> = messages
        .take(usize::from(lower.height))
        .map(|message| Line::raw(message.as_str()))
        .collect();
    frame.render_widget(
        Paragraph::new(messages).block(framed("what happens, newest first")),
        lower,
    );
}

/// The picture as text, each line without the spaces at its end.
pub(super) fn as_text(view: &View<'_>, (columns, rows): (u16, u16)) -> String {
    let Ok(mut terminal) = Terminal::new(TestBackend::new(columns, rows));
    let Ok(_) = terminal.draw(|frame| draw(frame, view));
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for row in 0..rows {
        let cells = (0..columns).filter_map(|column| buffer.cell((column, row)));
        let line: String = cells.map(|cell| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn rows(lines: &[Line<'_>]) -> u16 {
    u16::try_from(lines.len()).unwrap_or(u16::MAX - 2)
}

fn framed(name: &str) -> Block<'_> {
    Block::new()
        .borders(Borders::ALL)
        .border_style(QUIET)
        .title(name)
}

fn heading<'a>(view: &'a View<'_>) -> Line<'a> {
    let mut spans = vec![
        Span::styled("tollgate top", STRONG),
        Span::raw(" "),
        Span::raw(view.url),
    ];
    match &view.trouble {
        Some(why) => spans.push(Span::styled(format!("  {why}"), BAD)),
        None if view.has_keys => spans.push(Span::styled("  arrows move, q ends", QUIET)),
        None => {}
    }
    Line::from(spans)
}

fn rates(figures: &Figures) -> Vec<Line<'_>> {
    let counted = figures.counted.iter();
    counted
        .map(|(name, rate, today)| {
            let rate = match rate {
                Some(rate) => format!("{rate:.1}"),
                None => "-".to_owned(),
            };
            let is_busy = rate != "0.0" && rate != "-";
            Line::from(vec![
                Span::raw(format!("{name:<17}")),
                Span::styled(format!("{rate:>6}"), if is_busy { STRONG } else { QUIET }),
                Span::raw(format!("{today:>9}")),
            ])
        })
        .collect()
}

fn open(figures: &Figures) -> Vec<Line<'_>> {
    let bounded = |count: u64| match 0 < figures.counted_up_to && figures.counted_up_to <= count {
        true => format!("{count} or more"),
        false => count.to_string(),
    };
    let line = |name: &str, count: u64, more: String, style: Style| {
        Line::from(vec![
            Span::raw(format!("{name:<17}")),
            Span::styled(format!("{}{more}", bounded(count)), style),
        ])
    };
    // What is nothing is well.
    let bad = |count: u64| if count == 0 { Style::new() } else { BAD };
    let aged = |seconds: Option<i64>| {
        seconds.map_or(String::new(), |seconds| format!(", for {}", span(seconds)))
    };
    let [pending, dead, unknown] = figures.effects;
    let ((parked, parked_for), (queued, queued_for)) = (figures.parked, figures.queued);
    let plain = String::new;
    let mut lines = vec![
        line(
            "for a person",
            figures.attention,
            plain(),
            bad(figures.attention),
        ),
        line("effects dead", dead, plain(), bad(dead)),
        line("effects unknown", unknown, plain(), bad(unknown)),
        line(
            "orphans, 7 days",
            figures.orphaned,
            plain(),
            bad(figures.orphaned),
        ),
        line("effects pending", pending, plain(), Style::new()),
        line("events parked", parked, aged(parked_for), Style::new()),
        line("events queued", queued, aged(queued_for), Style::new()),
    ];
    let orders = figures.orders.iter();
    lines.extend(orders.map(|(status, count)| line(status, *count, plain(), Style::new())));
    lines
}

fn measured(figures: &Figures) -> Vec<Line<'_>> {
    let shown = |seconds: &Option<f64>| match seconds {
        Some(seconds) => duration(*seconds),
        None => "-".to_owned(),
    };
    let measured = figures.measured.iter();
    let mut lines: Vec<Line<'_>> = measured
        .map(|(name, half, most)| {
            Line::raw(format!("{name:<11}{:>8} {:>8}", shown(half), shown(most)))
        })
        .collect();
    let (open, listening) = figures.connections;
    lines.extend([
        Line::raw(format!("{:<11}{:>8}", "queue", figures.waiting)),
        Line::raw(format!("{:<11}{open:>8}", "connections")),
        Line::raw(format!("{:<11}{listening:>8}", "listeners")),
    ]);
    lines
}

/// A short time in its own unit.
fn duration(seconds: f64) -> String {
    let millis = seconds * 1000.0;
    match millis {
        _ if millis < 1.0 => format!("{:.0} µs", millis * 1000.0),
        _ if millis < 100.0 => format!("{millis:.1} ms"),
        _ if millis < 1000.0 => format!("{millis:.0} ms"),
        _ => format!("{seconds:.1} s"),
    }
}

/// A long time by its two largest units.
fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days != 0 => format!("{days} d {} h", hours % 24),
        () if hours != 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes != 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        Figures {
            counted: vec![
                ("webhook events", Some(12.5), 1_200),
                ("applied", Some(10.0), 1_000),
                ("duplicates", Some(0.0), 150),
                ("early", None, 50),
            ],
            pace: vec![1, 4, 8, 12],
            orders: vec![("awaiting payment".to_owned(), 10_000)],
            effects: [3, 1, 0],
            parked: (2, Some(3_725)),
            queued: (0, None),
            attention: 4,
            orphaned: 0,
            measured: vec![
                ("webhooks", Some(0.000_8), Some(0.012)),
                ("API", None, Some(2.5)),
            ],
            waiting: 7.0,
            connections: (9.0, 1.0),
            counted_up_to: 10_000,
        }
    }

    fn picture(messages: &VecDeque<String>, scrolled: usize, size: (u16, u16)) -> String {
        let view = View {
            url: "http://127.0.0.1:8080",
            figures: figures(),
            trouble: None,
            has_keys: true,
            messages,
            scrolled,
        };
        as_text(&view, size)
    }

    #[test]
    fn a_wide_picture_has_the_figures_side_by_side() {
        let messages: VecDeque<String> = ["7 order.paid ord_1 Z-1", "6 order.created ord_1 Z-1"]
            .map(str::to_owned)
            .into();
        let shown = picture(&messages, 0, (100, 21));
        let expected = include_str!("screen.expected.txt");
        assert_eq!(shown, expected, "\n{shown}");
        let shown = picture(&messages, 1, (100, 21));
        assert!(
            !shown.contains("order.paid") && shown.contains("order.created"),
            "{shown}"
        );
    }

    #[test]
    fn no_size_of_a_window_is_too_small() {
        let messages: VecDeque<String> =
            (0..20).map(|number| format!("message {number}")).collect();
        for columns in (1..=12).chain([40, 79, 80, 99, 100, 101, 300]) {
            for rows in (1..=20).chain([60, 200]) {
                let shown = picture(&messages, 3, (columns, rows));
                assert_eq!(shown.lines().count(), usize::from(rows));
            }
        }
        let narrow = picture(&messages, 0, (60, 60));
        for wanted in ["a second / today", "for a person", "webhooks", "message 0"] {
            assert!(narrow.contains(wanted), "{wanted}: {narrow}");
        }
    }

    #[test]
    fn trouble_stands_in_the_first_line() {
        let view = View {
            url: "http://127.0.0.1:8080",
            figures: Figures::default(),
            trouble: Some("connection refused".to_owned()),
            has_keys: true,
            messages: &VecDeque::new(),
            scrolled: 0,
        };
        let shown = as_text(&view, (80, 24));
        let first = shown.lines().next().unwrap_or_default();
        assert!(first.ends_with("connection refused"), "{shown}");
    }
}
