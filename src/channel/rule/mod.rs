//! What a pack demands, compiled to field numbers, and run: on one listing, on the listings of one group, and in the order
//! of the file.
//!
//! A field's own demands (type, length, words) come first and may mend a listing: an optional value that cannot be is left
//! out, a text that may be cut is cut. Then the pack's rules run on what is left. `Finding`s are small; `Rules::diagnostic`
//! makes the words. What stands in the fields is left to `compose`, how often a finding occurs to `preflight`.

pub mod compiler;
pub mod fault;
pub mod field;
pub mod finding;
pub mod group;
pub mod identity;
pub mod media;
pub mod moment;
pub mod outside;
pub mod presence;
pub mod price;
pub mod quantity;
pub mod shape;
pub mod text;
pub mod vocabulary;

use crate::channel::pack::Pack;
use crate::channel::pack::check::Check;
use crate::channel::pack::field::FieldKind;
use crate::channel::pack::file::{RuleSeverity, Status};
use crate::channel::row::Row;
use crate::channel::rule::compiler::{Compiler, Market, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{
    Finding, NO_FIELD, OF_THE_FIELD, Outcome, Sink, Verdict, content, finding, verdict,
};
use crate::channel::rule::group::GroupTest;
use crate::channel::rule::identity::{FileTest, IdentityTest, Key};
use crate::channel::rule::media::MediaTest;
use crate::channel::rule::outside::Outside;
use crate::channel::rule::presence::PresenceTest;
use crate::channel::rule::price::PriceTest;
use crate::channel::rule::text::TextTest;
use crate::channel::rule::vocabulary::VocabularyTest;
use crate::diagnostic::{Diagnostic, Severity};
use crate::product::listing::Listing;
use std::borrow::Cow;

/// The rules of a pack in a market, ready to run.
#[derive(Debug, Clone)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Numbers of the rules that run on one listing.
    item: Vec<u16>,
    /// Numbers of the rules that run on a group.
    group: Vec<u16>,
    /// Numbers of the rules that compare all items of the file.
    file: Vec<u16>,
    /// Largest file and longest line, with the number of the rule that says so.
    max_file_bytes: Option<(u16, u64)>,
    max_line_bytes: Option<(u16, u64)>,
    field_pictures: Vec<u16>,
}

