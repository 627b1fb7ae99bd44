//! Length, width and height out of one column: which side stands first is said by its header (`Medidas LxAnxAl`), or asked.
//!
//! How a cell is parted is the step's (`transform::parts`).

use crate::mapping::habits::Findings;
use crate::mapping::settings::FieldSettings;
use crate::schema::scope::Key;
use crate::transform::Step;
use crate::transform::parts;
use crate::value::Kind;
use crate::value::text::fold;

/// A side of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Length,
    Width,
    Height,
    /// What headers call deep: the length where nothing else is.
    Depth,
}

/// Words and letters for sides, folded; es, en, de, fr, it, pt. The letters that mean several are told apart by the others.
const WORDS: &[(&str, Side)] = &[
    ("l", Side::Length),
    ("lg", Side::Length),
    ("lar", Side::Length),
    ("largo", Side::Length),
    ("long", Side::Length),
    ("longitud", Side::Length),
    ("length", Side::Length),
    ("lange", Side::Length),
    ("laenge", Side::Length),
    ("longueur", Side::Length),
    ("lunghezza", Side::Length),
    ("comprimento", Side::Length),
    ("c", Side::Length),
    ("w", Side::Width),
    ("an", Side::Width),
    ("anc", Side::Width),
    ("ancho", Side::Width),
    ("anchura", Side::Width),
    ("width", Side::Width),
    ("b", Side::Width),
    ("breite", Side::Width),
    ("largeur", Side::Width),
    ("larghezza", Side::Width),
    ("largura", Side::Width),
    ("h", Side::Height),
    ("al", Side::Height),
    ("alt", Side::Height),
    ("alto", Side::Height),
    ("altura", Side::Height),
    ("height", Side::Height),
    ("hohe", Side::Height),
    ("hoehe", Side::Height),
    ("hauteur", Side::Height),
    ("altezza", Side::Height),
    ("d", Side::Depth),
    ("depth", Side::Depth),
    ("f", Side::Depth),
    ("fondo", Side::Depth),
    ("p", Side::Depth),
    ("prof", Side::Depth),
    ("profundidad", Side::Depth),
    ("profundidade", Side::Depth),
    ("profondeur", Side::Depth),
    ("profondita", Side::Depth),
    ("t", Side::Depth),
    ("tiefe", Side::Depth),
];

/// The codes of the attributes that hold the sides.
const ATTRIBUTES: [(Side, &str); 3] = [
    (Side::Length, "length"),
    (Side::Width, "width"),
    (Side::Height, "height"),
];

/// The sides in the order in which a header names them; `None` where it does not.
fn order(header: &str) -> Option<Vec<Side>> {
    let parts: Vec<String> = header.split(['x', 'X', '×', '*', '/']).map(fold).collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    // Before the first and behind the last stand other words: `Medidas (L x A x H) cm`.
    let last = parts.len() - 1;
    let words: Vec<&str> = parts
        .iter()
        .enumerate()
        .map(|(n, part)| match n {
            0 => part.rsplit(' ').next().unwrap_or_default(),
            n if n == last => part.split(' ').next().unwrap_or_default(),
            _ => part.as_str(),
        })
        .collect();
    // Of two sides `d` is as likely a diameter.
    if words.len() == 2 && words.contains(&"d") {
        return None;
    }
    let known = |word: &str| WORDS.iter().find(|(known, _)| *known == word).map(|(_, side)| *side);
    let mut sides: Vec<Option<Side>> = words.iter().map(|word| known(word)).collect();
    let has = |sides: &[Option<Side>], side| sides.contains(&Some(side));
    // `comprimento x largura x altura`, `largeur x profondeur x hauteur`: beside another length, and something deep, `l` is wide.
    let long = words.contains(&"c") || has(&sides, Side::Depth) && !has(&sides, Side::Width);
    if let Some(wide) = words.iter().position(|word| *word == "l").filter(|_| long) {
        sides[wide] = Some(Side::Width);
    }
    // `a` is wide beside a height, and else the first of two is; beside German letters it is nothing.
    for n in 0..words.len() {
        if words[n] == "a" && !words.contains(&"b") {
            let wide = !has(&sides, Side::Width) && (has(&sides, Side::Height) || words[n + 1..].contains(&"a"));
            sides[n] = Some(if wide { Side::Width } else { Side::Height });
        }
    }
    let mut out: Vec<Side> = sides.into_iter().collect::<Option<_>>()?;
    if !out.contains(&Side::Length) {
        out.iter_mut()
            .filter(|side| **side == Side::Depth)
            .for_each(|side| *side = Side::Length);
    }
    let all_differ = (0..out.len()).all(|n| !out[..n].contains(&out[n]));
    all_differ.then_some(out)
}

