//! What a browser is answered.

use maud::Markup;

use crate::words::Text;

/// What a browser is answered. Every header that is not named here is the server's.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Content-Type`.
    pub media: &'static str,
    /// `Location`, for a redirection: a path of this server.
    pub location: Option<String>,
    /// `Allow`, where a page is asked for by a method that it does not know.
    pub allow: Option<&'static str>,
    /// `Set-Cookie`, each a header of its own.
    pub cookies: Vec<String>,
    /// Whether a browser may keep it for ever: its address has a hash of it.
    pub is_immutable: bool,
    /// The body.
    pub body: Vec<u8>,
}

/// The policy under which every page stands: nothing but what this server itself serves, no script and no style
/// within the page, no frame around it.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a page is made of.
pub(crate) struct Page {
    /// Its title.
    pub(crate) title: String,
    /// Which entry of the navigation it is of: the path of that.
    pub(crate) here: &'static str,
    /// The topics of the live stream at which it is asked for anew; empty if it stands still.
    pub(crate) topics: &'static str,
    /// What stands in it.
    pub(crate) body: Markup,
}

/// What a handler answers.
pub(crate) enum Response {
    /// A page.
    Page(Page),
    /// Something was done: where the browser goes, and what is said there.
    Done(String, Text),
    /// The browser goes somewhere, perhaps with a cookie.
    Go(String, Vec<String>),
}

impl From<Page> for Response {
    fn from(page: Page) -> Response {
        Response::Page(page)
    }
}

/// Something was done: the browser goes there and is told so.
pub(crate) fn done(to: impl Into<String>, said: Text) -> Response {
    Response::Done(to.into(), said)
}
