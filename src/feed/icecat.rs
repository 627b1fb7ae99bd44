//! Product sheets of Icecat: which element or object is the product, and its features by their names.
//!
//! A sheet is XML (`<ICECAT-interface><Product …>`) or the answer of Icecat's live service in JSON (`{"msg": …, "data": …}`). A
//! feature's name stands beside its value in both, by which `feature:Weight` is found (Icecat's manuals of the
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

/// Features that a field asks for by their name: what stands at `end` in those of a list that say `name` at `inside`. The name
/// may hold any character, so that it is never part of a path that is read.
#[derive(Debug, PartialEq)]
pub struct Feature<'f> {
    pub list: &'static str,
    pub inside: &'static str,
    pub name: &'f str,
    pub end: &'static str,
}

/// What a short name stands for in a sheet: `feature:Weight` as it is shown, with its unit; `feature_value:…` bare,
/// `feature_unit:…` the unit. None where the field is no such name.
pub fn feature(field: &str, is_xml: bool) -> Option<Feature<'_>> {
    let (kind, name) = field.trim().split_once(':')?;
    let end = match (kind, is_xml) {
        ("feature", true) => "@Presentation_Value",
        ("feature_value", true) => "@Value",
        ("feature_unit", true) => "Feature/Measure/@Sign",
        ("feature", false) => "PresentationValue",
        ("feature_value", false) => "Value",
        ("feature_unit", false) => "Feature.Measure.Signs._",
        _ => return None,
    };
    let (list, inside) = match is_xml {
        true => ("ProductFeature", "Feature/Name/@Value"),
        false => ("data.FeaturesGroups.Features", "Feature.Name.Value"),
    };
    Some(Feature {
        list,
        inside,
        name: name.trim(),
        end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_features() {
        let unit = Feature {
            list: "ProductFeature",
            inside: "Feature/Name/@Value",
            name: "Disc (3.5\")",
            end: "Feature/Measure/@Sign",
        };
        assert_eq!(feature("feature_unit: Disc (3.5\")", true), Some(unit));
        assert_eq!(feature("Category/Name", true), None);
        let value = feature("feature_value:Weight", false).map(|feature| (feature.list, feature.end));
        assert_eq!(value, Some(("data.FeaturesGroups.Features", "Value")));
    }
}