impl Findings<'_> {
    /// Fields for the sides of the first column that holds them, where no other column gives them.
    pub fn sides(&mut self) {
        let free = |findings: &Self| -> Vec<(Side, Key, String)> {
            let attributes = ATTRIBUTES.iter().filter_map(|(side, code)| {
                let key = Key::of(findings.schema.by_code(code)?);
                let is_measure = findings.schema.attribute(key.attribute).kind == Kind::Measure;
                is_measure.then(|| (*side, key, findings.schema.key_text(key)))
            });
            attributes
                .filter(|(.., name)| !findings.suggestion.fields.contains_key(name))
                .collect()
        };
        let free = free(self);
        if free.is_empty() {
            return;
        }
        let Some((n, many)) = (0..self.read.len()).find_map(|n| Some((n, self.holds_sides(n)?))) else {
            return;
        };
        let header = self.samples[n].header.clone();
        let Some(order) = order(&header).filter(|order| order.len() == many) else {
            let names: Vec<String> = free.into_iter().map(|(.., name)| format!("`{name}`")).collect();
            self.suggestion.ask(
                "",
                format!(
                    "`{header}` holds {many} sides and does not say which comes first: map it to {} with the step `{{ dimension = 1 }}` and so on",
                    names.join(", ")
                ),
            );
            return;
        };
        for (side, key, name) in free {
            let Some(at) = order.iter().position(|known| *known == side) else {
                continue;
            };
            let wanted = self.schema.attribute(key.attribute).unit.as_deref();
            let said = self.read[n]
                .header
                .unit
                .clone()
                .or_else(|| unit_in(&header, self.schema));
            let bare = self.samples[n]
                .samples
                .iter()
                .any(|sample| !sample.ends_with(char::is_alphabetic));
            let unit = said.or_else(|| bare.then(|| wanted.unwrap_or_default().to_string()));
            if bare && self.read[n].header.unit.is_none() && unit_in(&header, self.schema).is_none() {
                let unit = unit.as_deref().unwrap_or_default();
                self.suggestion.ask(
                    &name,
                    format!("nothing says the unit of bare numbers; {unit} is a guess"),
                );
            }
            let settings = FieldSettings {
                column: Some(header.clone()),
                steps: vec![Step::Dimension(at as u8 + 1)],
                unit,
                ..FieldSettings::default()
            };
            self.suggestion.fields.insert(name, settings);
            let proposed = &mut self.suggestion.columns[n];
            if proposed.attribute.is_none() {
                proposed.reason = "its header says the order of the sides, which are mapped one by one".to_string();
            }
        }
    }

    /// How many sides most cells of a column have, where its header names sides or dimensions.
    fn holds_sides(&self, n: usize) -> Option<usize> {
        let column = &self.read[n];
        let named = column.header.hits.iter().any(|hit| hit.field == "dimensions") || order(column.text).is_some();
        let filled: Vec<&String> = self.samples[n]
            .samples
            .iter()
            .filter(|text| !text.trim().is_empty())
            .collect();
        if !named || filled.is_empty() {
            return None;
        }
        [3, 2].into_iter().find(|many| {
            let have = filled.iter().filter(|text| parts::sides(text) == Some(*many));
            have.count() * 10 >= filled.len() * 6
        })
    }
}

/// A unit of length among the words of a header.
fn unit_in(header: &str, schema: &crate::schema::Schema) -> Option<String> {
    let mut words = header
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1);
    words.find_map(|word| {
        let unit = schema.units().find(word)?;
        let length = schema.units().find("mm")?;
        (unit.dimension == length.dimension).then(|| unit.code.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_the_order_of_sides() {
        use Side::*;
        let check = |header: &str, expected: Option<&[Side]>| {
            assert_eq!(order(header).as_deref(), expected, "{header}");
        };
        check("Medidas LxAnxAl", Some(&[Length, Width, Height]));
        check("Medidas (L x A x H) cm", Some(&[Length, Width, Height]));
        check("Dimensiones (largo x ancho x alto)", Some(&[Length, Width, Height]));
        check("LxAxA (mm)", Some(&[Length, Width, Height]));
        check("Maße B x H x T", Some(&[Width, Height, Length]));
        check("Dimensions HxWxD", Some(&[Height, Width, Length]));
        check("Dimensions L x P x H", Some(&[Width, Length, Height]));
        check("C x L x A", Some(&[Length, Width, Height]));
        check("Ancho x Alto", Some(&[Width, Height]));
        for header in [
            "Medidas",
            "Talla XL",
            "Dimensiones 3x",
            "A x B x C",
            "L x L x H",
            "Textiles",
        ] {
            check(header, None);
        }
    }
}
