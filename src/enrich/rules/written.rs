//! Values and the names of attributes as files of rules write them.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::schema::typed::typed;
use crate::value::Value;
use crate::value::mismatch::Mismatch;
use crate::value::price::Currency;

/// The key that settings name: an attribute with a value per locale means the workspace's first one where none is said.
pub fn key_of(schema: &Schema, text: &str) -> Result<Key, Mismatch> {
    let mut key = Key::parse(schema, text.trim())?;
    if key.locale == 0 && schema.attribute(key.attribute).localizable {
        key.locale = 1;
    }
    Ok(key)
}

/// A value as a person types it; families and categories must be there.
pub fn value(schema: &Schema, key: Key, text: &str, currency: Currency) -> Result<Value, Mismatch> {
    let value = typed(schema, key, text, currency)?;
    let known = schema.known();
    let code = value.to_text();
    if known.family == Some(key.attribute) && schema.family_by_code(&code).is_none() {
        let all = schema.families().iter().map(|family| &*family.code);
        let message = format!("unknown family `{}`", excerpt(&code));
        return Err(Mismatch::new("E-UNKNOWN-FAMILY", message).with_help(suggestion(&code, all)));
    }
    if known.category == Some(key.attribute) && schema.category_by_code(&code).is_none() {
        let all = schema.categories().iter().map(|category| &*category.code);
        let message = format!("unknown category `{}`", excerpt(&code));
        return Err(Mismatch::new("E-UNKNOWN-CATEGORY", message).with_help(suggestion(&code, all)));
    }
    drop(code);
    Ok(value)
}
