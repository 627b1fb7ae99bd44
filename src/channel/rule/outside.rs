//! What the program may know from outside the listings: other exports, loaded pictures.
//!
//! Getting it is left to the caller.

/// What is known of a loaded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// File format in capitals: `JPEG`, `PNG`, `WEBP`.
    pub format: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Size of the file.
    pub bytes: u64,
}

/// Finds the picture behind an address.
pub type LookUp<'a> = dyn Fn(&str) -> Option<Picture> + Sync + 'a;

/// What the program may know from outside the listings. Rules that need what is not here are reported as unchecked.
#[derive(Default, Clone, Copy)]
pub struct Outside<'a> {
    /// Did this key stand in the last full export of the primary channel.
    pub primary: Option<&'a (dyn Fn(&str) -> bool + Sync + 'a)>,
    /// The picture behind an address, if it was loaded.
    pub picture: Option<&'a LookUp<'a>>,
}
