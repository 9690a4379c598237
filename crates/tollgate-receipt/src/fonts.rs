//! The fonts of receipts: those that are compiled in, so that every machine lays the same page, and those
//! that a shop adds for further scripts. They are parsed once, because that costs more than a receipt.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use krilla::text::{Font, Tag};
use parley::FontContext;
use parley::fontique::{
    Blob, CharmapIndex, Collection, CollectionOptions, FamilyId, FontInfo, FontInfoOverride,
};
use parley::style::{FontFamily, FontFamilyName};
use sha2::{Digest, Sha256};

use super::added::{self, FontError, FontFault, FontFile};
use super::document::UsedFont;
use super::scripts;

/// The families that are compiled in, each for what those before it do not have: Latin, Greek and Cyrillic;
/// Devanagari; Arabic.
const NAMES: [&str; 3] = ["Built-in Latin", "Built-in Devanagari", "Built-in Arabic"];

/// The last of them has Hebrew and the signs of currencies, and a little of many scripts: what a shop has
/// added goes before it.
const SIGNS: &str = "Built-in signs";

const DEVANAGARI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/devanagari.ttf"));
const ARABIC: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/arabic.ttf"));

/// How heavy a plain and a bold letter is.
const PLAIN: f32 = 400.0;
const BOLD: f32 = 700.0;

/// All fonts of a shop, parsed.
pub struct Fonts {
    context: FontContext,
    /// In the order in which they are asked for a letter.
    families: Vec<FontFamilyName<'static>>,
    faces: Vec<Face>,
    /// What is kept with a receipt of those that were added.
    added: Vec<UsedFont>,
}

/// One face of a font, in the two weights that are printed with it.
#[derive(Clone)]
struct Face {
    bytes: Blob<u8>,
    index: u32,
    family: String,
    plain: Font,
    bold: Font,
    charmap: CharmapIndex,
    /// Which of the added ones it is of.
    added: Option<usize>,
}

impl Fonts {
    /// Those that are compiled in.
    pub fn built_in() -> Arc<Fonts> {
        static FONTS: OnceLock<Arc<Fonts>> = OnceLock::new();
        Arc::clone(FONTS.get_or_init(|| {
            let mut fonts = Fonts::none();
            // Two files, one a weight.
            fonts.build_in(NAMES[0], notosans::REGULAR_TTF);
            fonts.build_in(NAMES[0], notosans::BOLD_TTF);
            // One file with an axis.
            fonts.build_in(NAMES[1], DEVANAGARI);
            fonts.build_in(NAMES[2], ARABIC);
            fonts.build_in(SIGNS, dejavu::sans::regular());
            fonts.build_in(SIGNS, dejavu::sans::bold());
            Arc::new(fonts)
        }))
    }

    /// Those that are compiled in, and `files` for what they do not have. An earlier one is asked first; files of
    /// one family, as its plain and its bold one, are one font.
    pub fn with(files: &[FontFile]) -> Result<Arc<Fonts>, FontError> {
        let built_in = Fonts::built_in();
        match files.is_empty() {
            true => Ok(built_in),
            false => Fonts::over(&built_in, files).map(Arc::new),
        }
    }

    fn none() -> Fonts {
        Fonts {
            context: FontContext {
                collection: Collection::new(CollectionOptions {
                    shared: false,
                    system_fonts: false,
                }),
                source_cache: parley::fontique::SourceCache::default(),
            },
            families: Vec::new(),
            faces: Vec::new(),
            added: Vec::new(),
        }
    }

    fn over(base: &Fonts, files: &[FontFile]) -> Result<Fonts, FontError> {
        let mut fonts = Fonts {
            // Which copies no font.
            context: base.context.clone(),
            families: base.families.clone(),
            faces: base.faces.clone(),
            added: Vec::new(),
        };
        for (at, file) in files.iter().enumerate() {
            let fault = |fault| FontError { at, fault };
            fonts.add(file).map_err(fault)?;
        }
        Ok(fonts)
    }

    /// Where a text finds its fonts; to be cloned, which copies no font.
    pub(super) fn context(&self) -> FontContext {
        self.context.clone()
    }

