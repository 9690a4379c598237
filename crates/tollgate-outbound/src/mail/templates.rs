//! The words of the mails: templates that come with the program, each of which a file of the same name
//! in the operator's folder takes the place of.
//!
//! All of them are tried at the start with everything they can be given and with as little as they can
//! be given, so that a wrong name is found then and not when the first customer is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};
use serde::Serialize;
use tollgate_providers::nearest;

use crate::SettingError;
use crate::language::{LANGUAGES, Language};

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// An order or payment is paid.
    Paid,
    /// A receipt was issued; it is attached.
    Receipt,
    /// Money went back.
    Refunded,
}

const KINDS: [MailKind; 3] = [MailKind::Paid, MailKind::Receipt, MailKind::Refunded];

impl MailKind {
    /// What its templates' names begin with.
    pub fn word(self) -> &'static str {
        match self {
            MailKind::Paid => "paid",
            MailKind::Receipt => "receipt",
            MailKind::Refunded => "refunded",
        }
    }
}

/// What a template can be given. Amounts are texts as the customer reads them, currency included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailContext {
    /// The seller's name.
    pub shop: String,
    /// The order's code, or the payment's reference where there is no order.
    pub order: String,
    /// The customer's name.
    pub customer: Option<String>,
    /// How much was paid or given back.
    pub amount: String,
    /// What the order comes to: the total of `lines`.
    pub total: String,
    /// What stands below the total, as on the receipt; empty where no receipt is written of.
    pub facts: Vec<MailFact>,
    /// The currency's code, should a template want it alone.
    pub currency: String,
    /// What was bought; may be empty.
    pub lines: Vec<MailLine>,
    /// The receipt's number; always there for [`MailKind::Receipt`].
    pub receipt: Option<String>,
    /// Where the order can be looked at: `https://` or `http://`, anything else is left out.
    pub link: Option<String>,
    /// The shop's last word, in as many lines as it has.
    pub footer: Option<String>,
}

/// One thing that is said of the money, by its name: `Amount paid`, `Left to pay`, `Reason`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailFact {
    /// What it is called.
    pub name: String,
    /// An amount or a text, as the customer reads it.
    pub value: String,
}

/// One thing that was bought, or a discount or shipping, which have no quantity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MailLine {
    /// What it is.
    pub name: String,
    /// How many.
    pub quantity: Option<i64>,
    /// For how much together.
    pub amount: String,
}

/// The names a template knows, for messages.
const NAMES: &str = "shop, order, customer, amount, total, currency, lines (name, quantity, amount), \
                     facts (name, value), receipt, link, footer, language and direction";

/// A mail's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The checked templates.
#[derive(Debug)]
pub(super) struct Templates {
    environment: Environment<'static>,
}

macro_rules! built_in {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("templates/", $name)))),*]
    };
}

/// Every template: `KIND.LANGUAGE.PART`, and what they share.
const BUILT_IN: &[(&str, &str)] = built_in! {
    "layout.txt" "layout.html"
    "paid.en.subject" "paid.en.txt" "paid.en.html"
    "paid.id.subject" "paid.id.txt" "paid.id.html"
    "paid.hi.subject" "paid.hi.txt" "paid.hi.html"
    "paid.he.subject" "paid.he.txt" "paid.he.html"
    "paid.ru.subject" "paid.ru.txt" "paid.ru.html"
    "receipt.en.subject" "receipt.en.txt" "receipt.en.html"
    "receipt.id.subject" "receipt.id.txt" "receipt.id.html"
    "receipt.hi.subject" "receipt.hi.txt" "receipt.hi.html"
    "receipt.he.subject" "receipt.he.txt" "receipt.he.html"
    "receipt.ru.subject" "receipt.ru.txt" "receipt.ru.html"
    "refunded.en.subject" "refunded.en.txt" "refunded.en.html"
    "refunded.id.subject" "refunded.id.txt" "refunded.id.html"
    "refunded.hi.subject" "refunded.hi.txt" "refunded.hi.html"
    "refunded.he.subject" "refunded.he.txt" "refunded.he.html"
    "refunded.ru.subject" "refunded.ru.txt" "refunded.ru.html"
};

/// What ends the name of a template.
const ENDINGS: [&str; 3] = ["subject", "txt", "html"];

/// The largest file that is taken for a template.
const FILE_BYTES_MAX: usize = 1 << 20;

