//! The channels' files and the packs they stand on, read and checked.

use crate::channel::Channel;
use crate::channel::pack::Pack;
use crate::channel::settings::ChannelFile;
use crate::declaration::Declaration;
use crate::diagnostic::Diagnostic;
use crate::schema::Schema;
use crate::workspace::folder::{gather, shown};
use std::path::Path;

/// The files of the channels that can be read.
pub fn checked(
    files: Vec<(String, Declaration)>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(String, Declaration, ChannelFile)> {
    let file = |(id, declaration): (String, Declaration)| {
        let file = gather(declaration.check::<ChannelFile>(), faults)?;
        Some((id, declaration, file))
    };
    files.into_iter().filter_map(file).collect()
}

/// The channels with their packs, beside the schema.
pub fn compile(
    root: &Path,
    folder: &str,
    files: &[(String, Declaration, ChannelFile)],
    schema: &Schema,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Channel> {
    let mut channels = Vec::new();
    for (id, declaration, file) in files {
        let path = root.join(folder).join("packs").join(format!("{}.toml", file.pack));
        if file.pack.contains(['/', '\\']) || !path.is_file() {
            let message = format!("there is no pack `{}`", file.pack);
            let help = format!("packs are the files in {}/packs", folder);
            faults.push(declaration.fault(&["pack"], "E-UNKNOWN-PACK", message).with_help(help));
            continue;
        }
        let pack =
            Declaration::read(&path, &shown(root, &path)).and_then(|declaration| Pack::read(&file.pack, &declaration));
        let Some(pack) = gather(pack, faults) else { continue };
        channels.extend(gather(Channel::compile(id, file, declaration, pack, schema), faults));
    }
    channels
}
