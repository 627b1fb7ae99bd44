//! A channel: what a pack demands, filled from products, checked, and written.
//!
//! The engine knows no channel by its name: packs and channel files are data. Products come in (`Channel::draft`), parts of
//! the feed are checked and rendered side by side (`Preflight::chunk`) and settled in order (`Pass::settle`). Files on disk,
//! and which products there are, is left to `workspace`.

pub mod chunk;
pub mod compile;
pub mod compose;
pub mod delta;
pub mod filter;
pub mod format;
pub mod native;
pub mod pack;
pub mod pieces;
pub mod preflight;
pub mod price;
pub mod row;
pub mod rule;
pub mod settings;
pub mod spell;
pub mod template;
#[cfg(test)]
mod tests;
pub mod variable;

use crate::channel::chunk::{Draft, Preflight};
use crate::channel::compile::FieldCompiler;
use crate::channel::compose::Composer;
use crate::channel::filter::Filter;
use crate::channel::format::Writer;
use crate::channel::format::column::Column;
use crate::channel::pack::Pack;
use crate::channel::pack::format::FormatFile;
use crate::channel::price::{PriceRules, PriceSpelling};
use crate::channel::rule::Rules;
use crate::channel::rule::compiler::Market;
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Finding, OF_THE_FIELD, Outcome, finding};
use crate::channel::rule::media::bare_domain;
use crate::channel::rule::outside::Outside;
use crate::channel::settings::ChannelFile;
use crate::channel::spell::Spelling;
use crate::channel::template::Templates;
use crate::channel::variable::Names;
use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::product::Product;
use crate::product::listing::{Content, Listing};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::number::has_comma;
use crate::value::price::Currency;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::Xxh3;

/// A channel, ready to run.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its code: the file's name without the ending.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The locale it is sold in.
    pub locale: String,
    /// Name of the file it writes.
    pub file: String,
    /// The pack's format that the file is in.
    pub format: String,
    /// Address below which the pictures stand that are files here.
    pub media: Option<String>,
    /// What it demands.
    pub pack: Pack,
    /// The rules of the pack, in this channel's market.
    pub rules: Rules,
    /// Writes its file.
    pub writer: Writer,
    composer: Composer,
    filter: Option<Filter>,
    fingerprint: u64,
}

/// What the file of a channel is checked with.
struct Checked<'a> {
    code: &'a str,
    file: &'a ChannelFile,
    declaration: &'a Declaration,
    schema: &'a Schema,
    faults: Vec<Diagnostic>,
}

impl Channel {
    /// Puts a channel together from its file, which stands in `declaration`, its pack and the workspace's schema. Every
    /// fault is told at once.
    ///
    /// Faults: `E-UNKNOWN-LOCALE`, `E-CHANNEL-FORMAT`, `E-CHANNEL-FILE`, `E-CHANNEL-DOMAIN`, `E-CHANNEL-PRICE`,
    /// `E-CHANNEL-CUSTOM`, `E-CHANNEL-REQUIRED`, `E-CHANNEL-KIND`, `E-CHANNEL-PART`, `E-CHANNEL-AXIS`, `E-CHANNEL-DEPTH`,
    /// `E-CURRENCY`, `E-TEMPLATE`, `E-FILTER`, `E-UNKNOWN-ATTRIBUTE` and kin, `E-PACK-…` of the pack's rules.
    pub fn compile(
        code: &str,
        file: &ChannelFile,
        declaration: &Declaration,
        mut pack: Pack,
        schema: &Schema,
    ) -> Result<Channel, Vec<Diagnostic>> {
        let mut checked = Checked {
            code,
            file,
            declaration,
            schema,
            faults: Vec::new(),
        };
        let fingerprint = fingerprint(file, &pack, schema);
        checked.locale();
        checked.custom();
        checked.media();
        let domain = checked.domain();
        let format = checked.format(&pack);
        let (prices, priced) = checked.prices();
        let spelling = Spelling {
            rules: prices,
            prices: PriceSpelling::new(&pack.file.price),
            currency: checked.currency(),
            comma: has_comma(&file.locale),
            media: file.media.clone(),
        };
        let market = Market {
            country: file.country.as_ref().map(|country| country.to_ascii_uppercase()),
            domain: domain.as_deref().map(bare_domain),
            language: file.locale.clone(),
        };
        let names = Names {
            schema,
            locale: &file.locale,
            channel: code,
            priced: &priced,
        };
        let filter = checked.filter(&names);
        let mut compiler = FieldCompiler {
            names,
            pack: &mut pack,
            declaration,
            templates: Templates::new(domain.as_deref().unwrap_or("")),
            faults: Vec::new(),
        };
        let (fields, columns) = compiler.fields(file);
        let (templates, faults) = (compiler.templates, compiler.faults);
        checked.faults.extend(faults);
        let rules = Rules::compile(&pack, &market)
            .map_err(|faults| checked.faults.extend(faults))
            .ok();
        let writer = format
            .as_ref()
            .and_then(|format| checked.writer(&pack, format, &columns));
        let name = checked.file_name(format.as_ref());
        match (rules, writer) {
            (Some(rules), Some(writer)) if checked.faults.is_empty() => Ok(Channel {
                code: code.to_owned(),
                name: file.name.clone(),
                locale: file.locale.clone(),
                file: name,
                format: format.map_or(String::new(), |format| format.id),
                media: file.media.clone(),
                composer: Composer {
                    width: pack.fields.len(),
                    fields,
                    spelling,
                    templates,
                },
                pack,
                rules,
                writer,
                filter,
                fingerprint,
            }),
            _ => {
                // In the order of the file.
                let column =
                    |fault: &Diagnostic| fault.place.column.as_deref().and_then(|text| text.parse::<u64>().ok());
                checked
                    .faults
                    .sort_by_key(|fault| (fault.place.file.clone(), fault.place.line, column(fault)));
                Err(checked.faults)
            }
        }
    }