impl Templates {
    /// Reads the templates, those in `folder` in place of ours, and tries each of them.
    ///
    /// `key` is the configuration's key that names the folder.
    pub(super) fn load(key: &str, folder: Option<&Path>) -> Result<Templates, SettingError> {
        let own = match folder {
            Some(folder) => read_folder(key, folder)?,
            None => BTreeMap::new(),
        };
        let wrong = |error: &Error| {
            let (place, reason) = explain(error, folder, &own);
            SettingError {
                key: key.to_owned(),
                found: format!("{place}: {reason}"),
                wanted: format!("a template that can be filled; its names are {NAMES}"),
            }
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        environment.set_formatter(refuse_nothing);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        for (name, ours) in BUILT_IN {
            let text = own.get(*name).map_or(*ours, String::as_str);
            environment
                .add_template_owned(*name, text.to_owned())
                .map_err(|error| wrong(&error))?;
        }
        let templates = Templates { environment };
        for kind in KINDS {
            for language in LANGUAGES {
                for sample in [full_sample(), sparse_sample(kind)] {
                    templates
                        .fill(kind, language, &sample)
                        .map_err(|error| wrong(&error))?;
                }
            }
        }
        Ok(templates)
    }

    /// The words of one mail in the language nearest to a BCP 47 tag, else in English.
    pub(super) fn words(
        &self,
        kind: MailKind,
        locale: &str,
        context: &MailContext,
    ) -> Result<Words, String> {
        // Some write the tag as the name of a locale: `ru_RU`.
        let language = Language::negotiate(&locale.replace('_', "-"));
        let describe = |error: Error| {
            let (place, reason) = explain(&error, None, &BTreeMap::new());
            format!("{place}: {reason}")
        };
        self.fill(kind, language, context).map_err(describe)
    }

    fn fill(
        &self,
        kind: MailKind,
        language: Language,
        given: &MailContext,
    ) -> Result<Words, Error> {
        let tag = language.tag();
        let direction = match language {
            Language::Hebrew => "rtl",
            Language::English | Language::Indonesian | Language::Hindi | Language::Russian => "ltr",
        };
        let mut context = given.clone();
        context.link = context.link.filter(|link| {
            let link = link.to_ascii_lowercase();
            link.starts_with("https://") || link.starts_with("http://")
        });
        let page = Value::from_serialize(Page {
            context: &context,
            language: tag,
            direction,
        });
        let part = |ending: &str| {
            let name = format!("{}.{tag}.{ending}", kind.word());
            self.environment.get_template(&name)?.render(&page)
        };
        Ok(Words {
            subject: part("subject")?,
            text: part("txt")?,
            html: part("html")?,
        })
    }
}

#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    context: &'a MailContext,
    language: &'static str,
    direction: &'static str,
}

/// Writes a value; what is not there would be written as a word, which no customer should read.
fn refuse_nothing(
    out: &mut minijinja::Output<'_>,
    state: &State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_none() {
        let reason = "it is not there in every mail; put {% if … %} around it";
        return Err(Error::new(ErrorKind::UndefinedError, reason));
    }
    minijinja::escape_formatter(out, state, value)
}

/// Where the innermost error is, and what it is.
fn explain(
    error: &Error,
    folder: Option<&Path>,
    own: &BTreeMap<String, String>,
) -> (String, String) {
    let mut innermost = error;
    let mut next: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(inner) = source
            .downcast_ref::<Error>()
            .filter(|inner| inner.name().is_some())
        {
            innermost = inner;
        }
        next = source.source();
    }
    let name = innermost.name().unwrap_or("a template");
    let file = match folder {
        Some(folder) if own.contains_key(name) => folder.join(name).display().to_string(),
        Some(_) | None => name.to_owned(),
    };
    let place = match innermost.line() {
        Some(line) => format!("{file}, line {line}"),
        None => file,
    };
    let reason = match innermost.detail() {
        Some(detail) => format!("{} ({detail})", innermost.kind()),
        None => innermost.kind().to_string(),
    };
    (place, reason)
}

