//! Templates of a channel: compiled once, and rendered without the engine where they are simple.
//!
//! Plain texts, `{{ brand }}`, `{{ sku|slug }}` and an `{% if color %}…{% else %}…{% endif %}` around them are rendered here,
//! which is some ten times as fast; everything else is minijinja's, with a limit on its steps. Both give the same texts: an
//! attribute that is not there is nothing, an option prints its code, `option|label` its name, amounts and measures stand in
//! the notation of the channel's locale.

use crate::channel::spell::{Form, Spelling};
use crate::channel::variable::{LABEL, Names, Reading, Variable};
use crate::product::Product;
use crate::value::mismatch::Mismatch;
use crate::value::{Value, text};
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, State, UndefinedBehavior};
use std::borrow::Cow;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Steps one rendering may take.
const FUEL: u64 = 50_000;
/// Longest result, in bytes.
const LONGEST: usize = 1 << 20;
/// Deepest nesting that is rendered here.
const DEEPEST: usize = 8;

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

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Put(Variable, Vec<Edit>),
    If(Variable, Vec<Piece>, Vec<Piece>),
}

/// A filter that is applied here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Upper,
    Lower,
    Trim,
    Slug,
    UrlEncode,
    Plain,
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
        engine.add_filter("plain", |text: String| text::plain(&text));
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
                Piece::If(variable, then, otherwise) => {
                    let branch = if self.is_true(variable, product) {
                        then
                    } else {
                        otherwise
                    };
                    self.put(branch, product, spelling, out);
                }
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

impl Edit {
    fn named(name: &str) -> Option<Edit> {
        Some(match name {
            "upper" => Edit::Upper,
            "lower" => Edit::Lower,
            "trim" => Edit::Trim,
            "slug" => Edit::Slug,
            "urlencode" => Edit::UrlEncode,
            "plain" => Edit::Plain,
            _ => return None,
        })
    }

    fn apply(self, text: Cow<'_, str>) -> Cow<'_, str> {
        Cow::Owned(match self {
            Edit::Upper => text.to_uppercase(),
            Edit::Lower => text.to_lowercase(),
            Edit::Trim => text.trim().to_string(),
            Edit::Slug => slug(&text),
            Edit::UrlEncode => url_encode(&text),
            Edit::Plain => text::plain(&text),
        })
    }
}

/// Why the engine stopped, in one line.
pub fn reason(fault: &minijinja::Error) -> String {
    match fault.detail() {
        Some(detail) => format!("{}: {detail}", fault.kind()),
        None => fault.kind().to_string(),
    }
}

/// Names that the engine itself knows.
const GLOBALS: [&str; 4] = ["debug", "dict", "namespace", "range"];

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

/// The pieces of a simple template; none where it is for the engine.
fn native(source: &str, names: &Names<'_>) -> Result<Option<Vec<Piece>>, Mismatch> {
    if source.contains('\n') {
        return Ok(None);
    }
    let mut rest = source;
    let pieces = pieces(&mut rest, names, 0)?;
    Ok(pieces.filter(|_| rest.is_empty()))
}

/// Reads pieces up to the end, or up to an `else` or `endif`, which stays.
fn pieces(rest: &mut &str, names: &Names<'_>, depth: usize) -> Result<Option<Vec<Piece>>, Mismatch> {
    let mut out = Vec::new();
    while let Some(at) = rest.find(['{']) {
        let (text, behind) = rest.split_at(at);
        let (closing, statement) = match behind.get(..2) {
            Some("{{") => ("}}", false),
            Some("{%") => ("%}", true),
            Some("{#") => return Ok(None),
            _ => {
                out.push(Piece::Text([text, "{"].concat()));
                *rest = &behind[1..];
                continue;
            }
        };
        let Some(end) = behind.find(closing) else {
            return Ok(None);
        };
        let inner = &behind[2..end];
        if inner.starts_with(['-', '+']) || inner.ends_with(['-', '+']) {
            return Ok(None);
        }
        if !text.is_empty() {
            out.push(Piece::Text(text.to_string()));
        }
        let after = &behind[end + 2..];
        if statement {
            let Some(name) = inner.trim().strip_prefix("if ").map(str::trim) else {
                // An `else` or `endif` is the caller's.
                *rest = behind;
                return Ok((depth > 0).then_some(out));
            };
            if !is_name(name) || depth >= DEEPEST {
                return Ok(None);
            }
            let variable = names.find(name)?;
            *rest = after;
            let Some(then) = pieces(rest, names, depth + 1)? else {
                return Ok(None);
            };
            let mut otherwise = Vec::new();
            if let Some(after) = word(rest, "else") {
                *rest = after;
                match pieces(rest, names, depth + 1)? {
                    Some(pieces) => otherwise = pieces,
                    None => return Ok(None),
                }
            }
            let Some(after) = word(rest, "endif") else {
                return Ok(None);
            };
            *rest = after;
            out.push(Piece::If(variable, then, otherwise));
            continue;
        }
        let mut parts = inner.split('|').map(str::trim);
        let name = parts.next().unwrap_or("");
        if !is_name(name) {
            return Ok(None);
        }
        let Some(edits) = parts.map(Edit::named).collect::<Option<Vec<Edit>>>() else {
            return Ok(None);
        };
        out.push(Piece::Put(names.find(name)?, edits));
        *rest = after;
    }
    if depth > 0 {
        return Ok(None);
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_string()));
        *rest = "";
    }
    Ok(Some(out))
}

/// What stands behind `{% word %}`, if the text begins with it.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (inner, after) = text.strip_prefix("{%")?.split_once("%}")?;
    (inner.trim() == word).then_some(after)
}

fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let words = [
        "true", "false", "none", "not", "and", "or", "in", "is", "True", "False", "None", "loop", "self", "super",
    ];
    name.starts_with(first)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !words.contains(&name)
        && !GLOBALS.contains(&name)
}

/// A text as part of an address: small letters without accents, digits, single hyphens.
pub fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    let mut push = |c: char, out: &mut String| {
        if c.is_ascii_alphanumeric() {
            if gap && !out.is_empty() {
                out.push('-');
            }
            gap = false;
            out.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    };
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        let instead = match c {
            'ß' => "ss",
            'æ' | 'Æ' => "ae",
            'œ' | 'Œ' => "oe",
            'ø' | 'Ø' => "o",
            'ł' | 'Ł' => "l",
            'đ' | 'Đ' | 'ð' | 'Ð' => "d",
            'þ' | 'Þ' => "th",
            'ı' => "i",
            c => {
                push(c, &mut out);
                continue;
            }
        };
        instead.chars().for_each(|c| push(c, &mut out));
    }
    out
}

/// A text inside an address, as minijinja's `urlencode` writes it: letters, digits, `/`, `.`, `-` and `_` stay.
fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
