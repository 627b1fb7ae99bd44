//! A plan as a page: one HTML file for people, which needs nothing else and runs nothing.
//!
//! Its filters are buttons that choose by style alone: by what happens to an item, and by the attribute that changes.

use crate::diagnostic::Diagnostic;
use crate::value::text::escaped;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Items of each kind that a page shows; the rest is counted.
const SHOWN: usize = 5_000;
/// Bytes of a value that a page shows.
const LONGEST: usize = 1_000;
/// Attributes that can be chosen.
const CHOSEN: usize = 60;

/// What happens to an item, in the order of the page: what is asked of a person first.
const KINDS: [(&str, &str); 5] = [
    ("held", "retenidos"),
    ("rejected", "rechazados"),
    ("missing", "desaparecidos"),
    ("changed", "cambiados"),
    ("new", "nuevos"),
];

/// A value before and after; `key` is the attribute with its scope.
#[derive(Debug, Clone)]
pub struct PageValue {
    pub key: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Why the product would say something else.
    pub loss: Option<String>,
}

/// One item of the plan.
#[derive(Debug, Clone)]
pub struct PageEntry {
    pub sku: String,
    /// As in `KINDS`.
    pub kind: String,
    pub reason: Option<String>,
    pub values: Vec<PageValue>,
}

/// A page in the making.
#[derive(Debug, Default)]
pub struct Page {
    entries: BTreeMap<usize, (u64, Vec<PageEntry>)>,
    /// How many items change an attribute.
    attributes: BTreeMap<String, u64>,
}

impl Page {
    /// Adds the next item.
    pub fn add(&mut self, entry: PageEntry) {
        let Some(kind) = KINDS.iter().position(|(kind, _)| *kind == entry.kind) else {
            return;
        };
        let mut keys: Vec<&str> = entry.values.iter().map(|value| attribute(&value.key)).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            match self.attributes.get_mut(key) {
                Some(count) => *count += 1,
                None => {
                    self.attributes.insert(key.to_owned(), 1);
                }
            }
        }
        let (count, shown) = self.entries.entry(kind).or_default();
        *count += 1;
        if shown.len() < SHOWN {
            let mut entry = entry;
            let sides = entry
                .values
                .iter_mut()
                .flat_map(|value| [&mut value.before, &mut value.after]);
            for text in sides.flatten().filter(|text| text.len() > LONGEST) {
                text.truncate(text.floor_char_boundary(LONGEST));
                text.push('…');
            }
            shown.push(entry);
        }
    }

    /// The page, with why items are held.
    pub fn html(&self, title: &str, about: &str, reasons: &[Diagnostic]) -> String {
        let mut out = String::from("<!doctype html>\n<html>\n<meta charset=\"utf-8\">\n");
        out.push_str(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        );
        let _ = writeln!(out, "<title>{}</title>\n{STYLE}<style>", escaped(title));
        // Those that change most can be chosen.
        let mut attributes: Vec<(&String, u64)> = self.attributes.iter().map(|(key, count)| (key, *count)).collect();
        attributes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        attributes.truncate(CHOSEN);
        for (kind, _) in KINDS {
            let _ = writeln!(out, "#k-{kind}:checked~table tbody:not(.k-{kind}){{display:none}}");
        }
        for n in 0..attributes.len() {
            let _ = writeln!(out, "#a-{n}:checked~table tbody:not(.a-{n}){{display:none}}");
        }
        let _ = writeln!(out, "</style>\n<h1>{}</h1>\n<p>{}</p>", escaped(title), escaped(about));
        for reason in reasons {
            let help = reason.help.as_deref().unwrap_or_default();
            let _ = writeln!(
                out,
                "<p class=\"why\"><b>{}</b> {}: {}</p>",
                escaped(&reason.code),
                escaped(&reason.message),
                escaped(help)
            );
        }
        let all: u64 = self.entries.values().map(|(count, _)| count).sum();
        choice(&mut out, "k", "all", &format!("all · todos {all}"), true);
        for (n, (kind, spanish)) in KINDS.iter().enumerate() {
            if let Some((count, _)) = self.entries.get(&n) {
                choice(&mut out, "k", kind, &format!("{kind} · {spanish} {count}"), false);
            }
        }
        out.push_str("<hr>\n");
        choice(&mut out, "a", "all", "all attributes · todos los atributos", true);
        for (n, (code, count)) in attributes.iter().enumerate() {
            choice(&mut out, "a", &n.to_string(), &format!("{code} {count}"), false);
        }
        out.push_str(
            "<table>\n<thead><tr><th>SKU<th><th>attribute · atributo<th>before · antes<th>after · después</thead>\n",
        );
        let places: BTreeMap<&str, usize> = attributes
            .iter()
            .enumerate()
            .map(|(n, (code, _))| (code.as_str(), n))
            .collect();
        for (_, entries) in self.entries.values() {
            for entry in entries {
                row(&mut out, entry, &places);
            }
        }
        out.push_str("</table>\n");
        for (n, (count, shown)) in &self.entries {
            if *count > shown.len() as u64 {
                let more = count - shown.len() as u64;
                let _ = writeln!(
                    out,
                    "<p>and {more} more {} · y {more} más {}</p>",
                    KINDS[*n].0, KINDS[*n].1
                );
            }
        }
        out.push_str("</html>\n");
        out
    }
}

fn attribute(key: &str) -> &str {
    key.split('@').next().unwrap_or(key)
}

