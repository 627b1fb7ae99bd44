//! Products to listings of one channel, on all cores and settled in the order of the shelf. What a whole export takes from the
//! last one is not composed again.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::channel::Channel;
use crate::channel::chunk::{Anew, Chunk, Draft, Item, Pass, Preflight};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::images::pictures::Pictures;
use crate::workspace::last_file::LastFile;
use crate::workspace::parallel::in_order;
use crate::workspace::products::{Shelf, chunks, places, sold};
use crate::workspace::progress::{Progress, Step};
use crate::workspace::settings::Settings;

/// Products that one thread composes at a time.
const CHUNK: usize = 512;
/// The same where most of them are carried.
const CARRIED: usize = 4_096;

/// Makes the listings of one channel.
#[derive(Clone, Copy)]
pub struct Composing<'a> {
    pub workspace: &'a Workspace,
    pub channel: &'a Channel,
    pub preflight: &'a Preflight<'a>,
    pub pictures: Option<&'a Pictures>,
}

/// Settles one part of the feed; makes listings that were carried anew where the pass asks for it.
pub type Each<'e> = dyn FnMut(&mut Pass<'_>, Chunk, &mut Anew<'_, Failure>) -> Result<(), Failure> + 'e;

impl Composing<'_> {
    /// Walks over products in the order of the shelf and hands the parts to `each` in that order. `last` is the file that what
    /// nobody touched is taken from, in a walk over the whole shelf.
    pub fn walk<'p>(
        &self,
        names: &[ProductName],
        last: Option<&LastFile>,
        mut settling: Pass<'p>,
        progress: &dyn Progress,
        each: &mut Each<'_>,
    ) -> Result<Pass<'p>, Failure> {
        let Composing {
            workspace, preflight, ..
        } = *self;
        let code = self.channel.code.clone();
        progress.begin(&Step::Exporting { channel: code }, names.len() as u64);
        let trust = workspace.trust()?;
        let shelf = Shelf::new(&workspace.settings, &trust);
        let store = workspace.settings.store.as_path();
        let compose = composer(self.channel, self.pictures, &workspace.settings, &shelf);
        let chunks = chunks(names, if last.is_some() { CARRIED } else { CHUNK });
        let mut own: Option<Reader> = None;
        let mut anew = |items: &[Item]| {
            let reader = match &own {
                Some(reader) => reader,
                None => own.insert(Reader::open(store)?.steady()?),
            };
            let Some(first) = items.first() else {
                return Ok(Vec::new());
            };
            let place = first.listing.model.as_ref().unwrap_or(&first.listing.sku);
            let start = names.partition_point(|name| name.place() < place.as_str());
            let siblings = places(&names[start..]).next().unwrap_or_default();
            let mut drafts = Vec::new();
            compose(reader, siblings, &mut drafts)?;
            Ok(preflight.chunk(drafts).items)
        };
        in_order(
            workspace.threads,
            chunks.len(),
            || Ok((Reader::open(store)?.steady()?, last.map(LastFile::window))),
            |(reader, window), job| {
                let mut chunk = Chunk::default();
                let mut drafts: Vec<Draft> = Vec::new();
                for siblings in places(chunks[job]) {
                    if let (Some(last), Some(window)) = (last, window.as_mut()) {
                        if !drafts.is_empty() {
                            chunk.append(preflight.chunk(std::mem::take(&mut drafts)));
                        }
                        if last.carry(siblings, window, &mut chunk) {
                            continue;
                        }
                    }
                    compose(reader, siblings, &mut drafts)?;
                }
                chunk.append(preflight.chunk(drafts));
                Ok((chunk, chunks[job].len()))
            },
            |(chunk, count): (Chunk, usize)| {
                each(&mut settling, chunk, &mut anew)?;
                progress.advance(count as u64);
                Ok(())
            },
        )?;
        progress.end();
        Ok(settling)
    }
}

/// Makes the drafts of one place of the shelf.
fn composer<'a>(
    channel: &'a Channel,
    pictures: Option<&'a Pictures>,
    settings: &'a Settings,
    shelf: &'a Shelf<'a>,
) -> impl Fn(&Reader, &[ProductName], &mut Vec<Draft>) -> Result<(), Failure> + Sync + 'a {
    move |reader, siblings, drafts| {
        for mut product in shelf.group(reader, &sold(siblings))? {
            if let Some(pictures) = pictures {
                pictures.dress(&mut product, &settings.schema);
            }
            drafts.extend(channel.draft(&product));
        }
        Ok(())
    }
}
