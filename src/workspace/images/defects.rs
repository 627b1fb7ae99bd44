//! What is wrong with the pictures: findings, and what the contact sheet is to show of them.

use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::images::alike::groups;
use crate::enrich::images::contact_sheet::Frame;
use crate::enrich::images::look::Look;
use crate::enrich::images::measure::Measures;
use crate::enrich::images::settings::{DefectSettings, ImageSettings};
use crate::workspace::images::outcome::Imaged;
use crate::workspace::images::state::{Content, Picture, State};
use std::collections::{BTreeSet, HashMap};

/// Findings of one code that are told one by one.
const TOLD: usize = 200;

/// A kind of defect: its code, title and advice.
struct Sort {
    code: &'static str,
    title: &'static str,
    advice: &'static str,
}

const SMALL: Sort = Sort {
    code: "W-IMAGE-SMALL",
    title: "Too small",
    advice: "ask the supplier for larger pictures",
};
const BLURRED: Sort = Sort {
    code: "W-IMAGE-BLURRED",
    title: "Blurred",
    advice: "look at it; it was enlarged, or is out of focus",
};
const BACKGROUND: Sort = Sort {
    code: "W-IMAGE-BACKGROUND",
    title: "Background not white",
    advice: "choose another first picture, or have it cut out",
};
const DUPLICATE: Sort = Sort {
    code: "I-IMAGE-DUPLICATE",
    title: "The same file more than once",
    advice: "the same picture at several products is right for variants, and wrong for anything else",
};
const ALIKE: Sort = Sort {
    code: "I-IMAGE-ALIKE",
    title: "Looks like another one",
    advice: "keep the better copy",
};
const STAND_IN: Sort = Sort {
    code: "W-IMAGE-STAND-IN",
    title: "Stand-in pictures",
    advice: "a picture at so many products shows none of them; ask for real ones",
};
const NO_PROFILE: Sort = Sort {
    code: "I-IMAGE-NO-PROFILE",
    title: "Printing colours without a profile",
    advice: "compare the colours with the product; ask for sRGB",
};
const REFUSED: Sort = Sort {
    code: "",
    title: "Damaged or not usable",
    advice: "fetch them again, or ask for other files",
};

/// A picture with a defect.
struct Case<'s> {
    sort: Sort,
    content: &'s str,
    shown: String,
    sku: String,
    message: String,
}

/// A picture that products show.
struct Used<'s> {
    content: &'s str,
    measures: &'s Measures,
    /// SKUs with the picture's place there, in order.
    by: Vec<(&'s str, &'s Picture)>,
}

/// Finds the defects, counts them in the outcome, and tells them. Gives the contact sheet's defects.
pub fn find(settings: &ImageSettings, state: &State, outcome: &mut Imaged) -> Vec<(String, Vec<(String, Frame)>)> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let limits = &settings.defects;
    let used = used(state);
    // Variants of one model show what it shows: they count as one.
    let models: HashMap<&str, &str> = state.notes.models().collect();
    let looks: Vec<Look> = used.iter().map(|used| used.measures.look).collect();
    for group in groups(&looks, limits.alike) {
        let group: Vec<&Used<'_>> = group.iter().filter_map(|n| used.get(*n)).collect();
        let Some((first, rest)) = group.split_first() else {
            continue;
        };
        let by = group.iter().flat_map(|used| &used.by).map(|(sku, _)| *sku);
        let products: BTreeSet<&str> = by.map(|sku| models.get(sku).copied().unwrap_or(sku)).collect();
        if products.len() >= limits.stand_in.max(2) as usize {
            outcome.stand_ins += 1;
            let what = match rest.len() {
                0 => "the same picture".to_owned(),
                more => format!("{} pictures that look the same", more + 1),
            };
            cases.push(first.case(STAND_IN, format!("{what} at {} products", products.len())));
            for used in group {
                used.look_at(limits, &mut cases);
            }
            continue;
        }
        if let Some(((sku, twin), others)) = rest.first().and_then(|twin| twin.by.first()).zip(rest.get(1..)) {
            outcome.alike += 1;
            let more = match others.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            cases.push(first.case(ALIKE, format!("looks like {} of {sku}{more}", twin.value)));
        }
        for used in group {
            used.compare(&models, &mut cases, outcome);
            used.look_at(limits, &mut cases);
        }
    }
    for (shown, content) in refused(state) {
        let Some(Content::Refused(refusal)) = state.contents.get(content) else {
            continue;
        };
        outcome.diagnostics.push(refusal.finding(shown));
        cases.push(Case {
            sort: REFUSED,
            content,
            shown: shown.to_owned(),
            sku: String::new(),
            message: refusal.message.clone(),
        });
    }
    tell(cases, outcome)
}

