//! docs/packages.svg: the packages, what they depend on, and the rooms in them, drawn from the manifests
//! and the folders. `scripts/picture` draws it anew; the test says whether it is true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::tidy::{PACKAGES, crates, dependencies, rooms};

/// The packages from the one that knows the most to the one that knows nothing, each in a column of its floor.
const FLOORS: &[&[(&str, usize)]] = &[
    &[("tollgate", 1)],
    &[
        ("tollgate-traffic", 0),
        ("tollgate-server", 1),
        ("tollgate-sim", 2),
    ],
    &[
        ("tollgate-dashboard", 0),
        ("tollgate-outbound", 1),
        ("tollgate-store", 2),
    ],
    &[
        ("tollgate-receipt", 0),
        ("tollgate-providers", 1),
        ("tollgate-proto", 2),
    ],
    &[("tollgate-core", 1)],
];

const WIDTH: usize = 1000;
const BOX_WIDTH: usize = 300;
const MARGIN: usize = 25;
const GAP: usize = 56;
const HEAD: usize = 30;
const LINE: usize = 20;

/// A package on the sheet.
struct Placed {
    left: usize,
    top: usize,
    height: usize,
    rooms: Vec<String>,
}

impl Placed {
    fn middle(&self) -> usize {
        self.left + BOX_WIDTH / 2
    }
}

/// Words in lines of at most so many letters.
fn wrapped(words: &[String], most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + 2 + word.len() <= most => {
                line.push_str("  ");
                line.push_str(word);
            }
            _ => lines.push(word.clone()),
        }
    }
    lines
}

fn placed() -> BTreeMap<&'static str, Placed> {
    let mut found = BTreeMap::new();
    let mut top = MARGIN;
    for floor in FLOORS {
        let mut tallest = 0;
        for (package, column) in *floor {
            let left = MARGIN + column * (BOX_WIDTH + MARGIN);
            let rooms: Vec<String> = rooms(&crates().join(package).join("src"))
                .into_iter()
                .collect();
            let rooms = wrapped(&rooms, 32);
            let height = HEAD + rooms.len() * LINE + 10;
            tallest = tallest.max(height);
            let one = Placed {
                left,
                top,
                height,
                rooms,
            };
            found.insert(*package, one);
        }
        top += tallest + GAP;
    }
    found
}

/// What a package depends on and is not reached by another of its dependencies.
fn direct(package: &str) -> Vec<String> {
    let ours = |package: &str| -> Vec<String> {
        let all = dependencies(package).into_iter();
        all.filter(|name| name.starts_with("tollgate")).collect()
    };
    fn reaches(ours: &dyn Fn(&str) -> Vec<String>, from: &str, to: &str) -> bool {
        let mut next = ours(from).into_iter();
        next.any(|between| between == to || reaches(ours, &between, to))
    }
    let all = ours(package);
    let by_another = |to: &String| {
        let mut others = all.iter().filter(|other| *other != to);
        others.any(|other| reaches(&ours, other, to))
    };
    all.iter().filter(|to| !by_another(to)).cloned().collect()
}

fn draw() -> String {
    let placed = placed();
    let bottom = placed.values().map(|one| one.top + one.height).max();
    let height = bottom.unwrap_or_default() + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"Packages, what they depend on, and their rooms\">\n\
         <style>text {{ font: 13px ui-monospace, monospace; fill: #24292f }} \
         .name {{ font-weight: bold; font-size: 15px }} rect {{ fill: #f6f8fa; stroke: #57606a }} \
         path {{ fill: none; stroke: #57606a; stroke-width: 1.5 }} #tip {{ fill: #57606a; stroke: none }} \
         @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} \
         rect {{ fill: #161b22; stroke: #8b949e }} path {{ stroke: #8b949e }} #tip {{ fill: #8b949e }} }}\
         </style>\n\
         <marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path id=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker>\n"
    );
    for (package, from) in &placed {
        for to in direct(package) {
            let to = &placed[to.as_str()];
            let (x, y) = (from.middle(), from.top + from.height);
            let (x2, y2) = (to.middle(), to.top);
            let bend = GAP / 2;
            let _ = writeln!(
                svg,
                "<path marker-end=\"url(#arrow)\" d=\"M{x} {y}C{x} {} {x2} {} {x2} {y2}\"/>",
                y + bend,
                y2 - bend
            );
        }
    }
    for (package, one) in &placed {
        let Placed {
            left, top, height, ..
        } = one;
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{BOX_WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
             <text class=\"name\" x=\"{}\" y=\"{}\">{package}</text>",
            left + 12,
            top + 21
        );
        for (index, line) in one.rooms.iter().enumerate() {
            let y = top + HEAD + 12 + index * LINE;
            let _ = writeln!(
                svg,
                "<text xml:space=\"preserve\" x=\"{}\" y=\"{y}\">{line}</text>",
                left + 12
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Every package has its place, and no other has one.
#[test]
fn every_package_is_drawn() {
    let drawn: BTreeSet<&str> = FLOORS
        .iter()
        .copied()
        .flatten()
        .map(|(name, _)| *name)
        .collect();
    let listed: BTreeSet<&str> = PACKAGES.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(drawn, listed);
}

/// Every package stands on a floor above all that it depends on.
#[test]
fn packages_stand_on_what_they_depend_on() {
    let floor_of = |package: &str| {
        let mut floors = FLOORS.iter();
        floors.position(|floor| floor.iter().any(|(name, _)| *name == package))
    };
    for (package, _) in FLOORS.iter().copied().flatten() {
        for below in dependencies(package) {
            if below.starts_with("tollgate") {
                assert!(floor_of(package) < floor_of(&below), "{package} {below}");
            }
        }
    }
}

#[test]
fn the_picture_of_the_packages_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/packages.svg");
    let drawn = draw();
    if std::env::var_os("TOLLGATE_DRAW").is_some() {
        std::fs::write(&path, &drawn).expect("it can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "docs/packages.svg is old: run scripts/picture"
    );
}
