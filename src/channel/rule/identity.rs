//! What names an item: identifiers that are valid, that are there, and that no other item has.

use crate::channel::pack::check::Check;
use crate::channel::pack::field::FieldKind;
use crate::channel::rule::compiler::{Compiler, ELSEWHERE, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Sink, content, each, filled, first};
use crate::channel::rule::outside::Outside;
use crate::product::listing::Listing;
use crate::value::identifier::Gtin;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// A rule about the identifiers of one listing.
#[derive(Debug, Clone)]
pub enum IdentityTest {
    /// Valid numbers without a refused prefix.
    Gtin { field: u16, refused: Vec<String> },
    /// GTIN, brand and MPN, or the statement that there is none.
    Identifiers {
        gtin: u16,
        brand: u16,
        mpn: u16,
        statement: u16,
    },
    /// In the primary channel's last export.
    ExistsInPrimary { field: u16 },
}

impl IdentityTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<IdentityTest, Skip> {
        Ok(match check {
            Check::GtinValid { field, reject_prefixes } => IdentityTest::Gtin {
                field: compiler.field(field),
                refused: reject_prefixes.clone(),
            },
            Check::IdentifierRule {
                fields: [gtin, brand, mpn, statement],
            } => IdentityTest::Identifiers {
                gtin: compiler.field(gtin),
                brand: compiler.field(brand),
                mpn: compiler.field(mpn),
                statement: compiler.field(statement),
            },
            Check::ExistsInPrimary { field } => IdentityTest::ExistsInPrimary {
                field: compiler.field(field),
            },
            _ => return Err(ELSEWHERE),
        })
    }

    /// Runs the rule on a listing.
    pub fn run(&self, listing: &Listing, outside: &Outside<'_>, sink: &mut Sink<'_>) {
        match self {
            IdentityTest::Gtin { field, refused } => each(content(listing, *field), |text| {
                if !is_gtin(text) {
                    sink.found(Fault::NotGtin, Some(*field), Some(text));
                } else if refused.iter().any(|prefix| has_prefix(text, prefix)) {
                    sink.found(Fault::GtinPrefix, Some(*field), Some(text));
                }
            }),
            IdentityTest::Identifiers {
                gtin,
                brand,
                mpn,
                statement,
            } => {
                let identified = filled(listing, *gtin) || (filled(listing, *brand) && filled(listing, *mpn));
                let said = first(listing, *statement);
                let denied = ["no", "false"].iter().any(|word| said.eq_ignore_ascii_case(word));
                if denied && identified {
                    sink.found(Fault::IdentifierDenied, Some(*statement), Some(said));
                } else if !denied && !identified {
                    sink.found(Fault::NoIdentifier, Some(*gtin), None);
                }
            }
            IdentityTest::ExistsInPrimary { field } => {
                let Some(known) = outside.primary else { return };
                each(content(listing, *field), |text| {
                    if !known(text) {
                        sink.found(Fault::NotInPrimary, Some(*field), Some(text));
                    }
                });
            }
        }
    }
}

/// Is the text a GTIN as channels take it: bare digits, a known length, the right check digit.
pub fn is_gtin(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && Gtin::parse(text).is_ok()
}

/// Has a GTIN the prefix, compared with its 13-digit form: 12 digits get a leading 0, 14 digits lose the indicator. Numbers
/// of 8 digits have prefixes of their own and are compared as they are.
fn has_prefix(gtin: &str, prefix: &str) -> bool {
    match gtin.len() {
        12 => prefix.strip_prefix('0').is_some_and(|rest| gtin.starts_with(rest)),
        14 => gtin.get(1..).is_some_and(|rest| rest.starts_with(prefix)),
        _ => gtin.starts_with(prefix),
    }
}