#[derive(Debug, Clone)]
struct Rule {
    id: String,
    text: String,
    outcome: Outcome,
    /// Fields the rule names, for the words.
    fields: Vec<u16>,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Presence(PresenceTest),
    Text(TextTest),
    Identity(IdentityTest),
    Price(PriceTest),
    Media(MediaTest),
    Vocabulary(VocabularyTest),
    Group(GroupTest),
    File(FileTest),
    MaxFileBytes,
    MaxLineBytes,
    /// It does not apply in this market.
    Idle,
    /// For a person, or for data from outside; the text says what it would need.
    Unchecked(&'static str),
}

impl Test {
    fn compile(check: Option<&Check>, compiler: &mut Compiler<'_>) -> Test {
        let Some(check) = check else {
            return Test::Unchecked("it is for a person");
        };
        let test = match check {
            Check::Required { .. }
            | Check::OneOfRequired { .. }
            | Check::RequiredIf { .. }
            | Check::Requires { .. }
            | Check::AllOrNone { .. }
            | Check::NotTogether { .. }
            | Check::MinPresent { .. }
            | Check::FamilyRequired { .. }
            | Check::GpsrComplete { .. }
            | Check::JsonRequired { .. }
            | Check::ForbiddenIf { .. } => PresenceTest::compile(check, compiler).map(Test::Presence),
            Check::MaxLength { .. }
            | Check::Pattern { .. }
            | Check::NotContains { .. }
            | Check::TextPolicy { .. }
            | Check::MaxCount { .. }
            | Check::MinCount { .. }
            | Check::SameCount { .. } => TextTest::compile(check, compiler).map(Test::Text),
            Check::GtinValid { .. } | Check::IdentifierRule { .. } | Check::ExistsInPrimary { .. } => {
                IdentityTest::compile(check, compiler).map(Test::Identity)
            }
            Check::Unique { .. } | Check::UniqueTuple { .. } | Check::Contiguous { .. } => {
                FileTest::compile(check, compiler).map(Test::File)
            }
            Check::Lt { .. }
            | Check::Le { .. }
            | Check::Ne { .. }
            | Check::GtConst { .. }
            | Check::Range { .. }
            | Check::RangeFields { .. }
            | Check::ScheduleLt { .. }
            | Check::HasCurrency { .. }
            | Check::MinorUnits { .. }
            | Check::SameUnit { .. }
            | Check::StockConsistent { .. } => PriceTest::compile(check, compiler).map(Test::Price),
            Check::UrlScheme { .. }
            | Check::SameDomain { .. }
            | Check::NoCredentials { .. }
            | Check::NotDomainRoot { .. }
            | Check::Image { .. } => MediaTest::compile(check, compiler).map(Test::Media),
            Check::RequiredIfCategory { .. } | Check::NotIn { .. } | Check::Disjoint { .. } => {
                VocabularyTest::compile(check, compiler).map(Test::Vocabulary)
            }
            Check::UniqueWithinGroup { .. }
            | Check::DistinctWithinGroup { .. }
            | Check::GroupSizeMin { .. }
            | Check::ParentBeforeChild { .. }
            | Check::FirstRowOfGroup { .. }
            | Check::RangeEncloses { .. }
            | Check::VariationFamily { .. } => GroupTest::compile(check, compiler).map(Test::Group),
            Check::MaxFileBytes { .. } => Ok(Test::MaxFileBytes),
            Check::MaxLineBytes { .. } => Ok(Test::MaxLineBytes),
            Check::JsonSchema { .. } | Check::Xsd { .. } => {
                Err(Skip::Unchecked("somebody's schema must accept the file"))
            }
            Check::External { .. } => Err(Skip::Unchecked("it needs data from outside")),
        };
        match test {
            Ok(test) => test,
            Err(Skip::Idle) => Test::Idle,
            Err(Skip::Unchecked(why)) => Test::Unchecked(why),
        }
    }
}

impl Rules {
    /// Compiles the rules of a pack, and tells every field or pattern that is none.
    pub fn compile(pack: &Pack, market: &Market) -> Result<Rules, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let mut out = Rules {
            rules: Vec::new(),
            item: Vec::new(),
            group: Vec::new(),
            file: Vec::new(),
            max_file_bytes: None,
            max_line_bytes: None,
            field_pictures: Vec::new(),
        };
        for file in pack.file.file_rules.iter().chain(&pack.file.rules) {
            let mut compiler = Compiler::new(pack, market, file, &mut faults);
            let test = Test::compile(file.check.as_ref(), &mut compiler);
            let fields = compiler.fields;
            let number = out.rules.len() as u16;
            if number == OF_THE_FIELD {
                return Err(vec![Diagnostic::error(
                    "E-PACK-RULES",
                    "more rules than a pack may have",
                )]);
            }
            match (&test, &file.check) {
                (Test::Group(_), _) => out.group.push(number),
                (Test::File(_), _) => out.file.push(number),
                (Test::MaxFileBytes, Some(Check::MaxFileBytes { value })) => {
                    out.max_file_bytes = Some((number, *value))
                }
                (Test::MaxLineBytes, Some(Check::MaxLineBytes { value })) => {
                    out.max_line_bytes = Some((number, *value))
                }
                (Test::MaxFileBytes | Test::MaxLineBytes | Test::Idle | Test::Unchecked(_), _) => {}
                _ => out.item.push(number),
            }
            let uncertain = file.uncertain || pack.file.status == Status::Uncertain;
            let outcome = match file.severity {
                RuleSeverity::Reject if !uncertain => Outcome::Refused,
                RuleSeverity::Reject | RuleSeverity::Warn => Outcome::Sent,
                RuleSeverity::Info => Outcome::Noted,
            };
            out.rules.push(Rule {
                id: file.id.clone(),
                text: file.text.clone(),
                outcome,
                fields,
                test,
            });
        }
        for (number, field) in pack.fields.iter().enumerate() {
            if field.kind == FieldKind::ImageUrl {
                out.field_pictures.push(number as u16);
            }
        }
        if faults.is_empty() { Ok(out) } else { Err(faults) }
    }

