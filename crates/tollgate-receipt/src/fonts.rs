//! The fonts of receipts. They are compiled in, so that every machine lays the same page; parsed once
//! for the process, because that costs more than a receipt.

use std::sync::{Arc, OnceLock};

use krilla::text::{Font, Tag};
use parley::FontContext;
use parley::fontique::{Blob, Charmap, Collection, CollectionOptions, FontInfoOverride};
use parley::style::{FontFamily, FontFamilyName};

/// The families, each for what those before it do not have: Latin, Greek and Cyrillic; Devanagari;
/// Arabic; Hebrew and the signs of currencies.
const NAMES: [&str; 4] = ["Latin", "Devanagari", "Arabic", "Signs"];

const DEVANAGARI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/devanagari.ttf"));
const ARABIC: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/arabic.ttf"));

/// How heavy a bold letter is.
const BOLD: f32 = 700.0;

/// All fonts, parsed.
pub(super) struct Fonts {
    context: FontContext,
    files: Vec<File>,
}

/// One file of a font, in the two weights that are printed with it.
struct File {
    blob: u64,
    plain: Font,
    bold: Font,
    charmap: Charmap<'static>,
}

impl Fonts {
    /// The fonts of this process.
    pub(super) fn get() -> &'static Fonts {
        static FONTS: OnceLock<Fonts> = OnceLock::new();
        FONTS.get_or_init(Fonts::parse)
    }

    /// Where a text finds its fonts; to be cloned, which copies no font.
    pub(super) fn context(&self) -> FontContext {
        self.context.clone()
    }

    /// The families in the order in which they are asked for a letter.
    pub(super) fn families() -> FontFamily<'static> {
        static FAMILIES: [FontFamilyName<'static>; 4] = [
            FontFamilyName::named(NAMES[0]),
            FontFamilyName::named(NAMES[1]),
            FontFamilyName::named(NAMES[2]),
            FontFamilyName::named(NAMES[3]),
        ];
        FontFamily::from(FAMILIES.as_slice())
    }

    /// What the PDF prints a shaped text with.
    pub(super) fn of(&self, blob: u64, bold: bool) -> &Font {
        let file = self
            .files
            .iter()
            .find(|file| file.blob == blob)
            .expect("a text is shaped with these fonts only");
        if bold { &file.bold } else { &file.plain }
    }

    /// Whether any font has a glyph for the letter.
    pub(super) fn has(&self, letter: char) -> bool {
        self.files
            .iter()
            .any(|file| file.charmap.map(letter).is_some_and(|glyph| glyph != 0))
    }

    fn parse() -> Fonts {
        let mut fonts = Fonts {
            context: FontContext {
                collection: Collection::new(CollectionOptions {
                    shared: false,
                    system_fonts: false,
                }),
                source_cache: parley::fontique::SourceCache::default(),
            },
            files: Vec::new(),
        };
        // Two files, one a weight.
        fonts.add(NAMES[0], notosans::REGULAR_TTF, false);
        fonts.add(NAMES[0], notosans::BOLD_TTF, false);
        fonts.add(NAMES[3], dejavu::sans::regular(), false);
        fonts.add(NAMES[3], dejavu::sans::bold(), false);
        // One file with an axis.
        fonts.add(NAMES[1], DEVANAGARI, true);
        fonts.add(NAMES[2], ARABIC, true);
        fonts
    }

    fn add(&mut self, family: &str, bytes: &'static [u8], has_weights: bool) {
        let blob = Blob::new(Arc::new(bytes));
        let id = blob.id();
        let registered = self.context.collection.register_fonts(
            blob,
            Some(FontInfoOverride {
                family_name: Some(family),
                ..FontInfoOverride::default()
            }),
        );
        let charmap = registered
            .iter()
            .flat_map(|(_, fonts)| fonts)
            .find_map(|font| font.charmap_index().charmap(bytes))
            .expect("a font that is compiled in has characters");
        let at = |weight: f32| {
            let axes: &[(Tag, f32)] = match has_weights {
                true => &[(Tag::new(b"wght"), weight)],
                false => &[],
            };
            Font::new_variable(bytes.into(), 0, axes).expect("a font that is compiled in is whole")
        };
        self.files.push(File {
            blob: id,
            plain: at(400.0),
            bold: at(BOLD),
            charmap,
        });
    }
}
