//! A sheet of paper and what is put on it. Distances are points; horizontally they count from the edge
//! at which the language begins to read, so that a page from right to left is the same page mirrored.

use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::Fill;

use super::colour::Colour;
use super::logo::Logo;
use super::text::{Flow, Paragraph, Side, Style, Typesetter};

/// A4.
pub(super) const WIDTH: f32 = 595.28;
/// A4.
pub(super) const HEIGHT: f32 = 841.89;
/// What stays free at both sides.
pub(super) const MARGIN: f32 = 48.0;
/// From margin to margin.
pub(super) const BODY: Column = Column {
    x: MARGIN,
    width: WIDTH - 2.0 * MARGIN,
};

/// A colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink(u8, u8, u8);

impl Ink {
    /// For what is read.
    pub(super) const TEXT: Ink = Ink(0x1d, 0x23, 0x2b);
    /// For what machines read.
    pub(super) const BLACK: Ink = Ink(0, 0, 0);
    /// For labels.
    pub(super) const QUIET: Ink = Ink(0x66, 0x70, 0x7d);
    /// For the title.
    pub(super) const ACCENT: Ink = Ink(0x1b, 0x4b, 0x66);
    /// For lines.
    pub(super) const RULE: Ink = Ink(0xd5, 0xda, 0xe0);
    /// Behind what stands out.
    pub(super) const TINT: Ink = Ink(0xee, 0xf3, 0xf6);

    /// Paint of this colour.
    pub(super) fn fill(self) -> Fill {
        Fill {
            paint: rgb::Color::new(self.0, self.1, self.2).into(),
            opacity: NormalizedF32::ONE,
            ..Fill::default()
        }
    }
}

/// Something at its place on the paper, from the left upper corner.
pub(super) enum Mark {
    /// A text.
    Text {
        x: f32,
        y: f32,
        text: Box<Paragraph>,
    },
    /// Rectangles of one colour.
    Fill { frames: Vec<Frame>, ink: Ink },
    /// A place that leads elsewhere.
    Link { frame: Frame, url: String },
    /// The shop's logo.
    Logo { frame: Frame, logo: Logo },
}

/// A rectangle on the paper.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}

impl Frame {
    /// As the PDF has it; nothing if it has no area.
    pub(super) fn rect(self) -> Option<Rect> {
        Rect::from_xywh(self.x, self.y, self.width, self.height)
    }
}

/// One path around rectangles.
pub(super) fn path(frames: &[Frame]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for rect in frames.iter().filter_map(|frame| frame.rect()) {
        builder.push_rect(rect);
    }
    builder.finish()
}

/// What lies between two distances from the edge where reading begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) x: f32,
    pub(super) width: f32,
}

/// Marks that stay together; its upper edge is 0.
#[derive(Default)]
pub(super) struct Block {
    pub(super) height: f32,
    marks: Vec<Mark>,
}

impl Block {
    /// Its marks, moved down the page.
    pub(super) fn at(self, down: f32) -> impl Iterator<Item = Mark> {
        self.marks.into_iter().map(move |mark| match mark {
            Mark::Text { x, y, text } => Mark::Text {
                x,
                y: y + down,
                text,
            },
            Mark::Fill { frames, ink } => Mark::Fill {
                frames: frames
                    .into_iter()
                    .map(|frame| Frame {
                        y: frame.y + down,
                        ..frame
                    })
                    .collect(),
                ink,
            },
            Mark::Link { frame, url } => Mark::Link {
                frame: Frame {
                    y: frame.y + down,
                    ..frame
                },
                url,
            },
            Mark::Logo { frame, logo } => Mark::Logo {
                frame: Frame {
                    y: frame.y + down,
                    ..frame
                },
                logo,
            },
        })
    }
}

/// Writes on blocks.
pub(super) struct Pen {
    typesetter: Typesetter,
    colour: Option<Colour>,
    logo: Option<Logo>,
}

impl Pen {
    /// A pen for what the typesetter sets; a shop may have a colour and a logo of its own.
    pub(super) fn new(typesetter: Typesetter, colour: Option<Colour>, logo: Option<Logo>) -> Pen {
        Pen {
            typesetter,
            colour,
            logo,
        }
    }

