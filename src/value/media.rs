//! Addresses of pages, pictures and documents: what may stand in a catalog at all.
//!
//! Only the form is checked here. Whether an address may be opened (private networks, redirects, sizes) is decided where it
//! is opened; a path never becomes a file name before it was found in a folder.

use crate::value::mismatch::Mismatch;
use crate::value::text;
use crate::value::text::{has_control, has_invisible};
use std::borrow::Cow;

/// Longest address kept, in bytes; channels allow 2,000 characters.
const LONGEST: usize = 4096;

/// Reads an http(s) address. Spaces are percent-encoded; all else stays as it is.
///
/// Refused: other schemes (`javascript:`, `data:`, `file:`, `ftp:`), addresses without scheme or host, credentials in the
/// address, control and invisible characters.
pub fn address(text: &str) -> Result<Cow<'_, str>, Mismatch> {
    let text = checked(text)?;
    let Some(rest) = strip_scheme(text) else {
        return Err(Mismatch::new("E-URL", "not an http(s) address")
            .with_help("write the whole address, beginning with https://"));
    };
    host(rest)?;
    Ok(encoded(text))
}

/// Reads an http(s) address, or a relative path below the supplier's media folder (`img/8412.jpg`).
///
/// Paths that begin with `/` or a drive, hold `..` or a backslash, or name another scheme are refused.
pub fn place(text: &str) -> Result<Cow<'_, str>, Mismatch> {
    let text = checked(text)?;
    if let Some(rest) = strip_scheme(text) {
        host(rest)?;
        return Ok(encoded(text));
    }
    if text.contains('\\') {
        return Err(Mismatch::new("E-MEDIA", "a path with backslashes")
            .with_help("write paths with / and relative to the supplier's folder; a `replace` step can do it"));
    }
    let first = text.split('/').next().unwrap_or(text);
    if first.is_empty() || first.contains(':') {
        return Err(
            Mismatch::new("E-MEDIA", "neither an http(s) address nor a relative path").with_help(
                "write the whole address, beginning with https://, or a path relative to the supplier's folder",
            ),
        );
    }
    if text.split('/').any(|part| part == "..") {
        return Err(Mismatch::new("E-MEDIA", "a path that leaves its folder")
            .with_help("write a path relative to the supplier's folder, without .."));
    }
    Ok(Cow::Borrowed(text))
}

fn checked(text: &str) -> Result<&str, Mismatch> {
    let text = text::trimmed(text);
    if text.is_empty() {
        return Err(Mismatch::no_value());
    }
    if text.len() > LONGEST {
        return Err(
            Mismatch::new("E-URL", format!("an address of more than {LONGEST} bytes"))
                .with_help("check that the column holds one address a cell; several are parted with `split`"),
        );
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text);
    }
    if has_control(text) || text.contains(['\n', '\r', '\t']) || has_invisible(text) {
        return Err(
            Mismatch::new("E-URL", "an address with control or invisible characters")
                .with_help("several addresses in one cell are parted with `split`"),
        );
    }
    Ok(text)
}

fn strip_scheme(text: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let front = text.get(..scheme.len())?;
        front.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    })
}

/// Checks what stands between the scheme and the path.
fn host(rest: &str) -> Result<(), Mismatch> {
    let end = rest
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'))
        .unwrap_or(rest.len());
    let authority = &rest[..end];
    if authority.contains('@') {
        return Err(Mismatch::new("E-URL-CREDENTIALS", "an address with a user name in it")
            .with_help("credentials do not belong in a catalog; give an address that needs none"));
    }
    let (name, port) = if let Some(inner) = authority.strip_prefix('[') {
        match inner.split_once(']') {
            Some((name, port)) => (name, port.strip_prefix(':').unwrap_or(port)),
            None => ("", ""),
        }
    } else {
        authority.split_once(':').unwrap_or((authority, "0"))
    };
    let bracketed = authority.starts_with('[');
    let named = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_') || (bracketed && c == ':');
    let port_fits = port.is_empty() || port.parse::<u16>().is_ok();
    if name.is_empty() || !name.chars().all(named) || !port_fits {
        return Err(Mismatch::new("E-URL", "an address without a valid host name")
            .with_help("write the whole address, as in https://shop.example/picture.jpg"));
    }
    Ok(())
}

fn encoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) && text.contains(char::is_whitespace) {
        let mut out = String::with_capacity(text.len() + 8);
        for c in text.chars() {
            if c.is_whitespace() {
                out.push_str("%20")
            } else {
                out.push(c)
            }
        }
        Cow::Owned(out)
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: fn(&str) -> Result<Cow<'_, str>, Mismatch>, text: &str, expected: &str) {
        let got = read(text).map_or_else(|mismatch| mismatch.code.to_string(), Cow::into_owned);
        assert_eq!(got, expected, "{text:?}");
    }

    #[test]
    fn addresses_are_kept_as_they_are() {
        check(
            address,
            " https://tienda.example/a%20b.jpg?x=1#y ",
            "https://tienda.example/a%20b.jpg?x=1#y",
        );
        check(address, "HTTP://ñandú.example:8080", "HTTP://ñandú.example:8080");
        check(
            address,
            "https://shop.example/mi foto.jpg",
            "https://shop.example/mi%20foto.jpg",
        );
        check(address, "http://[2001:db8::1]/x.png", "http://[2001:db8::1]/x.png");
        check(place, "fotos/taladro 1.jpg", "fotos/taladro 1.jpg");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "file:///etc/hostname",
            "ftp://shop.example/",
            "//shop.example/x.png",
            "/etc/hostname",
            "http:///x",
            "http://",
            "http://a b.example/",
            "http://shop.example:99999/",
            "https://shop.example/a\nhttps://shop.example/b",
            "https://shop.example/\u{202e}gpj.exe",
            "www.shop.example",
        ] {
            check(address, text, "E-URL");
        }
        check(address, "http://user:pw@shop.example/", "E-URL-CREDENTIALS");
        check(place, "http://images.example%2f@127.0.0.1/", "E-URL-CREDENTIALS");
        for text in [
            "../secret.png",
            "a/../../b.png",
            "C:\\fotos\\x.jpg",
            "C:/fotos/x.jpg",
            "//host/x.png",
            "data:image/png,x",
        ] {
            check(place, text, "E-MEDIA");
        }
        check(address, " ", "I-NO-VALUE");
    }
}
