//! The figures for people.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::figures::{Figures, Round, Run, Spread};
use super::plan::Name;

/// A table of rounds with their medians, and what stands around it.
pub fn table(name: Name, figures: &Figures) -> String {
    if name == Name::Flood {
        return flood_table(figures);
    }
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_header(COLUMNS.map(|(name, _)| name));
    for (place, round) in figures.rounds.iter().enumerate() {
        let store = &round.store;
        // Said below the table where it happened.
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
    let over_grpc = figures.door == "grpc";
    let how = match figures.rate_asked {
        Some(rate) => format!(
            "{} arrivals a second, at most {} on their way",
            whole(f64::from(rate)),
            figures.connections
        ),
        None => format!(
            "{} {}, each asks again when it is answered",
            figures.connections,
            if over_grpc { "callers" } else { "connections" },
        ),
    };
    let door = match over_grpc {
        true => format!(
            ", over gRPC with at most {} calls on a connection",
            figures.calls_per_connection
        ),
        false => String::new(),
    };
    let marks = figures.rounds.iter().map(|round| &round.store);
    let (ran_out, is_behind) = (
        marks.clone().any(|run| run.ran_out),
        marks.clone().any(|run| !run.ran_out && run.unsent != 0),
    );
    let mut text = format!(
        "{}: {}{door}\n{how}; {} s a round; {}\n{table}\n",
        figures.bench,
        name.one_request(),
        figures.seconds,
        figures.store,
    );
    for (name, meaning) in COLUMNS {
        text.push_str(&format!("  {name:<12}  {meaning}\n"));
    }
    if ran_out {
        text.push_str("  (ran out)     all prepared requests were sent before the time was over\n");
    }
    if is_behind {
        text.push_str(
            "  (behind)      more arrived than could be sent: the rate is above what there is\n",
        );
    }
    text.push_str(&format!("\n{}\n{}", in_short(figures), around(figures)));
    text
}

/// Good webhooks alone and beside the flood, a row for each round.
fn flood_table(figures: &Figures) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "round",
        "alone p50 ms",
        "alone p99 ms",
        "elsewhere p99 ms",
        "times",
        "flood p50 ms",
        "flood p99 ms",
        "times",
        "forged/s",
    ]);
    let elsewhere = |round: &Round| round.forged.map_or(0.0, |forged| forged.elsewhere.p99_us);
    let forged = |round: &Round| round.forged.map_or(0.0, |forged| forged.rate);
    for (place, round) in figures.rounds.iter().enumerate() {
        table.add_row([
            (place + 1).to_string(),
            millis(round.ceiling.p50_us),
            millis(round.ceiling.p99_us),
            millis(elsewhere(round)),
            format!("{:.2}", round.p99_times_elsewhere()),
            millis(round.store.p50_us),
            millis(round.store.p99_us),
            format!("{:.2}", round.p99_times()),
            whole(forged(round)),
        ]);
    }
    let over = |figure: fn(&Round) -> f64| Spread::over(&figures.rounds, figure).median;
    table.add_row([
        "median".to_owned(),
        millis(over(|round| round.ceiling.p50_us)),
        millis(over(|round| round.ceiling.p99_us)),
        millis(over(elsewhere)),
        format!("{:.2}", figures.p99_times_elsewhere().median),
        millis(over(|round| round.store.p50_us)),
        millis(over(|round| round.store.p99_us)),
        format!("{:.2}", figures.p99_times().median),
        whole(over(forged)),
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!(
        "flood: {}\n{} good webhooks a second, {} s a run; {}\n{table}\n\
         \x20 alone      without forged ones\n\
         \x20 elsewhere  while a server that looks at nothing takes the forged ones: what making them costs\n\
         \x20 flood      while the measured server refuses them\n\
         \x20 times      how many times as long as alone\n\n\
         in short: beside {} forged webhooks a second 99 of 100 good ones were answered within {} ms, {:.2} \
         times what they take alone; making the forged ones accounts for {:.2} times\n{}",
        Name::Flood.one_request(),
        figures.rate_asked.unwrap_or_default(),
        figures.seconds,
        figures.store,
        whole(over(forged)),
        millis(over(|round| round.store.p99_us)),
        figures.p99_times().median,
        figures.p99_times_elsewhere().median,
        read_back(figures),
    )
}

/// What it comes to, in a sentence.
fn in_short(figures: &Figures) -> String {
    let median = |figure: fn(&Run) -> f64| {
        millis(Spread::over(&figures.rounds, |round| figure(&round.store)).median)
    };
    format!(
        "in short: {} answers a second, half of them within {} ms and 99 of 100 within {} ms; {:.0} % of \
         what the same server answers that keeps nothing",
        whole(figures.rate().median),
        median(|run| run.p50_us),
        median(|run| run.p99_us),
        figures.ratio().median * 100.0
    )
}

/// The figures of a round, and what each means.
const COLUMNS: [(&str, &str); 9] = [
    (
        "round",
        "one run without a database and one with it; the last row has the medians",
    ),
    (
        "ceiling/s",
        "answers a second of the same server that keeps nothing: what this machine could",
    ),
    (
        "store/s",
        "answers a second with the database: what you get",
    ),
    (
        "ratio",
        "store/s as a part of ceiling/s; it holds on other machines, rates do not",
    ),
    ("p50 ms", "half of the answers came within this"),
    ("p99 ms", "99 of 100 came within this"),
    ("p99.9 ms", "999 of 1000 came within this"),
    (
        "server cpu s",
        "seconds of processor that the server used in the round",
    ),
    (
        "load cpu s",
        "seconds of processor that making the requests used, which the server lacked",
    ),
];

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
    lines.push(read_back(figures));
    lines.join("\n")
}

fn read_back(figures: &Figures) -> String {
    let checked: Vec<String> = figures
        .checked
        .iter()
        .map(|(what, count)| format!("{what} {count}"))
        .collect();
    format!("read back and right: {}", checked.join(", "))
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
