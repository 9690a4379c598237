//! Words by which orders and payments are found: a row for each word of the customer's name, one for the mail
//! address, one for the telephone number, and one for each id that a provider gave a payment (docs/adr/0018).
//!
//! They are written with their order, and again only when a change of the customer makes them others, or when a
//! provider names its id of a payment.

use std::collections::BTreeSet;

use tollgate_core::order::{Customer, Root};
use tollgate_core::payment::Payment;
use unicode_normalization::UnicodeNormalization;

use crate::db::{Db, Error, Row, Sql, WriteBatch, id_at, id_bytes, on_sqlite};
use crate::tables::document::from_json;
use crate::tables::roots::read_customer;

/// Letters of a word that are kept; whoever looks for more is compared with the document.
const TERM_LETTERS_MAX: usize = 64;

/// Words of a name that are kept.
const WORDS_MAX: usize = 16;

/// Digits of which a telephone number has at least as many; fewer are a word like any other.
const DIGITS_MIN: usize = 5;

/// `search_terms.insert`.
const INSERT: &str = "\
    insert into search_terms (shop_id, term, root) values (?1, ?2, ?3)
        on conflict (shop_id, term, root) do nothing";

/// `search_terms.delete`: by primary key.
const DELETE: &str = "\
    delete from search_terms where shop_id = ?1 and term = ?2 and root = ?3";

/// Something that is said of a customer, by which the order is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Which member says it.
    pub(crate) member: &'static str,
    /// Folded, in its whole length.
    pub(crate) text: String,
}

/// Everything by which a customer is found.
pub(crate) fn said(customer: &Customer) -> Vec<Said> {
    let mut all = Vec::new();
    let mut say = |member, text: String| {
        if !text.is_empty() {
            all.push(Said { member, text });
        }
    };
    for word in words(customer.name.as_deref().unwrap_or_default())
        .into_iter()
        .take(WORDS_MAX)
    {
        say("customer.name", word);
    }
    say(
        "customer.email",
        fold(customer.email.as_deref().unwrap_or_default()),
    );
    say(
        "customer.phone",
        digits(customer.phone.as_deref().unwrap_or_default()),
    );
    all
}

/// The words of an order, as rows have them.
pub(crate) fn terms(root: &Root) -> BTreeSet<String> {
    let order = root.order.as_ref();
    let mut terms = order.map_or_else(BTreeSet::new, |order| terms_of(&order.customer));
    terms.extend(ids_of(root));
    terms
}

/// The ids that providers gave its payments, as rows have them.
fn ids_of(root: &Root) -> impl Iterator<Item = String> {
    let payments = root.payments.iter();
    let ids = payments.filter_map(|payment| payment.provider_payment_id.as_deref());
    ids.map(|id| cut(&id_term(id)).to_owned())
}

/// The words of the ids that its payments have now and had not before. They never lose one.
pub(crate) fn new_ids<'r>(before: &'r Root, now: &'r Root) -> impl Iterator<Item = String> + 'r {
    let is_new = move |payment: &&'r Payment| {
        let known = before.payments.iter().find(|known| known.id == payment.id);
        known.and_then(|known| known.provider_payment_id.as_ref())
            != payment.provider_payment_id.as_ref()
    };
    let payments = now.payments.iter().filter(is_new);
    let ids = payments.filter_map(|payment| payment.provider_payment_id.as_deref());
    ids.map(|id| cut(&id_term(id)).to_owned())
}

/// Whether an order is found by other words of its customer than before.
pub(crate) fn has_other_customer(before: &Root, now: &Root) -> bool {
    let before = before.order.as_ref().map(|order| &order.customer);
    before != now.order.as_ref().map(|order| &order.customer)
}

/// An id of a provider's as a word: no word of a name begins so.
pub(crate) fn id_term(id: &str) -> String {
    format!("#{}", fold(id))
}

fn terms_of(customer: &Customer) -> BTreeSet<String> {
    said(customer)
        .iter()
        .map(|said| cut(&said.text).to_owned())
        .collect()
}

/// As much of a word as rows have.
pub(crate) fn cut(word: &str) -> &str {
    let end = word.char_indices().nth(TERM_LETTERS_MAX);
    end.map_or(word, |(end, _)| &word[..end])
}

/// A text as it is compared: composed (NFC), in small letters, without what only directs how it is shown, and with
/// one letter for those that people type for each other.
pub(crate) fn fold(text: &str) -> String {
    // Nothing of ASCII is composed, invisible or typed for another letter.
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    let shown = text.nfc().filter(|letter| !is_invisible(*letter));
    let small: String = shown.flat_map(char::to_lowercase).collect();
    let alike: String = small.trim().nfc().map(alike).collect();
    // A capital with a dot of Turkish is two in small letters, and the dot is in the first of them.
    alike.replace("i\u{307}", "i")
}

