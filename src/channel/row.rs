//! The lines that the listings of one product make in a file.
//!
//! In most files a listing is a line. In a grouped file the product's own columns stand on the first line only, every
//! variant has its line, and further pictures have lines of their own behind them. Writing the lines is left to `format`,
//! checking their order to `rule::group`.

use crate::channel::pack::Pack;
use crate::channel::pack::field::Row as Place;
use crate::product::listing::{Content, Listing};
use std::borrow::Cow;

/// One line: which listing it belongs to, and what it shows of each field.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The listing's place in its group; a picture's line belongs to the listing that brought the picture.
    pub of: usize,
    cells: Vec<Cell<'a>>,
}

/// What a line shows of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cell<'a> {
    /// Nothing.
    #[default]
    Empty,
    /// The whole content.
    Whole(&'a Content),
    /// One text of it.
    Text(&'a str),
    /// A number counted by the program.
    Number(usize),
}

impl<'a> Row<'a> {
    /// What the line shows of a field.
    pub fn cell(&self, field: u16) -> Cell<'a> {
        self.cells.get(usize::from(field)).copied().unwrap_or_default()
    }

    /// The same as one text, or `""`.
    pub fn text(&self, field: u16) -> Cow<'a, str> {
        match self.cell(field) {
            Cell::Empty => Cow::Borrowed(""),
            Cell::Whole(content) => Cow::Borrowed(content.first()),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}

/// One line a listing.
pub fn items<'a>(listings: &[&'a Listing]) -> Vec<Row<'a>> {
    let row = |(of, listing): (usize, &&'a Listing)| Row {
        of,
        cells: listing.contents.iter().map(whole).collect(),
    };
    listings.iter().enumerate().map(row).collect()
}

/// The lines of one product in a grouped file. Product columns are taken from the first listing that fills them; the same
/// picture of two variants stands once.
pub fn grouped<'a>(pack: &Pack, listings: &[&'a Listing]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::with_capacity(listings.len());
    let places: Vec<Place> = pack.fields.iter().map(|field| field.row).collect();
    for (of, listing) in listings.iter().enumerate() {
        let cell = |(number, place): (usize, &Place)| match place {
            Place::Variant | Place::Every => listing.contents.get(number).map_or(Cell::Empty, whole),
            Place::Product if of == 0 => {
                let filled = |listing: &&&'a Listing| listing.contents.get(number).is_some_and(|own| !own.is_empty());
                listings
                    .iter()
                    .find(filled)
                    .and_then(|listing| listing.contents.get(number))
                    .map_or(Cell::Empty, whole)
            }
            Place::Product | Place::Picture | Place::PictureNumber => Cell::Empty,
        };
        rows.push(Row {
            of,
            cells: places.iter().enumerate().map(cell).collect(),
        });
    }
    pictures(&places, listings, &mut rows);
    rows
}

/// Puts the first picture on the first line, and the others on lines behind all variants.
fn pictures<'a>(places: &[Place], listings: &[&'a Listing], rows: &mut Vec<Row<'a>>) {
    let at = |place: Place| {
        places
            .iter()
            .enumerate()
            .filter(move |(_, own)| **own == place)
            .map(|(number, _)| number)
    };
    let Some(address) = at(Place::Picture).next() else {
        return;
    };
    let described: Vec<usize> = at(Place::Picture).skip(1).collect();
    let mut seen: Vec<&str> = Vec::new();
    for (of, listing) in listings.iter().enumerate() {
        let Some(content) = listing.contents.get(address) else {
            continue;
        };
        for (place, picture) in texts(content).iter().enumerate() {
            if picture.is_empty() || seen.contains(picture) {
                continue;
            }
            if !seen.is_empty() {
                let every = |(number, own): (usize, &Place)| match own {
                    Place::Every => listings
                        .first()
                        .and_then(|l| l.contents.get(number))
                        .map_or(Cell::Empty, whole),
                    _ => Cell::Empty,
                };
                rows.push(Row {
                    of,
                    cells: places.iter().enumerate().map(every).collect(),
                });
            }
            seen.push(picture);
            let row = if seen.len() == 1 {
                rows.first_mut()
            } else {
                rows.last_mut()
            };
            let Some(row) = row else { return };
            row.cells[address] = Cell::Text(picture);
            for number in &described {
                // One description belongs to all pictures of its listing, several to one picture each.
                let texts = listing.contents.get(*number).map(texts).unwrap_or_default();
                let text = if texts.len() == 1 {
                    texts.first()
                } else {
                    texts.get(place)
                };
                row.cells[*number] = text
                    .filter(|text| !text.is_empty())
                    .map_or(Cell::Empty, |text| Cell::Text(text));
            }
            for number in at(Place::PictureNumber) {
                row.cells[number] = Cell::Number(seen.len());
            }
        }
    }
}

fn whole(content: &Content) -> Cell<'_> {
    if content.is_empty() {
        Cell::Empty
    } else {
        Cell::Whole(content)
    }
}

fn texts(content: &Content) -> Vec<&str> {
    match content {
        Content::Empty => Vec::new(),
        Content::One(text) => vec![text.as_str()],
        Content::Many(texts) => texts.iter().map(String::as_str).collect(),
        Content::Groups(groups) => groups.iter().flatten().map(|(_, text)| text.as_str()).collect(),
    }
}
