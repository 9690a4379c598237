//! What stands on a receipt besides the order, and where copies go.

use std::path::PathBuf;

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::error::ConfigError;
use super::typed::{Typed, shape};
use tollgate_core::receipt_number::{NUMBER_LETTERS_MAX, NumberFormat};
use tollgate_receipt::{Colour, LOGO_BYTES_MAX, Logo, Look, Percent, Seller, TaxRate};

/// Taxes that one receipt may show.
const TAXES_MAX: usize = 16;

/// Fonts that a shop may add.
const FONTS_MAX: usize = 32;

/// What the file of a font ends with.
const FONT_ENDINGS: [&str; 4] = [".ttf", ".otf", ".ttc", ".otc"];

/// The receipts of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// Where a copy of each is written; `None`: nowhere.
    pub directory: Option<PathBuf>,
    /// Who sells.
    pub seller: Seller,
    /// The taxes it shows.
    pub taxes: Vec<TaxRate>,
    /// Fonts for what the built-in ones do not have.
    pub fonts: Vec<FontChoice>,
    /// What becomes of a receipt with letters that no font has.
    pub missing_glyphs: MissingGlyphs,
    /// How they are numbered.
    pub number: NumberFormat,
    /// How they look, where that is not as usual.
    pub look: Option<Look>,
    /// The picture at their top, whose hash stands in `look`.
    pub logo: Option<Logo>,
}

/// A font as it was typed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontChoice {
    /// Its key, for messages.
    pub key: String,
    /// Where it is.
    pub place: FontPlace,
}

/// Where a font is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FontPlace {
    /// In a file.
    File {
        /// Which.
        path: PathBuf,
        /// Which face of a collection, from 0 on.
        face: u32,
    },
    /// Among the fonts of the system, under this family's name.
    Named(String),
}

/// What becomes of a receipt with letters that no font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingGlyphs {
    /// It is not issued before there is a font.
    Wait,
    /// It is issued with boxes in their place.
    Print,
}

/// The most characters and lines at the end of a receipt.
const FOOTER_LETTERS_MAX: usize = 500;
const FOOTER_LINES_MAX: usize = 6;

