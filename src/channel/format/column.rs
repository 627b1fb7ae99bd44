//! The columns of a file, and what the formats share in writing texts.

/// A column of a delimited file, or the field of an element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// The field's number in the pack.
    pub field: u16,
    /// Of a group, the parts that the channel fills; empty: all the pack knows.
    pub parts: Vec<String>,
}

/// Appends texts joined by a separator.
pub fn join(texts: impl Iterator<Item = impl AsRef<str>>, separator: &str, out: &mut String) {
    let mut between = "";
    for text in texts.filter(|text| !text.as_ref().is_empty()) {
        out.push_str(between);
        out.push_str(text.as_ref());
        between = separator;
    }
}

/// Is a control character that no format takes: all below blank but tab and line ends.
pub const fn is_forbidden(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')
}
