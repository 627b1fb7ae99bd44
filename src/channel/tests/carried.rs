//! What is taken from the last file does not show: the same file, report and hashes as if all were composed anew.

use super::{drafts, pack};
use crate::channel::chunk::{Chunk, Item, Preflight, Step};
use crate::channel::format::Writer;
use crate::channel::pieces::Pieces;
use crate::channel::rule::Rules;
use crate::channel::rule::compiler::Market;
use crate::channel::rule::outside::Outside;
use crate::channel::tests::pass::{PACK, Written, cut, listing, put, whole, writer};
use crate::product::listing::Listing;
use proptest::prelude::*;
use std::convert::Infallible;

/// A whole export with the pieces it is made of.
struct Export {
    places: Vec<Vec<Listing>>,
    written: Written,
    pieces: Pieces,
    carried: usize,
}

/// The places of a shelf: models, and what has none.
fn places(listings: &[Listing]) -> Vec<Vec<Listing>> {
    cut(listings, &(0..listings.len()).collect::<Vec<_>>())
}

fn export(preflight: &Preflight<'_>, writer: &Writer, listings: &[Listing], last: Option<&Export>) -> Export {
    let places = places(listings);
    let mut pass = preflight.recorded_pass();
    let (mut files, mut leaving, mut spelled) = (vec![(writer.head(), 0)], Vec::new(), Vec::new());
    let mut carried = 0;
    for part in places.chunks(3) {
        let mut chunk = Chunk::default();
        for place in part {
            if !last.is_some_and(|last| carry(last, place, &mut chunk)) {
                chunk.append(preflight.chunk(drafts(place.clone())));
            }
        }
        carried += chunk.carried();
        let mut write = |step: Step<'_>| -> Result<(), Infallible> {
            put(&mut files, writer, step);
            Ok(())
        };
        let mut anew = |items: &[Item]| {
            let of = |place: &&Vec<Listing>| place.iter().any(|own| own.product == items[0].listing.product);
            let place = places.iter().find(of).expect("it stands somewhere");
            Ok(preflight.chunk(drafts(place.clone())).items)
        };
        pass.settle(&mut chunk, &|_, _| true, &mut anew, &mut write)
            .unwrap_or_else(|never| match never {});
        spelled.extend(pass.pieces());
        let left = chunk.items.iter().filter(|item| item.hash != 0);
        leaving.extend(left.map(|item| (item.listing.product, item.hash)));
    }
    spelled.extend(pass.pieces_tail());
    Export {
        places,
        written: Written {
            files: whole(files, writer),
            report: pass.finish(),
            leaving,
        },
        pieces: Pieces::read(spelled).expect("they are whole"),
        carried,
    }
}

/// Takes a place from the last export, if it stood there as it is.
fn carry(last: &Export, place: &[Listing], chunk: &mut Chunk) -> bool {
    if !last.places.iter().any(|before| before == place) {
        return false;
    }
    let mut starts: Vec<usize> = (place.iter().filter_map(|listing| last.pieces.find(listing.product))).collect();
    starts.dedup();
    let pieces: Option<Vec<_>> = starts.into_iter().map(|at| last.pieces.piece(at)).collect();
    for piece in pieces.iter().flatten() {
        let (start, end) = (
            piece.spot.offset as usize,
            piece.spot.offset as usize + piece.spot.length as usize,
        );
        let bytes = &last.written.files[usize::from(piece.spot.file)].0.as_bytes()[start..end];
        assert!(piece.spot.length == 0 || piece.spot.holds(bytes));
        let name = |product: i64| {
            let own = place
                .iter()
                .find(|listing| listing.product == product)
                .expect("it stands here");
            (own.sku.clone(), own.model.clone())
        };
        chunk.carry(piece.clone(), bytes, &mut { name });
    }
    pieces.is_some()
}

fn check(before: &[Listing], after: &[Listing]) -> usize {
    let mut table: toml::Table = toml::from_str(PACK).expect("TOML");
    let formats = "formats = [{ id = \"csv\", kind = \"csv\" }, { id = \"json\", kind = \"json\", max_items = 3 }, { id = \"rows\", kind = \"csv\", rows = \"grouped\" }]";
    let formats: toml::Table = toml::from_str(formats).expect("TOML");
    table.insert("formats".to_string(), formats["formats"].clone());
    let pack = pack(&table);
    let rules = Rules::compile(&pack, &Market::default()).expect("rules");
    let mut carried = 0;
    for format in ["csv", "json", "rows"] {
        let writer = writer(&pack, format);
        let preflight = Preflight {
            pack: &pack,
            rules: &rules,
            writer: Some(&writer),
            form: &writer,
            outside: Outside::default(),
        };
        let first = export(&preflight, &writer, before, None);
        let anew = export(&preflight, &writer, after, None);
        let next = export(&preflight, &writer, after, Some(&first));
        assert_eq!(next.written, anew.written, "{format}");
        // And from what was carried already.
        let third = export(&preflight, &writer, before, Some(&next));
        assert_eq!(third.written, first.written, "{format}");
        carried += next.carried + third.carried;
    }
    carried
}

#[test]
fn a_value_that_is_taken_or_given_back_elsewhere_is_seen() {
    let shop = |id: &str| {
        [
            listing(1, id, "", "rojo"),
            listing(2, "b", "", ""),
            listing(3, "c", "g", "rojo"),
            listing(4, "d", "g", "azul"),
        ]
    };
    // The second is untouched, and blocked while the first says its id.
    assert_eq!(check(&shop("a"), &shop("b")), 3 * (3 + 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn what_is_carried_does_not_show(
        rows in prop::collection::vec((0usize..4, "[a-f]{1,2}|", "|[g-i]", "|[rs]"), 0..24),
        changes in prop::collection::vec((0usize..24, "[a-f]{1,2}|", "|[g-i]", "|[rs]"), 0..6),
    ) {
        let shelf = |rows: &[(usize, String, String, String)]| {
            let mut listings: Vec<Listing> = rows
                .iter()
                .enumerate()
                .filter(|(_, (kind, ..))| *kind > 0)
                .map(|(n, (_, id, group, color))| listing(n, id, group, color))
                .collect();
            listings.sort_by(|a, b| (a.model.as_ref().unwrap_or(&a.sku), &a.sku).cmp(&(b.model.as_ref().unwrap_or(&b.sku), &b.sku)));
            listings
        };
        let mut after = rows.clone();
        for (place, id, group, color) in changes {
            if let Some(row) = after.get_mut(place) {
                *row = (place % 4, id, group, color);
            }
        }
        check(&shelf(&rows), &shelf(&after));
    }
}
