//! How a shop's papers look: its colour, its last word, its logo.

use tollgate_receipt::{Fonts, Logo, Look, render};

use super::paper::{pages, poppler, rendered, says, shops, some};

#[test]
fn a_shop_has_its_colour_and_its_last_word() {
    let mut document = shops()[1].receipt(40);
    document.look = Some(Look {
        colour: some("#a01c30"),
        footer: some("Returns within 30 days.\nCompany no. 01234567"),
        logo_sha256: None,
    });
    let pdf = rendered(&document).pdf;
    let pages = pages(&pdf);
    let last = pages.last().expect("there is one");
    says(last, "Returns within 30 days. Company no. 01234567");
    assert!(!pages[0].contains("Returns"), "once, at the end");
    // The edge of the first page is of the colour: one dot a point, three bytes a dot.
    let image = poppler("pdftoppm", &["-r", "72", "-f", "1", "-singlefile"], &pdf);
    let head = image
        .windows(4)
        .position(|four| four == b"255\n")
        .expect("it is a pixmap");
    assert_eq!(image[head + 4..head + 7], [0xa0, 0x1c, 0x30]);
}

/// A red square of 4 dots: a PNG that is written here byte by byte.
fn red_square() -> Vec<u8> {
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut sum = !0u32;
        for byte in kind.iter().chain(data) {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = (sum >> 1) ^ (0xedb8_8320 * (sum & 1));
            }
        }
        let length = u32::try_from(data.len())
            .expect("it is short")
            .to_be_bytes();
        [&length[..], kind, data, &(!sum).to_be_bytes()].concat()
    }
    // Two rows of a filter byte and two dots, in a stored block of zlib's.
    let rows = [0, 0xe0, 0x10, 0x10, 0xe0, 0x10, 0x10].repeat(2);
    let (mut low, mut high) = (1u32, 0u32);
    for byte in &rows {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let length = u16::try_from(rows.len()).expect("it is short");
    let stored = [
        &[0x78, 0x01, 0x01][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        &rows,
        &((high << 16) | low).to_be_bytes(),
    ]
    .concat();
    let head = [
        &2u32.to_be_bytes()[..],
        &2u32.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        chunk(b"IDAT", &stored),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

#[test]
fn a_logo_stands_where_the_paper_is_read_first() {
    let logo = Logo::read(red_square()).expect("it is a picture");
    for (shop, x) in [(&shops()[1], 60), (&shops()[2], 595 - 60)] {
        let document = shop.receipt(1);
        let rendered =
            render(&document, &Fonts::built_in(), Some(&logo)).expect("it can be rendered");
        let image = poppler("pdftoppm", &["-r", "72", "-singlefile"], &rendered.pdf);
        let head = image
            .windows(4)
            .position(|four| four == b"255\n")
            .expect("it is a pixmap");
        let at = head + 4 + 3 * (60 * 596 + x);
        assert_eq!(image[at..at + 3], [0xe0, 0x10, 0x10], "{:?}", shop.locale);
        assert_eq!(
            rendered,
            render(&document, &Fonts::built_in(), Some(&logo)).expect("it can be rendered")
        );
    }
}

#[test]
fn what_is_no_logo_is_refused_before_a_receipt_needs_it() {
    let mut broken = red_square();
    let middle = broken.len() - 30;
    broken[middle] ^= 0x55;
    let mut large = red_square();
    // The width stands behind the signature and the chunk's head.
    large[16..20].copy_from_slice(&4000u32.to_be_bytes());
    for (bytes, found) in [
        (b"GIF89a".to_vec(), "neither a PNG nor a JPEG"),
        (Vec::new(), "neither a PNG nor a JPEG"),
        (
            b"\xff\xd8\xff\xe0".to_vec(),
            "a picture that cannot be read",
        ),
        (broken, "a picture that cannot be"),
        (large, "a picture that cannot be"),
        (vec![0; 200 * 1024 + 1], "204801 bytes"),
    ] {
        let error = Logo::read(bytes).expect_err(found);
        assert!(error.starts_with(found), "{error}");
    }
}