    /// The listing of a product, or none for a product that does not belong to the channel.
    pub fn draft(&self, product: &Product) -> Option<Draft> {
        if !product.active {
            return None;
        }
        match self.filter.as_ref().map_or(Ok(true), |filter| filter.wants(product)) {
            Ok(false) => None,
            Ok(true) => Some(self.composer.compose(&self.pack, product)),
            // A filter that fails must not make products vanish.
            Err(why) => {
                let listing = Listing {
                    product: product.id,
                    sku: product.sku.clone(),
                    model: product.model.clone(),
                    contents: vec![Content::Empty; self.pack.fields.len()],
                };
                let findings = vec![failed(&why)];
                Some(Draft { listing, findings })
            }
        }
    }

    /// Everything a part of the feed is checked and rendered with.
    pub fn preflight<'a>(&'a self, outside: Outside<'a>) -> Preflight<'a> {
        Preflight {
            pack: &self.pack,
            rules: &self.rules,
            writer: Some(&self.writer),
            form: &self.writer,
            outside,
        }
    }

    /// A hash of all that decides what a product becomes here: the channel's file, its pack, the schema, this program.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

fn failed(why: &str) -> Finding {
    finding(OF_THE_FIELD, Outcome::Refused, Fault::FilterFailed, None, Some(why))
}

impl Checked<'_> {
    fn fault(&mut self, path: &[&str], code: &'static str, message: String, help: impl Into<String>) {
        self.faults
            .push(self.declaration.fault(path, code, message).with_help(help));
    }

    fn locale(&mut self) {
        if self.schema.locale_number(&self.file.locale).is_none() {
            let known = self.schema.locales().iter().map(String::as_str);
            let help = suggestion(&self.file.locale, known);
            let message = format!("the workspace has no locale `{}`", excerpt(&self.file.locale));
            self.fault(&["locale"], "E-UNKNOWN-LOCALE", message, help);
        }
    }

    fn custom(&mut self) {
        for (place, name) in self.file.custom.iter().enumerate() {
            if !self.file.fields.contains_key(name) {
                let message = format!("the column `{}` of your own comes from nowhere", excerpt(name));
                let place = place.to_string();
                self.fault(
                    &["custom", &place],
                    "E-CHANNEL-CUSTOM",
                    message,
                    "say under [fields] what fills it",
                );
            }
        }
    }

    fn domain(&mut self) -> Option<String> {
        let domain = self.file.domain.as_ref()?;
        if !rule::shape::is_address(domain) {
            let message = format!("`{}` is no http or https address", excerpt(domain));
            self.fault(
                &["domain"],
                "E-CHANNEL-DOMAIN",
                message,
                "write it as https://tienda.example",
            );
        }
        Some(domain.trim_end_matches('/').to_string())
    }

    fn media(&mut self) {
        if let Some(media) = self.file.media.as_ref().filter(|media| !rule::shape::is_address(media)) {
            let message = format!("`{}` is no http or https address", excerpt(media));
            self.fault(
                &["media"],
                "E-CHANNEL-DOMAIN",
                message,
                "write it as https://tienda.example/media",
            );
        }
    }

