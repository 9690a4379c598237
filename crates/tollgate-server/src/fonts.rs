//! The fonts of shops' receipts: files are read, and names are looked for among the fonts of the system.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parley::fontique::{
    Collection, CollectionOptions, FamilyInfo, FontInfo, FontStyle, FontWeight, FontWidth,
    SourceKind,
};
use tollgate_providers::nearest;
use tollgate_receipt::{FontFault, FontFile, Fonts};

use crate::config::{Config, ConfigError, FontChoice, FontPlace, Shop};

/// The largest file. Those of all scripts of East Asia together have 20 MB.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Where systems keep their fonts; below a `~` in the user's own folder.
const FOLDERS: [&str; 7] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "~/Library/Fonts",
];

/// What a font is wanted to be, for messages.
const WANTED: &str =
    "a TrueType or OpenType file (.ttf, .otf, .ttc) with outlines, of at most 64 MiB";

/// The fonts of each shop.
pub(crate) struct ShopFonts(HashMap<String, Arc<Fonts>>);

impl ShopFonts {
    /// Reads the fonts of every shop; fails where one of them cannot be printed with.
    pub(crate) fn load(config: &Config) -> Result<ShopFonts, ConfigError> {
        let mut shelf = Shelf::default();
        let mut fonts = HashMap::new();
        for shop in &config.shops {
            fonts.insert(shop.name.clone(), shelf.fonts_of(shop)?);
        }
        Ok(ShopFonts(fonts))
    }

    /// The fonts of a shop; of one that is not configured, those that are built in.
    pub(crate) fn of(&self, shop: &str) -> Arc<Fonts> {
        let known = self.0.get(shop);
        known.cloned().unwrap_or_else(Fonts::built_in)
    }
}

/// Looks whether the fonts of a configuration can be printed with, as the start does.
pub fn check_fonts(config: &Config) -> Result<(), ConfigError> {
    ShopFonts::load(config).map(drop)
}

/// What was read already: shops mostly have the same.
#[derive(Default)]
struct Shelf {
    files: HashMap<PathBuf, Arc<Vec<u8>>>,
    sets: HashMap<Vec<(PathBuf, u32)>, Arc<Fonts>>,
    system: Option<Collection>,
}

impl Shelf {
    fn fonts_of(&mut self, shop: &Shop) -> Result<Arc<Fonts>, ConfigError> {
        let choices = &shop.receipts.fonts;
        let mut places = Vec::new();
        let mut chosen_by = Vec::new();
        for choice in choices {
            for place in self.places(choice)? {
                places.push(place);
                chosen_by.push(choice);
            }
        }
        if let Some(known) = self.sets.get(&places) {
            return Ok(Arc::clone(known));
        }
        let mut files = Vec::with_capacity(places.len());
        for ((path, face), choice) in places.iter().zip(&chosen_by) {
            let bytes = self.read(path, choice)?;
            files.push(FontFile { bytes, face: *face });
        }
        let fonts = Fonts::with(&files).map_err(|error| {
            let (path, _) = &places[error.at];
            let found = format!("{}: {}", path.display(), error.fault);
            let wanted = match error.fault {
                FontFault::NoFace(_) => {
                    "the number of a face that the file has, from 0 on".to_owned()
                }
                FontFault::Pictures => {
                    format!("{WANTED}; for emoji Noto Emoji is one, or Symbola")
                }
                FontFault::Unreadable | FontFault::Unprintable => WANTED.to_owned(),
            };
            ConfigError::key(&chosen_by[error.at].key, found, wanted)
        })?;
        self.sets.insert(places, Arc::clone(&fonts));
        Ok(fonts)
    }

    /// The files of a font, its plain one first, each with the face that is meant.
    fn places(&mut self, choice: &FontChoice) -> Result<Vec<(PathBuf, u32)>, ConfigError> {
        match &choice.place {
            FontPlace::File { path, face } => Ok(vec![(path.clone(), *face)]),
            FontPlace::Named(name) => {
                let system = self.system.get_or_insert_with(system_fonts);
                match system.family_by_name(name) {
                    Some(family) => Ok(weights(&family)),
                    None => Err(unknown(choice, name, system)),
                }
            }
        }
    }

    fn read(&mut self, path: &Path, choice: &FontChoice) -> Result<Arc<Vec<u8>>, ConfigError> {
        if let Some(known) = self.files.get(path) {
            return Ok(Arc::clone(known));
        }
        let wrong = |found: String| {
            let found = format!("{}: {found}", path.display());
            ConfigError::key(&choice.key, found, WANTED)
        };
        let about = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
        if !about.is_file() {
            return Err(wrong("it is no file".to_owned()));
        }
        if FILE_BYTES_MAX < about.len() {
            return Err(wrong(format!("it has {} bytes", about.len())));
        }
        let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let bytes = Arc::new(bytes);
        self.files.insert(path.to_owned(), Arc::clone(&bytes));
        Ok(bytes)
    }
}

