//! The columns of an unknown feed, and what headers of several meanings mean among them.
//!
//! The values settle such headers, as `[[ambiguous]]` of the synonyms says. What else speaks for an attribute is left to
//! `candidates`.

use crate::mapping::header::Header;
use crate::mapping::shape::Shape;
use crate::schema::Schema;
use crate::value::price::Currency;
use crate::value::text::fold;
use rust_decimal::Decimal;

/// A column on its way to an attribute.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    /// As it stands.
    pub text: &'a str,
    pub header: Header,
    pub shape: Shape,
}

/// The columns around one, which some headers are settled by.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    pub columns: &'a [Column<'a>],
    pub schema: &'a Schema,
    /// The catalog's currency.
    pub currency: Option<Currency>,
}

/// Names of counters of rows, which are keys where nothing else is.
const COUNTERS: &[&str] = &["id", "product id", "item id"];

impl Surroundings<'_> {
    /// True where another column names this field surely.
    fn has(&self, but: usize, fields: &[&str]) -> bool {
        self.columns.iter().enumerate().any(|(n, column)| {
            let top = column.header.hits.first();
            n != but && top.is_some_and(|hit| fields.contains(&hit.field) && hit.score > 0.8)
        })
    }

    /// True where a column may name this field.
    pub fn has_any(&self, field: &str) -> bool {
        let named = |column: &Column<'_>| column.header.hits.iter().any(|hit| hit.field == field);
        self.columns.iter().any(named)
    }

    /// True where another column is named as the key, and is no counter of rows.
    pub fn has_key(&self, but: usize) -> bool {
        self.columns.iter().enumerate().any(|(n, column)| {
            let named = column
                .header
                .hits
                .iter()
                .any(|hit| hit.field == "sku" && hit.score > 0.84);
            n != but && named && !COUNTERS.contains(&column.header.name.as_str()) && self.could_be_key(column)
        })
    }

    /// True where each product has a record for each of several locales.
    pub fn repeats_by_locale(&self) -> bool {
        self.columns.iter().any(|column| {
            let named = column.header.hits.first().is_some_and(|hit| hit.field == "locale");
            named && column.shape.distinct > 1
        })
    }

    /// Its values are not those of a key where they are few.
    fn could_be_key(&self, column: &Column<'_>) -> bool {
        let shape = &column.shape;
        shape.count == 0 || shape.distinct * 2 > shape.count
    }

    /// True where the fields that BMEcat alone has are columns: `price:net_list` for the amounts, `mime:normal` for pictures.
    pub fn is_bmecat(&self) -> bool {
        let named = ["group_path", "SUPPLIER_AID", "SUPPLIER_PID"];
        self.columns
            .iter()
            .any(|column| named.contains(&column.text) || column.text.starts_with("price:"))
    }

    /// True where another column has one of these headers, folded.
    fn has_header(&self, but: usize, names: &[&str]) -> bool {
        let mut others = self.columns.iter().enumerate().filter(|(n, _)| *n != but);
        others.any(|(_, column)| names.contains(&column.header.name.as_str()))
    }

    /// The field that the values settle an ambiguous header for.
    pub fn settled(&self, n: usize, column: &Column<'_>) -> Option<(&'static str, &'static str)> {
        let shape = &column.shape;
        let few = shape.count >= 10 && shape.distinct * 4 < shape.count;
        let name = column.header.name.as_str();
        Some(match name {
            "codigo" | "code" | "cod" | "codice" => {
                if shape.gtins >= 0.8 {
                    ("gtin", "the values have good check digits")
                } else if few {
                    ("category", "few different values")
                } else {
                    ("sku", "the values are no trade item numbers")
                }
            }
            "referencia" | "reference" | "ref" => {
                let keys = ["codigo", "sku", "code", "cod", "articulo", "artikelnummer"];
                if self.has_header(n, &keys) {
                    ("supplier_sku", "another column is the key")
                } else {
                    ("sku", "no other column is the key")
                }
            }
            "descripcion" | "description" | "descrizione" | "descricao" | "designation" | "bezeichnung" => {
                let titled = self.has_header(
                    n,
                    &[
                        "nombre",
                        "name",
                        "titulo",
                        "title",
                        "articulo",
                        "producto",
                        "nome",
                        "nom",
                        "titre",
                        "product name",
                    ],
                );
                if shape.markup > 0.1 {
                    ("description", "the values have markup")
                } else if !titled {
                    ("title", "no other column is the name")
                } else {
                    ("description", "another column is the name")
                }
            }
            "articulo" | "articolo" | "artigo" | "producto" | "product" | "prodotto" => {
                if shape.spaces > 0.5 {
                    ("title", "the values are texts")
                } else {
                    ("sku", "the values are codes")
                }
            }
            "existencias" | "in stock" => {
                if shape.numbers > 0.3 && shape.distinct > 2 {
                    ("stock", "numbers")
                } else {
                    ("availability", "yes and no, or words")
                }
            }
            "modelo" | "model" | "modell" | "modele" | "modello" => {
                if shape.distinct * 2 > shape.count && shape.digits > 0.6 {
                    ("mpn", "many different values with digits")
                } else {
                    ("model", "few values, or words")
                }
            }
            "material" if shape.is_unique() && shape.whole > 0.9 => ("sku", "every value is another number"),
            "size" | "dimensione" | "talla" | "tamano" | "taille" | "grosse" => {
                if shape.dimensions > 0.5 && self.schema.by_code("dimensions").is_some() {
                    ("dimensions", "an x between numbers")
                } else if shape.measures > 0.5 && self.schema.by_code("net_content").is_some() {
                    ("net_content", "a unit behind the numbers")
                } else {
                    ("size", "neither dimensions nor contents")
                }
            }
            "cantidad" | "quantity" | "quantita" | "quantite" | "quantidade" | "qty" | "cant" => {
                if shape.measures > 0.5 {
                    ("net_content", "a unit behind the numbers")
                } else if shape.count > 0 && self.has(n, &["stock"]) && shape.distinct <= 3 {
                    ("pack_quantity", "another column is the stock")
                } else {
                    ("stock", "numbers that differ")
                }
            }
            "precio" | "price" | "preis" | "prix" | "prezzo" | "preco" => match self.place_of_price(n) {
                Some(0) => ("cost", "the lowest of the prices"),
                Some(2) => ("list_price", "the highest of the prices"),
                _ => ("price", "no other column is the price"),
            },
            "pvp" | "listino" => {
                let priced = self.has(n, &["price", "price_net", "sale_price"]);
                if priced {
                    ("list_price", "another column is the price")
                } else {
                    ("price_gross", "no other column is the price")
                }
            }
            "estado" | "etat" | "stato" | "zustand" | "state" => {
                let any = |words: &[&str]| shape.words.iter().any(|word| words.contains(&fold(word).as_str()));
                if any(&[
                    "nuevo",
                    "new",
                    "neu",
                    "neuf",
                    "nuovo",
                    "novo",
                    "usado",
                    "used",
                    "gebraucht",
                    "refurbished",
                ]) {
                    ("condition", "its words are new and used")
                } else if any(&[
                    "disponible",
                    "agotado",
                    "in stock",
                    "out of stock",
                    "verfugbar",
                    "disponibile",
                ]) {
                    ("availability", "its words are of stock")
                } else {
                    ("status", "its words are neither of condition nor of stock")
                }
            }
            "vendor" => ("brand", "the vendor is the brand"),
            "supplier" | "anbieter" | "proveedor" | "fornitore" => {
                if shape.distinct > 1 && !self.has(n, &["brand", "manufacturer"]) {
                    ("brand", "no other column is the brand")
                } else {
                    ("supplier", "the brand stands elsewhere, or it is one name")
                }
            }
            "tasas" if few && shape.distinct <= 4 => ("vat_rate", "a few constant numbers"),
            "tasas" => ("levy", "amounts that vary"),
            "type" | "tipo" | "typ" => {
                let kinds = [
                    "simple",
                    "variable",
                    "configurable",
                    "variation",
                    "bundle",
                    "grouped",
                    "virtual",
                    "external",
                ];
                if shape.words.iter().any(|word| kinds.contains(&fold(word).as_str())) || self.has(n, &["category"]) {
                    ("product_type", "kinds of records, or another column is the category")
                } else {
                    ("category", "no other column is the category")
                }
            }
            "familia" | "gruppe" | "family" | "famille" | "famiglia" => {
                let finer = self.columns.iter().enumerate().any(|(m, other)| {
                    m != n
                        && other
                            .header
                            .hits
                            .first()
                            .is_some_and(|hit| matches!(hit.field, "category" | "subcategory"))
                        && other.shape.distinct > shape.distinct
                });
                if finer {
                    ("subcategory_parent", "another column is finer")
                } else {
                    ("category", "no column is finer")
                }
            }
            // The salt of an Italian, or the sale of an Englishman.
            "sale" if self.has(n, &["fat", "sugars", "proteins", "carbohydrates"]) => ("salt", "food values beside"),
            "sale" => ("flag", "no food values beside"),
            "disponible" => {
                if shape.numbers > 0.7 && shape.distinct > 2 {
                    ("stock", "numbers")
                } else if shape.truths > 0.7 {
                    ("availability", "yes and no")
                } else {
                    ("lead_time", "words")
                }
            }
            "parent" | "superior" | "padre" => {
                let slugs = shape.words.iter().any(|word| word.contains('>'));
                if slugs {
                    ("category", "paths of categories")
                } else {
                    ("parent_sku", "keys of other records")
                }
            }
            name if COUNTERS.contains(&name) => match self.has_key(n) {
                // A product stands in several records, each of which has a key of its own: its variants.
                true if name == "product id" && shape.distinct * 10 < shape.count * 9 => {
                    ("parent_sku", "it repeats, and another column is the key")
                }
                true => ("row", "another column is the key"),
                false => ("sku", "no other column is the key"),
            },
            "unidad" | "unit" | "je" | "um" | "uom" => ("unit_of_measure", "codes of units"),
            _ => return None,
        })
    }

    /// Where a column's middle price stands among three or more columns that only say `price`: 0 lowest, 2 highest, 1 between.
    fn place_of_price(&self, n: usize) -> Option<u8> {
        let alike: Vec<(usize, Decimal)> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(m, column)| {
                // The same price in another currency is no other price.
                let other = self
                    .columns
                    .get(n)
                    .is_some_and(|own| own.header.currency != column.header.currency);
                (*m == n || !other) && column.header.hits.first().is_some_and(|hit| hit.field == "price")
            })
            .filter_map(|(m, column)| Some((m, column.shape.middle?)))
            .collect();
        if alike.len() < 2 {
            return None;
        }
        let own = alike.iter().find(|(m, _)| *m == n)?.1;
        let lower = alike.iter().any(|(_, other)| *other < own);
        let higher = alike.iter().any(|(_, other)| *other > own);
        match (lower, higher, alike.len()) {
            (false, true, 3..) if !self.has(n, &["cost"]) => Some(0),
            (true, false, _) if !self.has(n, &["list_price"]) => Some(2),
            _ => Some(1),
        }
    }
}
