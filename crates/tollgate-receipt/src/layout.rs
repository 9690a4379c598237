//! The pages of a receipt: the letterhead, who bought, the table, what is below it, and the feet.

use jiff::Zoned;

use super::closing::{closing, facts};
use super::dates;
use super::document::ReceiptDocument;
use super::sheet::{BODY, Block, Column, HEIGHT, Ink, MARGIN, Mark, Pen, WIDTH};
use super::table;
use super::text::{Flow, Side, Style};
use super::wording::Words;

const SELLER: Style = Style::plain(15.0).bold();
const TITLE: Style = Style::plain(19.0).bold();
const NUMBER: Style = Style::plain(10.5).bold();
const TEXT: Style = Style::plain(9.0);
const QUIET: Style = Style::plain(8.5).in_ink(Ink::QUIET);
const LABEL: Style = Style::plain(8.0).bold().in_ink(Ink::QUIET);
const NAME: Style = Style::plain(10.5).bold();

/// The coloured edge at the top of the first page.
const EDGE: f32 = 5.0;
/// Where the first page begins.
const TOP: f32 = 46.0;
/// Where the body of every page ends.
const BOTTOM: f32 = HEIGHT - 64.0;
/// Where the foot begins.
const FOOT: f32 = HEIGHT - 44.0;

/// The left and the right of the letterhead and of what is below it.
const GUTTER: f32 = 24.0;
const WIDE: Column = Column {
    x: BODY.x,
    width: BODY.width * 0.54 - GUTTER,
};
const NARROW: Column = Column {
    x: BODY.x + BODY.width * 0.54,
    width: BODY.width * 0.46,
};

/// Between the table and what is below it.
const BEFORE_CLOSING: f32 = 16.0;

/// Lays the pages of a document, whose time is given in the zone of its shop.
pub(super) fn pages(pen: &mut Pen, document: &ReceiptDocument, time: &Zoned) -> Vec<Vec<Mark>> {
    let words = Words::of(document.locale);
    let mut pages = Pages::begin();
    pages.put(edge(pen), 0.0);
    pages.y = TOP;
    let letterhead = letterhead(pen, document, words);
    pages.put(letterhead, 14.0);
    let parties = parties(pen, document, time, words);
    pages.put(parties, 22.0);
    let closing = closing(pen, document, words);
    let reserved = BEFORE_CLOSING + closing.height;
    put_lines(pen, document, words, &mut pages, reserved);
    if !pages.has_room(reserved) {
        pages.turn(running_head(pen, document, words));
    }
    pages.y += BEFORE_CLOSING;
    pages.put(closing, 0.0);
    let mut pages = pages.finish();
    feet(pen, document, words, &mut pages);
    pages
}

/// Puts the rows, on as many pages as they need. The last one stays with what follows, which needs
/// `reserved`: a total never stands on a page without a line.
fn put_lines(
    pen: &mut Pen,
    document: &ReceiptDocument,
    words: &Words,
    pages: &mut Pages,
    reserved: f32,
) {
    let Some(last) = document.lines.len().checked_sub(1) else {
        return;
    };
    let (columns, rows) = table::set(pen, document, words);
    let mut head = Some(columns.head(pen, words));
    for (index, row) in rows.into_iter().enumerate() {
        // The head goes where the first row goes.
        let above = head.as_ref().map_or(0.0, |head| head.height);
        let below = if index == last { reserved } else { 0.0 };
        if !pages.has_room(above + row.height + below) {
            pages.turn(running_head(pen, document, words));
            head = Some(columns.head(pen, words));
        }
        if let Some(head) = head.take() {
            pages.put(head, 0.0);
            // A head is not what a page is turned for.
            pages.begun = pages.y;
        }
        pages.put(row, 0.0);
    }
}

/// Pages in the making.
struct Pages {
    done: Vec<Vec<Mark>>,
    page: Vec<Mark>,
    y: f32,
    /// Where this page's own content begins.
    begun: f32,
}

impl Pages {
    fn begin() -> Pages {
        Pages {
            done: Vec::new(),
            page: Vec::new(),
            y: 0.0,
            begun: TOP,
        }
    }

    fn put(&mut self, block: Block, gap: f32) {
        let height = block.height;
        self.page.extend(block.at(self.y));
        self.y += height + gap;
    }

    /// Whether so much fits; on a page without content anything does, there will be no better one.
    fn has_room(&self, height: f32) -> bool {
        self.y + height <= BOTTOM || self.y <= self.begun
    }

    /// Begins the next page with a head.
    fn turn(&mut self, head: Block) {
        self.done.push(std::mem::take(&mut self.page));
        self.y = MARGIN - 12.0;
        self.put(head, 14.0);
        self.begun = self.y;
    }