/// The fonts that are installed; only their names are read.
fn system_fonts() -> Collection {
    let mut collection = Collection::new(CollectionOptions {
        shared: false,
        system_fonts: false,
    });
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let folders = FOLDERS
        .iter()
        .filter_map(|folder| match folder.strip_prefix("~/") {
            Some(rest) => home.as_ref().map(|home| home.join(rest)),
            None => Some(PathBuf::from(folder)),
        });
    collection.load_fonts_from_paths(folders.filter(|folder| folder.is_dir()));
    collection
}

/// The file of a family's plain letters and the one of its bold ones, which may be the same.
fn weights(family: &FamilyInfo) -> Vec<(PathBuf, u32)> {
    let mut places = Vec::new();
    for weight in [FontWeight::NORMAL, FontWeight::BOLD] {
        let face = family.match_font(FontWidth::NORMAL, FontStyle::Normal, weight, false);
        if let Some(place) = face.and_then(place)
            && !places.contains(&place)
        {
            places.push(place);
        }
    }
    places
}

fn place(face: &FontInfo) -> Option<(PathBuf, u32)> {
    match &face.source().kind {
        SourceKind::Path(path) => Some((path.to_path_buf(), face.index())),
        SourceKind::Memory(_) => None,
    }
}

fn unknown(choice: &FontChoice, name: &str, system: &mut Collection) -> ConfigError {
    let found = format!("{name:?}, and no installed font has that name");
    let package = [
        ("Noto Sans CJK", "fonts-noto-cjk"),
        ("Noto Serif CJK", "fonts-noto-cjk"),
    ]
    .into_iter()
    .chain([("Noto ", "fonts-noto-core"), ("Symbola", "fonts-symbola")])
    .find(|(begins, _)| name.starts_with(begins));
    let near = nearest(name, system.family_names());
    let near = near.map_or(String::new(), |near| format!(" as {near:?}"));
    let install = package.map_or(String::new(), |(_, package)| {
        format!("; on Debian: apt install {package}")
    });
    let wanted = format!("a file, or a name that `fc-list : family` shows{near}{install}");
    ConfigError::key(&choice.key, found, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str, folder: &Path) -> String {
        let config = Config::from_toml_in(text, folder);
        let config = config.unwrap_or_else(|error| panic!("{error}"));
        let refused = check_fonts(&config).expect_err("it cannot be printed with");
        refused.to_string()
    }

    #[test]
    fn a_font_that_cannot_be_read_is_named_with_its_key_and_what_is_wanted() {
        let folder = tempfile::tempdir().expect("there is room");
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(at("text.ttf"), "no font").expect("there is room");
        let large = std::fs::File::create(at("large.ttf")).expect("there is room");
        large.set_len(FILE_BYTES_MAX + 1).expect("it takes no room");
        std::fs::create_dir(at("folder.ttf")).expect("there is room");
        for (font, found) in [
            ("none.ttf", "none.ttf: No such file"),
            ("text.ttf", "text.ttf: no font can be read in it"),
            ("large.ttf", "large.ttf: it has 67108865 bytes"),
            ("folder.ttf", "folder.ttf: it is no file"),
        ] {
            let said = refusal(&format!("[receipts]\nfonts = [{font:?}]"), folder.path());
            let begins = format!("receipts.fonts[0]: found {}/", folder.path().display());
            assert!(said.starts_with(&begins), "{said}");
            assert!(said.contains(found), "{said}");
            assert!(said.ends_with(&format!("wanted {WANTED}")), "{said}");
        }
        let said = refusal(
            "[receipts]\n[shops.tea.receipts]\nfonts = [\"none.ttf\"]",
            folder.path(),
        );
        assert!(said.starts_with("shops.tea.receipts.fonts[0]: "), "{said}");
        // The file whose face is wrong, not the one before it.
        let said = refusal("[receipts]\nfonts = [\"text.ttf#3\"]", folder.path());
        assert!(said.contains("no font can be read in it"), "{said}");
    }

    #[test]
    fn a_name_that_nothing_has_is_named_with_its_package() {
        let none = Path::new("");
        for (name, package) in [
            ("Noto Sans CJK XX of nowhere", "apt install fonts-noto-cjk"),
            (
                "Noto Sans of a script that is not there",
                "apt install fonts-noto-core",
            ),
            ("Symbola of nowhere", "apt install fonts-symbola"),
        ] {
            let said = refusal(&format!("[receipts]\nfonts = [{name:?}]"), none);
            let begins =
                format!("receipts.fonts[0]: found {name:?}, and no installed font has that name, ");
            assert!(said.starts_with(&begins), "{said}");
            assert!(said.ends_with(package), "{said}");
        }
    }

    #[test]
    fn shops_with_the_same_fonts_share_them() {
        let text = "[shops.tea]\n[shops.cups]";
        let config = Config::from_toml_str(text).unwrap_or_else(|error| panic!("{error}"));
        let fonts = ShopFonts::load(&config).unwrap_or_else(|error| panic!("{error}"));
        assert!(Arc::ptr_eq(&fonts.of("tea"), &fonts.of("main")));
        assert!(Arc::ptr_eq(&fonts.of("gone"), &Fonts::built_in()));
    }
}
