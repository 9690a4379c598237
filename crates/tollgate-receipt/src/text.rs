//! Text set in type: shaped, broken into lines, with the letters no font has.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use krilla::geom::Point;
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use parley::layout::{Alignment, AlignmentOptions, GlyphRun, PositionedLayoutItem};
use parley::style::{FontWeight, Language, OverflowWrap, StyleProperty};
use parley::{BaseDirection, FontContext, Layout, LayoutContext};

use super::document::Locale;
use super::fonts::Fonts;
use super::scripts;
use super::sheet::Ink;

/// From one line to the next, in sizes of the letters; Devanagari needs that much.
const LEADING: f32 = 1.42;

/// Where the baseline is in its line, in sizes; the same whatever font a letter comes from, so that
/// neighbours in a row stand level.
const BASELINE: f32 = LEADING / 2.0 + 0.36;

/// How letters look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    size: f32,
    bold: bool,
    ink: Ink,
}

impl Style {
    /// Plain letters of a size in points.
    pub(super) const fn plain(size: f32) -> Style {
        Style {
            size,
            bold: false,
            ink: Ink::TEXT,
        }
    }

    /// The same, but bold.
    pub(super) const fn bold(self) -> Style {
        Style { bold: true, ..self }
    }

    /// The same in another ink.
    pub(super) const fn in_ink(self, ink: Ink) -> Style {
        Style { ink, ..self }
    }
}

/// Which way a text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// The way of the receipt's language: our own words.
    Language,
    /// The way of its first letter: what others wrote, numbers and money.
    Own,
}

/// The edge that lines begin at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Where the language begins to read.
    Start,
    /// Where it ends.
    End,
}

/// Sets texts of one receipt.
pub(super) struct Typesetter {
    fonts: Arc<Fonts>,
    context: FontContext,
    scratch: LayoutContext<()>,
    locale: Locale,
    missing: BTreeSet<char>,
}

impl Typesetter {
    /// One for a language, with these fonts.
    pub(super) fn new(locale: Locale, fonts: &Arc<Fonts>) -> Typesetter {
        Typesetter {
            fonts: Arc::clone(fonts),
            context: fonts.context(),
            scratch: LayoutContext::new(),
            locale,
            missing: BTreeSet::new(),
        }
    }

    /// Whether the language is written from right to left.
    pub(super) fn is_right_to_left(&self) -> bool {
        self.locale.is_right_to_left()
    }

    /// The letters so far that no font has.
    pub(super) fn into_missing(self) -> Vec<char> {
        self.missing.into_iter().collect()
    }

    /// Sets a text on one line.
    pub(super) fn set(&mut self, text: &str, style: Style, flow: Flow) -> Paragraph {
        let text = printable(text, &self.fonts).into_owned();
        let mut builder = self
            .scratch
            .ranged_builder(&mut self.context, &text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(self.fonts.families()));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(StyleProperty::Locale(
            Language::parse(self.locale.as_str()).ok(),
        ));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        if style.bold {
            builder.push_default(StyleProperty::FontWeight(FontWeight::BOLD));
        }
        builder.set_base_direction(match (flow, self.locale.is_right_to_left()) {
            (Flow::Own, _) => BaseDirection::Auto,
            (Flow::Language, true) => BaseDirection::Rtl,
            (Flow::Language, false) => BaseDirection::Ltr,
        });
        let mut layout: Layout<()> = builder.build(&text);
        layout.break_all_lines(None);
        let paragraph = Paragraph {
            fonts: Arc::clone(&self.fonts),
            text,
            layout,
            style,
        };
        self.missing.extend(paragraph.missing());
        paragraph
    }

    /// Breaks a paragraph into lines of a width.
    pub(super) fn fit(&self, paragraph: &mut Paragraph, width: f32, side: Side) {
        let alignment = match (side, self.locale.is_right_to_left()) {
            (Side::Start, false) | (Side::End, true) => Alignment::Left,
            (Side::Start, true) | (Side::End, false) => Alignment::Right,
        };
        // A line that is just as wide as its column must not break for an error of rounding.
        paragraph.layout.break_all_lines(Some(width + 0.01));
        paragraph
            .layout
            .align(alignment, AlignmentOptions::default());
    }
}