/// The letter that stands for a small one in every word: `i` for the one without a dot, whose capital is `I`; sigma for
/// the one at the end of a word, which has the same capital; the Cyrillic `ie` for the one with two dots, which are
/// mostly left out.
fn alike(letter: char) -> char {
    match letter {
        '\u{131}' => 'i',
        '\u{3c2}' => '\u{3c3}',
        '\u{451}' => '\u{435}',
        other => other,
    }
}

/// Marks of direction, joiners and the like, which nobody types again.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// The words of a name, folded: `O'Brien-Smith` is `obrien` and `smith`. What is between them is spaces and
/// signs; marks over and under letters belong to their word, as in every word of Hindi.
pub(crate) fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let joined: String = folded.chars().filter(|sign| !is_inside(*sign)).collect();
    let mut words: Vec<String> = Vec::new();
    for word in joined.split(is_between).filter(|word| !word.is_empty()) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// Apostrophes, and the marks of abbreviation in Hebrew.
fn is_inside(sign: char) -> bool {
    matches!(
        sign,
        '\'' | '"' | '`' | '\u{2bc}' | '\u{2018}'..='\u{201f}' | '\u{5f3}' | '\u{5f4}'
    )
}

fn is_between(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || sign.is_ascii_punctuation()
        || matches!(sign,
            '\u{a1}'..='\u{a9}' | '\u{ab}'..='\u{b1}' | '\u{b4}' | '\u{b6}'..='\u{b8}' | '\u{bb}' | '\u{bf}'
            | '\u{5be}' | '\u{5c0}' | '\u{5c3}' | '\u{964}' | '\u{965}' | '\u{2010}'..='\u{205e}'
            | '\u{3000}'..='\u{3003}')
}

/// The digits of a telephone number, if that is what a text is: as many as one has, and signs between them.
pub(crate) fn digits(text: &str) -> String {
    let folded = fold(text);
    let is_of_number = |sign: char| {
        sign.is_numeric()
            || sign.is_whitespace()
            || matches!(sign, '+' | '-' | '(' | ')' | '.' | '/')
    };
    let digits: String = folded
        .chars()
        .filter_map(|sign| sign.to_digit(10))
        .filter_map(|digit| char::from_digit(digit, 10))
        .collect();
    match folded.chars().all(is_of_number) && DIGITS_MIN <= digits.len() {
        true => digits,
        false => String::new(),
    }
}

/// The rows of a batch: written in the order of the table, so that a page of it is found once.
#[derive(Default)]
pub(crate) struct Rows {
    insert: Vec<Term>,
    delete: Vec<Term>,
}

impl Rows {
    /// The words of an order that is new.
    pub(crate) fn insert(&mut self, root: &Root) {
        add(&mut self.insert, root, terms(root));
    }

    /// The words of ids that its payments have got.
    pub(crate) fn insert_ids(&mut self, root: &Root, ids: &BTreeSet<String>) {
        add(&mut self.insert, root, ids.clone());
    }

    /// Makes rows of an order, which has those of `before`, its words now.
    pub(crate) fn change(&mut self, root: &Root, before: &BTreeSet<String>) {
        let now = terms(root);
        add(&mut self.delete, root, before - &now);
        add(&mut self.insert, root, &now - before);
    }

    /// Writes them.
    pub(crate) fn write(mut self, writes: &mut WriteBatch<'_>) -> Result<(), Error> {
        for (sql, rows) in [(DELETE, &mut self.delete), (INSERT, &mut self.insert)] {
            rows.sort_unstable();
            for (shop, term, root) in rows {
                writes.put(sql, &[shop, term, root])?;
            }
        }
        Ok(())
    }
}

fn add(rows: &mut Vec<Term>, root: &Root, terms: BTreeSet<String>) {
    let (shop, id) = (i64::from(root.shop.0), id_bytes(root.id.as_u128()));
    rows.extend(terms.into_iter().map(|term| (shop, term, id)));
}

/// Orders that are read in one statement while rows of before are written.
const FILL_ORDERS: i64 = 5_000;

/// Words that are sorted and written together: with as many, a page of the index is written few times.
const FILL_TERMS: usize = 400_000;

/// `search_terms.orders`: walks `roots_id`.
const ORDERS: Sql = on_sqlite(
    "select shop_id, id, doc -> '$.order.customer',
            (select group_concat(value ->> '$.provider_id', char(10))
               from json_each(doc, '$.payments'))
       from roots
      where (shop_id, id) > (?1, ?2)
      order by shop_id, id
      limit ?3",
);

/// A row to be: the shop, the word, the root.
pub(crate) type Term = (i64, String, [u8; 16]);