    /// Runs the fields' own demands, which may mend the listing, and the rules that need no other listing.
    pub fn check(&self, pack: &Pack, listing: &mut Listing, outside: &Outside<'_>, out: &mut Vec<Finding>) -> Verdict {
        let first = out.len();
        field::check(pack, listing, out);
        if let Some(picture) = outside.picture {
            for field in &self.field_pictures {
                let outcome = if pack.file.images.uncertain {
                    Outcome::Sent
                } else {
                    Outcome::Refused
                };
                let mut sink = Sink {
                    rule: OF_THE_FIELD,
                    outcome,
                    out,
                };
                media::pictures(&pack.file.images, *field, listing, picture, &mut sink);
            }
        }
        for number in &self.item {
            let Some(rule) = self.rules.get(usize::from(*number)) else {
                continue;
            };
            let mut sink = Sink {
                rule: *number,
                outcome: rule.outcome,
                out,
            };
            match &rule.test {
                Test::Presence(test) => test.run(listing, &mut sink),
                Test::Text(test) => test.run(listing, &mut sink),
                Test::Identity(test) => test.run(listing, outside, &mut sink),
                Test::Price(test) => test.run(listing, &mut sink),
                Test::Media(test) => test.run(pack, listing, outside, &mut sink),
                Test::Vocabulary(test) => test.run(listing, &mut sink),
                Test::Group(_) | Test::File(_) | Test::MaxFileBytes | Test::MaxLineBytes => {}
                Test::Idle | Test::Unchecked(_) => {}
            }
        }
        verdict(&out[first..])
    }

