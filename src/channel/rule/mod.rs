//! What a pack demands, compiled to field numbers, and run: on one listing, on the listings of one group, and in the order
//! of the file.
//!
//! A field's own demands (type, length, words) come first and may mend a listing: an optional value that cannot be is left
//! out, a text that may be cut is cut. Then the pack's rules run on what is left. `Finding`s are small; `Rules::diagnostic`
//! makes the words. What stands in the fields is left to `compose`, how often a finding occurs to `preflight`.

pub mod fault;
pub mod field;
pub mod group;
pub mod identity;
pub mod media;
pub mod moment;
pub mod presence;
pub mod price;
pub mod shape;
pub mod text;
pub mod vocabulary;

use crate::channel::pack::Pack;
use crate::channel::pack::check::Check;
use crate::channel::pack::field::FieldKind;
use crate::channel::pack::file::{RuleFile, RuleSeverity, Status};
use crate::channel::row::Row;
use crate::channel::rule::fault::Fault;
use crate::channel::rule::group::GroupTest;
use crate::channel::rule::identity::{FileTest, IdentityTest, Key};
use crate::channel::rule::media::{MediaTest, Picture};
use crate::channel::rule::presence::PresenceTest;
use crate::channel::rule::price::PriceTest;
use crate::channel::rule::text::TextTest;
use crate::channel::rule::vocabulary::VocabularyTest;
use crate::diagnostic::{Diagnostic, Severity};
use crate::product::listing::{Content, Listing};
use std::borrow::Cow;

/// The rule number of a finding that a field's own declaration demands.
pub const OF_THE_FIELD: u16 = u16::MAX;
/// The field number of a finding that stands in no field.
pub const NO_FIELD: u16 = u16::MAX;
/// Longest excerpt of a value that a finding keeps, in characters.
const EXCERPT: usize = 200;

/// What becomes of a listing on the channel. Ordered: `Ready < Degraded < Blocked`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It leaves as it is.
    #[default]
    Ready,
    /// It leaves, but a value is lost or the channel likely shows it less.
    Degraded,
    /// The channel would refuse it: it does not leave.
    Blocked,
}

/// What was done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The channel would refuse the item.
    Refused,
    /// The value was left out.
    LeftOut,
    /// The text was cut, or values beyond the limit were left out.
    Cut,
    /// Sent as it is.
    Sent,
    /// Worth knowing only.
    Noted,
}

impl Outcome {
    /// What it makes of the listing.
    pub fn verdict(self) -> Verdict {
        match self {
            Outcome::Refused => Verdict::Blocked,
            Outcome::LeftOut | Outcome::Cut | Outcome::Sent => Verdict::Degraded,
            Outcome::Noted => Verdict::Ready,
        }
    }

    /// How it weighs as a diagnostic.
    pub fn severity(self) -> Severity {
        match self {
            Outcome::Refused => Severity::Error,
            Outcome::LeftOut | Outcome::Cut | Outcome::Sent => Severity::Warning,
            Outcome::Noted => Severity::Info,
        }
    }
}

/// One finding about one listing, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's number, or `OF_THE_FIELD`.
    pub rule: u16,
    /// The field's number, or `NO_FIELD`.
    pub field: u16,
    /// What is wrong.
    pub fault: Fault,
    /// What was done about it.
    pub outcome: Outcome,
    /// The value, shortened.
    pub value: Option<Box<str>>,
}

/// Where a channel sells, as far as rules ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Market {
    /// Country (ISO 3166-1), in capitals.
    pub country: Option<String>,
    /// The shop's domain without scheme (`tienda.example`).
    pub domain: Option<String>,
    /// Language of the texts (`es`).
    pub language: String,
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

/// Why a rule has nothing to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It does not apply in this market.
    Idle,
    /// It would need what the text says.
    Unchecked(&'static str),
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
            let mut compiler = Compiler {
                pack,
                market,
                rule: file,
                fields: Vec::new(),
                faults: &mut faults,
            };
            let test = compiler.test();
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
        let content = listing.contents.get(usize::from(key.field)).unwrap_or(&Content::Empty);
        Some(finding(
            number,
            rule.outcome,
            fault,
            Some(key.field),
            Some(content.first()),
        ))
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

/// What some findings make of a listing.
pub fn verdict(findings: &[Finding]) -> Verdict {
    findings
        .iter()
        .map(|finding| finding.outcome.verdict())
        .max()
        .unwrap_or_default()
}

/// Takes the findings of one rule.
pub struct Sink<'a> {
    rule: u16,
    outcome: Outcome,
    out: &'a mut Vec<Finding>,
}

impl Sink<'_> {
    /// Notes a finding.
    pub fn found(&mut self, fault: Fault, field: Option<u16>, value: Option<&str>) {
        self.out.push(finding(self.rule, self.outcome, fault, field, value));
    }
}

/// A finding with a shortened value.
pub fn finding(rule: u16, outcome: Outcome, fault: Fault, field: Option<u16>, value: Option<&str>) -> Finding {
    let value = value.filter(|value| !value.is_empty()).map(|value| {
        let end = value.char_indices().nth(EXCERPT + 1).map_or(value.len(), |(at, _)| at);
        Box::from(&value[..end])
    });
    Finding {
        rule,
        field: field.unwrap_or(NO_FIELD),
        fault,
        outcome,
        value,
    }
}

