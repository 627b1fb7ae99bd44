//! A part of a channel's products on its way to the file: checked and rendered side by side, settled in order.
//!
//! `Preflight::chunk` looks at nothing but the part it is given, so that parts run in parallel; it must be given whole
//! groups: the listings of one product model stand together. `Pass` takes the parts in the order of the file, compares what
//! must be unique in the whole of it, and hands out the bytes. Files, and what a delta leaves out, are the caller's.

use crate::channel::format::{Filling, Writer};
use crate::channel::pack::Pack;
use crate::channel::pieces::{Piece, Recorder, Spot, Told};
use crate::channel::preflight::Report;
use crate::channel::row;
use crate::channel::rule::Rules;
use crate::channel::rule::finding::{Finding, Outcome, Verdict, verdict};
use crate::channel::rule::identity::Key;
use crate::channel::rule::outside::Outside;
use crate::product::listing::{Content, Listing};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Everything a part of the feed is checked and rendered with.
#[derive(Clone, Copy)]
pub struct Preflight<'a> {
    /// What the channel type demands.
    pub pack: &'a Pack,
    /// Its rules.
    pub rules: &'a Rules,
    /// How the file is written; without it products are checked and not rendered.
    pub writer: Option<&'a Writer>,
    /// How the file would be written: the rows of a group are checked as they would stand in it.
    pub form: &'a Writer,
    /// What is known from outside.
    pub outside: Outside<'a>,
}

/// A listing as it was composed, with what was found on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The listing.
    pub listing: Listing,
    /// Findings of the composing.
    pub findings: Vec<Finding>,
}

/// A checked listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The listing, mended.
    pub listing: Listing,
    /// All findings about it.
    pub findings: Vec<Finding>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Hash of what leaves; 0 for what does not.
    pub hash: u64,
}

/// A part of the feed, checked and rendered.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The listings, in order.
    pub items: Vec<Item>,
    units: Vec<Unit>,
    bytes: Vec<u8>,
    keys: Vec<Key>,
}

/// Listings that stand and fall together in the file: a product's variants.
#[derive(Debug)]
struct Unit {
    items: Range<usize>,
    bytes: Range<usize>,
    /// Items, or lines of a grouped file.
    rows: usize,
    /// Taken from the last file, with listings that say nothing.
    carried: bool,
}

impl Chunk {
    /// Adds the part that follows.
    pub fn append(&mut self, mut later: Chunk) {
        if self.items.is_empty() {
            return *self = later;
        }
        let (items, bytes) = (self.items.len(), self.bytes.len());
        for unit in &mut later.units {
            unit.items = unit.items.start + items..unit.items.end + items;
            unit.bytes = unit.bytes.start + bytes..unit.bytes.end + bytes;
        }
        for key in &mut later.keys {
            key.member += items as u32;
        }
        self.items.append(&mut later.items);
        self.units.append(&mut later.units);
        self.bytes.append(&mut later.bytes);
        self.keys.append(&mut later.keys);
    }

    /// Adds a group as the last file has it, which nobody touched since. `name` gives SKU and model of a product.
    pub fn carry(&mut self, piece: Piece, bytes: &[u8], name: &mut dyn FnMut(i64) -> (String, Option<String>)) {
        let (items, start) = (self.items.len(), self.bytes.len());
        for member in piece.members {
            let (sku, model) = name(member.product);
            self.items.push(Item {
                listing: Listing {
                    product: member.product,
                    sku,
                    model,
                    contents: Vec::new(),
                },
                findings: member.findings,
                verdict: member.verdict,
                hash: member.hash,
            });
        }
        self.keys.extend(piece.keys.into_iter().map(|key| Key {
            member: key.member + items as u32,
            ..key
        }));
        self.bytes.extend_from_slice(bytes);
        self.units.push(Unit {
            items: items..self.items.len(),
            bytes: start..self.bytes.len(),
            rows: piece.spot.rows as usize,
            carried: true,
        });
    }

    /// Listings that were carried.
    pub fn carried(&self) -> usize {
        let carried = self.units.iter().filter(|unit| unit.carried);
        carried.map(|unit| unit.items.len()).sum()
    }
}

