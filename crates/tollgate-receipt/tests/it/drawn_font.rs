//! Fonts that are drawn for a test: every letter is a square. So tests of scripts that the program has no font for
//! need no font of the machine.

/// Units of an em.
const EM: u16 = 1000;

/// The side of the square.
const SIDE: i16 = 600;

/// A TrueType font of this family with glyphs for these letters and no others.
pub(crate) fn drawn_font(family: &str, letters: &str) -> Vec<u8> {
    font(family, letters, outlines)
}

/// The same with pictures in the place of outlines.
pub(crate) fn pictured_font(family: &str, letters: &str) -> Vec<u8> {
    font(family, letters, |_| vec![(*b"CBDT", vec![0, 3, 0, 0])])
}

/// The same with every square in two layers, the upper one red.
pub(crate) fn layered_font(family: &str, letters: &str) -> Vec<u8> {
    font(family, letters, |glyphs| {
        let mut tables = outlines(glyphs);
        tables.extend([(*b"COLR", layers(glyphs)), (*b"CPAL", palette())]);
        tables
    })
}

/// Fonts in one file.
pub(crate) fn collection(fonts: &[Vec<u8>]) -> Vec<u8> {
    let mut head = Bytes::default();
    head.0.extend(b"ttcf");
    head.long(0x0001_0000);
    head.long(count(fonts.len()));
    let mut at = 12 + 4 * fonts.len();
    for font in fonts {
        head.long(count(at));
        at += font.len();
    }
    let mut file = head.0;
    for font in fonts {
        let begins = count(file.len());
        let mut font = font.clone();
        let tables = usize::from(u16::from_be_bytes([font[4], font[5]]));
        for table in 0..tables {
            // Where a table stands is counted from the file's begin.
            let place = 12 + 16 * table + 8;
            let offset: [u8; 4] = font[place..place + 4]
                .try_into()
                .expect("it has four bytes");
            let moved = u32::from_be_bytes(offset) + begins;
            font[place..place + 4].copy_from_slice(&moved.to_be_bytes());
        }
        file.extend(font);
    }
    file
}

#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn short(&mut self, number: u16) {
        self.0.extend(number.to_be_bytes());
    }

    fn shorts(&mut self, numbers: &[i16]) {
        for number in numbers {
            self.0.extend(number.to_be_bytes());
        }
    }

    fn long(&mut self, number: u32) {
        self.0.extend(number.to_be_bytes());
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("a font of a test is small")
}

type Table = ([u8; 4], Vec<u8>);

fn font(family: &str, letters: &str, drawn: fn(u16) -> Vec<Table>) -> Vec<u8> {
    let mut letters: Vec<char> = letters.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    // The first glyph is the one of letters that are not there.
    let glyphs = u16::try_from(letters.len() + 1).expect("a font of a test is small");
    let mut tables = drawn(glyphs);
    tables.extend([
        (*b"cmap", characters(&letters)),
        (*b"head", head()),
        (*b"hhea", horizontal_head(glyphs)),
        (*b"hmtx", widths(glyphs)),
        (*b"maxp", largest(glyphs)),
        (*b"name", names(family)),
        (*b"post", post()),
    ]);
    tables.sort();
    let mut file = Bytes::default();
    file.long(0x0001_0000);
    let number = u16::try_from(tables.len()).expect("there are few");
    for value in [number, 128, 3, number * 16 - 128] {
        file.short(value);
    }
    let mut at = 12 + 16 * tables.len();
    for (tag, bytes) in &tables {
        file.0.extend(tag);
        // Nobody looks at the sums.
        file.long(0);
        file.long(count(at));
        file.long(count(bytes.len()));
        at += bytes.len().next_multiple_of(4);
    }
    for (_, bytes) in tables {
        file.0.extend(&bytes);
        file.0.resize(file.0.len().next_multiple_of(4), 0);
    }
    file.0
}