    /// The families in the order in which they are asked for a letter.
    pub(super) fn families(&self) -> FontFamily<'_> {
        FontFamily::from(self.families.as_slice())
    }

    fn face(&self, bytes: u64, index: u32) -> &Face {
        let is_it = |face: &&Face| (face.bytes.id(), face.index) == (bytes, index);
        self.faces
            .iter()
            .find(is_it)
            .expect("a text is shaped with these fonts only")
    }

    /// What the PDF prints a text with that was shaped with a face of these bytes.
    pub(super) fn of(&self, bytes: u64, index: u32, bold: bool) -> &Font {
        let face = self.face(bytes, index);
        if bold { &face.bold } else { &face.plain }
    }

    /// Which of the added fonts a face is of; `None` for one that is compiled in.
    pub(super) fn added(&self, bytes: u64, index: u32) -> Option<usize> {
        self.face(bytes, index).added
    }

    /// What is kept with a receipt that was printed with these of the added fonts.
    pub(super) fn used(&self, added: &BTreeSet<usize>) -> Vec<UsedFont> {
        let used = added.iter().filter_map(|at| self.added.get(*at));
        used.cloned().collect()
    }

    /// Whether any font has a glyph for the letter.
    pub fn has(&self, letter: char) -> bool {
        let asked = self.faces.iter().filter(|face| {
            let is_it = |family: &FontFamilyName<'_>| {
                matches!(family, FontFamilyName::Named(name) if *name == face.family)
            };
            self.families.iter().any(is_it)
        });
        asked.into_iter().any(|face| {
            let charmap = face.charmap.charmap(face.bytes.as_ref());
            charmap
                .and_then(|charmap| charmap.map(letter))
                .is_some_and(|glyph| glyph != 0)
        })
    }

    /// Whether a family of this name was added.
    pub fn has_family(&self, name: &str) -> bool {
        let named = FontFamilyName::named(name);
        self.families.contains(&named)
    }

    /// Whether a letter would be printed as a box for want of a font: it shows something, and no font has it yet.
    pub fn lacks(&self, letter: char) -> bool {
        let is_shown = !letter.is_whitespace() && !scripts::is_invisible(letter);
        is_shown && !scripts::is_no_letter(letter) && !self.has(letter)
    }

    fn build_in(&mut self, family: &'static str, bytes: &'static [u8]) {
        let blob = Blob::new(Arc::new(bytes));
        let registered = self.context.collection.register_fonts(
            blob.clone(),
            Some(FontInfoOverride {
                family_name: Some(family),
                ..FontInfoOverride::default()
            }),
        );
        let info = registered.iter().flat_map(|(_, faces)| faces).next();
        let info = info.expect("a font that is compiled in has characters");
        let font = |weight| {
            Font::new_variable(bytes.into(), 0, &axes(info, weight))
                .expect("a font that is compiled in is whole")
        };
        self.faces.push(Face {
            bytes: blob,
            index: 0,
            family: family.to_owned(),
            plain: font(PLAIN),
            bold: font(BOLD),
            charmap: info.charmap_index(),
            added: None,
        });
        let name = FontFamilyName::named(family);
        if !self.families.contains(&name) {
            self.families.push(name);
        }
    }

    fn add(&mut self, file: &FontFile) -> Result<(), FontFault> {
        added::check(file)?;
        let sha256 = hex(&Sha256::digest(file.bytes.as_slice()));
        if !self.added.iter().any(|known| known.sha256 == sha256) {
            self.register(file, &sha256)?;
        }
        let of_file = self
            .faces
            .iter()
            .filter(|face| face.added.is_some_and(|at| self.added[at].sha256 == sha256));
        let mut of_file = of_file.filter(|face| face.index == file.face);
        let face = of_file.next().ok_or(FontFault::Unreadable)?;
        added::try_out(&face.plain, &face.charmap, &face.bytes)?;
        let name = FontFamilyName::Named(face.family.clone().into());
        if !self.families.contains(&name) {
            let signs = FontFamilyName::named(SIGNS);
            let last = self.families.iter().position(|known| *known == signs);
            self.families
                .insert(last.unwrap_or(self.families.len()), name);
        }
        Ok(())
    }

    /// Takes all faces of a file in. Families that nobody has named are not asked for letters; but another file may
    /// have more faces of one of them, and they are one font then.
    fn register(&mut self, file: &FontFile, sha256: &str) -> Result<(), FontFault> {
        let blob = Blob::new(Arc::clone(&file.bytes) as Arc<dyn AsRef<[u8]> + Send + Sync>);
        let registered = self.context.collection.register_fonts(blob.clone(), None);
        let mut faces: Vec<(String, FontInfo)> = Vec::new();
        for (family, of_family) in registered {
            let family = self.family(family).ok_or(FontFault::Unreadable)?;
            faces.extend(of_family.into_iter().map(|face| (family.clone(), face)));
        }
        // They come in no order of their own.
        faces.sort_by_key(|(_, face)| face.index());
        for (family, face) in faces {
            let font = |weight| {
                let bytes = Arc::clone(&file.bytes);
                Font::new_variable(bytes.into(), face.index(), &axes(&face, weight))
                    .ok_or(FontFault::Unreadable)
            };
            let (plain, bold) = (font(PLAIN)?, font(BOLD)?);
            let used = UsedFont {
                name: family.clone(),
                sha256: sha256.to_owned(),
            };
            let at = match self.added.iter().position(|known| *known == used) {
                Some(at) => at,
                None => {
                    self.added.push(used);
                    self.added.len() - 1
                }
            };
            self.faces.push(Face {
                bytes: blob.clone(),
                index: face.index(),
                family,
                plain,
                bold,
                charmap: face.charmap_index(),
                added: Some(at),
            });
        }
        Ok(())
    }

    fn family(&mut self, id: FamilyId) -> Option<String> {
        let name = self.context.collection.family_name(id)?;
        Some(name.to_owned())
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fonts").field("added", &self.added).finish()
    }
}

