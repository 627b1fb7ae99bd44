//! Products that became part of others: where their SKUs lead, and how they become products of their own again.
//!
//! A product that is part of another has no layers, and its SKU is not given out. Its row in **merged** leads to the product that
//! has its suppliers' items; where nobody supplies them any more, to the one that they were last part of.

use crate::catalog::Reader;
use crate::catalog::change::Change;
use crate::catalog::store::{CatalogError, SOURCES};
use crate::catalog::stored::ProductName;
use crate::diagnostic::Diagnostic;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// Merges that are followed from one product to the next: every one brings a source more.
const LONGEST_CHAIN: usize = SOURCES as usize;

/// Where the suppliers' items are that left a product (`m`) when it became part of another: that of the source that gave its SKU
/// before others.
const PLACE_OF_ITEMS: &str = "
SELECT l.id / 1024 FROM moves v
JOIN sources s ON s.id = v.source AND s.name LIKE 'supplier:%'
JOIN layers l ON l.source = v.source AND l.sku = v.sku
WHERE v.home = m.product AND v.batch = m.batch ORDER BY v.source <> m.minted, v.id LIMIT 1";

/// A product that became part of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub product: i64,
    /// The SKU it had.
    pub sku: String,
    /// Number of the source that gave it.
    pub minted: i64,
    /// The batch that made it so.
    pub batch: i64,
}

