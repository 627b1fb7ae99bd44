//! Templates with loops, settings and whatever else is left to minijinja, with this program's functions and a limit on steps.
//!
//! What prints nothing outside `[[ … ]]` ends the rendering, as it does in templates that need no engine.

use crate::enrich::copy::expression::{Scene, unknown_function};
use crate::enrich::copy::grammar::Language;
use crate::enrich::copy::spell::Term;
use crate::enrich::copy::variable::{FORMS, Names, Variable};
use crate::enrich::copy::words::{FUNCTIONS, Function, Setting, constant, escape};
use crate::value::mismatch::Mismatch;
use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Steps one rendering may take.
const FUEL: u64 = 50_000;
/// The one template of each engine.
const NAME: &str = "copy";
/// Names that the engine itself knows.
const GLOBALS: [&str; 4] = ["debug", "dict", "namespace", "range"];
/// Says that something printed nothing.
const SILENT: &str = "prints nothing";

/// A template with its engine.
#[derive(Debug, Clone)]
pub struct Engine {
    environment: Box<Environment<'static>>,
    variables: Vec<(String, Variable)>,
}

/// Why the engine refuses a template: the fault, and the line it stands in, counted from 1.
#[derive(Debug)]
pub struct Refusal {
    pub mismatch: Mismatch,
    pub line: usize,
}

impl Engine {
    /// Compiles a template whose segments are conditions already. Faults: `E-TEMPLATE`, `E-UNKNOWN-ATTRIBUTE`.
    pub fn compile(source: &str, names: &Names<'_>) -> Result<Engine, Refusal> {
        let refused = |mismatch: Mismatch| Refusal { mismatch, line: 0 };
        let (source, mut variables) = forms(source, names).map_err(refused)?;
        if let Some((name, line)) = unknown_filter(&source) {
            return Err(Refusal {
                mismatch: unknown_function(&name),
                line,
            });
        }
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_formatter(print);
        let html = names.html;
        environment.set_auto_escape_callback(move |_| if html { AutoEscape::Html } else { AutoEscape::None });
        let language = names.vocabulary.locale.language;
        for (name, function, least, most) in FUNCTIONS {
            let apply = function_of(*function, name, *least, *most, language);
            environment.add_function(*name, apply.clone());
            environment.add_filter(*name, apply);
        }
        environment.add_function("filled", |values: Rest<Value>| {
            values.iter().all(|value| !term(value).is_blank())
        });
        let fault = |fault: Error| Refusal {
            line: fault.line().unwrap_or(0),
            mismatch: match fault.kind() {
                ErrorKind::UnknownFilter | ErrorKind::UnknownFunction => {
                    let detail = fault.detail().unwrap_or_default().to_owned();
                    unknown_function(
                        detail
                            .split_whitespace()
                            .rev()
                            .find(|word| word.len() > 1)
                            .unwrap_or_default(),
                    )
                }
                _ => Mismatch::new("E-TEMPLATE", format!("no template: {}", reason(&fault)))
                    .with_help("docs/copy.md shows what templates can do"),
            },
        };
        environment.add_template_owned(NAME, source).map_err(fault)?;
        let used = environment
            .get_template(NAME)
            .map_err(fault)?
            .undeclared_variables(false);
        let mut used: Vec<String> = used.into_iter().collect();
        used.sort();
        for name in used {
            let known = GLOBALS.contains(&name.as_str())
                || name == "filled"
                || Function::named(&name).is_some()
                || variables.iter().any(|(form, _)| *form == name);
            if !known {
                let found = names.find(&name).map_err(refused)?;
                variables.push((name, found));
            }
        }
        Ok(Engine {
            environment: Box::new(environment),
            variables,
        })
    }

    /// The text for a product; none where something that must be there is missing, or the engine stops.
    pub fn render(&self, scene: Scene<'_>) -> Option<String> {
        let mut context: BTreeMap<&str, Value> = self
            .variables
            .iter()
            .map(|(name, variable)| {
                let term = variable.term(scene.product, scene.vocabulary, scene.html);
                (name.as_str(), value(&term))
            })
            .collect();
        context.insert("sku", Value::from(scene.product.sku.as_str()));
        self.environment.get_template(NAME).ok()?.render(context).ok()
    }
}

/// Filters of the engine itself; it would tell of others only when they are needed.
const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "chain",
    "count",
    "d",
    "dictsort",
    "e",
    "escape",
    "float",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "unique",
    "urlencode",
    "zip",
];

