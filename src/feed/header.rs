//! Which row of a table is its header, and which column is which.
//!
//! Serves text tables and workbooks alike. What a header means is left to `mapping`.

use crate::diagnostic::excerpt;
use crate::feed::failure::Refusal;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many rows from the top are looked at for a header.
pub const SEARCH: usize = 100;

/// A header name as it is compared: without spaces at the ends, runs of spaces and line breaks as one space.
pub fn tidy(name: &str) -> String {
    let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut out = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The columns of a table and where each wanted field stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Names in the order of the file, tidied.
    pub names: Vec<String>,
    /// For each wanted field its column.
    pub places: Vec<Option<usize>>,
}

/// A wanted field stands in several columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Ambiguous {
    pub name: String,
    /// Columns counted from 1.
    pub columns: Vec<usize>,
}

impl Ambiguous {
    pub fn refusal(&self, shown: &Arc<str>, line: Option<u64>) -> Refusal {
        let columns: Vec<String> = self.columns.iter().map(|n| n.to_string()).collect();
        let name = excerpt(&self.name);
        let message = format!(
            "the column \"{name}\" is there {} times: {}",
            columns.len(),
            columns.join(", ")
        );
        let help = "ask for unique headers, or leave the header out with `header_row = 0` and name columns by number";
        Refusal::new("E-HEADER-DUPLICATE", shown, message, help).at_line(line.unwrap_or(1))
    }
}

impl Columns {
    /// Looks up the wanted fields: by name, and where no name matches by the number of a column without a name.
    pub fn resolve(names: Vec<String>, wanted: &[String]) -> Result<Columns, Ambiguous> {
        let mut places = Vec::with_capacity(wanted.len());
        for field in wanted {
            let field = tidy(field);
            let found: Vec<usize> = (0..names.len())
                .filter(|&n| names[n] == field && !field.is_empty())
                .collect();
            places.push(match found.as_slice() {
                [] => {
                    let number = field.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                    number.filter(|&n| names.get(n).is_some_and(|name| name.is_empty()))
                }
                [one] => Some(*one),
                several => {
                    let columns = several.iter().map(|n| n + 1).collect();
                    return Err(Ambiguous { name: field, columns });
                }
            });
        }
        Ok(Columns { names, places })
    }

    /// Names for a table without a header: 1, 2, 3…
    pub fn numbered(width: usize) -> Vec<String> {
        (1..=width).map(|n| n.to_string()).collect()
    }
}

/// The header among the first rows, counted from 0: the row that names the most wanted fields, or, where none is named or
/// wanted, the first row that reads like names. `None`: there is no header.
pub fn find(rows: &[Vec<String>], wanted: &[String]) -> Option<usize> {
    let wanted: BTreeSet<String> = wanted
        .iter()
        .map(|field| tidy(field))
        .filter(|field| !field.is_empty())
        .collect();
    let mut best = (0, None);
    for (n, row) in rows.iter().enumerate() {
        let named: BTreeSet<String> = row.iter().map(|cell| tidy(cell)).collect();
        let count = named.intersection(&wanted).count();
        if count > best.0 {
            best = (count, Some(n));
        }
    }
    best.1.or_else(|| looks_like_names(rows))
}

/// The first row that is as full as the table below it, whose cells are all different, and none of which is a value.
fn looks_like_names(rows: &[Vec<String>]) -> Option<usize> {
    let filled = |row: &Vec<String>| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let widest = rows.iter().map(filled).max().unwrap_or(0);
    // Half of the widest row: cells of data are often empty, names are not.
    let enough = (widest / 2).max(if widest > 1 { 2 } else { 1 });
    for (n, row) in rows.iter().enumerate() {
        if filled(row) < enough {
            continue;
        }
        let names: Vec<String> = row
            .iter()
            .map(|cell| tidy(cell))
            .filter(|cell| !cell.is_empty())
            .collect();
        let values = names.iter().filter(|name| is_value(name)).count();
        let unique: BTreeSet<&String> = names.iter().collect();
        // A year or a number may be a column's name; most names are words.
        if values * 3 <= names.len() && unique.len() * 10 >= names.len() * 8 {
            return Some(n);
        }
        if values * 2 > names.len() {
            return None;
        }
    }
    None
}

/// Numbers, amounts, dates, addresses: what stands in cells and not above them.
pub fn is_value(text: &str) -> bool {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    (digits > 0 && digits >= letters * 2)
        || text.starts_with("http://")
        || text.starts_with("https://")
        || text.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Vec<Vec<String>> {
        text.lines()
            .map(|line| line.split(';').map(str::to_string).collect())
            .collect()
    }

    fn check(text: &str, wanted: &[&str], expected: Option<usize>) {
        let wanted: Vec<String> = wanted.iter().map(|field| field.to_string()).collect();
        assert_eq!(find(&table(text), &wanted), expected, "{text}");
    }

    #[test]
    fn the_header_is_found_below_a_banner() {
        let text = "Ferretería Aranda;;;\nTel. 976 123 456;;;\n;;;\nRef.;Descripción;PVP;Stock\nA1;Taladro;12,50;3";
        check(text, &[], Some(3));
        check(text, &["PVP", "Ref."], Some(3));
        check("sku;price\nA;1.00", &[], Some(0));
        check("A;1.00;5\nB;2.00;7", &["sku"], None);
        check("price;sku\n1;A", &["sku", "price"], Some(0));
    }

    #[test]
    fn columns_are_resolved_by_name_and_nameless_ones_by_number() {
        let names = ["sku", "", "price"].map(str::to_string).to_vec();
        let wanted = [" sku ", "2", "3", "stock"].map(str::to_string);
        assert_eq!(
            Columns::resolve(names, &wanted).unwrap().places,
            [Some(0), Some(1), None, None]
        );
        let twice = ["sku", "price", "price"].map(str::to_string).to_vec();
        assert!(Columns::resolve(twice.clone(), &["sku".to_string()]).is_ok());
        let error = Columns::resolve(twice, &["price".to_string()]).unwrap_err();
        assert_eq!(error.columns, [2, 3]);
    }
}