/// The axes of a font that has weights in it.
fn axes(face: &FontInfo, weight: f32) -> Vec<(Tag, f32)> {
    let of_weight = |axis: &&parley::fontique::AxisInfo| axis.tag.to_be_bytes() == *b"wght";
    let axis = face.axes().iter().find(of_weight);
    axis.map(|axis| {
        (
            Tag::new(b"wght"),
            weight.clamp(axis.min, axis.max.max(axis.min)),
        )
    })
    .into_iter()
    .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::document::Locale;
    use crate::text::{Flow, Style, Typesetter};

    /// What is built in, but for Devanagari and Arabic.
    fn without_scripts() -> Fonts {
        let mut fonts = Fonts::none();
        fonts.build_in(NAMES[0], notosans::REGULAR_TTF);
        fonts.build_in(NAMES[0], notosans::BOLD_TTF);
        fonts
    }

    fn file(bytes: &[u8]) -> FontFile {
        FontFile {
            bytes: Arc::new(bytes.to_vec()),
            face: 0,
        }
    }

    fn set(text: &str, style: Style, fonts: &Arc<Fonts>) -> (Vec<char>, Vec<String>, f32) {
        let mut typesetter = Typesetter::new(Locale::En, fonts);
        let paragraph = typesetter.set(text, style, Flow::Own);
        let used = fonts.used(&paragraph.added_fonts());
        let used = used.into_iter().map(|font| font.sha256).collect();
        (typesetter.into_missing(), used, paragraph.width())
    }

    #[test]
    fn an_added_font_shapes_as_one_that_is_built_in() {
        let base = Arc::new(without_scripts());
        let files = [file(DEVANAGARI), file(ARABIC)];
        let added = Arc::new(Fonts::over(&base, &files).expect("they are fonts"));
        let built_in = Fonts::built_in();
        for (text, sha256) in [
            (
                "क्षत्रिय हिन्दी",
                "9ce7b04f60e363d8870e5997744cf85cf69d38a4d7d129d364d92a3b14b461d7",
            ),
            (
                "مرحبا بالعالم",
                "63111b5b2e074dd48cc67692e0a2726d86ee94c1c37fe8598257b7b4e87e869e",
            ),
        ] {
            for style in [Style::plain(10.0), Style::plain(10.0).bold()] {
                assert!(!set(text, style, &base).0.is_empty(), "{text}");
                let (missing, used, width) = set(text, style, &added);
                assert!(missing.is_empty(), "{text} {missing:?}");
                assert_eq!(used, [sha256], "{text}");
                let (_, _, as_built_in) = set(text, style, &built_in);
                assert_eq!(width, as_built_in, "{text}");
            }
        }
        // A variable font has its weights in it, and each is printed with its own.
        let plain = set("हिन्दी", Style::plain(10.0), &added).2;
        assert!(plain < set("हिन्दी", Style::plain(10.0).bold(), &added).2);
        let faces = added.faces.iter().filter(|face| face.added.is_some());
        for face in faces {
            assert!(face.plain != face.bold);
        }
    }

    #[test]
    fn files_of_one_family_are_its_weights() {
        let mut base = Fonts::none();
        base.build_in(NAMES[1], DEVANAGARI);
        let files = [file(notosans::REGULAR_TTF), file(notosans::BOLD_TTF)];
        let fonts = Arc::new(Fonts::over(&base, &files).expect("they are fonts"));
        assert_eq!(fonts.families.len(), 2);
        let hash = |bytes: &[u8]| hex(&Sha256::digest(bytes));
        let (_, used, _) = set("Жы", Style::plain(10.0), &fonts);
        assert_eq!(used, [hash(notosans::REGULAR_TTF)]);
        let (_, used, _) = set("Жы", Style::plain(10.0).bold(), &fonts);
        assert_eq!(used, [hash(notosans::BOLD_TTF)]);
    }

    #[test]
    fn no_added_fonts_are_the_built_in_ones() {
        let none = Fonts::with(&[]).expect("there is nothing wrong");
        assert!(Arc::ptr_eq(&none, &Fonts::built_in()));
        assert!(none.used(&BTreeSet::new()).is_empty());
    }
}