/// What the caller does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Writes bytes that hold so many items (rows, in a grouped file).
    Write(&'a [u8], usize),
    /// The same, as the last file has them.
    Carry(&'a [u8], usize),
    /// Writes what stands between items.
    Between(&'a [u8]),
    /// Ends the file with the writer's tail and begins another with its head.
    NextFile,
}

/// Makes the listings of a group that was carried, with all that share its place on the shelf, in their order.
pub type Anew<'a, E> = dyn FnMut(&[Item]) -> Result<Vec<Item>, E> + 'a;

impl Preflight<'_> {
    /// Checks and renders a part of the feed.
    pub fn chunk(&self, drafts: Vec<Draft>) -> Chunk {
        let mut items: Vec<Item> = Vec::with_capacity(drafts.len());
        for Draft {
            mut listing,
            mut findings,
        } in drafts
        {
            let composed = verdict(&findings);
            let checked = self.rules.check(self.pack, &mut listing, &self.outside, &mut findings);
            items.push(Item {
                listing,
                findings,
                verdict: composed.max(checked),
                hash: 0,
            });
        }
        let mut chunk = Chunk {
            items,
            ..Chunk::default()
        };
        let mut start = 0;
        while start < chunk.items.len() {
            let end = self.group_end(&chunk.items, start);
            self.unit(&mut chunk, start..end);
            start = end;
        }
        for (member, item) in chunk.items.iter_mut().enumerate() {
            if item.verdict != Verdict::Blocked {
                self.rules.keys(&item.listing, member as u32, &mut chunk.keys);
                item.hash = content_hash(&item.listing);
            }
        }
        chunk
    }

    /// Begins to settle chunks.
    pub fn pass(&self) -> Pass<'_> {
        let sets = self.rules.key_sets();
        Pass {
            preflight: self,
            seen: (0..sets).map(|_| HashSet::default()).collect(),
            last: vec![None; sets],
            units: 0,
            filling: self.writer.map(|writer| writer.filling(self.rules.max_file_bytes())),
            between: false,
            spot: self.writer.map_or(Spot::default(), first_spot),
            recorder: None,
            report: Report::default(),
        }
    }

    /// Begins to settle chunks of a whole export, noting the pieces it is made of.
    pub fn recorded_pass(&self) -> Pass<'_> {
        Pass {
            recorder: Some(Recorder::default()),
            ..self.pass()
        }
    }

    /// The end of the group that begins at `start`: equal group value, equal product model. What has no model stands alone, whatever
    /// happens to lie beside it.
    fn group_end(&self, items: &[Item], start: usize) -> usize {
        let Some(field) = self.pack.group.map(usize::from) else {
            return start + 1;
        };
        fn key(item: &Item, field: usize) -> (&str, Option<&str>) {
            (
                item.listing.contents.get(field).map_or("", Content::first),
                item.listing.model.as_deref(),
            )
        }
        let own = key(&items[start], field);
        if own.0.is_empty() || own.1.is_none() {
            return start + 1;
        }
        let others = items[start + 1..].iter().take_while(|item| key(item, field) == own);
        start + 1 + others.count()
    }

    /// Checks a group, renders what leaves of it, and notes where it stands.
    fn unit(&self, chunk: &mut Chunk, range: Range<usize>) {
        if self.rules.compares_groups() {
            self.compare(&mut chunk.items[range.clone()]);
        }
        let start = chunk.bytes.len();
        let mut rows = 0;
        if self.writer.is_some() || self.rules.limits_lines() {
            rows = self.render(&chunk.items[range.clone()], &mut chunk.bytes);
        }
        if self.rules.limits_lines() {
            let longest = chunk.bytes[start..]
                .split(|byte| *byte == b'\n')
                .map(<[u8]>::len)
                .max()
                .unwrap_or(0);
            if let Some(finding) = self.rules.line(longest) {
                for item in &mut chunk.items[range.clone()] {
                    item.findings.push(finding.clone());
                    item.verdict = item.verdict.max(finding.outcome.verdict());
                }
                chunk.bytes.truncate(start);
                rows = self.render(&chunk.items[range.clone()], &mut chunk.bytes);
            }
        }
        if self.writer.is_none() {
            chunk.bytes.truncate(start);
        }
        chunk.units.push(Unit {
            items: range,
            bytes: start..chunk.bytes.len(),
            rows,
            carried: false,
        });
    }

    /// Runs the rules of a group on the listings that were not blocked before.
    fn compare(&self, items: &mut [Item]) {
        let alive: Vec<usize> = (0..items.len())
            .filter(|place| items[*place].verdict != Verdict::Blocked)
            .collect();
        let mut found = Vec::new();
        {
            let listings: Vec<&Listing> = alive.iter().map(|place| &items[*place].listing).collect();
            let rows = match (self.rules.compares_rows(), self.form.is_grouped()) {
                (false, _) => Vec::new(),
                (true, true) => row::grouped(self.pack, &listings),
                (true, false) => row::items(&listings),
            };
            self.rules.check_group(&listings, &rows, &mut found);
        }
        for (of, finding) in found {
            let Some(item) = alive.get(of).and_then(|place| items.get_mut(*place)) else {
                continue;
            };
            item.verdict = item.verdict.max(finding.outcome.verdict());
            item.findings.push(finding);
        }
    }

    /// Appends what leaves of a group; gives the number of items or rows.
    fn render(&self, items: &[Item], out: &mut Vec<u8>) -> usize {
        let writer = self.form;
        let alive = items.iter().filter(|item| item.verdict != Verdict::Blocked);
        let mut rows = 0;
        if writer.is_grouped() {
            let listings: Vec<&Listing> = alive.map(|item| &item.listing).collect();
            for row in row::grouped(self.pack, &listings) {
                writer.row(&row, out);
                rows += 1;
            }
        } else {
            for item in alive {
                if rows > 0 {
                    out.extend_from_slice(writer.separator());
                }
                writer.listing(&item.listing, out);
                rows += 1;
            }
        }
        rows
    }
}

