//! What the name of a file says of it: its ending, and whether a feed may be called so.
//!
//! What its content says is left to `decode` and `format`.

/// Extension of a file name, in lower case.
pub fn extension(name: &str) -> String {
    name.rsplit(['/', '\\'])
        .next()
        .and_then(|base| base.rsplit_once('.'))
        .map(|(_, end)| end.to_ascii_lowercase())
        .unwrap_or_default()
}

/// The last part of a path.
pub fn base(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// What systems leave behind in archives.
pub fn is_clutter(name: &str) -> bool {
    name.split(['/', '\\'])
        .any(|part| part == "__MACOSX" || part.starts_with('.'))
        || base(name) == "Thumbs.db"
}

/// Archives, read or not.
pub fn is_container(name: &str) -> bool {
    matches!(
        extension(name).as_str(),
        "zip" | "gz" | "tgz" | "tar" | "7z" | "rar" | "bz2" | "xz" | "zst"
    )
}

/// Everything but pictures, documents and archives.
pub fn may_be_feed(name: &str) -> bool {
    const OTHER: [&str; 22] = [
        "jpg", "jpeg", "png", "gif", "webp", "avif", "tif", "tiff", "bmp", "svg", "heic", "eps", "psd", "pdf", "doc",
        "docx", "html", "htm", "mp4", "mov", "md", "dtd",
    ];
    let extension = extension(name);
    !OTHER.contains(&extension.as_str()) && !is_container(name)
}

/// What a file of this name is, where no feed is called so.
pub fn no_feed(name: &str) -> Option<&'static str> {
    let unpacks = matches!(extension(name).as_str(), "zip" | "gz" | "zst");
    (!unpacks && !may_be_feed(name)).then_some("a document or a picture by its name")
}
