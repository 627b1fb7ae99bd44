//! Templates over the raw row: `{{ row['Marca'] }} {{ row['Modelo'] }}`.
//!
//! Templates are written by the people who keep the supplier's file; what the supplier writes is data and never becomes
//! template source. The columns a template names are found before the first row, so that the reader of the feed can
//! deliver them. Plain joins of columns and texts run without the engine.

use minijinja::value::ValueKind;
use minijinja::{Environment, ErrorKind, Value};
use std::collections::BTreeMap;
use std::io;

/// Steps of the engine that one row may take.
const FUEL: u64 = 50_000;
/// Bytes that one row's text may have.
const LONGEST: usize = 1024 * 1024;
/// Name under which the engine keeps the template.
const NAME: &str = "row";

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadTemplate {
    pub message: String,
    pub help: String,
}

/// A template that compiles, with the columns it names.
#[derive(Debug)]
pub struct RowTemplate {
    /// Columns in the order of their first mention.
    columns: Vec<String>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// Columns and texts one after the other.
    Pieces(Vec<Piece>),
    Engine(Box<Environment<'static>>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Position in `columns`.
    Column(usize),
}

/// What a cell gives to a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<'a> {
    /// Nothing is said.
    Silent,
    Text(&'a str),
    Boolean(bool),
    List(Vec<&'a str>),
}

impl RowTemplate {
    /// Compiles a template and finds the columns it names.
    pub fn compile(source: &str) -> Result<RowTemplate, BadTemplate> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_formatter(|out, _, value| write_value(out, value));
        environment
            .add_template_owned(NAME, source.to_string())
            .map_err(|error| does_not_compile(&error))?;
        let mut columns = Vec::new();
        let pieces = scan(source, &mut columns)?;
        let template = environment
            .get_template(NAME)
            .map_err(|error| does_not_compile(&error))?;
        let mut strangers: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        strangers.retain(|name| name != "row" && environment.globals().all(|(known, _)| known != name));
        strangers.sort();
        if let Some(stranger) = strangers.first() {
            return Err(BadTemplate {
                message: format!("the template uses `{stranger}`, which is not there"),
                help: format!("columns are written row['{stranger}']"),
            });
        }
        // Filters and tests are looked up while rendering; one trial tells those that do not exist.
        let silent = vec![Part::Silent; columns.len()];
        if let Err(error) = template.render(context(&columns, &silent))
            && matches!(
                error.kind(),
                ErrorKind::UnknownFilter
                    | ErrorKind::UnknownTest
                    | ErrorKind::UnknownFunction
                    | ErrorKind::UnknownMethod
            )
        {
            return Err(does_not_compile(&error));
        }
        let body = match pieces {
            Some(pieces) => Body::Pieces(pieces),
            None => Body::Engine(Box::new(environment)),
        };
        Ok(RowTemplate { columns, body })
    }

    /// The columns the template names.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Appends the row's text to `out`; `parts` are what the columns hold, in their order.
    pub fn render(&self, parts: &[Part<'_>], out: &mut String) -> Result<(), String> {
        match &self.body {
            Body::Pieces(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => out.push_str(text),
                        Piece::Column(n) => match parts.get(*n) {
                            Some(Part::Text(text)) => out.push_str(text),
                            Some(Part::Boolean(value)) => out.push_str(if *value { "true" } else { "false" }),
                            Some(Part::List(texts)) => join(texts, out),
                            Some(Part::Silent) | None => {}
                        },
                    }
                }
                if out.len() > LONGEST { Err(too_long()) } else { Ok(()) }
            }
            Body::Engine(environment) => {
                let mut writer = Limited {
                    bytes: Vec::new(),
                    full: false,
                };
                let done = environment.get_template(NAME).and_then(|template| {
                    template
                        .render_captured_to(context(&self.columns, parts), &mut writer)
                        .map(|_| ())
                });
                match done {
                    _ if writer.full => Err(too_long()),
                    Err(error) => Err(fragment(&error)),
                    Ok(()) => {
                        out.push_str(&String::from_utf8_lossy(&writer.bytes));
                        Ok(())
                    }
                }
            }
        }
    }
}

