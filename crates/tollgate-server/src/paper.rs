//! What papers need besides their data: a font for every letter, and an address under which customers can check
//! them. Why a receipt waits, and what doctor says of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::Uri;
use tollgate_receipt::{Fonts, Lack, lacks};
use tollgate_store::{Checked, Level, SEEN_MAX, ShopLetters};

use crate::config::{Config, Receipts};
use crate::fonts::ShopFonts;

/// What the reason of a receipt begins with that waits for a font.
pub(crate) const NO_FONT: &str = "no font has letters of ";

/// Scripts that a message names.
const SCRIPTS_SHOWN_MAX: usize = 4;

/// Why a receipt of a shop with these fonts waits, and what ends that.
pub(crate) fn waits_for_a_font(lacks: &[Lack], fonts: &Fonts) -> String {
    let shown: Vec<String> = lacks
        .iter()
        .take(SCRIPTS_SHOWN_MAX)
        .map(Lack::to_string)
        .collect();
    let more = match lacks.len().saturating_sub(SCRIPTS_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more scripts"),
    };
    format!(
        "{NO_FONT}{}{more}; {}",
        shown.join(", "),
        remedy(lacks, fonts).join("; ")
    )
}

/// Scripts, and how many letters of each: what a log may say, where the letters may be a whole name.
pub(crate) fn counted(lacks: &[Lack]) -> String {
    let each = lacks
        .iter()
        .map(|lack| format!("{} ({})", lack.script, lack.letters.len()));
    let each: Vec<String> = each.collect();
    each.join(", ")
}

/// The reason of a receipt that waits for a font, with how many letters there are in the place of which; any other
/// reason as it is.
pub(crate) fn without_letters(reason: &str) -> Cow<'_, str> {
    let Some(rest) = reason.strip_prefix(NO_FONT) else {
        return Cow::Borrowed(reason);
    };
    // Every font has brackets and semicolons, so that none of them is a letter that is missing.
    let (scripts, behind) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
    let mut said = NO_FONT.to_owned();
    for (number, part) in scripts.split(['(', ')']).enumerate() {
        match number.is_multiple_of(2) {
            true => said.push_str(part),
            false => said.push_str(&format!("({})", letters_in(part))),
        }
    }
    said.push_str(behind);
    Cow::Owned(said)
}

/// How many letters `ก ข, U+0E01 U+0E02 and 3 more` are.
fn letters_in(shown: &str) -> usize {
    let more = shown.strip_suffix(" more");
    let more = more.and_then(|text| text.rsplit(' ').next()?.parse::<usize>().ok());
    shown.matches("U+").count() + more.unwrap_or(0)
}

