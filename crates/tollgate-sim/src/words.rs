//! A story in plain words.

use crate::backend::Death;
use crate::customer::Mood;
use crate::law::Breach;
use crate::script::{Script, Step, WAITS, code_of, house_of};
use crate::shop::{Opening, by_hand};
use crate::world::Played;

/// Writes out a story and how it ended.
pub fn story(script: &Script, played: &Played, breach: &Breach) -> String {
    let mut text = format!(
        "{} is broken ({}): {}\n  {}\n",
        breach.law,
        breach.law.says(),
        breach.kind,
        breach.text
    );
    let mut manner = script.manner;
    for (name, on) in manner.switches() {
        if *on {
            text.push_str(&format!("  In this world {name}.\n"));
        }
    }
    for (place, step) in script.steps.iter().enumerate() {
        text.push_str(&format!("  {:>2}. {}\n", place + 1, sentence(*step)));
    }
    text.push_str("  Then everything that is due is done and all post arrives.\n");
    for end in &played.ends {
        text.push_str(&format!("  At the end {end}\n"));
    }
    text
}

fn attempt_of(order: u8, attempt: u8) -> String {
    format!(
        "{}-{} (at the {:?})",
        code_of(order),
        attempt % crate::script::ATTEMPTS,
        house_of(attempt)
    )
}

fn span(how: u8) -> String {
    let ms = WAITS[usize::from(how) % WAITS.len()];
    match ms {
        ms if ms < 60_000 => format!("{} seconds", ms / 1000),
        ms if ms < 3_600_000 => format!("{} minutes", ms / 60_000),
        ms if ms < 86_400_000 => format!("{} hours", ms / 3_600_000),
        ms => format!("{} days", ms / 86_400_000),
    }
}

fn luck(how: u8) -> &'static str {
    match how % 8 {
        3 => "the provider hangs up after doing it",
        4 => "no answer comes",
        5 => "it is refused",
        6 => "the answer's amount is unreadable",
        7 => "the answer says nothing decisive",
        _ => "all goes well",
    }
}

