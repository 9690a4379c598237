//! The sign of a shop at the top of its papers: a PNG or a JPEG.

use krilla::Document;
use krilla::geom::Size;
use krilla::image::Image;

/// A picture that can be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    image: Image,
}

/// The most bytes of a file: it stands in every receipt.
pub const LOGO_BYTES_MAX: usize = 200 * 1024;

/// The most dots on a side.
const SIDE_DOTS_MAX: u32 = 2000;

/// How high a logo is on paper, in points, and how wide at the most.
const HEIGHT_MAX: f32 = 44.0;
const WIDTH_MAX: f32 = 170.0;

impl Logo {
    /// Reads a file and prints it once, so that what is wrong with it is found now. Else says what that is.
    pub fn read(bytes: Vec<u8>) -> Result<Logo, String> {
        if LOGO_BYTES_MAX < bytes.len() {
            return Err(format!("{} bytes", bytes.len()));
        }
        let image = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => Image::from_png(bytes.into(), false),
            [0xff, 0xd8, 0xff, ..] => Image::from_jpeg(bytes.into(), false),
            _ => return Err("neither a PNG nor a JPEG".to_owned()),
        };
        let image = image.map_err(|error| format!("a picture that cannot be read: {error}"))?;
        let (width, height) = image.size();
        if width == 0 || height == 0 || SIDE_DOTS_MAX < width.max(height) {
            return Err(format!("{width} × {height} dots"));
        }
        let logo = Logo { image };
        let mut trial = Document::new();
        logo.draw(&mut trial.start_page().surface());
        match trial.finish() {
            Ok(_) => Ok(logo),
            Err(error) => Err(format!("a picture that cannot be printed: {error}")),
        }
    }

    /// Its size on paper, in points.
    pub(super) fn size(&self) -> (f32, f32) {
        let (width, height) = self.image.size();
        let (width, height) = (width as f32, height as f32);
        let scale = (HEIGHT_MAX / height).min(WIDTH_MAX / width);
        (width * scale, height * scale)
    }

    /// Prints it where the surface begins.
    pub(super) fn draw(&self, surface: &mut krilla::surface::Surface<'_>) {
        let (width, height) = self.size();
        if let Some(size) = Size::from_wh(width, height) {
            surface.draw_image(self.image.clone(), size);
        }
    }
}