    /// For the title, and for what is read first.
    pub(super) fn accent(&self) -> Ink {
        self.colour.map_or(Ink::ACCENT, |colour| {
            let (red, green, blue) = colour.parts();
            Ink(red, green, blue)
        })
    }

    /// Behind what stands out: a breath of the accent on white.
    pub(super) fn tint(&self) -> Ink {
        let breath = |part: u8| {
            let part = (u16::from(part) + 255 * 11) / 12;
            u8::try_from(part).unwrap_or(u8::MAX)
        };
        self.colour.map_or(Ink::TINT, |colour| {
            let (red, green, blue) = colour.parts();
            Ink(breath(red), breath(green), breath(blue))
        })
    }

    /// The letters so far that no font has.
    pub(super) fn into_missing(self) -> Vec<char> {
        self.typesetter.into_missing()
    }

    /// Sets a text, to be measured and written later.
    pub(super) fn set(&mut self, text: &str, style: Style, flow: Flow) -> Paragraph {
        self.typesetter.set(text, style, flow)
    }

    /// Writes a paragraph into a column; says where it ends.
    pub(super) fn put(
        &self,
        block: &mut Block,
        column: Column,
        y: f32,
        side: Side,
        mut text: Paragraph,
    ) -> f32 {
        self.typesetter.fit(&mut text, column.width, side);
        let bottom = y + text.height();
        let x = self.frame(column, y, 0.0).x;
        block.marks.push(Mark::Text {
            x,
            y,
            text: Box::new(text),
        });
        block.height = block.height.max(bottom);
        bottom
    }

    /// Writes our own words at the start of a column; says where they end.
    pub(super) fn words(
        &mut self,
        block: &mut Block,
        column: Column,
        y: f32,
        text: &str,
        style: Style,
    ) -> f32 {
        let text = self.set(text, style, Flow::Language);
        self.put(block, column, y, Side::Start, text)
    }

    /// Writes what others wrote at the start of a column; says where it ends.
    pub(super) fn quote(
        &mut self,
        block: &mut Block,
        column: Column,
        y: f32,
        text: &str,
        style: Style,
    ) -> f32 {
        let text = self.set(text, style, Flow::Own);
        self.put(block, column, y, Side::Start, text)
    }

    /// Fills a column between two heights; under what is written later.
    pub(super) fn fill(&self, block: &mut Block, column: Column, y: f32, height: f32, ink: Ink) {
        self.fill_frames(block, vec![self.frame(column, y, height)], ink);
    }

    /// Fills rectangles of the paper.
    pub(super) fn fill_frames(&self, block: &mut Block, frames: Vec<Frame>, ink: Ink) {
        let bottom = frames
            .iter()
            .map(|frame| frame.y + frame.height)
            .fold(0.0, f32::max);
        block.height = block.height.max(bottom);
        block.marks.push(Mark::Fill { frames, ink });
    }

    /// Puts the shop's logo at the start of a column; says where it ends. Nothing where it has none.
    pub(super) fn logo(&self, block: &mut Block, column: Column, y: f32) -> f32 {
        let Some(logo) = &self.logo else {
            return y;
        };
        let (width, height) = logo.size();
        let frame = self.frame(Column { width, ..column }, y, height);
        block.height = block.height.max(y + height);
        block.marks.push(Mark::Logo {
            frame,
            logo: logo.clone(),
        });
        y + height + 8.0
    }

    /// Draws a thin line across a column.
    pub(super) fn rule(&self, block: &mut Block, column: Column, y: f32) {
        self.fill(block, column, y, 0.6, Ink::RULE);
    }

    /// Makes a place lead to an address.
    pub(super) fn link(&self, block: &mut Block, column: Column, y: f32, height: f32, url: &str) {
        let frame = self.frame(column, y, height);
        let url = url.to_owned();
        block.marks.push(Mark::Link { frame, url });
    }

    /// Where a part of a column is on the paper.
    pub(super) fn frame(&self, column: Column, y: f32, height: f32) -> Frame {
        let x = match self.typesetter.is_right_to_left() {
            true => WIDTH - column.x - column.width,
            false => column.x,
        };
        Frame {
            x,
            y,
            width: column.width,
            height,
        }
    }
}
