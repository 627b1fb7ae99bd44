//! A finding in a text as a person sees it: the value, how sure it is, the words that say it.

use crate::diagnostic::excerpt;
use crate::enrich::specs::{Finding, Standing};
use crate::schema::Schema;

/// One finding as a person sees it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownSpec {
    pub attribute: String,
    pub locale: Option<String>,
    pub value: String,
    /// From 0 to 1.
    pub confidence: f64,
    /// `accepted`, `suggestion`, `agrees` or `contradicts`.
    pub standing: String,
    /// What a source says, where the text says something else.
    pub said: Option<String>,
    /// The words that say it.
    pub words: String,
    /// The text they stand in: attribute, and locale where it has one.
    pub told_by: String,
}

/// One finding for people.
pub fn shown(schema: &Schema, finding: &Finding) -> ShownSpec {
    let (standing, said) = match &finding.standing {
        Standing::Accepted => ("accepted", None),
        Standing::Suggested => ("suggestion", None),
        Standing::Agrees => ("agrees", None),
        Standing::Contradicts(said) => ("contradicts", Some(said.to_text().into_owned())),
    };
    ShownSpec {
        attribute: schema.attribute(finding.key.attribute).code.to_string(),
        locale: schema.locale_code(finding.key.locale).map(str::to_owned),
        value: finding.value.to_text().into_owned(),
        confidence: f64::from(finding.confidence) / 100.0,
        standing: standing.to_owned(),
        said,
        words: excerpt(&finding.words),
        told_by: schema.key_text(finding.told_by),
    }
}
