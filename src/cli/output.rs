//! How things are told: data to stdout, talk to stderr, colour only where a person looks, a closed pipe no error.

use crate::diagnostic::{Diagnostic, Severity, excerpt};
use crate::workspace::Workspace;
use crate::workspace::difference::ShownEntry;
use crate::workspace::failure::Failure;
use crate::workspace::veil::veiled;
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Version of every JSON document.
pub const SCHEMA_VERSION: u64 = 1;

/// Where and how to tell.
pub struct Output {
    pub json: bool,
    pub quiet: bool,
    pub verbose: bool,
    /// True where stderr is a terminal and may move.
    pub animated: bool,
    colour: bool,
    root: PathBuf,
}

/// Colours by meaning.
#[derive(Debug, Clone, Copy)]
pub enum Tone {
    Good,
    Bad,
    Doubtful,
    Strong,
    Faint,
}

impl Output {
    pub fn new(json: bool, quiet: bool, verbose: bool, no_color: bool, root: &Path) -> Output {
        let plain = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let terminal = std::io::stdout().is_terminal();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Output {
            json,
            quiet,
            verbose,
            animated: std::io::stderr().is_terminal() && !dumb && !quiet && !json,
            colour: !plain && terminal && !dumb,
            root: root.to_owned(),
        }
    }

