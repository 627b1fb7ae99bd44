//! Which row of a table is its header, and which column is which.
//!
//! Serves text tables and workbooks alike. What a header means is left to `mapping`.

use crate::diagnostic::excerpt;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::settings::FileSettings;
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

/// How many rows the settings say a header takes.
pub fn height(settings: &FileSettings, shown: &Arc<str>) -> Result<Option<usize>, FeedError> {
    match settings.header_rows {
        None => Ok(None),
        Some(rows @ 1..=3) => Ok(Some(rows as usize)),
        Some(rows) => {
            let message = format!("`header_rows` is {rows}");
            let help = "a header takes 1, 2 or 3 rows; a table without one has `header_row = 0`";
            Err(Refusal::new("E-FILE-SETTING", shown, message, help).into())
        }
    }
}

/// Where a header stands among the first rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// Its first row, counted from 0.
    pub at: usize,
    /// How many rows it takes: 1, or 2 where groups of columns stand above their names.
    pub height: usize,
}

/// Between the group and the name of a column, where a header has both.
const GROUPED: &str = " / ";

/// The header among the first rows: the one that names the most wanted fields, or, where none is named or wanted, the first
/// that reads like names. `height` is what the settings say. `None`: there is no header.
pub fn find(rows: &[Vec<String>], wanted: &[String], height: Option<usize>) -> Option<Heading> {
    let wanted: BTreeSet<String> = wanted
        .iter()
        .map(|field| tidy(field))
        .filter(|field| !field.is_empty())
        .collect();
    let heights = match height {
        Some(height) => height..=height,
        // A mapping that was made of groups and names asks for both.
        None => 1..=1 + wanted.iter().any(|field| field.contains(GROUPED)) as usize,
    };
    let mut best = (0, None);
    for height in heights {
        for at in 0..(rows.len() + 1).saturating_sub(height) {
            let named: BTreeSet<String> = names(&rows[at..at + height]).into_iter().collect();
            let count = named.intersection(&wanted).count();
            if count > best.0 {
                best = (count, Some(Heading { at, height }));
            }
        }
    }
    best.1.or_else(|| {
        let at = looks_like_names(rows)?;
        Some(match height {
            Some(height) => (at + height <= rows.len()).then_some(Heading { at, height })?,
            None => around(rows, at),
        })
    })
}

/// The names of the columns under a header of one row or several. A group stands over its first column and the blank cells
/// after it.
pub fn names(rows: &[Vec<String>]) -> Vec<String> {
    let Some((last, above)) = rows.split_last() else {
        return Vec::new();
    };
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &[String], n: usize| row.get(n).map(|cell| tidy(cell)).unwrap_or_default();
    let mut names: Vec<String> = (0..width).map(|n| cell(last, n)).collect();
    for row in above.iter().rev() {
        let mut group = String::new();
        for (n, name) in names.iter_mut().enumerate() {
            let own = cell(row, n);
            if !own.is_empty() {
                group = own;
            }
            *name = match (name.is_empty(), cell(row, n).is_empty()) {
                (true, true) => String::new(),
                (true, false) => group.clone(),
                (false, _) if group.is_empty() => std::mem::take(name),
                (false, _) => format!("{group}{GROUPED}{name}"),
            };
        }
    }
    names
}

/// The whole header of which this row is one: names may stand below groups of columns, and groups above names that repeat.
fn around(rows: &[Vec<String>], at: usize) -> Heading {
    let filled = |row: &Vec<String>| -> Vec<usize> { (0..row.len()).filter(|n| !row[*n].trim().is_empty()).collect() };
    let alone = Heading { at, height: 1 };
    let all_differ = |names: &[String]| {
        let said: Vec<&String> = names.iter().filter(|name| !name.is_empty()).collect();
        said.len() == said.iter().collect::<BTreeSet<_>>().len()
    };
    if let Some(lower) = rows.get(at + 1) {
        let (own, below) = (filled(&rows[at]), filled(lower));
        let gaps = below.iter().filter(|n| !own.contains(n)).count();
        let words = below.iter().all(|n| !lower[*n].contains(|c: char| c.is_ascii_digit()));
        if below.len() > 1 && gaps > 0 && words && values_begin_below(rows, at + 1) {
            let complete = own.iter().all(|n| below.contains(n));
            if complete && all_differ(&names(&rows[at + 1..=at + 1])) {
                return Heading { at: at + 1, height: 1 };
            }
            if all_differ(&names(&rows[at..at + 2])) {
                return Heading { at, height: 2 };
            }
        }
    }
    let own = names(&rows[at..=at]);
    if let Some(above) = at.checked_sub(1).map(|above| &rows[above])
        && !all_differ(&own)
        && filled(above).len() > 1
        && filled(above).iter().all(|n| !is_value(&above[*n]))
        && all_differ(&names(&rows[at - 1..=at]))
    {
        return Heading { at: at - 1, height: 2 };
    }
    alone
}