/// What the template sees: `row`, with the columns it names.
fn context(columns: &[String], parts: &[Part<'_>]) -> Value {
    let row = columns
        .iter()
        .zip(parts)
        .map(|(column, part)| {
            let value = match part {
                Part::Silent => Value::from(""),
                Part::Text(text) => Value::from(*text),
                Part::Boolean(value) => Value::from(*value),
                Part::List(texts) => texts.iter().map(|text| Value::from(*text)).collect(),
            };
            (column.clone(), value)
        })
        .collect::<BTreeMap<String, Value>>();
    minijinja::context! { row => Value::from(row) }
}

/// Lists are written with commas, nothing as nothing.
fn write_value(out: &mut minijinja::Output, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(());
    }
    if value.kind() == ValueKind::Seq {
        for (n, member) in value.try_iter()?.enumerate() {
            if n > 0 {
                out.write_str(", ")?;
            }
            write_value(out, &member)?;
        }
        return Ok(());
    }
    match value.as_str() {
        Some(text) => out.write_str(text)?,
        None => out.write_str(&value.to_string())?,
    }
    Ok(())
}

fn join(texts: &[&str], out: &mut String) {
    for (n, text) in texts.iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        out.push_str(text);
    }
}

/// Stops a template that writes without end.
struct Limited {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > LONGEST {
            self.full = true;
            return Err(io::Error::other("the text is too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_long() -> String {
    format!("the template wrote more than {LONGEST} bytes")
}

fn does_not_compile(error: &minijinja::Error) -> BadTemplate {
    BadTemplate {
        message: format!("the template does not compile: {}", fragment(error)),
        help: "columns are written {{ row['Column'] }}; see https://docs.rs/minijinja for the rest".to_string(),
    }
}

/// The reason alone; the template's own name and line say nothing to a reader of the supplier's file.
fn fragment(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// Collects the columns the source names, and gives its pieces where it is nothing but columns and texts.
fn scan(source: &str, columns: &mut Vec<String>) -> Result<Option<Vec<Piece>>, BadTemplate> {
    let mut pieces = Vec::new();
    let mut plain = true;
    let mut rest = source;
    while let Some(open) = rest
        .find("{{")
        .into_iter()
        .chain(rest.find("{%"))
        .chain(rest.find("{#"))
        .min()
    {
        let (front, block) = rest.split_at(open);
        if !front.is_empty() {
            pieces.push(Piece::Text(front.to_string()));
        }
        let (closing, code) = match block.as_bytes().get(1) {
            Some(b'{') => ("}}", true),
            Some(b'%') => ("%}", true),
            _ => ("#}", false),
        };
        let inner = &block[2..];
        let end = if code {
            end_of_code(inner, closing)
        } else {
            inner.find(closing)
        };
        let Some(end) = end else { break };
        let body = &inner[..end];
        if code {
            let named = names(body, columns)?;
            match named {
                Some(column) if closing == "}}" => pieces.push(Piece::Column(column)),
                _ => plain = false,
            }
        } else {
            plain = false;
        }
        rest = &inner[end + closing.len()..];
    }
    if !rest.is_empty() {
        // The engine drops one line break at the end, and so do we.
        let tail = rest
            .strip_suffix("\r\n")
            .or_else(|| rest.strip_suffix('\n'))
            .unwrap_or(rest);
        pieces.push(Piece::Text(tail.to_string()));
    }
    Ok(plain.then_some(pieces))
}

/// Where the block ends, strings inside it passed over.
fn end_of_code(inner: &str, closing: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if inner[at..].starts_with(closing) => return Some(at),
            None => {}
        }
    }
    None
}

/// Collects the columns that a block names. `Some` where the block is one column and nothing else.
fn names(block: &str, columns: &mut Vec<String>) -> Result<Option<usize>, BadTemplate> {
    let mut only = None;
    let mut rest = block;
    let mut others = false;
    let mut after_point = false;
    while let Some(c) = rest.chars().next() {
        if c == '"' || c == '\'' {
            let (_, tail) = string(rest).ok_or_else(unnamed)?;
            rest = tail;
            others = true;
        } else if c.is_alphabetic() || c == '_' {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (word, tail) = rest.split_at(end);
            rest = tail;
            if word != "row" || after_point {
                others = true;
            } else {
                let (column, tail) = member(tail)?;
                rest = tail;
                let at = columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                    columns.push(column);
                    columns.len() - 1
                });
                others |= only.is_some();
                only = Some(at);
            }
        } else {
            others |= !c.is_whitespace();
            rest = &rest[c.len_utf8()..];
        }
        after_point = c == '.' || (after_point && c.is_whitespace());
    }
    Ok(only.filter(|_| !others))
}

/// The column that stands behind `row`: `['Marca']` or `.marca`.
fn member(text: &str) -> Result<(String, &str), BadTemplate> {
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('[') {
        let (column, tail) = string(inner.trim_start()).ok_or_else(unnamed)?;
        let tail = tail.trim_start().strip_prefix(']').ok_or_else(unnamed)?;
        return Ok((column, tail));
    }
    let inner = text.strip_prefix('.').ok_or_else(unnamed)?.trim_start();
    let end = inner
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(inner.len());
    let (column, tail) = inner.split_at(end);
    if column.is_empty() || tail.trim_start().starts_with('(') {
        return Err(unnamed());
    }
    Ok((column.to_string(), tail))
}

