//! `verify`: whether store, search index and exports are whole and agree.

use crate::cli::output::{Output, Tone, bytes, count};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::verify;
use serde_json::json;

/// `verify`: exit code 1 where anything is wrong.
pub fn verify(workspace: Workspace, output: &Output) -> Result<u8, Failure> {
    let verified = verify::verify(&workspace)?;
    if output.json {
        output.document(json!({
            "sound": verified.faults.is_empty(),
            "products": verified.products,
            "layers": verified.layers,
            "indexed": verified.indexed,
            "files": verified.files,
            "pictures": verified.pictures,
            "unused_pictures": verified.unused_pictures,
            "unused_bytes": verified.unused_bytes,
            "deliveries": verified.deliveries,
            "faults": verified.faults,
        }));
    } else if verified.faults.is_empty() {
        output.text(&format!(
            "{}: {} products, {} layers, {} in the search index, {} exported files, {} kept deliveries agree\n",
            output.paint(Tone::Good, "sound"),
            count(verified.products),
            count(verified.layers),
            count(verified.indexed),
            count(verified.files),
            count(verified.deliveries)
        ));
        if verified.unused_pictures > 0 {
            output.text(&format!(
                "{} originals that nothing shows any more take {} in the store: docs/images.md says how to remove them\n",
                count(verified.unused_pictures),
                bytes(verified.unused_bytes)
            ));
        }
    } else {
        let mut text = String::new();
        for fault in &verified.faults {
            text.push_str(&format!("{} {fault}\n", output.paint(Tone::Bad, "fault:")));
        }
        text.push_str("`estante restore DIR` puts a backup back; or remove it and import again; exports are written anew by `estante run`\n");
        output.text(&text);
    }
    Ok(u8::from(!verified.faults.is_empty()))
}
