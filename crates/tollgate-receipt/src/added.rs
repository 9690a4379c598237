//! Fonts that a shop adds: what can be printed with, and why the rest cannot.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use krilla::Document;
use krilla::geom::Point;
use krilla::page::PageSettings;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::fontique::{Blob, CharmapIndex};
use read_fonts::FontRef;
use read_fonts::types::Tag;

/// The file of a font, and which of its faces is meant; the others of the same family come along.
#[derive(Debug, Clone)]
pub struct FontFile {
    /// The file.
    pub bytes: Arc<Vec<u8>>,
    /// Which face of a collection, from 0 on.
    pub face: u32,
}

/// A font that cannot be printed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("font {at}: {fault}")]
pub struct FontError {
    /// Which of those that were handed in.
    pub at: usize,
    /// Why.
    pub fault: FontFault,
}

/// Why a font cannot be printed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FontFault {
    /// It is none, or broken.
    #[error("no font can be read in it")]
    Unreadable,
    /// A collection has fewer faces.
    #[error("it has no face {0}")]
    NoFace(u32),
    /// It has pictures in the place of outlines.
    #[error("its letters are pictures without outlines, which cannot be printed")]
    Pictures,
    /// One of its letters could not be printed.
    #[error("its letters cannot be printed")]
    Unprintable,
}

/// Looks whether a file is a font with letters that can be drawn.
pub(super) fn check(file: &FontFile) -> Result<(), FontFault> {
    let bytes = file.bytes.as_slice();
    let font = FontRef::from_index(bytes, file.face).map_err(|_| {
        match file.face != 0 && FontRef::from_index(bytes, 0).is_ok() {
            true => FontFault::NoFace(file.face),
            false => FontFault::Unreadable,
        }
    })?;
    let has = |tag: &[u8; 4]| font.table_data(Tag::new(tag)).is_some();
    let is_whole = [b"head", b"maxp", b"hhea", b"hmtx", b"cmap", b"name"]
        .into_iter()
        .all(has);
    if !is_whole {
        return Err(FontFault::Unreadable);
    }
    let has_outlines = [b"glyf", b"CFF ", b"CFF2"].into_iter().any(has);
    let has_pictures = [b"CBDT", b"sbix", b"SVG "].into_iter().any(has);
    match has_outlines && (!has_pictures || has(b"COLR")) {
        true => Ok(()),
        // A file that breaks off has lost its outlines.
        false if !has_pictures => Err(FontFault::Unreadable),
        false => Err(FontFault::Pictures),
    }
}

/// Prints a letter, so that a font with which that fails is refused before a receipt needs it.
pub(super) fn try_out(
    font: &Font,
    charmap: &CharmapIndex,
    bytes: &Blob<u8>,
) -> Result<(), FontFault> {
    let charmap = charmap
        .charmap(bytes.as_ref())
        .ok_or(FontFault::Unreadable)?;
    let glyph = ('!'..=char::MAX)
        .filter(|letter| !letter.is_whitespace() && !letter.is_control())
        .find_map(|letter| charmap.map(letter).filter(|glyph| *glyph != 0))
        .ok_or(FontFault::Unreadable)?;
    let print = || {
        let mut file = Document::new();
        let settings = PageSettings::from_wh(100.0, 100.0).expect("paper has a size");
        let mut page = file.start_page_with(settings);
        let mut surface = page.surface();
        let glyph = KrillaGlyph::new(GlyphId::new(glyph), 1.0, 0.0, 0.0, 0.0, 0..1, None);
        surface.draw_glyphs(
            Point::from_xy(10.0, 50.0),
            &[glyph],
            font.clone(),
            "x",
            10.0,
            false,
        );
        surface.finish();
        page.finish();
        file.finish().map(drop)
    };
    match std::panic::catch_unwind(AssertUnwindSafe(print)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(FontFault::Unprintable),
    }
}