/// In some column a word stands in this row and nearly nothing but values below it.
fn values_begin_below(rows: &[Vec<String>], at: usize) -> bool {
    let width = rows[at].len();
    (0..width).any(|n| {
        let below = rows[at + 1..].iter().filter_map(|row| row.get(n));
        let below: Vec<&String> = below.filter(|cell| !cell.trim().is_empty()).collect();
        let values = below.iter().filter(|cell| is_value(cell)).count();
        let word = !rows[at][n].trim().is_empty() && !is_value(&rows[at][n]);
        word && !below.is_empty() && values * 5 >= below.len() * 4
    })
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
        let values = if has_years(&names) {
            0
        } else {
            names.iter().filter(|name| is_value(name)).count()
        };
        let unique: BTreeSet<&String> = names.iter().collect();
        // A name may stand there twice where values begin below it; who asks for it is told.
        let twice = values == 0 && unique.len() * 2 > names.len() && values_begin_below(rows, n);
        // A year or a number may be a column's name; most names are words.
        if values * 3 <= names.len() && unique.len() * 10 >= names.len() * 8 || twice {
            return Some(n);
        }
        if values * 2 > names.len() {
            return None;
        }
    }
    None
}

/// The numbers among the cells are years that follow each other, as the columns of a statistic are called.
fn has_years(names: &[String]) -> bool {
    let numbers: Vec<&String> = names.iter().filter(|name| is_value(name)).collect();
    let is_year = |text: &&String| matches!(text.parse::<u16>(), Ok(1800..=2100)) && text.len() == 4;
    numbers.len() > 2 && numbers.iter().all(is_year) && numbers.windows(2).all(|pair| pair[0] < pair[1])
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

    fn heading(text: &str, wanted: &[&str]) -> Option<Heading> {
        let wanted: Vec<String> = wanted.iter().map(|field| field.to_string()).collect();
        find(&table(text), &wanted, None)
    }

    fn check(text: &str, wanted: &[&str], expected: Option<usize>) {
        let found = heading(text, wanted);
        assert_eq!(found, expected.map(|at| Heading { at, height: 1 }), "{text}");
    }

    #[test]
    fn the_header_is_found_below_a_banner() {
        let text = "Ferretería Aranda;;;\nTel. 976 123 456;;;\n;;;\nRef.;Descripción;PVP;Stock\nA1;Taladro;12,50;3";
        check(text, &[], Some(3));
        check(text, &["PVP", "Ref."], Some(3));
        check("sku;price\nA;1.00", &[], Some(0));
        check("A;1.00;5\nB;2.00;7", &["sku"], None);
        check("price;sku\n1;A", &["sku", "price"], Some(0));
        check("Sales;;;\nShop;2024;2025;2026\nA;10;20;30\nB;5;6;7", &[], Some(1));
        check("2024;10;20;30\n2025;5;6;7", &[], None);
    }

    #[test]
    fn a_header_of_more_rows_than_there_are_is_none() {
        assert_eq!(find(&table("Prices;List"), &[], Some(2)), None);
        assert_eq!(find(&table("Prices;List"), &["Ref".to_owned()], Some(3)), None);
    }

    #[test]
    fn a_header_may_take_two_rows() {
        let data = "A1;Taladro;10,00;49,90\nA2;Sierra;8,00;39,90";
        // Groups that say no more than the names below them.
        check(
            &format!("Datos del articulo;;Precios;\nRef;Nombre;Coste;PVP\n{data}"),
            &[],
            Some(1),
        );
        let both = |text: &str, wanted: &[&str], expected: &str| {
            let rows = table(text);
            let found = heading(text, wanted).map(|found| names(&rows[found.at..found.at + found.height]).join(", "));
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        };
        let split = format!("Ref;Nombre;Precio;\n;;neto;bruto\n{data}");
        both(&split, &[], "Ref, Nombre, Precio / neto, Precio / bruto");
        both(
            &split,
            &["Ref", "Precio / bruto"],
            "Ref, Nombre, Precio / neto, Precio / bruto",
        );
        let again = format!("Articulo;;Tarifa 1;Tarifa 2\nRef;Nombre;Precio;Precio\n{data}");
        both(
            &again,
            &[],
            "Articulo / Ref, Articulo / Nombre, Tarifa 1 / Precio, Tarifa 2 / Precio",
        );
        // A first row of data under a column without a name is no second row of the header.
        check(&format!("Ref;;Coste;PVP\n{data}"), &[], Some(0));
        check(
            &format!("Ref;;Coste;PVP\nX;Clavos;consultar;consultar\n{data}"),
            &["Ref"],
            Some(0),
        );
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
