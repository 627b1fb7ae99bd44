//! Templates of a channel: compiled once, and rendered without the engine where they are simple.
//!
//! What `native` reads (texts, attributes with filters, conditions around them) is rendered here, which is some ten times as
//! fast; everything else is minijinja's, with a limit on its steps. Both give the same texts: an
//! attribute that is not there is nothing, an option prints its code, `option|label` its name, amounts and measures stand in
//! the notation of the channel's locale.

use crate::channel::native::{Condition, GLOBALS, Operand, Piece, native, slug};
use crate::channel::spell::{Form, Spelling};
use crate::channel::variable::{LABEL, Names, Reading, Variable};
use crate::product::Product;
use crate::value::mismatch::Mismatch;
use crate::value::{Value, text};
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Steps one rendering may take.
const FUEL: u64 = 50_000;
/// Longest result, in bytes.
const LONGEST: usize = 1 << 20;

/// A compiled template.
#[derive(Debug, Clone)]
pub struct Template {
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Native(Vec<Piece>),
    Engine {
        name: String,
        variables: Vec<(String, Variable)>,
    },
}

impl Template {
    /// Is it rendered by the engine, which takes some ten times as long.
    pub fn needs_engine(&self) -> bool {
        matches!(self.body, Body::Engine { .. })
    }

    /// The attributes that it may print; one that the engine renders may also only ask for them.
    pub fn readings(&self) -> Vec<&Reading> {
        let mut found = Vec::new();
        match &self.body {
            Body::Native(pieces) => {
                for variable in used(pieces) {
                    found.extend(variable.reading());
                }
            }
            Body::Engine { variables, .. } => found.extend(variables.iter().filter_map(|(_, own)| own.reading())),
        }
        found
    }
}

/// The variables that pieces print; what only decides which piece is taken is no part of the text.
fn used(pieces: &[Piece]) -> Vec<&Variable> {
    let mut found = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Put(variable, _) => found.push(variable),
            // The depth of pieces is limited where they are read.
            Piece::If(_, then, otherwise) => {
                found.extend(used(then));
                found.extend(used(otherwise));
            }
        }
    }
    found
}

/// What all templates of a channel share: the engine, how values are spelled, the shop's address.
#[derive(Debug, Clone)]
pub struct Templates {
    engine: Environment<'static>,
    form: Form,
    domain: String,
}

impl Templates {
    /// An engine with the filters of this program, and the shop's address.
    pub fn new(domain: &str) -> Templates {
        let mut engine = Environment::new();
        engine.set_fuel(Some(FUEL));
        engine.set_auto_escape_callback(|_| AutoEscape::None);
        engine.set_undefined_behavior(UndefinedBehavior::Lenient);
        engine.set_formatter(print);
        engine.add_filter("slug", |text: String| slug(&text));
        engine.add_filter("plain", |text: String| text::plain(&text).into_owned());
        Templates {
            engine,
            form: Form::prose(),
            domain: domain.trim_end_matches('/').to_string(),
        }
    }