/// A text that is set.
#[derive(Clone)]
pub(super) struct Paragraph {
    fonts: Arc<Fonts>,
    text: String,
    layout: Layout<()>,
    style: Style,
}

impl Paragraph {
    /// How wide its widest line is.
    pub(super) fn width(&self) -> f32 {
        self.layout.width()
    }

    /// How high it stands.
    pub(super) fn height(&self) -> f32 {
        self.layout.len() as f32 * self.style.size * LEADING
    }

    /// Prints it with its left upper corner at a point.
    pub(super) fn draw(&self, surface: &mut Surface<'_>, x: f32, y: f32) {
        surface.set_fill(Some(self.style.ink.fill()));
        for (index, line) in self.layout.lines().enumerate() {
            let baseline = y + (index as f32 * LEADING + BASELINE) * self.style.size;
            for run in line.items().filter_map(glyph_run) {
                let face = run.run().font();
                let font = self.fonts.of(face.data.id(), face.index, self.style.bold);
                surface.draw_glyphs(
                    Point::from_xy(x + run.offset(), baseline),
                    &self.glyphs(&run),
                    font.clone(),
                    &self.text,
                    self.style.size,
                    false,
                );
            }
        }
    }

    /// The glyphs of a run from left to right, each with the letters it stands for.
    fn glyphs(&self, run: &GlyphRun<'_, ()>) -> Vec<KrillaGlyph> {
        let size = self.style.size;
        let mut clusters: Vec<Vec<KrillaGlyph>> = Vec::new();
        for cluster in run.run().clusters() {
            let letters = cluster.text_range();
            if cluster.is_ligature_continuation() {
                // Its letters are printed by the glyphs before.
                for glyph in clusters.last_mut().into_iter().flatten() {
                    glyph.text_range.end = letters.end;
                }
                continue;
            }
            let glyphs = cluster.glyphs().map(|glyph| {
                KrillaGlyph::new(
                    GlyphId::new(glyph.id),
                    glyph.advance / size,
                    glyph.x / size,
                    // Up is positive there.
                    -glyph.y / size,
                    0.0,
                    letters.clone(),
                    None,
                )
            });
            clusters.push(glyphs.collect());
        }
        if run.run().is_rtl() {
            clusters.reverse();
        }
        clusters.into_iter().flatten().collect()
    }

    /// Which of the fonts that the shop has added it is printed with.
    pub(super) fn added_fonts(&self) -> BTreeSet<usize> {
        let mut added = BTreeSet::new();
        for line in self.layout.lines() {
            for run in line.items().filter_map(glyph_run) {
                let face = run.run().font();
                added.extend(self.fonts.added(face.data.id(), face.index));
            }
        }
        added
    }

    /// The letters that are printed as a box and that some font may have.
    fn missing(&self) -> Vec<char> {
        let mut missing = Vec::new();
        for line in self.layout.lines() {
            for run in line.items().filter_map(glyph_run) {
                for cluster in run.run().clusters() {
                    if cluster.glyphs().any(|glyph| glyph.id == 0) {
                        let letters = || self.text[cluster.text_range()].chars();
                        let (had, lacked): (Vec<char>, Vec<char>) = letters()
                            .filter(|letter| !scripts::is_invisible(*letter))
                            .filter(|letter| !scripts::is_no_letter(*letter))
                            .partition(|letter| self.fonts.has(*letter));
                        if !lacked.is_empty() {
                            missing.extend(lacked);
                        } else if !letters().any(scripts::is_no_letter) {
                            // Each may be had, but not together.
                            missing.extend(had);
                        }
                    }
                }
            }
        }
        missing
    }
}

fn glyph_run<'a>(item: PositionedLayoutItem<'a, ()>) -> Option<GlyphRun<'a, ()>> {
    match item {
        PositionedLayoutItem::GlyphRun(run) => Some(run),
        PositionedLayoutItem::InlineBox(_) => None,
    }
}

