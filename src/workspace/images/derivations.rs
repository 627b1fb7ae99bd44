//! What is made for channels: the recipe out of settings and pack, and the files put where the channel's feed lies.

use crate::channel::Channel;
use crate::channel::pack::file::ImageRules;
use crate::diagnostic::Diagnostic;
use crate::enrich::images::derive::Recipe;
use crate::enrich::images::settings::{DeriveSettings, Format, Images};
use crate::workspace::failure::Failure;
use crate::workspace::images::media::{Media, copy};
use crate::workspace::images::outcome::ChannelPictures;
use crate::workspace::images::state::{Derivations, DerivedFile, Made, State};
use crate::workspace::settings::Settings;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder of a channel's pictures.
pub fn folder(out: &Path, channel: &str) -> PathBuf {
    out.join(channel).join("images")
}

/// The recipes of the channels that have one, with the channels' codes.
pub fn recipes(settings: &Settings, images: &Images) -> Vec<(String, Recipe)> {
    let channels = settings.channels.iter();
    channels
        .filter_map(|channel| {
            Some((
                channel.code.clone(),
                recipe(channel, &images.derivation(&channel.code))?,
            ))
        })
        .collect()
}

/// What a channel gets made: as asked, within what its pack takes. None where nothing is to be made, or where the pack takes
/// no format that is written.
fn recipe(channel: &Channel, asked: &DeriveSettings) -> Option<Recipe> {
    let rules: &ImageRules = &channel.pack.file.images;
    let takes = |format: Format| {
        let name = match format {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::Webp => "WEBP",
        };
        rules.formats.is_empty() || rules.formats.iter().any(|known| known == name)
    };
    let wanted = asked
        .format
        .into_iter()
        .chain([Format::Jpeg, Format::Png, Format::Webp]);
    let format = wanted.into_iter().find(|format| takes(*format))?;
    let most = rules.max_megapixels.unwrap_or(100);
    asked.enabled.then(|| Recipe {
        side: asked.side.clamp(1, rules.max_side.unwrap_or(16_384).min(16_384)),
        pixels: u64::from(most) * 1_000_000,
        fit: asked.fit,
        format,
        quality: asked.quality.clamp(1, 100),
        max_bytes: rules.max_bytes,
    })
}

/// The name of a derivation: SKU, position, and the first signs of a hash over the original and the recipe, so that another
/// picture has another address, and the same one the same on every machine.
pub fn name(sku: &str, position: usize, content: &str, recipe: &str, ending: &str) -> String {
    let safe: String = sku
        .chars()
        .take(80)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .collect();
    let hash = blake3::hash(format!("{recipe} {content}").as_bytes()).to_hex();
    format!("{safe}_{position}-{}.{ending}", &hash[..8])
}

/// Puts the derivations of a channel in its folder, takes away those that nothing needs any more, and notes them.
pub fn place(
    settings: &Settings,
    channel: &str,
    recipe: &Recipe,
    state: &mut State,
    findings: &mut Vec<Diagnostic>,
) -> Result<ChannelPictures, Failure> {
    let media = Media::new(&settings.store);
    let folder = folder(&settings.out, channel);
    let code = recipe.code();
    let before = state.channels.remove(channel).unwrap_or_default();
    let mut now = Derivations {
        recipe: code.clone(),
        ..Derivations::default()
    };
    for (sku, pictures) in &state.products {
        for picture in pictures {
            let file = match state.made.get(&code).and_then(|made| made.get(&picture.content)) {
                Some(Made::File(file)) => file,
                Some(Made::Refused(refusal)) => {
                    findings.push(refusal.finding(&picture.value).of(sku.clone()));
                    continue;
                }
                None => continue,
            };
            let name = name(sku, picture.position, &picture.content, &code, recipe.ending());
            let to = folder.join(&name);
            let there = std::fs::metadata(&to).is_ok_and(|there| there.len() == file.bytes);
            if !there || before.files.get(&name) != Some(file) {
                copy(&media.derived(&code, &picture.content), &to)?;
            }
            now.files.insert(name.clone(), file.clone());
            now.products
                .entry(sku.clone())
                .or_default()
                .push((picture.value.clone(), name));
        }
    }
    take_away(&settings.out, channel, &before.files, &now.files)?;
    let pictures = ChannelPictures {
        channel: channel.to_owned(),
        folder: settings.shown(&folder),
        files: now.files.len() as u64,
        bytes: now.files.values().map(|file| file.bytes).sum(),
    };
    state.channels.insert(channel.to_owned(), now);
    Ok(pictures)
}

/// Takes the files of a channel away that the state noted, and that are not wanted any more. What is not noted is not ours,
/// whatever it is called; and what lies behind a link is left alone.
pub fn take_away(
    out: &Path,
    channel: &str,
    noted: &BTreeMap<String, DerivedFile>,
    wanted: &BTreeMap<String, DerivedFile>,
) -> Result<(), Failure> {
    let folder = folder(out, channel);
    let is_real = |folder: &Path| std::fs::symlink_metadata(folder).is_ok_and(|there| there.is_dir());
    if !is_name(channel) || !is_real(&out.join(channel)) || !is_real(&folder) {
        return Ok(());
    }
    for name in noted.keys().filter(|name| !wanted.contains_key(*name) && is_name(name)) {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::io("remove", &path, &error)),
            _ => {}
        }
    }
    Ok(())
}

/// True for the name of something in a folder: it leads nowhere else.
fn is_name(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|last| last == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_say_their_content() {
        let made = name("A/1 ñ..x", 2, "0123", "r", "jpg");
        assert!(made.starts_with("A-1----x_2-") && made.len() == 23, "{made}");
        assert_ne!(made, name("A/1 ñ..x", 2, "0123", "s", "jpg"));
    }

    #[test]
    fn nothing_is_taken_away_elsewhere() {
        for name in ["A_1-0123abcd.jpg", "google-es", "..."] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".", "..", "../a.jpg", "/a.jpg", "a/b.jpg", "a/", "a/.."] {
            assert!(!is_name(name), "{name}");
        }
    }
}