/// Takes the parts of a feed in order.
pub struct Pass<'a> {
    preflight: &'a Preflight<'a>,
    /// Per rule that compares all items: the hashes that were there.
    seen: Vec<HashSet<u64, BuildHasherDefault<AsIs>>>,
    /// Per rule, the last hash and its unit.
    last: Vec<Option<(u64, u64)>>,
    units: u64,
    filling: Option<Filling>,
    between: bool,
    /// Where the next bytes go.
    spot: Spot,
    recorder: Option<Recorder>,
    report: Report,
}

/// Behind the head of the first file.
fn first_spot(writer: &Writer) -> Spot {
    Spot {
        offset: writer.head().len() as u64,
        ..Spot::default()
    }
}

impl Pass<'_> {
    /// Settles a part: compares it with all before it, counts it, and says what to write. `wanted` tells, by product number
    /// and hash, whether a listing belongs into this file; a group is written whole if one of its listings is wanted. `anew`
    /// makes the listings of a group that was carried, where one of them now repeats what another says. The verdicts in
    /// `chunk` are final afterwards.
    pub fn settle<E>(
        &mut self,
        chunk: &mut Chunk,
        wanted: &dyn Fn(i64, u64) -> bool,
        anew: &mut Anew<'_, E>,
        write: &mut dyn FnMut(Step<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut keys = chunk.keys.as_slice();
        for unit in &chunk.units {
            let here = keys
                .iter()
                .take_while(|key| (key.member as usize) < unit.items.end)
                .count();
            let (own, rest) = keys.split_at(here);
            keys = rest;
            if unit.carried && own.iter().any(|key| self.is_repeated(key)) {
                // Those of the whole place, in the same order.
                let mut made = anew(&chunk.items[unit.items.clone()])?.into_iter();
                for own in &mut chunk.items[unit.items.clone()] {
                    if let Some(item) = made.find(|item| item.listing.product == own.listing.product) {
                        *own = item;
                    }
                }
            }
            let Repeats { any, blocked } = self.compare(&mut chunk.items, own);
            self.units += 1;
            let items = &chunk.items[unit.items.clone()];
            for item in items {
                self.report.count(&item.listing.sku, item.verdict, &item.findings);
            }
            let mut leaving = items.iter().filter(|item| item.verdict != Verdict::Blocked);
            let mut spot = Some(Spot::default());
            if leaving.any(|item| wanted(item.listing.product, item.hash)) {
                spot = if blocked {
                    let mut bytes = Vec::new();
                    let rows = self.preflight.render(items, &mut bytes);
                    self.write(Step::Write(&bytes, rows), write)?
                } else {
                    let bytes = &chunk.bytes[unit.bytes.clone()];
                    let step = match unit.carried {
                        true => Step::Carry(bytes, unit.rows),
                        false => Step::Write(bytes, unit.rows),
                    };
                    self.write(step, write)?
                };
            }
            if let Some(recorder) = &mut self.recorder {
                let told = items.iter().map(|item| Told {
                    product: item.listing.product,
                    verdict: item.verdict,
                    hash: item.hash,
                    findings: &item.findings,
                });
                // What repeats another's value may not do so tomorrow.
                recorder.note(spot.filter(|_| !any), told, own, unit.items.start);
            }
        }
        Ok(())
    }

    /// The report of all parts settled so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The pieces noted since the last call, spelled.
    pub fn pieces(&mut self) -> Vec<u8> {
        self.recorder.as_mut().map(Recorder::take).unwrap_or_default()
    }

    /// What ends the list of pieces.
    pub fn pieces_tail(&self) -> Vec<u8> {
        self.recorder.as_ref().map(Recorder::tail).unwrap_or_default()
    }

    /// Ends the pass with its report.
    pub fn finish(self) -> Report {
        self.report
    }

    /// Compares the items of one unit with all before them.
    fn compare(&mut self, items: &mut [Item], mut keys: &[Key]) -> Repeats {
        let rules = self.preflight.rules;
        let mut repeats = Repeats::default();
        while let Some(first) = keys.first() {
            let count = keys.iter().take_while(|key| key.member == first.member).count();
            let (own, rest) = keys.split_at(count);
            keys = rest;
            let Some(item) = items.get_mut(first.member as usize) else {
                continue;
            };
            for key in own {
                if self.is_repeated(key)
                    && let Some(finding) = rules.repeated(key, &item.listing)
                {
                    item.verdict = item.verdict.max(finding.outcome.verdict());
                    repeats.any = true;
                    repeats.blocked |= finding.outcome == Outcome::Refused;
                    item.findings.push(finding);
                }
            }
            if item.verdict == Verdict::Blocked {
                // What does not leave takes nobody's place.
                item.hash = 0;
                continue;
            }
            for key in own {
                if let Some(seen) = self.seen.get_mut(usize::from(key.set)) {
                    seen.insert(key.hash);
                }
                if let Some(last) = self.last.get_mut(usize::from(key.set)) {
                    *last = Some((key.hash, self.units));
                }
            }
        }
        repeats
    }

    fn is_repeated(&self, key: &Key) -> bool {
        let set = usize::from(key.set);
        let before = self.seen.get(set).is_some_and(|seen| seen.contains(&key.hash));
        if !before || !self.preflight.rules.is_contiguous(key.set) {
            return before;
        }
        // Rows of one group follow each other; in a grouped file another product with the same value would be taken for it.
        let grouped = self.preflight.form.is_grouped();
        !self
            .last
            .get(set)
            .copied()
            .flatten()
            .is_some_and(|(hash, unit)| hash == key.hash && (!grouped || unit == self.units))
    }

    /// Writes a group; gives where it stands, unless it is too large to be told.
    fn write<E>(
        &mut self,
        step: Step<'_>,
        write: &mut dyn FnMut(Step<'_>) -> Result<(), E>,
    ) -> Result<Option<Spot>, E> {
        let (Step::Write(bytes, rows) | Step::Carry(bytes, rows)) = step else {
            return Ok(None);
        };
        let (Some(writer), Some(filling)) = (self.preflight.writer, &mut self.filling) else {
            return Ok(None);
        };
        if rows == 0 {
            return Ok(Some(Spot::default()));
        }
        if filling.add(bytes.len() + writer.separator().len(), rows) {
            write(Step::NextFile)?;
            self.between = false;
            self.spot = Spot {
                file: self.spot.file.saturating_add(1),
                ..first_spot(writer)
            };
        }
        if self.between && !writer.separator().is_empty() {
            write(Step::Between(writer.separator()))?;
            self.spot.offset += writer.separator().len() as u64;
        }
        self.between = true;
        write(step)?;
        let offset = self.spot.offset;
        self.spot.offset += bytes.len() as u64;
        let (Ok(length), Ok(rows)) = (u32::try_from(bytes.len()), u32::try_from(rows)) else {
            return Ok(None);
        };
        Ok(Some(Spot {
            offset,
            length,
            rows,
            sum: match self.recorder {
                Some(_) => xxh3_64(bytes),
                None => 0,
            },
            ..self.spot
        }))
    }
}

/// What the values of a group do to it that others have too.
#[derive(Debug, Clone, Copy, Default)]
struct Repeats {
    /// One was told of.
    any: bool,
    /// One keeps a listing from leaving.
    blocked: bool,
}

/// The hash of what a listing says, for telling tomorrow whether it changed.
pub fn content_hash(listing: &Listing) -> u64 {
    let mut hasher = Xxh3::new();
    for (number, content) in listing.contents.iter().enumerate() {
        if content.is_empty() {
            continue;
        }
        hasher.update(&(number as u16).to_le_bytes());
        let mut text = |kind: u8, text: &str| {
            hasher.update(&[kind]);
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        match content {
            Content::Empty => {}
            Content::One(one) => text(1, one),
            Content::Many(texts) => texts.iter().for_each(|one| text(2, one)),
            Content::Groups(groups) => {
                for parts in groups {
                    text(3, "");
                    for (name, part) in parts {
                        text(4, name);
                        text(5, part);
                    }
                }
            }
        }
    }
    // 0 says that nothing leaves.
    hasher.digest().max(1)
}

/// Takes a hash as it is: hashing a hash again would cost and give nothing.
#[derive(Debug, Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
