//! Compiling one rule: names to field numbers, patterns to programs, every fault told.
//!
//! What the checks mean is left to the files of their topics.

use crate::channel::pack::file::RuleFile;
use crate::channel::pack::{Pack, bad_pattern, regex};
use crate::diagnostic::Diagnostic;
use regex::Regex;

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

/// Why a rule has nothing to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It does not apply in this market.
    Idle,
    /// It would need what the text says.
    Unchecked(&'static str),
}

/// The way out for a check that its topic's file does not know; the match above sends none there.
pub const ELSEWHERE: Skip = Skip::Unchecked("no file of this program checks it");

/// Compiles one rule: names to numbers, with every fault told.
pub struct Compiler<'a> {
    pack: &'a Pack,
    market: &'a Market,
    rule: &'a RuleFile,
    /// Fields the rule names, for the words.
    pub fields: Vec<u16>,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    /// Begins with a rule; what is wrong with it goes to `faults`.
    pub fn new(
        pack: &'a Pack,
        market: &'a Market,
        rule: &'a RuleFile,
        faults: &'a mut Vec<Diagnostic>,
    ) -> Compiler<'a> {
        Compiler {
            pack,
            market,
            rule,
            fields: Vec::new(),
            faults,
        }
    }

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
    pub fn regex(&mut self, pattern: &str) -> Option<Regex> {
        match regex(pattern) {
            Ok(regex) => Some(regex),
            Err(fault) => {
                self.faults
                    .push(bad_pattern(&format!("the rule {}", self.rule.id), &fault));
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
    pub fn pack(&self) -> &'a Pack {
        self.pack
    }

    /// The market.
    pub fn market(&self) -> &'a Market {
        self.market
    }
}