impl<'s> Used<'s> {
    /// A defect of it, shown at the first of its products.
    fn case(&self, sort: Sort, message: String) -> Case<'s> {
        let first = self.by.first();
        Case {
            sort,
            content: self.content,
            shown: first.map_or_else(String::new, |(_, picture)| picture.value.clone()),
            sku: first.map_or_else(String::new, |(sku, _)| (*sku).to_owned()),
            message,
        }
    }

    /// Where it stands several times, other than at variants of one model.
    fn compare(&self, models: &HashMap<&'s str, &'s str>, cases: &mut Vec<Case<'s>>, outcome: &mut Imaged) {
        let model = |sku: &'s str| models.get(sku).copied().unwrap_or(sku);
        let Some(((first, _), others)) = self.by.split_first() else {
            return;
        };
        let others: Vec<&str> = others
            .iter()
            .map(|(sku, _)| *sku)
            .filter(|sku| sku == first || model(sku) != model(first))
            .collect();
        if !others.is_empty() {
            outcome.duplicates += 1;
            let more = if others.len() > 3 { ", …" } else { "" };
            let shown = &others[..others.len().min(3)];
            cases.push(self.case(DUPLICATE, format!("also at {}{more}", shown.join(", "))));
        }
    }

    /// What is wrong with it alone.
    fn look_at(&self, limits: &DefectSettings, cases: &mut Vec<Case<'s>>) {
        let mut add = |sort: Sort, message: String| cases.push(self.case(sort, message));
        let measures = self.measures;
        let longest = measures.width.max(measures.height);
        if longest < limits.small {
            add(SMALL, format!("{} x {} pixels", measures.width, measures.height));
        } else if measures.sharpness < limits.blurred {
            add(BLURRED, format!("sharpness {} of 100", measures.sharpness));
        }
        if self.by.iter().any(|(_, picture)| picture.position == 1) && measures.white < limits.background {
            add(BACKGROUND, format!("{} % of the border are white", measures.white));
        }
        if measures.colours == "CMYK" && !measures.profile {
            add(NO_PROFILE, "inks without a colour profile".to_owned());
        }
    }
}

/// The pictures that products show, in the order of the products.
fn used(state: &State) -> Vec<Used<'_>> {
    let mut used: Vec<Used<'_>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (sku, pictures) in &state.products {
        for picture in pictures {
            let Some(measures) = state.measures(&picture.content) else {
                continue;
            };
            let place = *places.entry(&picture.content).or_insert(used.len());
            if place == used.len() {
                let (content, by) = (picture.content.as_str(), Vec::new());
                used.push(Used { content, measures, by });
            }
            used[place].by.push((sku, picture));
        }
    }
    used
}

/// Paths and addresses whose content is refused.
fn refused(state: &State) -> Vec<(&str, &str)> {
    let is_refused = |content: &&String| matches!(state.contents.get(content.as_str()), Some(Content::Refused(_)));
    let files = state.files.iter().map(|(path, seen)| (path.as_str(), &seen.content));
    let addresses = state.addresses.iter().filter_map(|(address, fetched)| match fetched {
        crate::workspace::images::state::Fetched::Content(content) => Some((address.as_str(), content)),
        crate::workspace::images::state::Fetched::Failed(_) => None,
    });
    let all = files.chain(addresses).filter(|(_, content)| is_refused(content));
    all.map(|(shown, content)| (shown, content.as_str())).collect()
}

/// Findings, and the frames of the sheet by title, each with its content.
fn tell(cases: Vec<Case<'_>>, outcome: &mut Imaged) -> Vec<(String, Vec<(String, Frame)>)> {
    let mut sheet: Vec<(String, Vec<(String, Frame)>)> = Vec::new();
    let order = [
        &REFUSED,
        &SMALL,
        &BLURRED,
        &BACKGROUND,
        &STAND_IN,
        &DUPLICATE,
        &ALIKE,
        &NO_PROFILE,
    ];
    for sort in order {
        let own: Vec<&Case<'_>> = cases.iter().filter(|case| case.sort.title == sort.title).collect();
        if own.is_empty() {
            continue;
        }
        let mut frames = Vec::new();
        for (n, case) in own.iter().enumerate() {
            if !sort.code.is_empty() && n < TOLD {
                let mut finding = match sort.code.starts_with("W-") {
                    true => Diagnostic::warning(sort.code, case.message.clone()),
                    false => Diagnostic::info(sort.code, case.message.clone()),
                };
                finding = finding.at(Place::file(case.shown.as_str())).with_help(sort.advice);
                if !case.sku.is_empty() {
                    finding = finding.of(case.sku.as_str());
                }
                outcome.diagnostics.push(finding);
            }
            let about = match case.sku.as_str() {
                "" => case.message.clone(),
                sku => format!("{sku}: {}", case.message),
            };
            let frame = Frame {
                name: case.shown.clone(),
                about,
                thumbnail: None,
            };
            frames.push((case.content.to_owned(), frame));
        }
        sheet.push((format!("{}\t{}", sort.title, sort.advice), frames));
    }
    sheet
}
