//! The table of what was bought: a head that is repeated on every page, and a block for each line, which
//! is never split.

use super::amounts;
use super::document::{Line, ReceiptDocument};
use super::sheet::{BODY, Block, Column, Ink, Pen};
use super::text::{Flow, Paragraph, Side, Style};
use super::wording::Words;

const HEAD: Style = Style::plain(8.0).bold().in_ink(Ink::QUIET);
const CELL: Style = Style::plain(9.5);
const SMALL: Style = Style::plain(7.5).in_ink(Ink::QUIET);

/// Between two columns.
const GAP: f32 = 14.0;
/// Above and below what is written in a row.
const PADDING: f32 = 5.0;
/// Between the edge of the table and what is written.
const INSET: f32 = 6.0;
/// What is left to names however wide the numbers are.
const NAME_MIN: f32 = 70.0;

/// The numbers of a line, set but not placed: quantity, price of one, amount.
type Numbers = [Paragraph; 3];

/// Where the columns are; the same on every page.
pub(super) struct Columns {
    name: Column,
    numbers: [Column; 3],
}

/// Sets the lines of a document, a block for each.
pub(super) fn set(
    pen: &mut Pen,
    document: &ReceiptDocument,
    words: &Words,
) -> (Columns, Vec<Block>) {
    let numbers: Vec<Numbers> = document
        .lines
        .iter()
        .map(|line| numbers(pen, document, line))
        .collect();
    let columns = Columns::around(&head(pen, words), &numbers);
    let rows = document.lines.iter().zip(numbers);
    let rows = rows
        .map(|(line, numbers)| columns.row(pen, line, numbers))
        .collect();
    (columns, rows)
}

impl Columns {
    /// Columns as wide as their numbers; the rest is for names.
    fn around(head: &Numbers, rows: &[Numbers]) -> Columns {
        let mut widths = [0.0; 3];
        for numbers in rows.iter().chain([head]) {
            for (width, number) in widths.iter_mut().zip(numbers) {
                *width = number.width().max(*width);
            }
        }
        // The widest amounts there can be leave enough for names; anything else is broken into lines.
        let room = BODY.width - 2.0 * INSET - 3.0 * GAP - NAME_MIN;
        let shrink = (room / widths.iter().sum::<f32>()).min(1.0);
        let mut end = BODY.x + BODY.width - INSET;
        let mut numbers = [BODY; 3];
        for (column, width) in numbers.iter_mut().zip(widths).rev() {
            let width = width * shrink;
            *column = Column {
                x: end - width,
                width,
            };
            end -= width + GAP;
        }
        let x = BODY.x + INSET;
        let name = Column { x, width: end - x };
        Columns { name, numbers }
    }

    /// What stands above the columns.
    pub(super) fn head(&self, pen: &mut Pen, words: &Words) -> Block {
        let mut block = Block::default();
        let labels = head(pen, words);
        let item = pen.set(words.item, HEAD, Flow::Language);
        let height = labels
            .iter()
            .map(Paragraph::height)
            .fold(item.height(), f32::max);
        let tint = pen.tint();
        pen.fill(&mut block, BODY, 0.0, height + 2.0 * PADDING, tint);
        pen.put(&mut block, self.name, PADDING, Side::Start, item);
        for (column, label) in self.numbers.into_iter().zip(labels) {
            pen.put(&mut block, column, PADDING, Side::End, label);
        }
        block
    }

    fn row(&self, pen: &mut Pen, line: &Line, numbers: Numbers) -> Block {
        let mut block = Block::default();
        let name = line.name.as_deref().filter(|name| !name.trim().is_empty());
        let title = name.unwrap_or(&line.sku);
        let mut bottom = pen.quote(&mut block, self.name, PADDING, title, CELL);
        if name.is_some() {
            bottom = pen.quote(&mut block, self.name, bottom, &line.sku, SMALL);
        }
        for (column, number) in self.numbers.into_iter().zip(numbers) {
            bottom = bottom.max(pen.put(&mut block, column, PADDING, Side::End, number));
        }
        pen.rule(&mut block, BODY, bottom + PADDING);
        block
    }
}

fn numbers(pen: &mut Pen, document: &ReceiptDocument, line: &Line) -> Numbers {
    let money = |minor| amounts::of(document, minor);
    [
        amounts::number(document.locale, line.quantity),
        money(line.unit_amount),
        money(line.amount),
    ]
    .map(|text| pen.set(&text, CELL, Flow::Own))
}

fn head(pen: &mut Pen, words: &Words) -> Numbers {
    [words.quantity, words.unit_price, words.amount]
        .map(|label| pen.set(label, HEAD, Flow::Language))
}