/// The content of a field of a listing; nothing past its end.
pub fn content(listing: &Listing, field: u16) -> &Content {
    listing.contents.get(usize::from(field)).unwrap_or(&Content::Empty)
}

/// Is the field filled.
pub fn filled(listing: &Listing, field: u16) -> bool {
    !content(listing, field).is_empty()
}

/// The first text of a field, or `""`.
pub fn first(listing: &Listing, field: u16) -> &str {
    content(listing, field).first()
}

/// Runs over the texts of a content that are not empty, without allocating.
pub fn each<'a>(content: &'a Content, mut then: impl FnMut(&'a str)) {
    match content {
        Content::Empty => {}
        Content::One(text) => {
            if !text.is_empty() {
                then(text);
            }
        }
        Content::Many(texts) => texts.iter().filter(|text| !text.is_empty()).for_each(|text| then(text)),
        Content::Groups(groups) => {
            groups
                .iter()
                .flatten()
                .filter(|(_, text)| !text.is_empty())
                .for_each(|(_, text)| then(text));
        }
    }
}

/// Compiles one rule: names to numbers, with every fault told.
pub struct Compiler<'a> {
    pack: &'a Pack,
    market: &'a Market,
    rule: &'a RuleFile,
    fields: Vec<u16>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Compiler<'_> {
    /// The number of a field, which the sentences about the rule name; a name that is none is told, and number 0 given.
    pub fn field(&mut self, name: &str) -> u16 {
        let number = self.number(name);
        if !self.fields.contains(&number) {
            self.fields.push(number);
        }
        number
    }

    /// The number of the field that groups, which must be the one the pack groups by. Sentences do not name it.
    pub fn group(&mut self, name: &str) -> u16 {
        let number = self.number(name);
        if self.pack.group != Some(number) {
            self.fault(
                format!("groups by {name}"),
                "name this field as `identity.group` of the pack",
            );
        }
        number
    }

    fn number(&mut self, name: &str) -> u16 {
        self.pack.number(name).unwrap_or_else(|| {
            self.faults
                .push(self.pack.unknown_field(name, &format!("the rule {}", self.rule.id)));
            0
        })
    }

    /// The numbers of several fields.
    pub fn fields(&mut self, names: &[String]) -> Vec<u16> {
        names.iter().map(|name| self.field(name)).collect()
    }

    /// A regular expression; one that is none is told.
    pub fn regex(&mut self, pattern: &str) -> Option<regex::Regex> {
        match crate::channel::pack::regex(pattern) {
            Ok(regex) => Some(regex),
            Err(fault) => {
                self.faults.push(crate::channel::pack::bad_pattern(
                    &format!("the rule {}", self.rule.id),
                    &fault,
                ));
                None
            }
        }
    }

    /// Tells a fault of the rule.
    pub fn fault(&mut self, message: String, help: &str) {
        self.faults
            .push(Diagnostic::error("E-PACK-RULE", format!("the rule {} {message}", self.rule.id)).with_help(help));
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        self.pack
    }

    /// The market.
    pub fn market(&self) -> &Market {
        self.market
    }

    fn test(&mut self) -> Test {
        let Some(check) = &self.rule.check else {
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
            | Check::ForbiddenIf { .. } => PresenceTest::compile(check, self).map(Test::Presence),
            Check::MaxLength { .. }
            | Check::Pattern { .. }
            | Check::NotContains { .. }
            | Check::TextPolicy { .. }
            | Check::MaxCount { .. }
            | Check::MinCount { .. }
            | Check::SameCount { .. } => TextTest::compile(check, self).map(Test::Text),
            Check::GtinValid { .. } | Check::IdentifierRule { .. } | Check::ExistsInPrimary { .. } => {
                IdentityTest::compile(check, self).map(Test::Identity)
            }
            Check::Unique { .. } | Check::UniqueTuple { .. } | Check::Contiguous { .. } => {
                FileTest::compile(check, self).map(Test::File)
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
            | Check::StockConsistent { .. } => PriceTest::compile(check, self).map(Test::Price),
            Check::UrlScheme { .. }
            | Check::SameDomain { .. }
            | Check::NoCredentials { .. }
            | Check::NotDomainRoot { .. }
            | Check::Image { .. } => MediaTest::compile(check, self).map(Test::Media),
            Check::RequiredIfCategory { .. } | Check::NotIn { .. } | Check::Disjoint { .. } => {
                VocabularyTest::compile(check, self).map(Test::Vocabulary)
            }
            Check::UniqueWithinGroup { .. }
            | Check::DistinctWithinGroup { .. }
            | Check::GroupSizeMin { .. }
            | Check::ParentBeforeChild { .. }
            | Check::FirstRowOfGroup { .. }
            | Check::RangeEncloses { .. }
            | Check::VariationFamily { .. } => GroupTest::compile(check, self).map(Test::Group),
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

/// The way out for a check that its topic's file does not know; the match above sends none there.
pub const ELSEWHERE: Skip = Skip::Unchecked("no file of this program checks it");