impl Change<'_> {
    /// Notes that a product without layers is part of another from now on: its SKU leads there. One that never left the house
    /// goes from the list of products; its number is never given out again.
    pub fn retire(&mut self, product: i64, into: i64) -> Result<(), CatalogError> {
        self.tx
            .prepare_cached(
                "INSERT OR REPLACE INTO merged (product, sku, minted, target, batch)
                 SELECT id, sku, minted, ?2, ?3 FROM products WHERE id = ?1",
            )?
            .execute([product, into, self.batch])?;
        self.leave_shelf(product)
    }

    /// Makes a product of its own again of one that became part of another, under its number and, where that is still free, its
    /// SKU. What it was is kept for the day this batch is taken back.
    pub fn restore(&mut self, product: i64) -> Result<(), CatalogError> {
        self.tx
            .prepare_cached(
                "INSERT INTO unmerged (of, product, sku, minted, batch)
                 SELECT ?2, product, sku, minted, batch FROM merged WHERE product = ?1",
            )?
            .execute([product, self.batch])?;
        self.put_on_shelf(product)
    }

    /// The SKU of a product of its own.
    pub fn sku(&self, product: i64) -> Result<Option<String>, CatalogError> {
        let mut select = self.tx.prepare_cached("SELECT sku FROM products WHERE id = ?1")?;
        Ok(select.query_row([product], |row| row.get(0)).optional()?)
    }

    /// Whether an SKU is that of a product that became part of another.
    pub(super) fn is_part(&self, sku: &str) -> Result<bool, CatalogError> {
        if !self.has_parts {
            return Ok(false);
        }
        let mut select = self
            .tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM merged WHERE sku = ?1)")?;
        Ok(select.query_row([sku], |row| row.get(0))?)
    }

    pub(super) fn part(&self, product: i64) -> Result<Option<Part>, CatalogError> {
        part(&self.tx, product)
    }

    /// The products that a batch made part of others and that are so still, each with where its suppliers' items are.
    pub(super) fn parts_by(&self, batch: i64) -> Result<Vec<(i64, Option<i64>)>, CatalogError> {
        let sql = format!("SELECT m.product, ({PLACE_OF_ITEMS}) FROM merged m WHERE m.batch = ?1 ORDER BY m.product");
        let mut select = self.tx.prepare_cached(&sql)?;
        let rows = select.query_map([batch], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The same as `restore`, for good.
    pub(super) fn put_on_shelf(&mut self, product: i64) -> Result<(), CatalogError> {
        let Some(part) = self.part(product)? else { return Ok(()) };
        let mut free = part.sku.clone();
        for n in 2_u32.. {
            self.tx
                .prepare_cached(
                    "INSERT OR IGNORE INTO products (id, sku, minted, model, changed) VALUES (?1, ?2, ?3, NULL, ?4)",
                )?
                .execute(params![product, free, part.minted, self.batch])?;
            // One that left the house has kept its row.
            if self.sku(product)?.is_some() {
                break;
            }
            free = format!("{}-{n}", part.sku);
        }
        if let Some(now) = self.sku(product)?.filter(|now| *now != part.sku) {
            let told = format!("{} is a product of its own again, under the SKU {now}", part.sku);
            let told = Diagnostic::warning("W-SKU-TAKEN", told).of(&now);
            self.findings.push(told.with_help("another product has its SKU by now"));
        }
        self.tx
            .prepare_cached("DELETE FROM merged WHERE product = ?1")?
            .execute([product])?;
        self.touch(product)
    }

    /// Makes a product that a batch took out of another part of it again, where nothing is left of it by its own.
    pub(super) fn retire_again(&mut self, product: i64, into: i64, batch: i64) -> Result<(), CatalogError> {
        let again = self
            .tx
            .prepare_cached(
                "INSERT OR IGNORE INTO merged (product, sku, minted, target, batch)
                 SELECT product, sku, minted, ?2, batch FROM unmerged WHERE product = ?1 AND of = ?3
                 AND NOT EXISTS (SELECT 1 FROM layers WHERE id BETWEEN ?1 * 1024 AND ?1 * 1024 + 1023)",
            )?
            .execute([product, into, batch])?;
        match again {
            0 => Ok(()),
            _ => self.leave_shelf(product),
        }
    }

    /// Leads the SKUs of products that are part of others to where this batch moved their suppliers' items.
    pub(super) fn lead_to_items(&self) -> Result<(), CatalogError> {
        let sql = format!(
            "UPDATE merged AS m SET target = coalesce(({PLACE_OF_ITEMS}), target) WHERE product IN
             (SELECT past.home FROM moves new JOIN moves past ON past.source = new.source AND past.sku = new.sku
              WHERE new.batch = ?1)"
        );
        self.tx.execute(&sql, [self.batch])?;
        Ok(())
    }

    /// Forgets the products that are part of one that is no more.
    pub(super) fn forget_parts(&self, product: i64) -> Result<(), CatalogError> {
        let mut gone = vec![product];
        while self.has_parts
            && let Some(product) = gone.pop()
        {
            let mut delete = self
                .tx
                .prepare_cached("DELETE FROM merged WHERE target = ?1 RETURNING product")?;
            let parts: Vec<i64> = delete
                .query_map([product], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for part in parts {
                self.touch(part)?;
                if self.sku(part)?.is_none() {
                    gone.push(part);
                }
            }
        }
        Ok(())
    }

    fn leave_shelf(&mut self, product: i64) -> Result<(), CatalogError> {
        self.has_parts = true;
        if self.drop_row(product)? == 0 {
            self.set_model(product, None)?;
            self.touch(product)?;
        }
        Ok(())
    }
}

impl Reader {
    /// The product as a part of another.
    pub fn part(&self, product: i64) -> Result<Option<Part>, CatalogError> {
        match self.knows_identity()? {
            true => part(&self.connection, product),
            false => Ok(None),
        }
    }

    /// The product that became part of another and had this SKU: the last one.
    pub fn part_as(&self, sku: &str) -> Result<Option<Part>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(None);
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT product, sku, minted, batch FROM merged WHERE sku = ?1 ORDER BY batch DESC, product LIMIT 1",
        )?;
        Ok(statement.query_row([sku], part_of_row).optional()?)
    }

    /// The products that are part of one, also by way of others, in the order they became so.
    pub fn parts_of(&self, product: i64) -> Result<Vec<Part>, CatalogError> {
        let mut found: Vec<Part> = Vec::new();
        if !self.knows_identity()? {
            return Ok(found);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT product, sku, minted, batch FROM merged WHERE target = ?1 ORDER BY product")?;
        let mut seen = BTreeSet::from([product]);
        let mut open = vec![product];
        while let Some(target) = open.pop() {
            for part in statement.query_map([target], part_of_row)? {
                let part = part?;
                if seen.insert(part.product) {
                    open.push(part.product);
                    found.push(part);
                }
            }
        }
        found.sort_by_key(|part| (part.batch, part.product));
        Ok(found)
    }

    /// The product that another one is part of by now.
    pub fn successor(&self, product: i64) -> Result<Option<ProductName>, CatalogError> {
        match self.part(product)? {
            Some(_) => self.end(product),
            None => Ok(None),
        }
    }

    /// The SKU of a product, whether it is one or became part of another.
    pub fn sku_of(&self, product: i64) -> Result<Option<String>, CatalogError> {
        match self.product_by_id(product)? {
            Some(name) => Ok(Some(name.sku)),
            None => Ok(self.part(product)?.map(|part| part.sku)),
        }
    }

    /// The products, ascending, that left the house before they became part of others; with `since`, only those that changed in a
    /// later batch. They keep their rows and are on no shelf.
    pub fn parts_with_rows(&self, since: Option<i64>) -> Result<Vec<i64>, CatalogError> {
        if !self.knows_identity()? {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT p.id FROM merged m JOIN products p ON p.id = m.product WHERE p.changed > ?1 ORDER BY p.id",
        )?;
        let rows = statement.query_map([since.unwrap_or(-1)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What is wrong with the products that are part of others, at most `most` faults.
    pub(super) fn verify_parts(&self, most: usize) -> Result<Vec<String>, CatalogError> {
        let mut faults = Vec::new();
        if !self.knows_identity()? {
            return Ok(faults);
        }
        let mut statement = self.connection.prepare(
            "SELECT product, sku, EXISTS (SELECT 1 FROM layers WHERE id BETWEEN product * 1024 AND product * 1024 + 1023)
             FROM merged ORDER BY product",
        )?;
        let mut rows = statement.query([])?;
        while faults.len() < most
            && let Some(row) = rows.next()?
        {
            let (product, sku): (i64, String) = (row.get(0)?, row.get(1)?);
            if row.get(2)? {
                faults.push(format!(
                    "product {product} ({sku}) is part of another and has layers of its own"
                ));
            }
            if self.end(product)?.is_none() {
                faults.push(format!("product {product} ({sku}) is part of one that is not there"));
            }
        }
        Ok(faults)
    }

    /// The product at the end of the merges that begin with one; `None` where it is not there, or they lead in a circle.
    fn end(&self, product: i64) -> Result<Option<ProductName>, CatalogError> {
        let mut next = self
            .connection
            .prepare_cached("SELECT target FROM merged WHERE product = ?1")?;
        let mut at = product;
        for _ in 0..=LONGEST_CHAIN {
            match next.query_row([at], |row| row.get(0)).optional()? {
                Some(target) => at = target,
                None => return self.product_by_id(at),
            }
        }
        Ok(None)
    }
}

fn part(connection: &Connection, product: i64) -> Result<Option<Part>, CatalogError> {
    let mut select = connection.prepare_cached("SELECT product, sku, minted, batch FROM merged WHERE product = ?1")?;
    Ok(select.query_row([product], part_of_row).optional()?)
}

fn part_of_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Part> {
    Ok(Part {
        product: row.get(0)?,
        sku: row.get(1)?,
        minted: row.get(2)?,
        batch: row.get(3)?,
    })
}