    /// A text in its tone.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Doubtful => "33",
            Tone::Strong => "1",
            Tone::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Data, to stdout.
    pub fn text(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Data, to stdout. A reader that went away wants no more.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// One JSON document, to stdout; `"schema_version"` is put first.
    pub fn document(&self, mut document: serde_json::Value) {
        let mut whole = serde_json::Map::new();
        whole.insert("schema_version".into(), SCHEMA_VERSION.into());
        if let Some(members) = document.as_object_mut() {
            whole.append(members);
        }
        let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        text.push('\n');
        self.text(&text);
    }

    /// Talk, to stderr.
    pub fn say(&self, text: &str) {
        if !self.quiet && !self.json {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    /// Gives a workspace back, and says what could not be tidied up at its end: the command is done all the same.
    pub fn close(&self, workspace: Workspace) -> Result<(), Failure> {
        if let Some(finding) = workspace.close() {
            let text = self.diagnostic(&finding);
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
        Ok(())
    }

    /// What stopped the command.
    pub fn failure(&self, failure: &Failure) {
        if self.json {
            self.document(serde_json::json!({
                "error": failure.message,
                "help": failure.help,
                "exit_code": failure.exit_code(),
                "diagnostics": failure.diagnostics,
            }));
        }
        let mut text = String::new();
        for diagnostic in &failure.diagnostics {
            text.push_str(&self.told(diagnostic, failure.drawn.as_deref()));
        }
        // A finding that is all there is to say is said once.
        if !matches!(failure.diagnostics.as_slice(), [only] if only.message == failure.message) {
            let _ = writeln!(
                text,
                "{} {}",
                self.paint(Tone::Bad, "error:"),
                excerpt_lines(&failure.message)
            );
        }
        if let Some(help) = &failure.help {
            let _ = writeln!(text, "  {help}");
        }
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }

    /// One finding: in a TOML file with the line it stands on, elsewhere as one line with its help.
    pub fn diagnostic(&self, diagnostic: &Diagnostic) -> String {
        self.told(diagnostic, None)
    }

    /// The same, where `mark` shows its place in what was asked.
    fn told(&self, diagnostic: &Diagnostic, mark: Option<&str>) -> String {
        if let Some(drawn) = self.drawn(diagnostic) {
            return drawn;
        }
        let (tone, word) = match diagnostic.severity {
            Severity::Error => (Tone::Bad, "error"),
            Severity::Warning => (Tone::Doubtful, "warning"),
            Severity::Info => (Tone::Faint, "note"),
        };
        let mut text = format!("{} ", self.paint(tone, &format!("{word}[{}]", diagnostic.code)));
        let place = diagnostic.place.to_string();
        if !place.is_empty() {
            let _ = write!(text, "{}: ", excerpt(&place));
        }
        if let Some(sku) = &diagnostic.sku {
            let _ = write!(text, "{}: ", excerpt(sku));
        }
        text.push_str(&diagnostic.message);
        if let Some(value) = diagnostic.value.as_ref().filter(|_| mark.is_none()) {
            let _ = write!(text, " (found \"{value}\")");
        }
        text.push('\n');
        for line in mark.into_iter().flat_map(str::lines) {
            let _ = writeln!(text, "  {line}");
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(text, "  {}", self.paint(Tone::Faint, help));
        }
        text
    }

    /// A fault of a configuration file, drawn with its source.
    fn drawn(&self, diagnostic: &Diagnostic) -> Option<String> {
        let file = diagnostic
            .place
            .file
            .as_deref()
            .filter(|file| file.ends_with(".toml"))?;
        let line = usize::try_from(diagnostic.place.line?).ok()?;
        let column: usize = diagnostic.place.column.as_deref()?.parse().ok()?;
        let text = veiled(&std::fs::read_to_string(self.root.join(file)).ok()?);
        let start = text
            .split_inclusive('\n')
            .take(line.checked_sub(1)?)
            .map(str::len)
            .sum::<usize>();
        let rest = text.get(start..)?.lines().next()?;
        let before: usize = rest.chars().take(column.checked_sub(1)?).map(char::len_utf8).sum();
        let token = rest.get(before..)?;
        let length = match token.chars().next()? {
            quote @ ('"' | '\'') => token[1..].find(quote).map_or(token.len(), |end| end + 2),
            _ => token
                .find(|c: char| c.is_whitespace() || "=,]}#".contains(c))
                .unwrap_or(token.len()),
        };
        let severity = match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        };
        let mut drawn = MietteDiagnostic::new(diagnostic.message.clone())
            .with_code(diagnostic.code.clone())
            .with_severity(severity)
            .with_label(LabeledSpan::at(start + before..start + before + length.max(1), "here"));
        if let Some(help) = &diagnostic.help {
            drawn = drawn.with_help(help.clone());
        }
        let report = miette::Report::new(drawn).with_source_code(NamedSource::new(file, text).with_language("toml"));
        let theme = if self.colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let mut out = String::new();
        GraphicalReportHandler::new_themed(theme)
            .with_width(110)
            .render_report(&mut out, report.as_ref())
            .ok()?;
        Some(out)
    }

    /// One entry of a plan; of new ones the values only where all is asked for.
    pub fn change(&self, change: &ShownEntry) -> String {
        let mut text = String::new();
        let tone = match change.kind.as_str() {
            "new" => Tone::Good,
            "changed" => Tone::Strong,
            "missing" | "rejected" => Tone::Bad,
            _ => Tone::Doubtful,
        };
        let _ = write!(
            text,
            "{} {}",
            self.paint(tone, &format!("{:8}", change.kind)),
            excerpt(&change.sku)
        );
        if let Some(reason) = &change.reason {
            let _ = write!(text, "  {}", self.paint(Tone::Faint, reason));
        }
        text.push('\n');
        if change.kind == "new" && !self.verbose {
            return text;
        }
        for value in &change.values {
            let side = |side: &Option<String>| side.as_deref().map_or_else(|| "–".to_owned(), excerpt);
            let _ = write!(
                text,
                "           {}: {} → {}",
                value.key,
                side(&value.before),
                side(&value.after)
            );
            if let Some(loss) = &value.loss {
                let told = format!("  not the product's: {}", loss.words);
                text.push_str(&self.paint(Tone::Faint, &told));
            }
            text.push('\n');
        }
        text
    }

    /// Findings grouped by code: the first of each kind in full and the number of the others, or all where asked for. `totals` are
    /// the numbers of all by code, which may be more than those at hand.
    pub fn findings<'d>(
        &self,
        diagnostics: impl Iterator<Item = &'d Diagnostic>,
        totals: &BTreeMap<String, u64>,
    ) -> String {
        let mut text = String::new();
        let mut groups: BTreeMap<(std::cmp::Reverse<Severity>, String), Vec<&Diagnostic>> = BTreeMap::new();
        for diagnostic in diagnostics {
            groups
                .entry((std::cmp::Reverse(diagnostic.severity), diagnostic.code.to_string()))
                .or_default()
                .push(diagnostic);
        }
        let mut told = BTreeSet::new();
        for ((_, code), group) in groups {
            let shown = if self.verbose { group.len() } else { 1 };
            for diagnostic in group.iter().take(shown) {
                text.push_str(&self.diagnostic(diagnostic));
            }
            let total = totals
                .get(&code)
                .copied()
                .unwrap_or(group.len() as u64)
                .max(group.len() as u64);
            if total > shown as u64 {
                let more = count(total - shown as u64);
                let hint = match (group.len() - shown, total - group.len() as u64) {
                    (_, 0) => " (-v shows them)".to_owned(),
                    (0, _) => ", counted and not listed".to_owned(),
                    (listed, _) => format!(" (-v shows {} of them)", count(listed as u64)),
                };
                let _ = writeln!(
                    text,
                    "  {}",
                    self.paint(Tone::Faint, &format!("and {more} more {code}{hint}"))
                );
            }
            told.insert(code);
        }
        for (code, n) in totals.iter().filter(|(code, _)| !told.contains(*code)) {
            let line = format!("and {} {code}, counted and not listed", count(*n));
            let _ = writeln!(text, "  {}", self.paint(Tone::Faint, &line));
        }
        text
    }
}

/// A message of several lines keeps them, each cleaned.
fn excerpt_lines(message: &str) -> String {
    message.lines().map(excerpt).collect::<Vec<_>>().join("\n")
}

/// A table for people: columns as wide as they must be, numbers to the right.
pub struct Table {
    head: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Heads that begin with `>` stand to the right.
    pub fn new(head: &[&str]) -> Table {
        Table {
            right: head.iter().map(|name| name.starts_with('>')).collect(),
            head: head
                .iter()
                .map(|name| name.trim_start_matches('>').to_owned())
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; what is longer than 72 characters is cut.
    pub fn row(&mut self, cells: Vec<String>) {
        let cut = |cell: &String| {
            let cell = excerpt(cell);
            match cell.char_indices().nth(72) {
                Some((at, _)) => format!("{}…", &cell[..at]),
                None => cell,
            }
        };
        self.rows.push(cells.iter().map(cut).collect());
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, indented by two.
    pub fn render(&self, output: &Output) -> String {
        let width = |text: &str| text.chars().count();
        let mut widths: Vec<usize> = self.head.iter().map(|name| width(name)).collect();
        for row in &self.rows {
            for (column, cell) in widths.iter_mut().zip(row) {
                *column = (*column).max(width(cell));
            }
        }
        let mut text = String::new();
        let mut line = |cells: &[String], tone: Option<Tone>| {
            let mut whole = String::from(" ");
            for (n, cell) in cells.iter().enumerate() {
                let pad = " ".repeat(widths.get(n).copied().unwrap_or(0).saturating_sub(width(cell)));
                match self.right.get(n).copied().unwrap_or(false) {
                    true => {
                        let _ = write!(whole, " {pad}{cell} ");
                    }
                    false => {
                        let _ = write!(whole, " {cell}{pad} ");
                    }
                }
            }
            let whole = whole.trim_end();
            text.push_str(&tone.map_or_else(|| whole.to_owned(), |tone| output.paint(tone, whole)));
            text.push('\n');
        };
        line(&self.head, Some(Tone::Faint));
        for row in &self.rows {
            line(row, None);
        }
        text
    }
}

/// A count with its thousands set apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes as people say them.
pub fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} B"),
        1_000..1_000_000 => format!("{:.1} kB", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.2} GB", number as f64 / 1e9),
    }
}

/// Seconds as people say them.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.995 => format!("{:.0} ms", s * 1e3),
        s if s < 60.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// Seconds for JSON: milliseconds are enough.
pub fn rounded(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}
