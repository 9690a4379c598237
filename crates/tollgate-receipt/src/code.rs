//! An address as a QR code, for those who hold the paper.

use qrcode::{Color, QrCode};

use super::sheet::Frame;

/// The dark parts of a code that fills a square of the paper; nothing if the text is too long for one.
pub(super) fn dark(text: &str, square: Frame) -> Option<Vec<Frame>> {
    let code = QrCode::new(text).ok()?;
    let colors = code.to_colors();
    let size = square.width / code.width() as f32;
    let mut frames = Vec::new();
    for (row, colors) in colors.chunks(code.width()).enumerate() {
        let mut column = 0;
        // Neighbours in one rectangle: no hairlines between them, and less to print.
        for run in colors.chunk_by(PartialEq::eq) {
            if run[0] == Color::Dark {
                frames.push(Frame {
                    x: square.x + column as f32 * size,
                    y: square.y + row as f32 * size,
                    width: run.len() as f32 * size,
                    height: size,
                });
            }
            column += run.len();
        }
    }
    Some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: Frame = Frame {
        x: 10.0,
        y: 20.0,
        width: 29.0,
        height: 29.0,
    };

    #[test]
    fn the_code_is_the_one_of_the_text_within_its_square() {
        let text = "https://shop.example/receipts/1";
        let code = QrCode::new(text).expect("it fits");
        // A module is a point.
        assert_eq!(code.width(), 29);
        let mut drawn = vec![Color::Light; 29 * 29];
        for frame in dark(text, SQUARE).expect("it fits") {
            let (x, y) = ((frame.x - 10.0).round(), (frame.y - 20.0).round());
            for column in 0..frame.width.round() as usize {
                drawn[y as usize * 29 + x as usize + column] = Color::Dark;
            }
        }
        assert!(drawn == code.to_colors());
    }

    #[test]
    fn a_text_too_long_for_a_code_has_none() {
        assert!(dark(&"x".repeat(3_000), SQUARE).is_none());
    }
}
