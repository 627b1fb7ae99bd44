//! Lists the files of the sample workspace, which `estante demo` carries in the program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where it builds"));
    let mut files = vec![
        root.join("estante.toml"),
        root.join("synonyms.toml"),
        root.join("NOTICE"),
    ];
    for folder in ["schemas", "channels", "copy", "rules", "sample_feeds", "docs/schema"] {
        println!("cargo::rerun-if-changed={folder}");
        gather(&root.join(folder), &mut files);
    }
    println!("cargo::rerun-if-changed=estante.toml");
    println!("cargo::rerun-if-changed=synonyms.toml");
    println!("cargo::rerun-if-changed=NOTICE");
    files.sort();
    let mut list = String::from("[\n");
    for file in files {
        let name = file
            .strip_prefix(&root)
            .expect("all lie below the root")
            .to_string_lossy()
            .replace('\\', "/");
        // Told from the root, since a folder may be moved and its build stays warm.
        writeln!(
            list,
            "    ({name:?}, include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {name:?}))),"
        )
        .expect("a text takes all");
    }
    list.push(']');
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to write"));
    std::fs::write(out.join("sample_files.rs"), list).expect("the target folder can be written");
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => gather(&path, files),
            false => files.push(path),
        }
    }
}
