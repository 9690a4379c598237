//! The section `mail` of a shop, checked by what sends the mails.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tollgate_core::command::ReceiptMail;

use super::error::ConfigError;
use super::typed::Typed;
use tollgate_outbound::mail;

/// From the look-up of the mail server's name to the end of the login.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// For each command to the mail server, and for a whole message.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Typed<'_> {
    /// The section `mail` of a shop; `None` where no server is named.
    pub(super) fn mail(&self) -> Result<Option<mail::MailSettings>, ConfigError> {
        // What is wrong is reported whether or not there is a server yet.
        let templates = self.folder_of("mail.templates")?;
        let password = match self.text("mail.password")? {
            "" => None,
            typed => Some(self.secret(&format!("{}mail.password", self.prefix), typed)?),
        };
        let url = self.text("mail.url")?;
        if url.is_empty() {
            return Ok(None);
        }
        let from = self.text("mail.from")?;
        if from.is_empty() {
            let wanted =
                "an address as \"Batik Shop <orders@shop.example>\", because mail.url is set";
            return Err(self.wrong("mail.from", "an empty text", wanted));
        }
        let typed = mail::Typed {
            url,
            password: password.map(SecretString::from),
            from,
            reply_to: self.text("mail.reply_to")?,
            templates,
            root_certificate: self.file_of("mail.root_certificate")?,
            connect_timeout: CONNECT_TIMEOUT,
            timeout: TIMEOUT,
        };
        let section = format!("{}mail", self.prefix);
        Ok(Some(mail::MailSettings::new(&section, typed)?))
    }

    /// How a shop sends the receipt of an order that is paid.
    pub(super) fn receipt_mail(&self) -> Result<ReceiptMail, ConfigError> {
        let choices = [
            ("with_paid", ReceiptMail::WithPaid),
            ("own", ReceiptMail::Own),
        ];
        self.choice("mail.receipt", &choices)
    }

    /// A folder that must be there, looked for from the file's.
    fn folder_of(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let text = self.text(key)?;
        if text.is_empty() {
            return Ok(None);
        }
        let folder = self.folder.join(text);
        if !folder.is_dir() {
            let found = format!("{}, which is no folder", folder.display());
            return Err(self.wrong(key, found, "a folder that is there, or an empty text"));
        }
        Ok(Some(folder))
    }
}