/// The files of a folder that are templates. Other files may lie there too, unless their name looks
/// like a template's that was mistyped.
fn read_folder(key: &str, folder: &Path) -> Result<BTreeMap<String, String>, SettingError> {
    let wrong = |found: String, wanted: &str| SettingError {
        key: key.to_owned(),
        found,
        wanted: wanted.to_owned(),
    };
    let unreadable = |path: &Path, error: std::io::Error| {
        let found = format!("{}: {error}", path.display());
        wrong(found, "a folder of templates that can be read")
    };
    let mut own = BTreeMap::new();
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    for entry in entries {
        let path: PathBuf = entry.map_err(|error| unreadable(folder, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if name.starts_with('.') || !ENDINGS.contains(&ending) {
            continue;
        }
        let mut known = BUILT_IN.iter().map(|(name, _)| *name);
        if !known.clone().any(|known| known == name) {
            let wanted = match nearest(name, known.by_ref()) {
                Some(near) => format!("a template's name; did you mean {near}?"),
                None => "KIND.LANGUAGE.PART: paid, receipt or refunded; en, id, hi, he or ru; \
                         subject, txt or html; or layout.txt, layout.html"
                    .to_owned(),
            };
            return Err(wrong(path.display().to_string(), &wanted));
        }
        let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error))?;
        if FILE_BYTES_MAX < bytes.len() {
            let found = format!("{} with {} bytes", path.display(), bytes.len());
            return Err(wrong(found, "templates of at most 1048576 bytes"));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| wrong(path.display().to_string(), "templates in UTF-8"))?;
        own.insert(name.to_owned(), text);
    }
    Ok(own)
}

/// Everything a template can be given.
fn full_sample() -> MailContext {
    MailContext {
        shop: "Batik Shop".to_owned(),
        order: "A-1".to_owned(),
        customer: Some("Siti".to_owned()),
        amount: "Rp 60.000".to_owned(),
        total: "Rp 150.000".to_owned(),
        facts: vec![MailFact {
            name: "Amount paid".to_owned(),
            value: "Rp 60.000".to_owned(),
        }],
        currency: "IDR".to_owned(),
        lines: vec![
            MailLine {
                name: "Batik shirt".to_owned(),
                quantity: Some(2),
                amount: "Rp 140.000".to_owned(),
            },
            MailLine {
                name: "Shipping".to_owned(),
                quantity: None,
                amount: "Rp 10.000".to_owned(),
            },
        ],
        receipt: Some("R-2026-000042".to_owned()),
        link: Some("https://shop.example/orders/A-1".to_owned()),
        footer: Some("Open every day.\nNPWP 01.234".to_owned()),
    }
}

/// As little as a template can be given.
fn sparse_sample(kind: MailKind) -> MailContext {
    let full = full_sample();
    MailContext {
        customer: None,
        lines: Vec::new(),
        facts: Vec::new(),
        footer: None,
        receipt: full.receipt.clone().filter(|_| kind == MailKind::Receipt),
        link: None,
        ..full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is not given to a template is of its language, and no two languages say the same.
    #[test]
    fn every_mail_is_in_its_own_language() {
        let templates = Templates::load("mail.templates", None).expect("ours are good");
        let is_own = |language: Language, letter: char| match language {
            Language::English | Language::Indonesian => letter.is_ascii_alphabetic(),
            Language::Hindi => matches!(letter, '\u{900}'..='\u{97f}'),
            Language::Hebrew => matches!(letter, '\u{590}'..='\u{5ff}'),
            Language::Russian => matches!(letter, '\u{400}'..='\u{4ff}'),
        };
        // What is given has no letters, so that every letter is the template's.
        let given = |full: bool| MailContext {
            shop: "1".to_owned(),
            order: "2".to_owned(),
            customer: full.then(|| "3".to_owned()),
            amount: "4".to_owned(),
            total: "5".to_owned(),
            facts: Vec::new(),
            currency: "6".to_owned(),
            lines: vec![MailLine {
                name: "7".to_owned(),
                quantity: Some(8),
                amount: "9".to_owned(),
            }],
            receipt: Some("10".to_owned()),
            link: None,
            footer: None,
        };
        for kind in KINDS {
            for full in [true, false] {
                let mut seen = std::collections::BTreeSet::new();
                for language in LANGUAGES {
                    let words = templates.fill(kind, language, &given(full));
                    let words = words.expect("it can be filled");
                    for text in [&words.subject, &words.text] {
                        let mut letters = text.chars().filter(|letter| letter.is_alphabetic());
                        let foreign = letters.find(|letter| !is_own(language, *letter));
                        assert_eq!(foreign, None, "{kind:?} {language:?}: {text}");
                    }
                    let tag = format!("<html lang=\"{}\"", language.tag());
                    assert!(words.html.contains(&tag), "{}", words.html);
                    let is_rtl = words.html.contains("dir=\"rtl\"");
                    assert_eq!(is_rtl, language == Language::Hebrew, "{}", words.html);
                    assert!(seen.insert(words.text), "{kind:?} {language:?}");
                }
            }
        }
    }
}