/// A text without what is no letter: control characters are spaces, and what would turn the
/// direction of the text around it is gone. A name must not make its price read backwards. The fillers of
/// Hangul show nothing, but without a font that has them they would be boxes.
fn printable<'t>(text: &'t str, fonts: &Fonts) -> Cow<'t, str> {
    let turns = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let fills = |letter: char| {
        matches!(letter, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}') && !fonts.has(letter)
    };
    let is_control = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{2028}' | '\u{2029}')
            // A space of a width that no font has.
            || letter.is_whitespace() && !letter.is_ascii() && !fonts.has(letter)
    };
    if !text
        .chars()
        .any(|letter| turns(letter) || fills(letter) || is_control(letter))
    {
        return Cow::Borrowed(text);
    }
    text.chars()
        .filter(|letter| !turns(*letter) && !fills(*letter))
        .map(|letter| if is_control(letter) { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style::plain(10.0);

    fn missing(text: &str) -> Vec<char> {
        let mut typesetter = Typesetter::new(Locale::En, &Fonts::built_in());
        typesetter.set(text, STYLE, Flow::Own);
        typesetter.into_missing()
    }

    #[test]
    fn every_script_we_promise_has_its_letters() {
        for text in [
            "Kopi Ā ñ ő – “quoted” € £ ¥ ₩ $ Rp № § • … ×",
            "Ἑλλάς Ελλάδα",
            "Съешь ещё этих мягких французских булок ₽ ₴ ₸",
            "שָׁלוֹם ₪ סה״כ מס׳",
            "क्षत्रिय ज़रूरी हिन्दी ₹ १२३ ।",
            "مرحبا بالعالم پاکستان ٣",
            "a\u{a0}b\u{200f}c\u{200e}d\u{200b}e\u{ad}f\u{feff}g",
            "☕ ★ ✓ →",
            // Invisible: joiners, selectors of variants, tags, isolates, what joins words.
            "a\u{200d}b\u{fe0f}c\u{e0061}d\u{2060}e\u{61c}f\u{180e}g\u{34f}h\u{e0100}i\u{206a}j",
            "☕\u{fe0f} ★\u{fe0e} ✓\u{200d}→",
        ] {
            assert!(missing(text).is_empty(), "{text} {:?}", missing(text));
        }
    }

    /// Nobody makes a font for them: private use, no letters at all, and what Unicode has not given out.
    #[test]
    fn what_is_no_letter_is_waited_for_by_nobody() {
        for text in [
            "a\u{e000}b",
            "\u{f8ff}",
            "\u{10fffd}",
            "\u{fffe}",
            "\u{1ffff}",
            "\u{fdd0}",
            "\u{378}",
            "\u{e000}\u{301}",
        ] {
            assert!(missing(text).is_empty(), "{text} {:?}", missing(text));
        }
        assert_eq!(missing("\u{e000}漢"), ['漢']);
    }

    #[test]
    fn a_letter_that_no_font_has_is_reported_once() {
        assert_eq!(missing("a \u{13000} 漢 漢 b"), ['漢', '\u{13000}']);
    }

    #[test]
    fn text_is_broken_at_the_width_also_where_it_has_no_spaces() {
        let mut typesetter = Typesetter::new(Locale::En, &Fonts::built_in());
        for text in ["one two three four five six", "onetwothreefourfivesix"] {
            let mut paragraph = typesetter.set(text, STYLE, Flow::Own);
            let (width, height) = (paragraph.width(), paragraph.height());
            typesetter.fit(&mut paragraph, width, Side::Start);
            assert_eq!(paragraph.height(), height, "{text}");
            typesetter.fit(&mut paragraph, 50.0, Side::Start);
            assert!(paragraph.width() <= 50.0, "{text}");
            assert!(2.0 * height < paragraph.height(), "{text}");
        }
    }

    #[test]
    fn what_turns_text_around_is_left_out() {
        let printed = |text| printable(text, &Fonts::built_in()).into_owned();
        assert_eq!(printed("a\u{202e}b\u{2067}c\nd\u{2028}e"), "abc d e");
        assert_eq!(printed("\u{200f}1,500"), "\u{200f}1,500");
        assert_eq!(printed("a\u{3164}b"), "ab");
        assert_eq!(printed("a\u{3000}b\u{a0}c"), "a b\u{a0}c");
    }
}