    fn format(&mut self, pack: &Pack) -> Option<FormatFile> {
        let found = match &self.file.format {
            None => pack.file.formats.first(),
            Some(id) => pack.format(id),
        };
        if found.is_none() {
            let known = pack.file.formats.iter().map(|format| format.id.as_str());
            let id = self.file.format.as_deref().unwrap_or("");
            let help = suggestion(id, known);
            let message = format!("the pack {} has no format `{}`", pack.code, excerpt(id));
            self.fault(&["format"], "E-CHANNEL-FORMAT", message, help);
        }
        found.cloned()
    }

    fn currency(&mut self) -> Option<Currency> {
        let code = self.file.currency.as_deref()?;
        match Currency::parse(code) {
            Ok(currency) => Some(currency),
            Err(mismatch) => {
                let mut fault = self.declaration.fault(&["currency"], mismatch.code, mismatch.message);
                fault.help = mismatch.help;
                self.faults.push(fault);
                None
            }
        }
    }

    fn prices(&mut self) -> (PriceRules, Vec<AttributeId>) {
        let settings = &self.file.price;
        for (key, number) in [("multiply", settings.multiply), ("round", settings.round)] {
            if number.is_some_and(|number| number < Decimal::ZERO || (key == "multiply" && number.is_zero())) {
                let message = format!("`{key}` must be above zero");
                self.fault(
                    &["price", key],
                    "E-CHANNEL-PRICE",
                    message,
                    "write a number such as \"1.05\" or \"0.95\"",
                );
            }
        }
        let mut attributes: Vec<AttributeId> = Vec::new();
        match &settings.attributes {
            None => attributes.extend(self.schema.known().price),
            Some(names) => {
                for (place, name) in names.iter().enumerate() {
                    match self.schema.by_code(name) {
                        Some(id) => attributes.push(id),
                        None => {
                            let known = self.schema.attributes().map(|(_, attribute)| &*attribute.code);
                            let help = suggestion(name, known);
                            let place = place.to_string();
                            let message = format!("unknown attribute `{}`", excerpt(name));
                            self.fault(&["price", "attributes", &place], "E-UNKNOWN-ATTRIBUTE", message, help);
                        }
                    }
                }
            }
        }
        let rules = PriceRules {
            multiply: settings.multiply,
            add: settings.add,
            ending: settings.round.map(|ending| (ending, PriceRules::step(ending))),
        };
        (rules, attributes)
    }

    fn filter(&mut self, names: &Names<'_>) -> Option<Filter> {
        let source = self.file.filter.as_deref().filter(|source| !source.trim().is_empty())?;
        match Filter::compile(source, names) {
            Ok(filter) => Some(filter),
            Err(mismatch) => {
                let mut fault = self.declaration.fault(&["filter"], mismatch.code, mismatch.message);
                fault.help = mismatch.help;
                self.faults.push(fault);
                None
            }
        }
    }

    fn writer(&mut self, pack: &Pack, format: &FormatFile, columns: &[Column]) -> Option<Writer> {
        let mut head: BTreeMap<String, String> = self.file.head.clone();
        let domain = self.file.domain.clone().unwrap_or_default();
        for name in &format.head {
            let default = if matches!(name.as_str(), "link" | "id") {
                &domain
            } else {
                &self.file.name
            };
            head.entry(name.clone()).or_insert_with(|| default.clone());
        }
        match Writer::new(pack, format, columns, &head) {
            Ok(writer) => Some(writer),
            Err(error) => {
                let place = self.declaration.place(&["format"]);
                self.faults
                    .push(Diagnostic::error("E-CHANNEL-FORMAT", error.to_string()).at(place));
                None
            }
        }
    }

    fn file_name(&mut self, format: Option<&FormatFile>) -> String {
        let ending = format
            .and_then(|format| format.extensions.first())
            .map_or("txt", String::as_str);
        let Some(name) = &self.file.file else {
            return format!("{}.{ending}", self.code);
        };
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.starts_with('.') || !name.chars().all(plain) || name.is_empty() || name.len() > 100 {
            let message = format!("`{}` is no name of a file", excerpt(name));
            let help = "write letters, digits, `-`, `_` and `.`; the folder is out/<channel>";
            self.fault(&["file"], "E-CHANNEL-FILE", message, help);
        }
        name.clone()
    }
}

fn fingerprint(file: &ChannelFile, pack: &Pack, schema: &Schema) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for text in [serde_json::to_string(file), serde_json::to_string(&pack.file)] {
        hasher.update(&[0]);
        hasher.update(text.unwrap_or_default().as_bytes());
    }
    hasher.update(&schema.fingerprint().to_le_bytes());
    hasher.digest()
}