fn choice(out: &mut String, group: &str, id: &str, label: &str, is_chosen: bool) {
    let checked = if is_chosen { " checked" } else { "" };
    let _ = writeln!(
        out,
        "<input type=\"radio\" name=\"{group}\" id=\"{group}-{id}\"{checked}><label for=\"{group}-{id}\">{}</label>",
        escaped(label)
    );
}

fn row(out: &mut String, entry: &PageEntry, places: &BTreeMap<&str, usize>) {
    let mut marks: Vec<usize> = entry
        .values
        .iter()
        .filter_map(|value| places.get(attribute(&value.key)).copied())
        .collect();
    marks.sort_unstable();
    marks.dedup();
    let marks: String = marks.iter().map(|n| format!(" a-{n}")).collect();
    let rows = entry.values.len().max(1);
    let reason = entry
        .reason
        .as_deref()
        .map_or_else(String::new, |reason| format!("<br><i>{}</i>", escaped(reason)));
    let _ = write!(
        out,
        "<tbody class=\"k-{kind}{marks}\"><tr><th rowspan=\"{rows}\">{}<td rowspan=\"{rows}\"><b>{kind}</b>{reason}",
        escaped(&entry.sku),
        kind = escaped(&entry.kind),
    );
    let side = |side: &Option<String>| side.as_deref().map_or_else(|| "–".to_owned(), escaped);
    for (n, value) in entry.values.iter().enumerate() {
        let _ = writeln!(
            out,
            "{}<td>{}<td class=\"old\">{}<td class=\"{}\">{}{}",
            if n > 0 { "<tr>" } else { "" },
            escaped(&value.key),
            side(&value.before),
            if value.loss.is_some() { "lost" } else { "now" },
            side(&value.after),
            value.loss.as_deref().map_or_else(String::new, |loss| format!(
                "<br><i>not the product's · no es del producto: {}</i>",
                escaped(loss)
            ))
        );
    }
    out.push_str("</tbody>\n");
}

const STYLE: &str = "<style>\nbody{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222}\ntable{border-collapse:collapse;margin-top:1em}\n\
th,td{text-align:left;vertical-align:top;padding:3px 10px;overflow-wrap:anywhere;max-width:40em}\nthead th{position:sticky;top:0;background:#fff}\n\
tbody{border-top:1px solid #ddd}\ni{color:#777;font-size:12px}\n.why{background:#fff4d6;padding:6px 10px}\n.old,.lost{color:#999}\n\
.k-held b{color:#a66300}.k-rejected b,.k-missing b{color:#b00020}.k-new b{color:#1b7f3b}\n\
input{position:absolute;opacity:0}\nlabel{display:inline-block;margin:0 4px 6px 0;padding:3px 10px;border:1px solid #ccc;border-radius:12px;cursor:pointer}\n\
input:checked+label{background:#222;color:#fff}\ninput:focus-visible+label{outline:2px solid #06c}\nhr{border:0;margin:0}\n</style>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_what_is_asked_first_and_runs_nothing() {
        let mut page = Page::default();
        let value = |key: &str, before: Option<&str>, after: &str| PageValue {
            key: key.into(),
            before: before.map(str::to_owned),
            after: Some(after.into()),
            loss: (key == "price").then(|| "the editor wins".to_owned()),
        };
        for (sku, kind, values) in [
            ("N-1", "new", vec![value("name@es", None, "<script>alert(1)</script>")]),
            ("H-1", "held", vec![value("price", Some("10.00 EUR"), "100.00 EUR")]),
            ("L-1", "changed", vec![value("description", None, &"ñ".repeat(5_000))]),
        ] {
            page.add(PageEntry {
                sku: sku.into(),
                kind: kind.into(),
                reason: None,
                values,
            });
        }
        let reason = Diagnostic::warning("G-PRICE-RATIO", "too far").with_help("look");
        let html = page.html("p1: norte", "today", &[reason]);
        assert!(!html.contains("<script"), "{html}");
        assert!(
            html.contains(&["ñ".repeat(500), "…".to_owned()].concat()) && html.len() < 6_000,
            "{}",
            html.len()
        );
        assert!(html.find("H-1") < html.find("N-1"), "{html}");
        for expected in [
            "<label for=\"k-held\">held · retenidos 1</label>",
            "<label for=\"a-1\">name 1</label>",
            "#a-2:checked~table tbody:not(.a-2)",
            "<tbody class=\"k-held a-2\"><tr><th rowspan=\"1\">H-1<td rowspan=\"1\"><b>held</b><td>price<td class=\"old\">10.00 EUR<td class=\"lost\">100.00 EUR<br><i>not the product's · no es del producto: the editor wins</i>",
            "<td class=\"old\">–<td class=\"now\">&lt;script&gt;",
            "<b>G-PRICE-RATIO</b> too far: look",
        ] {
            assert!(html.contains(expected), "{expected}: {html}");
        }
    }

    #[test]
    fn what_a_page_does_not_show_is_counted() {
        let mut page = Page::default();
        for n in 0..SHOWN + 2 {
            page.add(PageEntry {
                sku: format!("S{n}"),
                kind: "missing".into(),
                reason: Some("gone".into()),
                values: Vec::new(),
            });
        }
        let html = page.html("p1", "", &[]);
        assert!(
            html.contains("missing · desaparecidos 5002") && html.contains("and 2 more missing"),
            "{}",
            html.len()
        );
        assert!(html.contains("S4999") && !html.contains("S5000"));
    }
}
