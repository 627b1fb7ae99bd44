//! Product sheets of Icecat: which element or object is the product, and its features by their names.
//!
//! A sheet is XML (`<ICECAT-interface><Product …>`) or the answer of Icecat's live service in JSON (`{"msg": …, "data": …}`). A
//! feature's name stands beside its value in both, so that `feature:Weight` is a path with a condition (Icecat's manuals of the
//! Open Catalog Interface and of the JSON product service, November 2026).

/// Root element of the sheets.
pub const ROOT: &str = "ICECAT-interface";
/// Path of their records.
pub const RECORD: &str = "/ICECAT-interface/Product";
/// Where the name of a feature stands, from the record on.
pub const XML_NAME: (&str, &str) = ("ProductFeature/Feature/Name", "Value");
pub const JSON_NAME: &str = "data.FeaturesGroups.Features.Feature.Name.Value";

/// Whether a JSON document that begins so is an answer of the live service.
pub fn is_answer(head: &[u8]) -> bool {
    let has = |word: &str| memchr::memmem::find(head, word.as_bytes()).is_some();
    has("\"GeneralInfo\"") && has("\"FeaturesGroups\"")
}

/// The path that a short name stands for in a sheet: `feature:Weight` as it is shown, with its unit; `feature_value:…` bare,
/// `feature_unit:…` the unit. None where the field is no such name.
pub fn path_of(field: &str, is_xml: bool) -> Option<String> {
    let (kind, name) = field.trim().split_once(':')?;
    let name = name.trim();
    let quote = if name.contains('"') { '\'' } else { '"' };
    let end = match (kind, is_xml) {
        ("feature", true) => "@Presentation_Value",
        ("feature_value", true) => "@Value",
        ("feature_unit", true) => "Feature/Measure/@Sign",
        ("feature", false) => "PresentationValue",
        ("feature_value", false) => "Value",
        ("feature_unit", false) => "Feature.Measure.Signs._",
        _ => return None,
    };
    Some(match is_xml {
        true => format!("ProductFeature[Feature/Name/@Value={quote}{name}{quote}]/{end}"),
        false => format!("data.FeaturesGroups.Features[Feature.Name.Value={quote}{name}{quote}].{end}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_paths_with_a_condition() {
        let xml = |field| path_of(field, true).unwrap_or_default();
        assert_eq!(
            xml("feature:Product colour"),
            "ProductFeature[Feature/Name/@Value=\"Product colour\"]/@Presentation_Value"
        );
        assert_eq!(
            xml("feature_unit:Disc (3.5\")"),
            "ProductFeature[Feature/Name/@Value='Disc (3.5\")']/Feature/Measure/@Sign"
        );
        assert_eq!(xml("Category/Name"), "");
        assert_eq!(
            path_of("feature_value:Weight", false).unwrap_or_default(),
            "data.FeaturesGroups.Features[Feature.Name.Value=\"Weight\"].Value"
        );
    }
}