impl Typed<'_> {
    /// The section `receipts` of a shop.
    pub(super) fn receipts(&self, shop: &str) -> Result<Receipts, ConfigError> {
        let directory = match self.text("receipts.directory")? {
            "" => None,
            folder => Some(PathBuf::from(folder)),
        };
        let seller = Seller {
            name: match self.line("receipts.seller.name")? {
                "" => shop.to_owned(),
                name => name.to_owned(),
            },
            address: given(self.text("receipts.seller.address")?),
            tax_id: given(self.line("receipts.seller.tax_id")?),
        };
        let rows = self.rows("receipts.taxes", &tax_defaults())?;
        if TAXES_MAX < rows.len() {
            let found = format!("{} taxes", rows.len());
            return Err(self.wrong("receipts.taxes", found, format!("at most {TAXES_MAX}")));
        }
        let (logo, logo_sha256) = match self.logo()? {
            Some((logo, sha256)) => (Some(logo), Some(sha256)),
            None => (None, None),
        };
        Ok(Receipts {
            directory,
            seller,
            taxes: rows.iter().map(Typed::tax).collect::<Result<_, _>>()?,
            fonts: self.fonts()?,
            missing_glyphs: self.choice(
                "receipts.missing_glyphs",
                &[
                    ("wait", MissingGlyphs::Wait),
                    ("print", MissingGlyphs::Print),
                ],
            )?,
            number: self.number_format(shop)?,
            look: self.look(logo_sha256)?,
            logo,
        })
    }

    fn fonts(&self) -> Result<Vec<FontChoice>, ConfigError> {
        let key = "receipts.fonts";
        let wanted =
            "a list of files as \"fonts/NotoSansThai.ttf\" and of names as \"Noto Sans Thai\"";
        let typed = self.list(key, wanted)?;
        if FONTS_MAX < typed.len() {
            let found = format!("{} fonts", typed.len());
            return Err(self.wrong(key, found, format!("at most {FONTS_MAX}")));
        }
        let typed = typed.iter().enumerate();
        typed
            .map(|(at, value)| {
                let key = format!("{}{key}[{at}]", self.prefix);
                match value.as_str().map(str::trim) {
                    None | Some("") => {
                        let found = value.as_str().map_or(shape(value), |_| "an empty text");
                        Err(ConfigError::key(key, found, wanted))
                    }
                    Some(text) => Ok(FontChoice {
                        place: self.font_place(text),
                        key,
                    }),
                }
            })
            .collect()
    }

    /// A file where the text looks like the path of one, with `#N` behind it for another face than the first.
    fn font_place(&self, text: &str) -> FontPlace {
        let numbered = text.rsplit_once('#').and_then(|(path, face)| {
            let face = face.parse().ok()?;
            Some((path, face))
        });
        let (path, face) = numbered.unwrap_or((text, 0));
        let lower = path.to_ascii_lowercase();
        let is_file = path.contains('/') || FONT_ENDINGS.iter().any(|end| lower.ends_with(end));
        match is_file {
            true => FontPlace::File {
                path: self.folder.join(path),
                face,
            },
            false => FontPlace::Named(text.to_owned()),
        }
    }

    fn number_format(&self, shop: &str) -> Result<NumberFormat, ConfigError> {
        let key = "receipts.number";
        NumberFormat::parse(self.text(key)?, shop).map_err(|found| {
            let wanted = format!(
                "a form as \"R-{{year}}-{{n:06}}\": {{year}} and {{n}} once each, {{n:0W}} with up to 12 digits, \
                 {{shop}}, and of letters A-Z a-z 0-9 - _ . / : +, {NUMBER_LETTERS_MAX} in all"
            );
            self.wrong(key, found, wanted)
        })
    }

    /// The logo and the SHA-256 of its file.
    fn logo(&self) -> Result<Option<(Logo, String)>, ConfigError> {
        let key = "receipts.logo";
        let Some(path) = self.file_of(key)? else {
            return Ok(None);
        };
        let shown = path.display();
        let wanted = format!("a PNG or JPEG of up to {LOGO_BYTES_MAX} bytes and 2000 dots a side");
        let bytes = std::fs::read(&path)
            .map_err(|error| self.wrong(key, format!("{shown}: {error}"), wanted.as_str()))?;
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let logo = Logo::read(bytes)
            .map_err(|found| self.wrong(key, format!("{shown}: {found}"), wanted.as_str()))?;
        Ok(Some((logo, sha256)))
    }

    fn look(&self, logo_sha256: Option<String>) -> Result<Option<Look>, ConfigError> {
        let colour = match self.text("receipts.colour")? {
            "" => None,
            typed => Some(Colour::parse(typed).map_err(|found| {
                let wanted = "a colour as \"#1b4b66\" whose contrast to white is at least 4.5";
                self.wrong("receipts.colour", found, wanted)
            })?),
        };
        let footer = self.text("receipts.footer")?.trim_end();
        let letters = footer.chars().count();
        let is_odd = footer
            .chars()
            .any(|letter| letter.is_control() && letter != '\n');
        let lines = footer.lines().count();
        if FOOTER_LETTERS_MAX < letters || FOOTER_LINES_MAX < lines || is_odd {
            let found = match is_odd {
                true => format!("{footer:?}"),
                false => format!("{letters} characters in {lines} lines"),
            };
            let wanted = format!(
                "up to {FOOTER_LETTERS_MAX} characters in up to {FOOTER_LINES_MAX} lines, without control characters"
            );
            return Err(self.wrong("receipts.footer", found, wanted));
        }
        let look = Look {
            colour: colour.map(|colour| colour.to_string()),
            footer: given(footer),
            logo_sha256,
        };
        Ok((look != Look::default()).then_some(look))
    }

    fn tax(&self) -> Result<TaxRate, ConfigError> {
        let name = self.line("name")?;
        if name.is_empty() {
            let wanted = "the name of the tax as \"VAT\"";
            return Err(self.wrong("name", "no name", wanted));
        }
        let wanted = "a text from \"0\" to \"100\" with up to six decimals, as \"7.25\"";
        let typed = match self.value("percent") {
            Value::String(text) => text,
            other => return Err(self.wrong("percent", other.to_string(), wanted)),
        };
        if !self.flag("included")? {
            let wanted = "true: a tax is on receipts only where customers are charged it, so put it into the \
                          prices of orders, and shipping's";
            return Err(self.wrong("included", "false", wanted));
        }
        Ok(TaxRate {
            name: name.to_owned(),
            percent: Percent::parse(typed)
                .map_err(|_| self.wrong("percent", format!("{typed:?}"), wanted))?,
        })
    }
}

/// What is empty is left out.
fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Every key of a tax.
fn tax_defaults() -> Table {
    let mut keys = Table::new();
    keys.insert("name".to_owned(), "".into());
    keys.insert("percent".to_owned(), "".into());
    keys.insert("included".to_owned(), true.into());
    keys
}
