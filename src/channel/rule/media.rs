//! Addresses and pictures: scheme, domain, path; number, size and kind of the pictures that were loaded.

use crate::channel::pack::Pack;
use crate::channel::pack::check::Check;
use crate::channel::pack::file::ImageRules;
use crate::channel::rule::compiler::{Compiler, ELSEWHERE, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Sink, content, each};
use crate::channel::rule::outside::{LookUp, Outside, Picture};
use crate::channel::rule::shape;
use crate::product::listing::Listing;

/// A rule about addresses or pictures.
#[derive(Debug, Clone)]
pub enum MediaTest {
    /// The address has the scheme.
    Scheme { field: u16, scheme: String },
    /// The addresses are on the domain or below it.
    Domain { fields: Vec<u16>, domain: String },
    /// No user name in the addresses.
    NoCredentials { fields: Vec<u16> },
    /// The address has a path.
    NotRoot { field: u16 },
    /// The pictures keep to the pack's rules.
    Image { field: u16 },
}

impl MediaTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<MediaTest, Skip> {
        Ok(match check {
            Check::UrlScheme { field, value } => MediaTest::Scheme {
                field: compiler.field(field),
                scheme: value.trim_end_matches("://").to_string(),
            },
            Check::SameDomain { fields } => {
                let fields = compiler.fields(fields);
                match &compiler.market().domain {
                    Some(domain) => MediaTest::Domain {
                        fields,
                        domain: bare_domain(domain),
                    },
                    None => return Err(Skip::Unchecked("the channel names no domain")),
                }
            }
            Check::NoCredentials { fields } => MediaTest::NoCredentials {
                fields: compiler.fields(fields),
            },
            Check::NotDomainRoot { field } => MediaTest::NotRoot {
                field: compiler.field(field),
            },
            Check::Image { field } => MediaTest::Image {
                field: compiler.field(field),
            },
            _ => return Err(ELSEWHERE),
        })
    }

    /// Runs the rule on a listing.
    pub fn run(&self, pack: &Pack, listing: &Listing, outside: &Outside<'_>, sink: &mut Sink<'_>) {
        match self {
            MediaTest::Scheme { field, scheme } => each(content(listing, *field), |text| {
                if !text
                    .split_once("://")
                    .is_some_and(|(own, _)| own.eq_ignore_ascii_case(scheme))
                {
                    sink.found(Fault::Scheme, Some(*field), Some(text));
                }
            }),
            MediaTest::Domain { fields, domain } => {
                for field in fields {
                    each(content(listing, *field), |text| {
                        if !is_below(text, domain) {
                            sink.found(Fault::ForeignDomain, Some(*field), Some(text));
                        }
                    });
                }
            }
            MediaTest::NoCredentials { fields } => {
                for field in fields {
                    each(content(listing, *field), |text| {
                        let authority = shape::after_scheme(text).and_then(|rest| rest.split(['/', '?', '#']).next());
                        if authority.is_some_and(|authority| authority.contains('@')) {
                            sink.found(Fault::Credentials, Some(*field), Some(text));
                        }
                    });
                }
            }
            MediaTest::NotRoot { field } => each(content(listing, *field), |text| {
                let path = shape::after_scheme(text)
                    .and_then(|rest| rest.split_once('/'))
                    .map_or("", |(_, path)| path);
                let query = text.contains('?');
                if path.trim_matches('/').is_empty() && !query {
                    sink.found(Fault::DomainRoot, Some(*field), Some(text));
                }
            }),
            MediaTest::Image { field } => {
                if let Some(picture) = outside.picture {
                    pictures(&pack.file.images, *field, listing, picture, sink);
                }
            }
        }
    }
}

/// Checks the pictures of a field, as far as they were loaded.
pub fn pictures(rules: &ImageRules, field: u16, listing: &Listing, picture: &LookUp<'_>, sink: &mut Sink<'_>) {
    let content = content(listing, field);
    if rules.max_count.is_some_and(|most| content.count() > most as usize) {
        sink.found(Fault::TooManyPictures, Some(field), Some(&content.count().to_string()));
    }
    each(content, |address| {
        let Some(picture) = picture(address) else { return };
        let Picture {
            format,
            width,
            height,
            bytes,
        } = &picture;
        let (width, height) = (*width, *height);
        if !rules.formats.is_empty() && !rules.formats.contains(format) {
            sink.found(Fault::PictureFormat, Some(field), Some(address));
        }
        let small =
            rules.min_width.is_some_and(|least| width < least) || rules.min_height.is_some_and(|least| height < least);
        if small {
            sink.found(Fault::PictureSmall, Some(field), Some(address));
        }
        let pixels = u64::from(width) * u64::from(height);
        let large = rules.max_side.is_some_and(|most| width.max(height) > most)
            || rules
                .max_megapixels
                .is_some_and(|most| pixels > u64::from(most) * 1_000_000);
        if large {
            sink.found(Fault::PictureLarge, Some(field), Some(address));
        }
        if rules.max_bytes.is_some_and(|most| *bytes > most) {
            sink.found(Fault::PictureHeavy, Some(field), Some(address));
        }
    });
}

/// `https://www.tienda.example/` as `tienda.example`.
pub fn bare_domain(domain: &str) -> String {
    let rest = shape::after_scheme(domain).unwrap_or(domain);
    let host = shape::host(rest).to_ascii_lowercase();
    host.strip_prefix("www.").unwrap_or(&host).to_string()
}

fn is_below(address: &str, domain: &str) -> bool {
    let Some(rest) = shape::after_scheme(address) else {
        return false;
    };
    let host = shape::host(rest);
    let Some(start) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let (Some(before), Some(end)) = (host.get(..start), host.get(start..)) else {
        return false;
    };
    end.eq_ignore_ascii_case(domain) && (before.is_empty() || before.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_domain_and_what_is_below_it_is_ones_own() {
        let domain = bare_domain("https://www.Tienda.example/es/");
        assert_eq!(domain, "tienda.example");
        for (address, expected) in [
            ("https://tienda.example/p/1", true),
            ("https://www.tienda.example", true),
            ("HTTP://M.TIENDA.EXAMPLE/x", true),
            ("https://malatienda.example/p", false),
            ("https://tienda.example.evil.test/p", false),
            ("https://tienda.example@evil.test/p", false),
            ("https://evil.test/tienda.example", false),
            ("https://ñtienda.example/", false),
            ("tienda.example", false),
        ] {
            assert_eq!(is_below(address, &domain), expected, "{address}");
        }
    }
}