/// The first filter that neither the engine nor this program has, and its line.
fn unknown_filter(source: &str) -> Option<(String, usize)> {
    let (mut inside, mut quote, mut line) = (false, None, 1);
    let mut chars = source.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match (inside, quote, c) {
            (_, _, '\n') => line += 1,
            (false, _, '{') => inside = matches!(next, Some('{' | '%')),
            (true, None, '}') => inside = false,
            (true, None, '"' | '\'') => quote = Some(c),
            (true, Some(open), c) if c == open => quote = None,
            (true, None, '|') => {
                let rest = source[at + 1..].trim_start();
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let name = &rest[..end];
                if !name.is_empty() && Function::named(name).is_none() && !FILTERS.contains(&name) {
                    return Some((name.to_owned(), line));
                }
            }
            _ => {}
        }
    }
    None
}

/// Rewrites `facts("power")` and its like to variables of their own: they are looked up before the engine runs.
fn forms(source: &str, names: &Names<'_>) -> Result<(String, Vec<(String, Variable)>), Mismatch> {
    let mut variables = Vec::new();
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some((at, form)) = next_form(rest) {
        let behind = &rest[at + form.len()..];
        let (Some(open), Some(end)) = (behind.find('('), behind.find(')')) else {
            break;
        };
        let args: Vec<String> = behind[open + 1..end]
            .split(',')
            .map(|arg| arg.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|arg| !arg.is_empty())
            .collect();
        let name = format!("form_{}_", variables.len());
        variables.push((name.clone(), names.form(form, &args)?));
        out.push_str(&rest[..at]);
        out.push_str(&name);
        rest = &behind[end + 1..];
    }
    out.push_str(rest);
    Ok((out, variables))
}

/// Where the next form is called, and which.
fn next_form(text: &str) -> Option<(usize, &'static str)> {
    let mut found: Option<(usize, &'static str)> = None;
    for form in FORMS {
        let called = text.match_indices(form).map(|(at, _)| at).find(|at| {
            let alone = !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
            alone && text[at + form.len()..].starts_with('(')
        });
        if let Some(at) = called
            && found.is_none_or(|(first, _)| at < first)
        {
            found = Some((at, form));
        }
    }
    found
}

fn function_of(
    function: Function,
    name: &'static str,
    least: usize,
    most: usize,
    language: Language,
) -> impl Fn(&State<'_, '_>, Rest<Value>) -> Result<Value, Error> + Clone + Send + Sync + 'static {
    move |state, values| {
        if values.len() < least || values.len() > most {
            let message = format!("`{name}` got {} values", values.len());
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        let sku = state.lookup("sku").unwrap_or_default();
        let setting = Setting {
            language,
            sku: sku.as_str().unwrap_or_default(),
        };
        let args: Vec<Term<'static>> = values.iter().map(term).collect();
        Ok(value(&function.apply(args, setting)))
    }
}

/// A value of the engine as this program sees it.
fn term(value: &Value) -> Term<'static> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Term::Nothing,
        ValueKind::Bool => {
            let truth = value.is_true();
            Term::Truth(truth, if truth { "1" } else { "0" })
        }
        ValueKind::Number => match Decimal::from_str_exact(&value.to_string()) {
            Ok(number) => constant(number),
            Err(_) => Term::Nothing,
        },
        ValueKind::Seq => {
            let texts = value.try_iter().into_iter().flatten();
            Term::List(texts.map(|text| Cow::Owned(term(&text).plain().into_owned())).collect())
        }
        _ if value.is_safe() => Term::Html(Cow::Owned(value.to_string())),
        _ => Term::Text(Cow::Owned(value.to_string())),
    }
}

/// The other way: whole numbers and truths as such, other numbers as they print.
fn value(term: &Term<'_>) -> Value {
    match term {
        Term::Nothing => Value::UNDEFINED,
        Term::Text(text) => Value::from(&**text),
        Term::Html(html) => Value::from_safe_string(html.to_string()),
        Term::Number(number, text) => match number.to_i64().filter(|_| number.is_integer()) {
            Some(whole) if text.bytes().all(|byte| byte.is_ascii_digit()) => Value::from(whole),
            _ => Value::from(&**text),
        },
        Term::Truth(truth, _) => Value::from(*truth),
        Term::List(texts) => Value::from(texts.iter().map(|text| Value::from(&**text)).collect::<Vec<_>>()),
    }
}

fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let term = term(value);
    if term.is_blank() {
        return Err(Error::new(ErrorKind::InvalidOperation, SILENT));
    }
    let html = matches!(state.auto_escape(), AutoEscape::Html);
    match &term {
        Term::Html(text) if html => out.write_str(text)?,
        term if html => {
            let mut text = String::new();
            escape(&term.text(), &mut text);
            out.write_str(&text)?;
        }
        term => out.write_str(&term.plain())?,
    }
    Ok(())
}

/// Why the engine stopped, in one line.
fn reason(fault: &Error) -> String {
    match fault.detail() {
        Some(detail) => format!("{}: {detail}", fault.kind()),
        None => fault.kind().to_string(),
    }
}