    fn finish(mut self) -> Vec<Vec<Mark>> {
        self.done.push(self.page);
        self.done
    }
}

/// The coloured edge of the first page.
fn edge(pen: &Pen) -> Block {
    let mut block = Block::default();
    let whole = Column {
        x: 0.0,
        width: WIDTH,
    };
    pen.fill(&mut block, whole, 0.0, EDGE, pen.accent());
    block
}

fn letterhead(pen: &mut Pen, document: &ReceiptDocument, words: &Words) -> Block {
    let mut block = Block::default();
    let seller = &document.seller;
    let top = pen.logo(&mut block, WIDE, 0.0);
    let mut left = pen.quote(&mut block, WIDE, top, &seller.name, SELLER) + 2.0;
    for line in seller.address.iter().flat_map(|address| address.lines()) {
        left = pen.quote(&mut block, WIDE, left, line, QUIET);
    }
    if let Some(tax_id) = &seller.tax_id {
        left = pen.words(
            &mut block,
            WIDE,
            left,
            &format!("{}: {tax_id}", words.tax_id),
            QUIET,
        );
    }
    let style = TITLE.in_ink(pen.accent());
    let title = pen.set(words.title(document.kind), style, Flow::Language);
    let right = pen.put(&mut block, NARROW, -3.0, Side::End, title);
    let number = pen.set(&document.number, NUMBER, Flow::Own);
    let right = pen.put(&mut block, NARROW, right + 2.0, Side::End, number);
    pen.rule(&mut block, BODY, left.max(right) + 14.0);
    block
}

/// Who bought, and which receipt this is.
fn parties(pen: &mut Pen, document: &ReceiptDocument, time: &Zoned, words: &Words) -> Block {
    let mut block = Block::default();
    let buyer = &document.buyer;
    let contacts: Vec<&String> = [&buyer.name, &buyer.email, &buyer.phone]
        .into_iter()
        .flatten()
        .filter(|text| !text.trim().is_empty())
        .collect();
    let is_named = !contacts.is_empty() || buyer.address.is_some() || buyer.tax_id.is_some();
    // No customer is named: the facts move to where reading begins.
    let right = if is_named { NARROW } else { BODY };
    if is_named {
        let mut y = pen.words(&mut block, WIDE, 0.0, words.customer, LABEL) + 1.0;
        for (index, contact) in contacts.into_iter().enumerate() {
            let style = if index == 0 { NAME } else { TEXT };
            y = pen.quote(&mut block, WIDE, y, contact, style);
        }
        let address = buyer.address.iter().flat_map(|address| address.lines());
        for line in address.filter(|line| !line.trim().is_empty()) {
            y = pen.quote(&mut block, WIDE, y, line, TEXT);
        }
        if let Some(tax_id) = &buyer.tax_id {
            let text = format!("{}: {tax_id}", words.tax_id);
            pen.words(&mut block, WIDE, y, &text, TEXT);
        }
    }
    let date = dates::date_time(document.locale, time);
    let mut found = vec![
        (words.number, document.number.as_str()),
        (words.date, &date),
    ];
    if let Some(code) = &document.order_code {
        found.push((words.order, code));
    }
    if let Some(original) = &document.original_number {
        found.push((words.original, original));
    }
    if let Some(kind) = document.corrects {
        found.push((words.corrects, words.title(kind)));
    }
    if let Some(reason) = &document.reason {
        found.push((words.reason, reason));
    }
    facts(pen, &mut block, right, 0.0, &found);
    block
}

/// What stands at the top of every page but the first.
fn running_head(pen: &mut Pen, document: &ReceiptDocument, words: &Words) -> Block {
    let mut block = Block::default();
    let left = pen.quote(&mut block, WIDE, 0.0, &document.seller.name, QUIET);
    let title = format!("{} {}", words.title(document.kind), document.number);
    let title = pen.set(&title, QUIET, Flow::Language);
    let right = pen.put(&mut block, NARROW, 0.0, Side::End, title);
    pen.rule(&mut block, BODY, left.max(right) + 5.0);
    block
}

/// Writes at the foot of every page which one of how many it is.
fn feet(pen: &mut Pen, document: &ReceiptDocument, words: &Words, pages: &mut [Vec<Mark>]) {
    let count = pages.len();
    for (index, page) in pages.iter_mut().enumerate() {
        let mut block = Block::default();
        pen.rule(&mut block, BODY, 0.0);
        pen.quote(&mut block, WIDE, 6.0, &document.number, QUIET);
        let text = pen.set(&words.page(index + 1, count), QUIET, Flow::Language);
        pen.put(&mut block, NARROW, 6.0, Side::End, text);
        page.extend(block.at(FOOT));
    }
}
