//! Fonts that a shop adds: their letters are printed, and what cannot be printed with is refused.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tollgate_receipt::{FontFault, FontFile, Fonts, Rendered, UsedFont, render};

use crate::drawn_font::{collection, drawn_font, layered_font, pictured_font};
use crate::paper::{pages, poppler, receipt_of, says};

fn file(bytes: Vec<u8>) -> FontFile {
    face(bytes, 0)
}

fn face(bytes: Vec<u8>, face: u32) -> FontFile {
    let bytes = Arc::new(bytes);
    FontFile { bytes, face }
}

fn printed(name: &str, files: &[FontFile]) -> Rendered {
    let fonts = Fonts::with(files).expect("they can be printed with");
    render(&receipt_of(name), &fonts, None).expect("it can be rendered")
}

fn used(name: &str, bytes: &[u8]) -> UsedFont {
    UsedFont {
        name: name.to_owned(),
        sha256: hex(bytes),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn letters_of_an_added_font_are_printed_and_the_font_is_named() {
    let name = "Teh สวัสดี spesial";
    assert_eq!(printed(name, &[]).missing.len(), 5);
    let thai = drawn_font("Drawn Thai", "สวัดี");
    let receipt = printed(name, &[file(thai.clone())]);
    assert!(receipt.missing.is_empty(), "{:?}", receipt.missing);
    assert_eq!(receipt.fonts, [used("Drawn Thai", &thai)]);
    says(&pages(&receipt.pdf)[0], name);
    // What it does not need it does not name.
    assert!(printed("Teh", &[file(thai)]).fonts.is_empty());
}

#[test]
fn an_added_font_takes_no_letter_from_those_that_are_built_in() {
    let greedy = drawn_font("Greedy", "TehspialЁहمس");
    let receipt = printed("Teh spesial Ё ह مس", &[file(greedy)]);
    assert_eq!((receipt.missing, receipt.fonts), (vec![], vec![]));
}

#[test]
fn what_is_built_in_for_a_few_letters_of_many_scripts_comes_last() {
    // Lao is among them, and a font of its own shapes it better.
    let lao = drawn_font("Drawn Lao", "ກຂ");
    let receipt = printed("ກຂ", &[file(lao.clone())]);
    assert_eq!(receipt.fonts, [used("Drawn Lao", &lao)]);
    assert!(printed("ກຂ", &[]).missing.is_empty());
}

#[test]
fn of_two_fonts_with_a_letter_the_first_is_taken() {
    let one = drawn_font("One", "กข");
    let two = drawn_font("Two", "กขค");
    let fonts = [file(one.clone()), file(two.clone())];
    let receipt = printed("กข", &fonts);
    assert_eq!(receipt.fonts, [used("One", &one)]);
    let receipt = printed("กข ค", &fonts);
    assert_eq!(receipt.fonts, [used("One", &one), used("Two", &two)]);
    assert!(receipt.missing.is_empty(), "{:?}", receipt.missing);
}

#[test]
fn a_letter_and_its_mark_are_of_one_font() {
    // Above the letter stands a mark that only the second font has.
    let letters = drawn_font("Letters", "ก");
    let whole = drawn_font("Whole", "กี");
    let receipt = printed("กี", &[file(letters), file(whole.clone())]);
    assert_eq!(receipt.fonts, [used("Whole", &whole)]);
    assert!(receipt.missing.is_empty(), "{:?}", receipt.missing);
}

#[test]
fn a_collection_has_several_fonts_of_which_one_is_meant() {
    let both = collection(&[drawn_font("Thai", "ก"), drawn_font("Tamil", "அ")]);
    let receipt = printed("ก அ", &[face(both.clone(), 1)]);
    assert_eq!(receipt.missing, ['ก'], "the other face is not asked");
    let fonts = Fonts::with(&[face(both.clone(), 1)]).expect("it is a font");
    assert!(fonts.has_family("Tamil") && !fonts.has_family("Thai"));
    assert_eq!(receipt.fonts, [used("Tamil", &both)]);
    let receipt = printed("ก அ", &[face(both.clone(), 1), face(both.clone(), 0)]);
    assert!(receipt.missing.is_empty(), "{:?}", receipt.missing);
    assert_eq!(receipt.fonts, [used("Thai", &both), used("Tamil", &both)]);
    let receipt = printed("ก", &[file(both)]);
    assert!(receipt.missing.is_empty(), "{:?}", receipt.missing);
}

#[test]
fn a_file_that_cannot_be_printed_with_is_refused_and_named() {
    let good = drawn_font("Thai", "ก");
    let broken_off = good[..good.len() / 2].to_vec();
    for (bytes, at, fault) in [
        (Vec::new(), 0, FontFault::Unreadable),
        (
            b"no font at all, but a text".to_vec(),
            0,
            FontFault::Unreadable,
        ),
        (broken_off, 0, FontFault::Unreadable),
        (drawn_font("Nothing", ""), 0, FontFault::Unreadable),
        (pictured_font("Pictures", "😀"), 0, FontFault::Pictures),
        (
            collection(std::slice::from_ref(&good)),
            1,
            FontFault::NoFace(1),
        ),
    ] {
        let files = [file(good.clone()), face(bytes, at)];
        let error = Fonts::with(&files).expect_err("it is no such font");
        assert_eq!((error.at, error.fault), (1, fault));
    }
}

#[test]
fn the_same_fonts_print_the_same_bytes() {
    let thai = drawn_font("Drawn Thai", "สวัดี");
    let print = || printed("สวัสดี", &[file(thai.clone())]);
    assert!(print() == print());
}

#[test]
fn what_shows_nothing_is_no_missing_letter() {
    let emoji = drawn_font("Emoji", "👩💻❤👍🏽");
    // Joined by what is invisible, with a selector, with a tone of skin; of one that is not there itself only.
    let text = "👩\u{200d}💻 ❤\u{fe0f} 👍🏽 \u{1f9d1}\u{200d}🌾\u{fe0f}";
    let files = [file(emoji)];
    assert_eq!(printed(text, &files).missing, ['🌾', '\u{1f9d1}']);
    // The flag of Scotland is a black one and tags that no font has by themselves.
    let flag = "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}";
    assert_eq!(printed(flag, &files).missing, ['🏴']);
    let fonts = Fonts::built_in();
    let seen = |letter: &char| fonts.lacks(*letter);
    assert_eq!(flag.chars().filter(seen).collect::<String>(), "🏴");
}

#[test]
fn letters_in_coloured_layers_are_printed_in_their_colours() {
    let layered = layered_font("Layers", "😀");
    let receipt = printed("Teh 😀", &[file(layered.clone())]);
    assert_eq!(receipt.fonts, [used("Layers", &layered)]);
    assert!(receipt.missing.is_empty(), "{:?}", receipt.missing);
    says(&pages(&receipt.pdf)[0], "😀");
    // Nothing else on a receipt is red.
    let red = |pdf: &[u8]| {
        let image = poppler("pdftoppm", &["-r", "100"], pdf);
        // The dots are counted from the end: the head before them may have any length.
        let dots = image[image.len() % 3..].chunks_exact(3);
        dots.filter(|dot| 240 < dot[0] && dot[1] < 16 && dot[2] < 16)
            .count()
    };
    assert!(20 < red(&receipt.pdf), "the upper layer is seen");
    assert_eq!(red(&printed("Teh", &[]).pdf), 0);
}