/// Writes the words of every order there is into a file, in bounded memory; within a transaction.
pub(crate) fn fill(db: &Db) -> Result<(), Error> {
    let mut after = (0_i64, id_bytes(0));
    let mut gathered: Vec<Term> = Vec::new();
    loop {
        let mut last = None;
        let rows = db.all(ORDERS, &[&after.0, &after.1, &FILL_ORDERS], |row| {
            last = Some(gather(row, &mut gathered)?);
            Ok(())
        })?;
        let is_last = rows.len() < FILL_ORDERS as usize;
        if is_last || FILL_TERMS <= gathered.len() {
            put_gathered(db, &mut gathered)?;
        }
        match last {
            Some(last) if !is_last => after = last,
            _ => return Ok(()),
        }
    }
}

/// Reads the words of an order from its shop, id, customer and the ids of its payments, a line each; which it was.
pub(crate) fn gather(row: &Row<'_>, gathered: &mut Vec<Term>) -> Result<(i64, [u8; 16]), Error> {
    let (shop, id) = (row.get::<i64>(0)?, id_bytes(id_at(row, 1)?));
    let ids = row.maybe_text(3)?.unwrap_or_default();
    let ids = ids.split('\n').filter(|id| !id.is_empty());
    gathered.extend(ids.map(|known| (shop, cut(&id_term(known)).to_owned(), id)));
    if let Some(text) = row.maybe_text(2)? {
        let customer = from_json("customer", text).map_err(crate::db::corrupt)?;
        let terms = terms_of(&read_customer(customer));
        gathered.extend(terms.into_iter().map(|term| (shop, term, id)));
    }
    Ok((shop, id))
}

/// Writes them in the order of the table, those that are not there.
pub(crate) fn put_gathered(db: &Db, gathered: &mut Vec<Term>) -> Result<(), Error> {
    gathered.sort_unstable();
    let mut writes = db.write_batch();
    for (shop, term, root) in gathered.drain(..) {
        writes.put(INSERT, &[&shop, &term, &root])?;
    }
    writes.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_words_in_small_letters_of_every_script() {
        for (name, expected) in [
            ("Budi  SANTOSO", "budi santoso"),
            ("O\u{2019}Brien-Smith, Jr.", "obrien smith jr"),
            ("Jose\u{301}", "jos\u{e9}"),
            (
                "\u{418}\u{432}\u{430}\u{43d} \u{41f}\u{435}\u{442}\u{440}\u{43e}\u{432}",
                "\u{438}\u{432}\u{430}\u{43d} \u{43f}\u{435}\u{442}\u{440}\u{43e}\u{432}",
            ),
            // The sign under a letter that joins it to the next is in the midst of its word.
            (
                "\u{935}\u{93f}\u{937}\u{94d}\u{923}\u{941} \u{936}\u{930}\u{94d}\u{92e}\u{93e}",
                "\u{935}\u{93f}\u{937}\u{94d}\u{923}\u{941} \u{936}\u{930}\u{94d}\u{92e}\u{93e}",
            ),
            (
                "\u{200f}\u{5d1}\u{5df}\u{5be}\u{5d0}\u{5e8}\u{5d9} \u{5e6}\u{5d4}\u{5f4}\u{5dc}",
                "\u{5d1}\u{5df} \u{5d0}\u{5e8}\u{5d9} \u{5e6}\u{5d4}\u{5dc}",
            ),
            ("Li Li", "li"),
            // Four letters of Turkish and two of Greek and Russian are typed for each other.
            (
                "I\u{15e}IK \u{131}\u{15f}\u{131}k \u{130}pek I\u{307}pek",
                "i\u{15f}ik ipek",
            ),
            (
                "\u{393}\u{399}\u{3a9}\u{3a1}\u{393}\u{39f}\u{3a3} \u{3b3}\u{3b9}\u{3c9}\u{3c1}\u{3b3}\u{3bf}\u{3c2}",
                "\u{3b3}\u{3b9}\u{3c9}\u{3c1}\u{3b3}\u{3bf}\u{3c3}",
            ),
            (
                "\u{401}\u{436}\u{438}\u{43a} \u{415}\u{436}\u{438}\u{43a}",
                "\u{435}\u{436}\u{438}\u{43a}",
            ),
            ("-- %_' --", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn a_number_is_its_digits_and_what_is_no_number_has_none() {
        for (text, expected) in [
            ("+62 812-3456 (789)", "628123456789"),
            ("1234", ""),
            ("A-12345", ""),
            ("", ""),
        ] {
            assert_eq!(digits(text), expected, "{text}");
        }
    }

    #[test]
    fn a_customer_is_found_by_name_address_and_number() {
        let customer = Customer {
            name: Some("Dewi Lestari".to_owned()),
            email: Some("Dewi@Example.com".to_owned()),
            phone: Some("+62 811 222 333".to_owned()),
            ..Customer::default()
        };
        let terms: Vec<String> = terms_of(&customer).into_iter().collect();
        assert_eq!(
            terms,
            ["62811222333", "dewi", "dewi@example.com", "lestari"]
        );
        let long = "x".repeat(200);
        assert_eq!(cut(&long).len(), TERM_LETTERS_MAX);
    }
}