/// A rule that compares all items of the file. The file is walked in its order, and only hashes are remembered: of a
/// million values, two different ones share a 64-bit hash with a chance of one in 30 million.
#[derive(Debug, Clone)]
pub enum FileTest {
    /// No value twice.
    Unique { field: u16, same: Same },
    /// No combination twice.
    Tuple { fields: Vec<u16> },
    /// Equal values together.
    Contiguous { field: u16 },
}

/// When two values are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// Letter by letter.
    Exact,
    /// Without regard to the case of plain letters.
    Folded,
    /// As trade item numbers: 12 digits and the same with a leading 0 name one item.
    Gtin,
}

/// What one item is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Which of the rules that compare all items.
    pub set: u16,
    /// The field it stands in.
    pub field: u16,
    /// Which item, as the caller counts.
    pub member: u32,
    /// Hash of the value.
    pub hash: u64,
}

impl FileTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<FileTest, Skip> {
        Ok(match check {
            Check::Unique { field } => {
                let field = compiler.field(field);
                let pack = compiler.pack();
                let same = if pack.field(field).is_some_and(|field| field.kind == FieldKind::Gtin) {
                    Same::Gtin
                } else if !pack.file.identity.case_sensitive && pack.key.contains(&field) {
                    Same::Folded
                } else {
                    Same::Exact
                };
                FileTest::Unique { field, same }
            }
            Check::UniqueTuple { fields } => {
                if fields.is_empty() {
                    compiler.fault(
                        "names no fields".to_string(),
                        "name the fields whose combination is unique",
                    );
                }
                FileTest::Tuple {
                    fields: compiler.fields(fields),
                }
            }
            Check::Contiguous { field } => FileTest::Contiguous {
                field: compiler.field(field),
            },
            _ => return Err(ELSEWHERE),
        })
    }

    /// Gives the keys of a listing.
    pub fn keys(&self, listing: &Listing, set: u16, member: u32, out: &mut Vec<Key>) {
        match self {
            FileTest::Unique { field, same } => each(content(listing, *field), |text| {
                let hash = match same {
                    Same::Folded if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                        xxh3_64(text.to_ascii_lowercase().as_bytes())
                    }
                    Same::Gtin => Gtin::parse(text)
                        .map_or_else(|_| xxh3_64(text.as_bytes()), |gtin| xxh3_64(&gtin.key().to_le_bytes())),
                    Same::Exact | Same::Folded => xxh3_64(text.as_bytes()),
                };
                // A value twice in one item is no second item.
                let own = out
                    .iter()
                    .rev()
                    .take_while(|key| key.member == member && key.set == set);
                if !own.clone().any(|key| key.hash == hash) {
                    out.push(Key {
                        set,
                        field: *field,
                        member,
                        hash,
                    });
                }
            }),
            FileTest::Tuple { fields } => {
                if fields.iter().all(|field| !filled(listing, *field)) {
                    return;
                }
                let mut hasher = Xxh3::new();
                for field in fields {
                    each(content(listing, *field), |text| {
                        hasher.update(text.as_bytes());
                        hasher.update(&[0]);
                    });
                    hasher.update(&[1]);
                }
                let field = fields.first().copied().unwrap_or_default();
                out.push(Key {
                    set,
                    field,
                    member,
                    hash: hasher.digest(),
                });
            }
            FileTest::Contiguous { field } => {
                let text = first(listing, *field);
                if !text.is_empty() {
                    out.push(Key {
                        set,
                        field: *field,
                        member,
                        hash: xxh3_64(text.as_bytes()),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_those_of_the_13_digit_form() {
        for (gtin, prefix, expected) in [
            ("2000000000008", "2", true),
            ("0200000000004", "02", true),
            ("200000000004", "02", true),
            ("200000000004", "2", false),
            ("42000000000006", "2", true),
            ("12345678901231", "2", true),
            ("4006381333931", "04", false),
            ("9812345678907", "98", true),
            ("20000004", "2", true),
        ] {
            assert_eq!(has_prefix(gtin, prefix), expected, "{gtin} {prefix}");
        }
    }
}