/// One step as a sentence.
pub fn sentence(step: Step) -> String {
    let all = |part: bool| if part { "two fifths" } else { "all" };
    match step {
        Step::Stock { sku, n } => format!("Staff puts {n} units of sku {sku} on the shelf."),
        Step::Adjust { sku, by } => format!("Staff corrects sku {sku} by {by}."),
        Step::Calendar { shape } => {
            let opening = Opening::of(shape);
            format!(
                "Staff puts the calendar: {} days ahead, slots of {} minutes for {} orders, closed day {:?}.",
                opening.days_ahead, opening.minutes, opening.capacity, opening.closed_day
            )
        }
        Step::Order {
            order,
            shape,
            attempt,
        } => {
            let what = match shape % 8 {
                4 => "two units for 200",
                7 => "one unit for nothing",
                5 | 6 => "one unit for 100, with the earliest slot",
                _ => "one unit for 100",
            };
            let held = match shape % 3 {
                0 | 1 => "15 minutes",
                _ => "3 days",
            };
            let how = match attempt {
                Some(attempt) => format!("to be paid as {}", attempt_of(order, attempt)),
                None => "without a payment".to_owned(),
            };
            format!(
                "The shop orders {}: {what}, held for {held}, {how}.",
                code_of(order)
            )
        }
        Step::Register {
            order,
            attempt,
            part,
        } => {
            let over = if part { "two fifths" } else { "what is due" };
            format!(
                "The shop registers {} over {over}.",
                attempt_of(order, attempt)
            )
        }
        Step::Cancel { order } => format!("Staff cancels {}.", code_of(order)),
        Step::Cash { order, mood } => {
            format!(
                "Staff takes cash for {}: {:?}.",
                code_of(order),
                Mood::of(mood % 4)
            )
        }
        Step::Refund {
            order,
            attempt,
            part,
        } => {
            let how = match part % 3 {
                0 => "all that is left",
                1 => "two fifths",
                _ => "all that ever came",
            };
            format!("Staff refunds {how} of {}.", attempt_of(order, attempt))
        }
        Step::Return {
            order,
            attempt,
            part,
            units,
            slot,
        } => {
            let slot = if slot { " and its slot" } else { "" };
            format!(
                "Staff refunds {} of {} and takes back {units} units{slot}.",
                all(part),
                attempt_of(order, attempt)
            )
        }
        Step::HandBack {
            order,
            attempt,
            part,
        } => format!(
            "Staff hands back {} of {} in cash.",
            all(part),
            attempt_of(order, attempt)
        ),
        Step::Attempt {
            order,
            attempt,
            days,
        } => {
            let span = if days { "two days" } else { "five minutes" };
            format!(
                "The shop registers {} over what is due, for {span}.",
                attempt_of(order, attempt)
            )
        }
        Step::Alone {
            order,
            attempt,
            part,
        } => {
            let over = if part { 40 } else { 100 };
            format!(
                "The shop registers {} over {over}, without an order.",
                attempt_of(order, attempt)
            )
        }
        Step::ResolveAlone { which } => {
            format!("Staff resolves alarm {which} of the payments without an order.")
        }
        Step::Correct { order, attempt } => format!(
            "Staff has the receipts of {} corrected.",
            attempt_of(order, attempt)
        ),
        Step::Drain { order, attempt } => format!(
            "Whatever waits for {} is drawn once more.",
            attempt_of(order, attempt)
        ),
        Step::Cart {
            sku,
            two,
            slot,
            days,
        } => {
            let units = if two { "two units" } else { "one unit" };
            let slot = if slot { ", with the earliest slot" } else { "" };
            let held = if days { "3 days" } else { "15 minutes" };
            format!("A cart sets {units} of sku {sku} aside{slot}, for {held}.")
        }
        Step::EmptyCart { which } => format!("Cart {which} is emptied."),
        Step::CheckOut {
            order,
            which,
            attempt,
        } => {
            let how = match attempt {
                Some(attempt) => format!("to be paid as {}", attempt_of(order, attempt)),
                None => "without a payment".to_owned(),
            };
            format!("The shop orders {}: cart {which}, {how}.", code_of(order))
        }
        Step::Slot {
            day,
            place,
            capacity,
        } => {
            let (from, to) = by_hand(place);
            let clock = |minutes: i64| format!("{}:{:02}", minutes / 60, minutes % 60);
            format!(
                "Staff puts a slot by hand: day {}, {} to {}, for {} orders.",
                day % 3,
                clock(from),
                clock(to),
                capacity % 4
            )
        }
        Step::Check { order, attempt } => {
            format!(
                "Staff has the provider asked about {}.",
                attempt_of(order, attempt)
            )
        }
        Step::Resolve { order, which } => {
            format!("Staff resolves alarm {which} of {}.", code_of(order))
        }
        Step::Retry { which } => format!("Staff retries stuck effect {which}."),
        Step::Close { which } => format!("Staff looks up and closes unknown effect {which}."),
        Step::Replay { which } => format!("Staff replays event {which}."),
        Step::Pay {
            order,
            attempt,
            mood,
        } => format!(
            "A customer pays {}: {:?}.",
            attempt_of(order, attempt),
            Mood::of(mood)
        ),
        Step::Take {
            order,
            attempt,
            part,
        } => format!(
            "The provider takes {} of what was set aside for {}.",
            all(part),
            attempt_of(order, attempt)
        ),
        Step::Settle {
            order,
            attempt,
            how,
        } => {
            let how = match how % 3 {
                0 => "in full",
                1 => "less a fee of 3",
                _ => "as two fifths",
            };
            format!("The provider settles {} {how}.", attempt_of(order, attempt))
        }
        Step::Grow { order, attempt } => format!(
            "The provider takes more on the same charge of {}, up to what is asked.",
            attempt_of(order, attempt)
        ),
        Step::Lapse { order, attempt } => format!("{} lapses.", attempt_of(order, attempt)),
        Step::GiveBack {
            order,
            attempt,
            part,
        } => format!(
            "The provider gives back {} of {} by itself.",
            all(part),
            attempt_of(order, attempt)
        ),
        Step::Decide { which, well } => {
            format!(
                "The bank decides waiting refund {which}: {}.",
                if well { "done" } else { "failed" }
            )
        }
        Step::Bounce { order, attempt } => {
            format!(
                "A refund of {} comes back to the shop.",
                attempt_of(order, attempt)
            )
        }
        Step::Reverse { order, attempt } => {
            format!(
                "The money of {} goes back without a refund.",
                attempt_of(order, attempt)
            )
        }
        Step::Dispute { order, attempt } => {
            format!(
                "The customer's bank disputes {}.",
                attempt_of(order, attempt)
            )
        }
        Step::Judge {
            order,
            attempt,
            won,
        } => format!(
            "The dispute over {} is {}.",
            attempt_of(order, attempt),
            if won { "won" } else { "lost" }
        ),
        Step::Forge { order, how } => {
            let how = match how % 3 {
                0 => "its reference and a page that does not exist",
                1 => "its reference and a page of their own",
                _ => "a reference that does not exist",
            };
            format!(
                "A stranger posts a report about {} with {how}.",
                code_of(order)
            )
        }
        Step::Storm { order } => format!(
            "A stranger posts seventy reports about {}, one every two seconds.",
            code_of(order)
        ),
        Step::Deliver { which } => format!("Message {which} of the post arrives."),
        Step::Again { which, fresh } => format!(
            "Message {which} comes again, {}.",
            if fresh {
                "with other bytes"
            } else {
                "the same"
            }
        ),
        Step::Garble { which } => {
            format!("Message {which} of the post comes with an unreadable amount.")
        }
        Step::Work { which, how } => {
            let how = luck(how);
            format!("A worker does due effect {which}: {how}.")
        }
        Step::Trouble { asks, how } => {
            let what = if asks {
                "question"
            } else {
                "refund that is sent"
            };
            let how = luck(how);
            format!("The next {what} meets trouble: {how}.")
        }
        Step::Begin { which } => format!("A worker begins due effect {which}."),
        Step::End { which } => format!("Answer {which} that was on its way arrives."),
        Step::Wait { how } => format!("{} pass.", span(how)),
        Step::Sleep { how } => format!("{} pass while nothing is served.", span(how)),
        Step::Crash { after, how } => {
            let when = match Death::of(how) {
                Death::Idle => "between two commands".to_owned(),
                Death::BeforeCommit => "with a command that is decided and not written".to_owned(),
                Death::AfterCommit => "with a command written and not answered".to_owned(),
                Death::TornLog(part) => {
                    format!("with {part} of 64 parts of a command in the log")
                }
            };
            format!("After {after} commands more the process dies, {when}, and is started again.")
        }
    }
}
