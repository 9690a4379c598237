//! Names at sources: the payment each leads to, the events that wait there, the questions about it.

use std::collections::BTreeSet;

use tollgate_core::effect::{Heard, Question};
use tollgate_core::id::{PaymentId, RootId, ShopId};
use tollgate_core::snapshot::{Key, Known, Name, Rendezvous, Snapshot};
use tollgate_core::time::Timestamp;

use crate::db::{Corrupt, Error, Row, Value, WriteBatch, corrupt, id_bytes, maybe_id_at};
use crate::tables;
use crate::tables::load::Loading;
use crate::tables::lookup::{self, Keys, Lookup};
use crate::tables::parked::{read_parked, write_parked};
use crate::tables::write::Changes;

/// `names.get`: by primary key.
pub(crate) const GET: &str = "\
    select payment, parked, question
      from names
     where shop_id = ?1 and source = ?2 and name = ?3";

pub(crate) struct ByName;

pub(crate) type Wanted = Keys<ByName>;

impl Lookup for ByName {
    type Key = Name;
    type Row = Rendezvous;
    type Found = Option<Rendezvous>;
    const SQL: &'static str = GET;

    fn values((shop, source, name): &Self::Key) -> Vec<Value<'_>> {
        vec![
            lookup::shop(*shop),
            lookup::text(source),
            lookup::text(name),
        ]
    }

    fn read(row: &Row<'_>) -> Result<Rendezvous, Error> {
        read(row)
    }

    fn note(at: Self::Key, found: Option<Rendezvous>, loading: &mut Loading<'_>) {
        if let Some(rendezvous) = &found {
            closure(at.0, rendezvous, &mut loading.next);
        }
        loading.known.names.load(at, found);
    }
}

pub(crate) fn want(wanted: &mut tables::Wanted, at: Name, loading: &mut Loading<'_>) {
    // It may have been made by this batch, with events that were made by it too; what they lead to is
    // known then.
    if !loading.known.names.knows(&at) {
        wanted.names.insert(at);
    }
}

/// What a name leads to: its payment's root, the events that wait there.
fn closure(shop: ShopId, rendezvous: &Rendezvous, next: &mut BTreeSet<Key>) {
    next.extend(
        rendezvous
            .payment
            .map(|payment| Key::Root(shop, payment.root())),
    );
    next.extend(
        rendezvous
            .parked
            .iter()
            .map(|event| Key::Event(shop, *event)),
    );
}

pub(crate) fn read(row: &Row<'_>) -> Result<Rendezvous, Error> {
    Ok(Rendezvous {
        payment: maybe_id_at(row, 0)?.map(PaymentId::from_u128),
        parked: read_parked(row.bytes(1)?),
        question: row
            .maybe_text(2)?
            .map(|text| read_question(text).map_err(corrupt))
            .transpose()?,
    })
}

/// Writes the rows that the batch has changed.
pub(crate) fn write_changed(
    writes: &mut WriteBatch<'_>,
    batch: &mut Changes<'_>,
) -> Result<(), Error> {
    for ((shop, source, name), row) in batch.known.names.dirty() {
        if let Some(rendezvous) = &row.value {
            write(writes, *shop, source, name, rendezvous, row.stored)?;
        }
    }
    Ok(())
}

/// `names.insert`.
const INSERT: &str = "\
    insert into names (shop_id, source, name, payment, parked, question)
    values (?1, ?2, ?3, ?4, ?5, ?6)";

/// `names.update`.
const UPDATE: &str = "\
    update names
       set payment = ?4, parked = ?5, question = ?6
     where shop_id = ?1 and source = ?2 and name = ?3";

fn write(
    writes: &mut WriteBatch<'_>,
    shop: ShopId,
    source: &str,
    name: &str,
    rendezvous: &Rendezvous,
    stored: bool,
) -> Result<(), Error> {
    let payment = rendezvous
        .payment
        .map(|payment| id_bytes(payment.as_u128()));
    let question = rendezvous.question.as_ref().map(write_question);
    writes.put(
        if stored { UPDATE } else { INSERT },
        &[
            &shop.0,
            &source,
            &name,
            &payment,
            &write_parked(&rendezvous.parked),
            &question,
        ],
    )?;
    Ok(())
}

