//! The figures for people.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::figures::{Figures, Run, Spread};
use super::plan::Name;

/// A table of rounds with their medians, and what stands around it.
pub fn table(name: Name, figures: &Figures) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "round",
        "ceiling/s",
        "store/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "cpu s",
        "load cpu s",
    ]);
    for (place, round) in figures.rounds.iter().enumerate() {
        let store = &round.store;
        let mark = match (store.ran_out, store.unsent) {
            (true, _) => " (ran out)",
            (false, 0) => "",
            (false, _) => " (behind)",
        };
        table.add_row([
            format!("{}{mark}", place + 1),
            whole(round.ceiling.rate),
            whole(store.rate),
            format!("{:.3}", round.ratio()),
            millis(store.p50_us),
            millis(store.p99_us),
            millis(store.p999_us),
            format!("{:.2}", store.cpu_s),
            format!("{:.2}", store.load_cpu_s),
        ]);
    }
    let median = |figure: fn(&Run) -> f64| {
        Spread::over(&figures.rounds, |round| figure(&round.store)).median
    };
    table.add_row([
        "median".to_owned(),
        whole(figures.ceiling().median),
        whole(figures.rate().median),
        format!("{:.3}", figures.ratio().median),
        millis(median(|run| run.p50_us)),
        millis(median(|run| run.p99_us)),
        millis(median(|run| run.p999_us)),
        format!("{:.2}", median(|run| run.cpu_s)),
        format!("{:.2}", median(|run| run.load_cpu_s)),
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let how = match figures.rate_asked {
        Some(rate) => format!(
            "{} arrivals a second, at most {} on their way",
            whole(f64::from(rate)),
            figures.connections
        ),
        None => format!(
            "{} connections, each asks again when it is answered",
            figures.connections
        ),
    };
    let mut text = format!(
        "{}: {}\n{how}; {} s a round; {}\n{table}\n",
        figures.bench,
        name.one_request(),
        figures.seconds,
        figures.store,
    );
    text.push_str(&around(figures));
    text
}

fn around(figures: &Figures) -> String {
    let mut lines = Vec::new();
    let (ratio, ceiling) = (figures.ratio(), figures.ceiling());
    lines.push(format!(
        "ratio to the ceiling {:.3} ({:.3}-{:.3}); ceiling {}-{}/s",
        ratio.median,
        ratio.min,
        ratio.max,
        whole(ceiling.min),
        whole(ceiling.max)
    ));
    if let Some(rss) = figures.rss_bytes_max {
        lines.push(format!("server memory {} at most", megabytes(rss)));
    }
    if let Some((rss, cpu)) = figures.idle {
        lines.push(format!(
            "at rest {} and {:.0} ms of processor in 2 s",
            megabytes(rss),
            cpu * 1e3
        ));
    }
    if figures.store == "sqlite" {
        lines.push(format!(
            "log {} at most, database {} at the end",
            megabytes(figures.wal_bytes_max),
            megabytes(figures.database_bytes)
        ));
    }
    if let Some(peer) = &figures.peer {
        lines.push(format!(
            "a SERIALIZABLE transaction for each order, without HTTP: {}/s, {:.2} tries an order, \
             {:.1} % of them in vain, {:.1} % of the orders given up; ours is {:.1} times that",
            whole(peer.rate),
            peer.tries,
            peer.conflicts * 100.0,
            peer.given_up * 100.0,
            figures.rate().median / peer.rate.max(1.0)
        ));
    }
    let checked: Vec<String> = figures
        .checked
        .iter()
        .map(|(what, count)| format!("{what} {count}"))
        .collect();
    lines.push(format!("read back and right: {}", checked.join(", ")));
    lines.join("\n")
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn millis(micros: f64) -> String {
    format!("{:.2}", micros / 1000.0)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