/// What brings the fonts, a step each. A font that is there already does not help.
fn remedy(lacks: &[Lack], fonts: &Fonts) -> Vec<String> {
    let helps = |lack: &Lack| {
        let package = lack.package.clone();
        package.filter(|package| !fonts.has_family(&package.font))
    };
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for lack in lacks {
        if let Some(package) = helps(lack) {
            let names = wanted.entry(package.name).or_default();
            let name = format!("{:?}", package.font);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut steps: Vec<String> = wanted
        .iter()
        .map(|(package, names)| {
            format!(
                "install {package}, add {} to [receipts] fonts and start again",
                names.join(", ")
            )
        })
        .collect();
    if lacks.iter().any(|lack| helps(lack).is_none()) {
        steps.push(
            "add the file of a font that has them to [receipts] fonts and start again".to_owned(),
        );
    }
    steps.push("to print boxes instead, set [receipts] missing_glyphs = \"print\"".to_owned());
    steps
}

/// What an operator should know of the address on papers; `None` where customers can reach it.
pub(crate) fn public_url_warning(config: &Config) -> Option<String> {
    match &config.server.public_url {
        None => Some(
            "server.public_url is empty: receipts have no link and no code by which anybody can check them; \
             set it to the https URL under which customers reach this server"
                .to_owned(),
        ),
        Some(url) if leads_here(url) => Some(format!(
            "server.public_url = {url:?} leads to this machine only: the link and the code of receipts are of no \
             use to customers; set it to the https URL under which they reach this server"
        )),
        Some(_) => None,
    }
}

/// Whether a URL leads nowhere from another machine.
fn leads_here(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else {
        return false;
    };
    let host = url.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback() || address.is_unspecified(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

/// Whether every letter of recent orders has a font, and no receipt waits for one. The fonts are read for it.
pub fn letters_check(config: &Config, shops: &[ShopLetters]) -> Checked {
    match ShopFonts::load(config) {
        Ok(fonts) => judge_letters(config, &fonts, shops),
        Err(error) => {
            let mut checked = unjudged();
            see(&mut checked, Level::Fail, error.to_string());
            let step = "mend what the message names; the server does not start like this";
            mend(&mut checked, step);
            checked
        }
    }
}

fn unjudged() -> Checked {
    Checked {
        name: "letters",
        about: "every letter of recent orders and of the seller has a font, and no receipt waits for one",
        level: Level::Ok,
        seen: Vec::new(),
        more: 0,
        fix: String::new(),
    }
}

/// The same with fonts that were read before.
pub(crate) fn judge_letters(config: &Config, fonts: &ShopFonts, shops: &[ShopLetters]) -> Checked {
    let mut checked = unjudged();
    for shop in &config.shops {
        let none = ShopLetters::default();
        let known = shops.iter().find(|known| known.shop == shop.name);
        look(
            &mut checked,
            &shop.name,
            &shop.receipts,
            known.unwrap_or(&none),
            &fonts.of(&shop.name),
        );
    }
    checked
}

fn look(
    checked: &mut Checked,
    shop: &str,
    receipts: &Receipts,
    known: &ShopLetters,
    fonts: &Fonts,
) {
    let seller = [
        Some(&receipts.seller.name),
        receipts.seller.address.as_ref(),
        receipts.seller.tax_id.as_ref(),
    ];
    let mut letters: BTreeMap<char, &str> = BTreeMap::new();
    for letter in seller.into_iter().flatten().flat_map(|text| text.chars()) {
        letters.entry(letter).or_insert("the seller");
    }
    for tax in receipts.taxes.iter().flat_map(|tax| tax.name.chars()) {
        letters.entry(tax).or_insert("a tax");
    }
    for (letter, order) in &known.letters {
        letters.entry(*letter).or_insert(order);
    }
    letters.retain(|letter, _| fonts.lacks(*letter));
    let lacks = lacks(letters.keys().copied());
    for lack in &lacks {
        let of = lack.letters.first().and_then(|letter| letters.get(letter));
        let of = of.copied().unwrap_or_default();
        see(
            checked,
            Level::Warn,
            format!("shop {shop}: no font has letters of {lack}, as in {of}"),
        );
    }
    for step in remedy(&lacks, fonts)
        .into_iter()
        .filter(|_| !lacks.is_empty())
    {
        mend(checked, &step);
    }
    let waiting = known
        .waiting
        .iter()
        .filter(|waiting| waiting.reason.starts_with(NO_FONT));
    for waiting in waiting {
        // What helps is said once, below.
        let reason = waiting.reason.split(';').next().unwrap_or_default();
        let id = waiting.effect;
        see(
            checked,
            Level::Fail,
            format!("shop {shop}: a receipt waits ({id}): {reason}"),
        );
        mend(
            checked,
            "receipts that wait go out by themselves once there is a font for them",
        );
    }
}

fn see(checked: &mut Checked, level: Level, seen: String) {
    checked.level = checked.level.max(level);
    match checked.seen.len() < SEEN_MAX {
        true => checked.seen.push(seen),
        false => checked.more += 1,
    }
}

fn mend(checked: &mut Checked, with: &str) {
    if checked.fix.lines().any(|line| line == with) {
        return;
    }
    if !checked.fix.is_empty() {
        checked.fix.push('\n');
    }
    checked.fix.push_str(with);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::EffectId;
    use tollgate_store::WaitingReceipt;

    fn config(text: &str) -> Config {
        Config::from_toml_str(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn reason(letters: &str) -> String {
        waits_for_a_font(&lacks(letters.chars()), &Fonts::built_in())
    }

    #[test]
    fn an_address_that_customers_cannot_reach_is_named() {
        for (url, word) in [
            ("", Some("empty")),
            ("http://127.0.0.1:8080", Some("this machine only")),
            ("http://localhost:8080", Some("this machine only")),
            ("http://Shop.localhost", Some("this machine only")),
            ("http://[::1]:8080", Some("this machine only")),
            ("http://0.0.0.0", Some("this machine only")),
            ("https://pay.shop.example", None),
            ("http://192.168.1.4:8080", None),
            ("https://localhost.shop.example", None),
        ] {
            let config = config(&format!("[server]\npublic_url = {url:?}"));
            let warning = public_url_warning(&config);
            match word {
                Some(word) => assert!(warning.is_some_and(|said| said.contains(word)), "{url}"),
                None => assert_eq!(warning, None, "{url}"),
            }
        }
    }

    #[test]
    fn a_reason_names_the_letters_the_script_and_what_helps() {
        assert_eq!(
            reason("กข"),
            "no font has letters of Thai (ก ข, U+0E01 U+0E02); install fonts-noto-core, add \"Noto Sans Thai\" to \
             [receipts] fonts and start again; to print boxes instead, set [receipts] missing_glyphs = \"print\""
        );
        let many = reason("กअ漢한அবქ");
        assert!(many.contains(" and 3 more scripts; "), "{many}");
        let unknown = reason("\u{13000}");
        assert!(
            unknown.contains("the file of a font that has them"),
            "{unknown}"
        );
    }

    /// Whatever letters, however many, and cut off or not: none of them is left.
    #[test]
    fn a_reason_without_letters_counts_them() {
        let lacks_of = |letters: &str| lacks(letters.chars());
        for (letters, counted_as) in [
            ("กข", "Thai (2)"),
            ("กขฃคฅฆงจฉช明", "Thai (10), Han (1)"),
            ("🥰", "emoji (1)"),
            ("（）；明", "Han (1)"),
        ] {
            let said = without_letters(&reason(letters)).into_owned();
            assert!(
                said.contains(counted_as) && !said.contains(|letter| letters.contains(letter)),
                "{said}"
            );
            let by_itself = counted(&lacks_of(letters));
            assert!(by_itself.contains(counted_as), "{by_itself}");
        }
        let cut: String = reason("小明王").chars().take(NO_FONT.len() + 8).collect();
        assert!(!without_letters(&cut).contains(['小', '明', '王']), "{cut}");
        assert_eq!(
            without_letters("failed (for now); more"),
            "failed (for now); more"
        );
    }

    #[test]
    fn doctor_names_scripts_of_recent_orders_and_receipts_that_wait() {
        let shop = |letters: &str, reasons: &[&str]| ShopLetters {
            shop: "main".to_owned(),
            letters: letters
                .chars()
                .map(|letter| (letter, "A-1".to_owned()))
                .collect(),
            waiting: reasons
                .iter()
                .map(|reason| WaitingReceipt {
                    effect: EffectId::from_u128(7),
                    reason: (*reason).to_owned(),
                })
                .collect(),
        };
        let good = config("[receipts]\nseller = { name = \"Батик שלום हिन्दी\" }");
        let checked = letters_check(
            &good,
            &[shop("Kopi ☕\u{200d}\u{fe0f}\n", &["failed to read"])],
        );
        assert_eq!(
            (checked.level, checked.seen.len()),
            (Level::Ok, 0),
            "{checked:?}"
        );
        let checked = letters_check(&good, &[shop("กข", &[])]);
        assert_eq!(checked.level, Level::Warn);
        assert_eq!(
            checked.seen,
            ["shop main: no font has letters of Thai (ก ข, U+0E01 U+0E02), as in A-1"]
        );
        assert!(
            checked.fix.contains("install fonts-noto-core"),
            "{}",
            checked.fix
        );
        let reason = reason("ก");
        let checked = letters_check(&good, &[shop("", &[&reason])]);
        assert_eq!(checked.level, Level::Fail);
        assert!(
            checked.seen[0].starts_with("shop main: a receipt waits (eff_"),
            "{checked:?}"
        );
        let seller = config("[receipts]\nseller = { name = \"ร้าน\" }");
        let checked = letters_check(&seller, &[]);
        assert!(checked.seen[0].ends_with("as in the seller"), "{checked:?}");
        let gone = config("[receipts]\nfonts = [\"/nowhere/a.ttf\"]");
        let checked = letters_check(&gone, &[]);
        assert_eq!(checked.level, Level::Fail);
        assert!(
            checked.seen[0].starts_with("receipts.fonts[0]: "),
            "{checked:?}"
        );
    }
}
