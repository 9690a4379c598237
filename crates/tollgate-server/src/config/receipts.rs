//! What stands on a receipt besides the order, and where copies go.

use std::path::PathBuf;

use toml::{Table, Value};

use super::error::ConfigError;
use super::typed::Typed;
use tollgate_receipt::{Percent, Seller, TaxRate};

/// Taxes that one receipt may show.
const TAXES_MAX: usize = 16;

/// The receipts of a shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipts {
    /// Where a copy of each is written; `None`: nowhere.
    pub directory: Option<PathBuf>,
    /// Who sells.
    pub seller: Seller,
    /// The taxes it shows.
    pub taxes: Vec<TaxRate>,
}

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
        Ok(Receipts {
            directory,
            seller,
            taxes: rows.iter().map(Typed::tax).collect::<Result<_, _>>()?,
        })
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
        Ok(TaxRate {
            name: name.to_owned(),
            percent: Percent::parse(typed)
                .map_err(|_| self.wrong("percent", format!("{typed:?}"), wanted))?,
            included: self.flag("included")?,
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