/// A square for every glyph.
fn outlines(glyphs: u16) -> Vec<Table> {
    let mut square = Bytes::default();
    // One contour and its box; its last point; no instructions; four points that are on the curve.
    square.shorts(&[1, 100, 0, 100 + SIDE, SIDE, 3, 0]);
    square.0.extend([1, 1, 1, 1]);
    square.shorts(&[100, SIDE, 0, -SIDE]);
    square.shorts(&[0, 0, SIDE, 0]);
    square.0.resize(square.0.len().next_multiple_of(4), 0);
    let mut places = Bytes::default();
    for glyph in 0..=u32::from(glyphs) {
        places.long(glyph * count(square.0.len()));
    }
    let squares = square.0.repeat(usize::from(glyphs));
    vec![(*b"glyf", squares), (*b"loca", places.0)]
}

/// Two layers for each glyph but the first, which has both their outlines.
fn layers(glyphs: u16) -> Vec<u8> {
    let bases = glyphs - 1;
    let mut table = Bytes::default();
    table.short(0);
    table.short(bases);
    table.long(14);
    table.long(14 + 6 * u32::from(bases));
    table.short(2 * bases);
    for base in 1..glyphs {
        for value in [base, 2 * (base - 1), 2] {
            table.short(value);
        }
    }
    for _ in 0..bases {
        for value in [0, 0, 0, 1] {
            table.short(value);
        }
    }
    table.0
}

/// Green and red.
fn palette() -> Vec<u8> {
    let mut table = Bytes::default();
    for value in [0, 2, 1, 2] {
        table.short(value);
    }
    table.long(14);
    table.short(0);
    table.0.extend([0, 200, 0, 255]);
    table.0.extend([0, 0, 255, 255]);
    table.0
}

/// Which letter has which glyph.
fn characters(letters: &[char]) -> Vec<u8> {
    let mut table = Bytes::default();
    for value in [0, 1, 3, 10] {
        table.short(value);
    }
    table.long(12);
    table.short(12);
    table.short(0);
    table.long(16 + 12 * count(letters.len()));
    table.long(0);
    table.long(count(letters.len()));
    for (place, letter) in letters.iter().enumerate() {
        table.long(u32::from(*letter));
        table.long(u32::from(*letter));
        table.long(count(place + 1));
    }
    table.0
}

fn head() -> Vec<u8> {
    let mut table = Bytes::default();
    for value in [0x0001_0000, 0x0001_0000, 0, 0x5f0f_3cf5] {
        table.long(value);
    }
    table.short(0);
    table.short(EM);
    table.0.extend([0; 16]);
    table.shorts(&[100, 0, 100 + SIDE, SIDE]);
    // No style; legible from 8 on; left to right; long places.
    table.shorts(&[0, 8, 2, 1, 0]);
    table.0
}

fn horizontal_head(glyphs: u16) -> Vec<u8> {
    let mut table = Bytes::default();
    table.long(0x0001_0000);
    table.shorts(&[800, -200, 0, 800, 100, 100, 700, 1, 0, 0, 0, 0, 0, 0, 0]);
    table.short(glyphs);
    table.0
}

fn widths(glyphs: u16) -> Vec<u8> {
    let mut table = Bytes::default();
    for _ in 0..glyphs {
        table.shorts(&[800, 100]);
    }
    table.0
}

fn largest(glyphs: u16) -> Vec<u8> {
    let mut table = Bytes::default();
    table.long(0x0001_0000);
    table.short(glyphs);
    // Four points in one contour, one zone.
    table.shorts(&[4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    table.0
}

fn names(family: &str) -> Vec<u8> {
    let post_script = family.replace(' ', "");
    let names = [
        (1, family),
        (2, "Regular"),
        (4, family),
        (6, post_script.as_str()),
    ];
    let mut table = Bytes::default();
    table.short(0);
    table.short(4);
    table.short(6 + 12 * 4);
    let mut texts = Bytes::default();
    for (id, text) in names {
        let begins = texts.0.len();
        for unit in text.encode_utf16() {
            texts.short(unit);
        }
        // Windows, Unicode, English.
        for value in [3, 1, 0x409, id] {
            table.short(value);
        }
        for value in [texts.0.len() - begins, begins] {
            table.short(u16::try_from(value).expect("names are short"));
        }
    }
    table.0.extend(texts.0);
    table.0
}

fn post() -> Vec<u8> {
    let mut table = Bytes::default();
    table.long(0x0003_0000);
    table.long(0);
    table.shorts(&[-100, 50]);
    table.0.extend([0; 20]);
    table.0
}