    /// The shop's address, without a stroke at its end.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Compiles a template. Faults: `E-TEMPLATE`, and those of `Names::find`.
    pub fn compile(&mut self, source: &str, names: &Names<'_>) -> Result<Template, Mismatch> {
        let source = with_labels(source);
        if let Some(pieces) = native(&source, names)? {
            return Ok(Template {
                body: Body::Native(pieces),
            });
        }
        let name = source.clone();
        let fault = |fault: minijinja::Error| Mismatch::new("E-TEMPLATE", format!("no template: {}", reason(&fault)));
        self.engine.add_template_owned(name.clone(), source).map_err(fault)?;
        let used = self
            .engine
            .get_template(&name)
            .map_err(fault)?
            .undeclared_variables(false);
        let mut variables = Vec::new();
        for variable in used.into_iter().filter(|name| !GLOBALS.contains(&name.as_str())) {
            let found = names.find(&variable)?;
            variables.push((variable, found));
        }
        variables.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Template {
            body: Body::Engine { name, variables },
        })
    }

    /// Renders a template; the fault of the engine in words where it stops.
    pub fn render(&self, template: &Template, product: &Product, spelling: &Spelling) -> Result<String, String> {
        match &template.body {
            Body::Native(pieces) => {
                let mut out = String::with_capacity(96);
                self.put(pieces, product, spelling, &mut out);
                Ok(out)
            }
            Body::Engine { name, variables } => {
                let context: BTreeMap<&str, minijinja::Value> = variables
                    .iter()
                    .map(|(name, variable)| (name.as_str(), self.engine_value(variable, product, spelling)))
                    .collect();
                let template = self.engine.get_template(name).map_err(|fault| reason(&fault))?;
                let out = template.render(context).map_err(|fault| reason(&fault))?;
                if out.len() > LONGEST {
                    Err("the result is longer than 1 MiB".to_string())
                } else {
                    Ok(out)
                }
            }
        }
    }

    fn put(&self, pieces: &[Piece], product: &Product, spelling: &Spelling, out: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Put(variable, edits) => {
                    let Some(mut text) = self.text(variable, product, spelling) else {
                        continue;
                    };
                    for edit in edits {
                        text = edit.apply(text);
                    }
                    out.push_str(&text);
                }
                Piece::If(condition, then, otherwise) => {
                    let holds = self.holds(condition, product, spelling);
                    self.put(if holds { then } else { otherwise }, product, spelling, out);
                }
            }
        }
    }

    fn holds(&self, condition: &Condition, product: &Product, spelling: &Spelling) -> bool {
        let text = |operand| self.operand(operand, product, spelling);
        match condition {
            Condition::Holds(Operand::Of(variable, edits)) if edits.is_empty() => self.is_true(variable, product),
            Condition::Holds(operand) => !text(operand).is_empty(),
            Condition::Within(a, b) => text(b).contains(text(a).as_ref()),
            Condition::Same(a, b) => text(a) == text(b),
            Condition::Not(condition) => !self.holds(condition, product, spelling),
            Condition::All(all) => all.iter().all(|condition| self.holds(condition, product, spelling)),
            Condition::Any(any) => any.iter().any(|condition| self.holds(condition, product, spelling)),
        }
    }

    fn operand<'a>(&'a self, operand: &'a Operand, product: &'a Product, spelling: &Spelling) -> Cow<'a, str> {
        match operand {
            Operand::Text(text) => Cow::Borrowed(text),
            Operand::Of(variable, edits) => {
                let text = self.text(variable, product, spelling).unwrap_or_default();
                edits.iter().fold(text, |text, edit| edit.apply(text))
            }
        }
    }

    /// What a variable prints; nothing where the product says nothing.
    fn text<'a>(&'a self, variable: &'a Variable, product: &'a Product, spelling: &Spelling) -> Option<Cow<'a, str>> {
        match variable {
            Variable::Sku => Some(Cow::Borrowed(&product.sku)),
            Variable::Domain => Some(Cow::Borrowed(&self.domain)),
            Variable::Model => product.model.as_deref().map(Cow::Borrowed),
            Variable::Family(codes) => {
                let code = product.family.and_then(|family| codes.get(usize::from(family.0)));
                code.map(|code| Cow::Borrowed(&**code))
            }
            Variable::Attribute(reading) => self.value(reading.of(product)?, reading, spelling, false),
            Variable::Label(reading) => self.value(reading.of(product)?, reading, spelling, true),
        }
    }

    fn value<'a>(
        &'a self,
        value: &'a Value,
        reading: &'a Reading,
        spelling: &Spelling,
        label: bool,
    ) -> Option<Cow<'a, str>> {
        Some(match value {
            Value::Option(code) => Cow::Borrowed(if label { reading.label(code) } else { code }),
            Value::Options(codes) => {
                let text = |code: &String| {
                    if label {
                        reading.label(code).to_string()
                    } else {
                        code.clone()
                    }
                };
                Cow::Owned(codes.iter().map(text).collect::<Vec<_>>().join(", "))
            }
            Value::Media(texts) | Value::Reference(texts) => Cow::Owned(texts.join(", ")),
            Value::Text(text) => Cow::Borrowed(text),
            other => self.form.text(other, reading, spelling).ok()?,
        })
    }

    fn is_true(&self, variable: &Variable, product: &Product) -> bool {
        match variable {
            Variable::Sku => !product.sku.is_empty(),
            Variable::Domain => !self.domain.is_empty(),
            Variable::Model => product.model.as_deref().is_some_and(|model| !model.is_empty()),
            Variable::Family(_) => product.family.is_some(),
            Variable::Attribute(reading) | Variable::Label(reading) => match reading.of(product) {
                None | Some(Value::Boolean(false) | Value::Integer(0)) => false,
                Some(_) => true,
            },
        }
    }

    /// A variable as the engine sees it: whole numbers, truth values and lists as such, everything else as it prints.
    fn engine_value(&self, variable: &Variable, product: &Product, spelling: &Spelling) -> minijinja::Value {
        let value = match variable {
            Variable::Attribute(reading) | Variable::Label(reading) => {
                reading.of(product).map(|value| (value, reading))
            }
            _ => None,
        };
        match value {
            Some((Value::Integer(number), _)) => return minijinja::Value::from(*number),
            Some((Value::Boolean(truth), _)) => return minijinja::Value::from(*truth),
            Some((Value::Media(texts) | Value::Reference(texts), _)) => return minijinja::Value::from(texts.clone()),
            Some((Value::Options(codes), reading)) => {
                let label = matches!(variable, Variable::Label(_));
                let text = |code: &String| {
                    if label {
                        reading.label(code).to_string()
                    } else {
                        code.clone()
                    }
                };
                return minijinja::Value::from(codes.iter().map(text).collect::<Vec<_>>());
            }
            _ => {}
        }
        match self.text(variable, product, spelling) {
            Some(text) => minijinja::Value::from(text.into_owned()),
            None => minijinja::Value::UNDEFINED,
        }
    }
}

/// Why the engine stopped, in one line.
pub fn reason(fault: &minijinja::Error) -> String {
    match fault.detail() {
        Some(detail) => format!("{}: {detail}", fault.kind()),
        None => fault.kind().to_string(),
    }
}

/// Prints lists with commas between, and what is not there as nothing.
fn print(
    out: &mut minijinja::Output<'_>,
    state: &mut State<'_, '_>,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    if value.is_none() {
        return Ok(());
    }
    if value.kind() == ValueKind::Seq {
        let texts: Vec<String> = value.try_iter()?.map(|text| text.to_string()).collect();
        return Ok(out.write_str(&texts.join(", "))?);
    }
    minijinja::escape_formatter(out, state, value)
}

/// Rewrites `color|label` to a variable of its own: the engine's filters see a value, and not whose value it is.
fn with_labels(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("label") {
        let (before, behind) = rest.split_at(at);
        let behind = &behind["label".len()..];
        let stem = before.trim_end().strip_suffix('|').map(str::trim_end);
        let ends = !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let inside = out
            .rfind(['{', '}'])
            .max(before.rfind(['{', '}']).map(|at| at + out.len()));
        let open = inside.is_some_and(|at| {
            let so_far = [out.as_str(), before].concat();
            so_far[at..].starts_with('{') || so_far[..at].ends_with('{')
        });
        match stem {
            Some(stem) if ends && open && stem.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                out.push_str(stem);
                out.push_str(LABEL);
            }
            _ => {
                out.push_str(before);
                out.push_str("label");
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}
