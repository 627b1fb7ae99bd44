//! Words of lists and trees: what a category demands, and values that must not meet.

use crate::channel::pack::check::Check;
use crate::channel::pack::field::FieldKind;
use crate::channel::rule::compiler::{Compiler, ELSEWHERE, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Sink, content, each, filled, first};
use crate::product::listing::Listing;

/// A rule about words of lists and trees.
#[derive(Debug, Clone)]
pub enum VocabularyTest {
    /// The fields are filled in some branches of the category tree.
    InCategory {
        fields: Vec<u16>,
        taxonomy: u16,
        ids: Vec<u32>,
        paths: Vec<String>,
    },
    /// The value does not occur among the others.
    NotIn(u16, Vec<u16>),
    /// The fields share no value.
    Disjoint(Vec<u16>),
}

impl VocabularyTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<VocabularyTest, Skip> {
        Ok(match check {
            Check::RequiredIfCategory {
                fields,
                taxonomy,
                category,
                countries,
            } => {
                let fields = compiler.fields(fields);
                let taxonomy = match taxonomy {
                    Some(name) => compiler.field(name),
                    None => {
                        let kinds = &compiler.pack().fields;
                        let Some(number) = kinds.iter().position(|field| field.kind == FieldKind::Taxonomy) else {
                            compiler.fault("finds no field of type taxonomy".to_string(), "name it with `taxonomy`");
                            return Err(ELSEWHERE);
                        };
                        number as u16
                    }
                };
                let (mut ids, mut paths) = (Vec::new(), Vec::new());
                for id in category {
                    match compiler.pack().file.categories.iter().find(|branch| branch.id == *id) {
                        Some(branch) => {
                            ids.extend(id.parse::<u32>());
                            ids.extend(&branch.below);
                            paths.push(branch.path.clone());
                        }
                        None => compiler.fault(format!("names the category {id}"), "describe it under `categories`"),
                    }
                }
                ids.sort_unstable();
                ids.dedup();
                if !countries.is_empty() {
                    match &compiler.market().country {
                        Some(country) if countries.contains(country) => {}
                        Some(_) => return Err(Skip::Idle),
                        None => return Err(Skip::Unchecked("the channel names no country")),
                    }
                }
                VocabularyTest::InCategory {
                    fields,
                    taxonomy,
                    ids,
                    paths,
                }
            }
            Check::NotIn { field, fields } => VocabularyTest::NotIn(compiler.field(field), compiler.fields(fields)),
            Check::Disjoint { fields } => VocabularyTest::Disjoint(compiler.fields(fields)),
            _ => return Err(ELSEWHERE),
        })
    }

    /// Runs the rule on a listing.
    pub fn run(&self, listing: &Listing, sink: &mut Sink<'_>) {
        match self {
            VocabularyTest::InCategory {
                fields,
                taxonomy,
                ids,
                paths,
            } => {
                let category = first(listing, *taxonomy);
                if category.is_empty() {
                    return;
                }
                let inside = match category.parse::<u32>() {
                    Ok(id) => ids.binary_search(&id).is_ok(),
                    Err(_) => paths.iter().any(|path| {
                        category
                            .strip_prefix(path.as_str())
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with(" > "))
                    }),
                };
                if inside {
                    for field in fields.iter().filter(|field| !filled(listing, **field)) {
                        sink.found(Fault::Missing, Some(*field), Some(category));
                    }
                }
            }
            VocabularyTest::NotIn(field, others) => each(content(listing, *field), |text| {
                for other in others {
                    let mut again = false;
                    each(content(listing, *other), |own| again |= own == text);
                    if again {
                        sink.found(Fault::Repeated, Some(*field), Some(text));
                    }
                }
            }),
            VocabularyTest::Disjoint(fields) => {
                for (place, field) in fields.iter().enumerate() {
                    each(content(listing, *field), |text| {
                        for other in &fields[place + 1..] {
                            let mut again = false;
                            each(content(listing, *other), |own| again |= own == text);
                            if again {
                                sink.found(Fault::Overlap, Some(*other), Some(text));
                            }
                        }
                    });
                }
            }
        }
    }
}
