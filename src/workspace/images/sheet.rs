//! The contact sheet, written where it would show something else than before.

use crate::enrich::images::contact_sheet::{Defect, Frame, SHOWN, THUMBNAIL, html, thumbnail};
use crate::enrich::images::decode::decode;
use crate::enrich::images::derive::Recipe;
use crate::enrich::images::resize::{Filter, copy, flattened, inside};
use crate::enrich::images::settings::{Fit, LimitSettings};
use crate::workspace::failure::Failure;
use crate::workspace::feed_file;
use crate::workspace::images::media::Media;
use crate::workspace::images::state::{Made, State};
use crate::workspace::parallel::in_order;
use crate::workspace::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// Makes the small copies of a sheet.
pub struct Sheet<'a> {
    pub settings: &'a Settings,
    pub limits: LimitSettings,
    /// What was made for channels, by the codes of the recipes.
    pub recipes: &'a BTreeMap<String, Recipe>,
    pub threads: usize,
}

impl Sheet<'_> {
    /// Writes the sheet of these defects, each with its title, and with its pictures and their contents. Gives its path.
    pub fn write(&self, found: Vec<(String, Vec<(String, Frame)>)>, state: &mut State) -> Result<String, Failure> {
        let path: PathBuf = self.settings.out.join("images.html");
        let shown = found.iter().flat_map(|(_, frames)| frames.iter().take(SHOWN));
        let contents: BTreeSet<&str> = shown.map(|(content, _)| content.as_str()).collect();
        let contents: Vec<(&str, Option<&str>)> = contents
            .into_iter()
            .map(|content| (content, self.shortcut(content, state)))
            .collect();
        let mut hash = Xxh3::new();
        for (title, frames) in &found {
            hash.update(title.as_bytes());
            for (content, frame) in frames {
                hash.update(content.as_bytes());
                hash.update(frame.name.as_bytes());
                hash.update(frame.about.as_bytes());
            }
        }
        for (_, recipe) in &contents {
            hash.update(recipe.unwrap_or_default().as_bytes());
        }
        let now = hash.digest();
        let shown = self.settings.shown(&path);
        if state.sheet == now && path.is_file() {
            return Ok(shown);
        }
        let small = self.small(&contents)?;
        let defects: Vec<Defect> = found
            .into_iter()
            .map(|(title, frames)| {
                let (title, advice) = title.split_once('\t').unwrap_or((&title, ""));
                Defect {
                    title: title.to_owned(),
                    advice: advice.to_owned(),
                    count: frames.len(),
                    frames: frames
                        .into_iter()
                        .take(SHOWN)
                        .map(|(content, frame)| Frame {
                            thumbnail: small.get(&content).cloned().flatten(),
                            ..frame
                        })
                        .collect(),
                }
            })
            .collect();
        let text = html(&format!("Pictures of {}", self.settings.name), &defects);
        feed_file::put(&path, text.as_bytes())?;
        state.sheet = now;
        Ok(shown)
    }

    /// The recipe whose result shows all of a picture in fewer pixels, so that the original need not be decoded again.
    fn shortcut(&self, content: &str, state: &State) -> Option<&str> {
        let whole = |recipe: &Recipe| recipe.fit == Fit::Inside && recipe.side >= 2 * THUMBNAIL;
        let made = |code: &str| {
            matches!(
                state.made.get(code).and_then(|made| made.get(content)),
                Some(Made::File(_))
            )
        };
        let recipes = self.recipes.iter().filter(|(code, recipe)| whole(recipe) && made(code));
        recipes
            .min_by_key(|(_, recipe)| recipe.side)
            .map(|(code, _)| code.as_str())
    }

    /// Small copies by content; none of what does not decode.
    fn small(&self, contents: &[(&str, Option<&str>)]) -> Result<BTreeMap<String, Option<Vec<u8>>>, Failure> {
        let media = Media::new(&self.settings.store);
        let mut small = BTreeMap::new();
        let mut names = contents.iter();
        in_order(
            self.threads,
            contents.len(),
            || Ok(()),
            |(): &mut (), n| {
                let (content, recipe) = contents[n];
                let made = recipe.and_then(|recipe| self.one(&media.derived(recipe, content)));
                Ok(made.or_else(|| self.one(&media.original(content))))
            },
            |thumbnail| {
                if let Some((content, _)) = names.next() {
                    small.insert((*content).to_owned(), thumbnail);
                }
                Ok(())
            },
        )?;
        Ok(small)
    }

    fn one(&self, path: &Path) -> Option<Vec<u8>> {
        let decoded = decode(&std::fs::read(path).ok()?, &self.limits).ok()?;
        let (width, height) = decoded.upright();
        let raster = copy(&decoded, inside(width, height, THUMBNAIL), false, Filter::Mean).ok()?;
        thumbnail(&flattened(raster))
    }
}