/// Writes the questions about a name: `3 open started again weak=1 asked=1769000000000 times=4 heard=undecided`.
fn write_question(question: &Question) -> String {
    let mut text = question.n.to_string();
    for (holds, word) in [
        (question.open, " open"),
        (question.started, " started"),
        (question.again, " again"),
    ] {
        if holds {
            text.push_str(word);
        }
    }
    if 0 < question.weak {
        text.push_str(&format!(" weak={}", question.weak));
    }
    let times = [(" asked=", question.asked_at), (" due=", question.due_at)];
    for (word, at) in times {
        if let Some(at) = at {
            text.push_str(&format!("{word}{}", at.as_millis()));
        }
    }
    for (word, count) in [(" times=", question.times), (" told=", question.told)] {
        if 0 < count {
            text.push_str(&format!("{word}{count}"));
        }
    }
    if let Some(heard) = question.heard {
        text.push_str(&format!(" heard={}", heard.word()));
    }
    text
}

/// The question of a row that is open, if one is.
pub(crate) fn read_open(text: Option<&str>) -> Result<Option<Question>, Error> {
    let question = text.map(read_question).transpose().map_err(corrupt)?;
    Ok(question.filter(|question| question.open))
}

fn read_question(text: &str) -> Result<Question, Corrupt> {
    let mut words = text.split(' ');
    let n = words
        .next()
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| Corrupt::new("question", format!("{text:?}")))?;
    let rest: Vec<&str> = words.collect();
    let number = |name: &str| -> Option<i64> {
        let value = rest.iter().find_map(|word| word.strip_prefix(name))?;
        value.parse().ok()
    };
    let count = |name: &str| -> u32 {
        number(name).map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
    };
    let heard = rest.iter().find_map(|word| word.strip_prefix("heard="));
    Ok(Question {
        n,
        open: rest.contains(&"open"),
        started: rest.contains(&"started"),
        again: rest.contains(&"again"),
        weak: count("weak="),
        asked_at: number("asked=").map(Timestamp::from_millis),
        due_at: number("due=").map(Timestamp::from_millis),
        times: count("times="),
        heard: heard.and_then(Heard::of),
        told: count("told="),
    })
}

/// The names that lead to a payment of one of these roots.
pub(super) fn bound_to(known: &Snapshot, roots: &BTreeSet<RootId>) -> Vec<Name> {
    let leads_there = |rendezvous: &Rendezvous| {
        rendezvous
            .payment
            .is_some_and(|id| roots.contains(&id.root()))
    };
    known.names.filter(leads_there).cloned().collect()
}

/// Lets the names that lead to one of these roots lead nowhere.
pub(super) fn unbind(known: &mut Snapshot, names: Vec<Name>, pruned: &BTreeSet<(ShopId, RootId)>) {
    for name in names {
        if let Known::Found(rendezvous) = known.names.get(&name)
            && let Some(payment) = rendezvous.payment
            && pruned.contains(&(name.0, payment.root()))
        {
            let mut unbound = rendezvous.clone();
            unbound.payment = None;
            known.names.follow(name, unbound);
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_core::event::CaptureState;

    use super::*;

    #[test]
    fn a_question_is_read_as_it_was_written_and_one_of_before_says_less() {
        let question = Question {
            n: 3,
            open: true,
            started: false,
            again: true,
            weak: 1,
            asked_at: Some(Timestamp::from_millis(1_769_000_000_000)),
            due_at: None,
            times: 4,
            heard: None,
            told: 2,
        };
        let text = "3 open again weak=1 asked=1769000000000 times=4 told=2";
        assert_eq!(write_question(&question), text);
        for heard in [
            Heard::Stands(CaptureState::Captured),
            Heard::Known,
            Heard::Undecided,
            Heard::Impossible,
            Heard::Mismatch,
            Heard::Failed(None),
            Heard::Failed(Some(503)),
        ] {
            let heard = Some(heard);
            let question = Question { heard, ..question };
            let read = read_question(&write_question(&question)).expect("it reads");
            assert_eq!(read, question);
        }
        let before = read_question("3 open again weak=1 asked=1769000000000").expect("it reads");
        let (times, told) = (0, 0);
        assert_eq!(
            before,
            Question {
                times,
                told,
                ..question
            }
        );
    }
}
