//! A receipt as a PDF.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use krilla::Document;
use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::error::KrillaError;
use krilla::geom::Transform;
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::page::{Page, PageSettings};
use tollgate_core::time::Timestamp;

use super::colour::Colour;
use super::document::{ReceiptDocument, UsedFont};
use super::fonts::Fonts;
use super::layout;
use super::logo::Logo;
use super::sheet::{self, HEIGHT, Mark, Pen, WIDTH};
use super::text::Typesetter;
use super::wording::Words;

/// A receipt, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub pdf: Vec<u8>,
    /// Letters that no font has, each once: on the page they are boxes. The caller decides whether such a page
    /// is kept.
    pub missing: Vec<char>,
    /// The added fonts that it is printed with.
    pub fonts: Vec<UsedFont>,
}

/// Why there is no PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The document's time zone is not known to this version.
    #[error("show the receipt's date: there is no time zone {0:?}; update tollgate")]
    TimeZone(String),
    /// The document's time is beyond the calendar.
    #[error("show the receipt's date: {0} ms is beyond the calendar")]
    Time(i64),
    /// The library could not write it.
    #[error("write the receipt's PDF: {0}")]
    Pdf(#[source] KrillaError),
}

/// Renders a receipt; the same document and fonts are the same bytes from every instance of one version.
///
/// `logo` is the shop's, whose hash stands in the document. Takes some milliseconds of one thread: call it where
/// blocking is allowed.
pub fn render(
    document: &ReceiptDocument,
    fonts: &Arc<Fonts>,
    logo: Option<&Logo>,
) -> Result<Rendered, RenderError> {
    let zone = TimeZone::get(&document.timezone)
        .map_err(|_| RenderError::TimeZone(document.timezone.clone()))?;
    let time = instant(document.issued_at)?.to_zoned(zone);
    let look = document.look.as_ref();
    let colour = look.and_then(|look| Colour::parse(look.colour.as_deref()?).ok());
    let typesetter = Typesetter::new(document.locale, fonts);
    let mut pen = Pen::new(typesetter, colour, logo.cloned());
    let pages = layout::pages(&mut pen, document, &time);
    let mut used = BTreeSet::new();
    let mut file = Document::new();
    file.set_metadata(metadata(document)?);
    for marks in &pages {
        for mark in marks {
            if let Mark::Text { text, .. } = mark {
                used.extend(text.added_fonts());
            }
        }
        let settings = PageSettings::from_wh(WIDTH, HEIGHT).expect("paper has a size");
        print(&mut file.start_page_with(settings), marks);
    }
    let pdf = file.finish().map_err(RenderError::Pdf)?;
    Ok(Rendered {
        pdf,
        missing: pen.into_missing(),
        fonts: fonts.used(&used),
    })
}

fn print(page: &mut Page<'_>, marks: &[Mark]) {
    let mut surface = page.surface();
    for mark in marks {
        match mark {
            Mark::Text { x, y, text } => text.draw(&mut surface, *x, *y),
            Mark::Fill { frames, ink } => {
                if let Some(path) = sheet::path(frames) {
                    surface.set_fill(Some(ink.fill()));
                    surface.draw_path(&path);
                }
            }
            Mark::Logo { frame, logo } => {
                surface.push_transform(&Transform::from_translate(frame.x, frame.y));
                logo.draw(&mut surface);
                surface.pop();
            }
            Mark::Link { .. } => {}
        }
    }
    surface.finish();
    for mark in marks {
        if let Mark::Link { frame, url } = mark
            && let Some(rect) = frame.rect()
        {
            let target = Target::Action(Action::Link(LinkAction::new(url.clone())));
            let link = LinkAnnotation::new(rect, target);
            page.add_annotation(Annotation::new_link(link, Some(url.clone())));
        }
    }
}

/// What readers show about the file. Its only date is the receipt's.
fn metadata(document: &ReceiptDocument) -> Result<Metadata, RenderError> {
    let title = Words::of(document.locale).title(document.kind);
    let issued = instant(document.issued_at)?.to_zoned(TimeZone::UTC);
    let part = |part: i8| part.unsigned_abs();
    let created = DateTime::new(issued.year().unsigned_abs())
        .month(part(issued.month()))
        .day(part(issued.day()))
        .hour(part(issued.hour()))
        .minute(part(issued.minute()))
        .second(part(issued.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    let direction = match document.locale.is_right_to_left() {
        true => TextDirection::RightToLeft,
        false => TextDirection::LeftToRight,
    };
    Ok(Metadata::new()
        .title(format!("{title} {}", document.number))
        .authors(vec![document.seller.name.clone()])
        .language(document.locale.as_str().to_owned())
        .text_direction(direction)
        .creation_date(created)
        .document_id(document.id.clone()))
}

fn instant(time: Timestamp) -> Result<jiff::Timestamp, RenderError> {
    let millis = time.as_millis();
    jiff::Timestamp::from_millisecond(millis).map_err(|_| RenderError::Time(millis))
}