    /// Runs the rules that compare the listings of one group; a finding names its listing by the place in `listings`.
    /// `rows` are the lines the group will make in the file.
    pub fn check_group(&self, listings: &[&Listing], rows: &[Row<'_>], out: &mut Vec<(usize, Finding)>) {
        for number in &self.group {
            let Some(rule) = self.rules.get(usize::from(*number)) else {
                continue;
            };
            if let Test::Group(test) = &rule.test {
                test.run(listings, rows, &mut |of, fault, field, value| {
                    out.push((of, finding(*number, rule.outcome, fault, field, value)));
                });
            }
        }
    }

    /// Are there rules that compare the listings of one group.
    pub fn compares_groups(&self) -> bool {
        !self.group.is_empty()
    }

    /// Do some of them look at rows.
    pub fn compares_rows(&self) -> bool {
        let tests = self
            .group
            .iter()
            .filter_map(|number| self.rules.get(usize::from(*number)));
        tests
            .into_iter()
            .any(|rule| matches!(&rule.test, Test::Group(test) if test.looks_at_rows()))
    }

    /// Gives the keys by which a listing is compared with all others of the file. `member` is handed through.
    pub fn keys(&self, listing: &Listing, member: u32, out: &mut Vec<Key>) {
        for (place, number) in self.file.iter().enumerate() {
            if let Some(Rule {
                test: Test::File(test), ..
            }) = self.rules.get(usize::from(*number))
            {
                test.keys(listing, place as u16, member, out);
            }
        }
    }

    /// Number of rules that compare all items of the file; a key's `set` is below it.
    pub fn key_sets(&self) -> usize {
        self.file.len()
    }

    /// Does the set compare groups by where they stand (`contiguous`) instead of items by their values.
    pub fn is_contiguous(&self, set: u16) -> bool {
        self.file
            .get(usize::from(set))
            .and_then(|number| self.rules.get(usize::from(*number)))
            .is_some_and(|rule| matches!(rule.test, Test::File(FileTest::Contiguous { .. })))
    }

    /// The finding that a key was there before.
    pub fn repeated(&self, key: &Key, listing: &Listing) -> Option<Finding> {
        let number = *self.file.get(usize::from(key.set))?;
        let rule = self.rules.get(usize::from(number))?;
        let fault = if self.is_contiguous(key.set) {
            Fault::Scattered
        } else {
            Fault::Duplicate
        };
        let value = content(listing, key.field).first();
        Some(finding(number, rule.outcome, fault, Some(key.field), Some(value)))
    }

    /// The finding that an item makes a line of the file too long, if a rule forbids so many bytes.
    pub fn line(&self, bytes: usize) -> Option<Finding> {
        let (number, most) = self.max_line_bytes?;
        let rule = self.rules.get(usize::from(number))?;
        (bytes as u64 > most).then(|| finding(number, rule.outcome, Fault::LineTooLong, None, None))
    }

    /// Is there a longest line.
    pub fn limits_lines(&self) -> bool {
        self.max_line_bytes.is_some()
    }

    /// Most bytes of one file, as a rule says.
    pub fn max_file_bytes(&self) -> Option<u64> {
        self.max_file_bytes.map(|(_, bytes)| bytes)
    }

    /// The rules that nobody checks here, once per channel, each with the reason.
    pub fn unchecked(&self, pack: &Pack, outside: &Outside<'_>) -> Vec<Diagnostic> {
        let mut out = Vec::new();
        for rule in &self.rules {
            let why = match &rule.test {
                Test::Unchecked(why) => *why,
                Test::Identity(IdentityTest::ExistsInPrimary { .. }) if outside.primary.is_none() => {
                    "the last export of the primary channel is not loaded"
                }
                Test::Media(MediaTest::Image { .. }) if outside.picture.is_none() => "no pictures are loaded",
                _ => continue,
            };
            out.push(
                Diagnostic::info(Cow::Owned(rule.id.clone()), format!("not checked here, {why}"))
                    .with_help(rule.text.clone()),
            );
        }
        if outside.picture.is_none() && !self.field_pictures.is_empty() && !pack.file.images.formats.is_empty() {
            let message = "size and kind of pictures are not checked here, no pictures are loaded";
            out.push(Diagnostic::info("I-PICTURES-UNCHECKED", message).with_help("see `images` in the pack"));
        }
        out
    }

    /// A finding in words.
    pub fn diagnostic(&self, pack: &Pack, sku: &str, finding: &Finding) -> Diagnostic {
        let (code, message, help) = self.words(pack, finding);
        let mut out = Diagnostic::new(finding.outcome.severity(), code, message).of(sku);
        if let Some(value) = &finding.value {
            out = out.with_value(value);
        }
        out.help = help;
        out
    }

    /// Code, message and help of a finding.
    pub fn words(&self, pack: &Pack, finding: &Finding) -> (Cow<'static, str>, String, Option<String>) {
        let field = if finding.field == NO_FIELD {
            ""
        } else {
            pack.name(finding.field)
        };
        match self.rules.get(usize::from(finding.rule)) {
            Some(rule) if finding.rule != OF_THE_FIELD => {
                let all: Vec<&str> = rule.fields.iter().map(|field| pack.name(*field)).collect();
                let others: Vec<&str> = all.iter().copied().filter(|name| *name != field).collect();
                let message = finding.fault.describe(field, &all.join(", "), &others.join(", "));
                (Cow::Owned(rule.id.clone()), message, Some(rule.text.clone()))
            }
            _ => {
                let prefix = match finding.outcome.severity() {
                    Severity::Error => "E-",
                    Severity::Warning => "W-",
                    Severity::Info => "I-",
                };
                let mut message = finding.fault.describe(field, field, field);
                if let Some(limit) = pack
                    .field(finding.field)
                    .and_then(|field| field::limit(field, finding.fault))
                {
                    message.push_str(&limit);
                }
                message.push_str(match finding.outcome {
                    Outcome::LeftOut => "; it is left out",
                    Outcome::Cut => "; what is too much is cut off",
                    Outcome::Refused | Outcome::Sent | Outcome::Noted => "",
                });
                let help = pack.field(finding.field).and_then(|field| field.help.clone());
                (Cow::Owned(format!("{prefix}{}", finding.fault.code())), message, help)
            }
        }
    }
}
