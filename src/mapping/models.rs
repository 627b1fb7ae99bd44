//! The `[models]` table of a supplier's file, checked beside the schema.

use crate::declaration::Declaration;
use crate::diagnostic::Diagnostic;
use crate::mapping::Mapping;
use crate::mapping::titles::Titles;
use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::scope::Key;
use crate::value::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The `[models]` table of a supplier's file: how its variants come to their models.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// Items that say no model of their own are variants of one model where brand, family and title are the same but for the
    /// words of the family's axes. Default: no.
    pub from_title: bool,
}

impl Mapping {
    /// Completes the model of an item that was mapped: the code that the feed says stands in the supplier's own room of names, as its
    /// SKUs do, and where titles make models, an item without one has its title's. `before` is its layer, where it has one.
    pub fn put_model(&self, item: &mut Item, before: Option<&Layer>) {
        if let Some((model, prefix)) = &self.own_models
            && let Ok(at) = item.said.binary_search_by_key(model, |(key, _)| *key)
            && let Said::Value(Value::Identifier(code)) = &mut item.said[at].1
            && !code.starts_with(&**prefix)
        {
            code.insert_str(0, prefix);
        }
        if let Some(titles) = &self.titles {
            titles.put(&mut item.said, before);
        }
    }

    /// The same mapping of a supplier whose SKUs have something put before them in the catalog: so have the codes of its models, since
    /// they are SKUs of parents, or numbers that other suppliers use as well.
    pub fn with_prefix(mut self, prefix: &str, schema: &Schema) -> Mapping {
        let model = schema.known().model.filter(|_| !prefix.is_empty());
        let says = |model: AttributeId| self.rules.contains_key(&*schema.attribute(model).code);
        if let Some(model) = model.filter(|model| says(*model)) {
            self.own_models = Some((Key::of(model), prefix.into()));
            self.fingerprint = xxh3_64_with_seed(prefix.as_bytes(), self.fingerprint);
        }
        self
    }

    /// The same mapping with the rule on titles, where the settings ask for it. Faults: `E-BAD-VALUE` where the schema has nothing
    /// to make models of.
    pub fn with_models(
        mut self,
        settings: &ModelSettings,
        supplier: &str,
        schema: &Schema,
        declaration: &Declaration,
    ) -> Result<Mapping, Vec<Diagnostic>> {
        if !settings.from_title {
            return Ok(self);
        }
        let code = |id| schema.attribute(id).code.to_string();
        let (name, model) = (schema.known().name.map(code), schema.known().model.map(code));
        let silent = model.as_ref().is_some_and(|model| !self.rules.contains_key(model));
        let Some(titles) = Titles::new(supplier, schema, silent) else {
            let message = "models are made of `name` and the axes of a family, and the schema lacks one of them";
            let help = "declare the attributes `name` and `model`, and `axes` of a family; or take `from_title` out";
            let fault = declaration.fault(&["models", "from_title"], "E-BAD-VALUE", message);
            return Err(vec![fault.with_help(help)]);
        };
        let title = |key: &str| key.split('@').next() == name.as_deref();
        let column = self.rules.iter().find(|(key, _)| title(key));
        let column = column.map(|(_, (column, _))| column.clone());
        if let (true, Some(model), Some(column)) = (silent, model, column) {
            self.rules.insert(model, (column, "from the title".to_owned()));
        }
        self.titles = Some(titles);
        self.fingerprint = xxh3_64_with_seed(b"models from titles 2", self.fingerprint);
        Ok(self)
    }
}