/// A string with its escapes resolved, and what stands behind it.
fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut out = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            'n' if escaped => out.push('\n'),
            't' if escaped => out.push('\t'),
            c if escaped => out.push(c),
            '\\' => {
                escaped = true;
                continue;
            }
            c if c == quote => return Some((out, &text[at + 1..])),
            c => out.push(c),
        }
        escaped = false;
    }
    None
}

fn unnamed() -> BadTemplate {
    BadTemplate {
        message: "the template uses `row` without the name of a column".to_string(),
        help: "columns are written row['Column'], so that they are known before the first row".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, cells: &[(&str, Part<'_>)], expected: &str) {
        let template = RowTemplate::compile(source).unwrap();
        let parts: Vec<Part<'_>> = template
            .columns()
            .iter()
            .map(|column| {
                cells
                    .iter()
                    .find(|(name, _)| name == column)
                    .map_or(Part::Silent, |(_, part)| part.clone())
            })
            .collect();
        let mut out = String::new();
        let got = template
            .render(&parts, &mut out)
            .map_or_else(|reason| format!("! {reason}"), |()| out);
        assert_eq!(got, expected, "{source}");
    }

    #[test]
    fn rows_are_rendered() {
        let row = [
            ("Marca", Part::Text("Bosch")),
            ("modelo", Part::Text("GSR")),
            ("fotos", Part::List(vec!["a", "b"])),
        ];
        check("{{ row['Marca'] }} {{ row.modelo }}", &row, "Bosch GSR");
        check("{{row[\"Marca\"]}}-{{ row['Tono'] }}x\n", &row, "Bosch-x");
        check("{{ row['Marca']|upper }}", &row, "BOSCH");
        check(
            "{% if row['Tono'] %}{{ row['Tono'] }}{% else %}sin{% endif %}",
            &row,
            "sin",
        );
        check("{{ row.fotos }}", &row, "a, b");
        check("{% for foto in row.fotos %}<{{ foto }}>{% endfor %}", &row, "<a><b>");
        check("{# nada #}{{ row.modelo }}", &row, "GSR");
        check("constante", &row, "constante");
        check(
            "{{ row.alta and 'sí' or 'no' }}",
            &[("alta", Part::Boolean(false))],
            "no",
        );
        check("{{ row['d\\'o'] }}", &[("d'o", Part::Text("x"))], "x");
    }

    #[test]
    fn text_of_the_supplier_is_data() {
        for hostile in [
            "{{7*7}}",
            "{% for i in range(999999999) %}x{% endfor %}",
            "{{ self.__init__ }}",
        ] {
            check("{{ row.name }}", &[("name", Part::Text(hostile))], hostile);
            check("{{ row.name|trim }}", &[("name", Part::Text(hostile))], hostile);
        }
    }

    #[test]
    fn endless_templates_are_stopped() {
        check(
            "{% for i in range(90000) %}{{ row.a }}{% endfor %}",
            &[],
            "! engine ran out of fuel",
        );
        let long = "x".repeat(1000);
        check(
            "{% for i in range(2000) %}{{ row.a }}{% endfor %}",
            &[("a", Part::Text(&long))],
            "! the template wrote more than 1048576 bytes",
        );
    }

    #[test]
    fn plain_joins_run_without_the_engine() {
        let plain = |source: &str| matches!(RowTemplate::compile(source).unwrap().body, Body::Pieces(_));
        assert!(plain("{{ row['Marca'] }} {{ row.modelo }} x"));
        assert!(!plain("{{ row['Marca']|upper }}"));
        assert!(!plain("{{- row.a }}"));
    }

    #[test]
    fn faults_are_told() {
        let fault = |source: &str| RowTemplate::compile(source).unwrap_err();
        assert_eq!(fault("{{ Marca }}").help, "columns are written row['Marca']");
        assert_eq!(
            fault("{{ row[x] }}").message,
            "the template uses `row` without the name of a column"
        );
        assert_eq!(
            fault("{{ row }}").message,
            "the template uses `row` without the name of a column"
        );
        assert!(
            fault("{{ row.a ")
                .message
                .starts_with("the template does not compile: syntax error")
        );
        assert!(
            fault("{{ row.a|uper }}").message.contains("uper"),
            "{:?}",
            fault("{{ row.a|uper }}")
        );
    }
}
