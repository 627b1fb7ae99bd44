//! What is wrong with the pictures: findings, and the contact sheet that shows them.

use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::images::contact_sheet::{Defect, Frame, SHOWN, THUMBNAIL, html, thumbnail};
use crate::enrich::images::decode::decode;
use crate::enrich::images::look::Look;
use crate::enrich::images::resize::{Filter, copy, flattened, inside};
use crate::enrich::images::settings::ImageSettings;
use crate::workspace::failure::Failure;
use crate::workspace::feed_file;
use crate::workspace::images::media::Media;
use crate::workspace::images::outcome::Imaged;
use crate::workspace::images::state::{Content, Picture, State};
use crate::workspace::settings::Settings;
use std::collections::BTreeMap;
use std::path::PathBuf;
use xxhash_rust::xxh3::Xxh3;

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

/// Finds the defects, counts them in the outcome, and tells them. Gives the contact sheet's defects.
pub fn find(settings: &ImageSettings, state: &State, outcome: &mut Imaged) -> Vec<(String, Vec<(String, Frame)>)> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let uses = uses(state);
    let limits = &settings.defects;
    for (content, users) in &uses {
        let Some((sku, first)) = users.first() else { continue };
        let mut add = |sort: Sort, message: String| {
            cases.push(Case {
                sort,
                content,
                shown: first.value.clone(),
                sku: (*sku).to_owned(),
                message,
            });
        };
        let Some(measures) = state.measures(content) else {
            continue;
        };
        let products = users.chunk_by(|a, b| a.0 == b.0).count();
        if products >= limits.stand_in.max(2) as usize {
            outcome.stand_ins += 1;
            add(STAND_IN, format!("the same picture at {products} products"));
            continue;
        }
        if users.len() > 1 {
            outcome.duplicates += 1;
            let others: Vec<&str> = users.iter().skip(1).take(3).map(|(sku, _)| *sku).collect();
            let more = if users.len() > 4 { ", …" } else { "" };
            add(DUPLICATE, format!("also at {}{more}", others.join(", ")));
        }
        let longest = measures.width.max(measures.height);
        if longest < limits.small {
            add(SMALL, format!("{} x {} pixels", measures.width, measures.height));
        } else if measures.sharpness < limits.blurred {
            add(BLURRED, format!("sharpness {} of 100", measures.sharpness));
        }
        if users.iter().any(|(_, picture)| picture.position == 1) && measures.white < limits.background {
            add(BACKGROUND, format!("{} % of the border are white", measures.white));
        }
        if measures.colours == "CMYK" && !measures.profile {
            add(NO_PROFILE, "inks without a colour profile".to_owned());
        }
    }
    let looks: Vec<(&str, &Look)> = uses
        .keys()
        .filter_map(|content| Some((*content, &state.measures(content)?.look)))
        .collect();
    for (a, b) in alike(&looks, limits.alike) {
        outcome.alike += 1;
        let of = |content: &str| uses.get(content).and_then(|users| users.first()).copied();
        if let (Some((sku, picture)), Some((other, twin))) = (of(a), of(b)) {
            cases.push(Case {
                sort: ALIKE,
                content: a,
                shown: picture.value.clone(),
                sku: sku.to_owned(),
                message: format!("looks like {} of {other}", twin.value),
            });
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

/// Content -> the products that show it, in order.
fn uses(state: &State) -> BTreeMap<&str, Vec<(&str, &Picture)>> {
    let mut uses: BTreeMap<&str, Vec<(&str, &Picture)>> = BTreeMap::new();
    for (sku, pictures) in &state.products {
        for picture in pictures {
            uses.entry(&picture.content).or_default().push((sku, picture));
        }
    }
    uses
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

/// Pairs that look alike. Sorted by their mean light, each is compared with those of about the same.
fn alike<'s>(looks: &[(&'s str, &Look)], most: u32) -> Vec<(&'s str, &'s str)> {
    let light = |look: &Look| look.mean.iter().map(|sample| u32::from(*sample)).sum::<u32>();
    let mut sorted: Vec<(u32, &str, &Look)> = looks
        .iter()
        .map(|(content, look)| (light(look), *content, *look))
        .collect();
    sorted.sort_by_key(|(light, content, _)| (*light, *content));
    let mut pairs = Vec::new();
    for (n, (here, content, look)) in sorted.iter().enumerate() {
        for (there, other, its) in &sorted[n + 1..] {
            // Three samples, each at most ten apart.
            if there - here > 30 {
                break;
            }
            if look.is_like(its, most) {
                pairs.push((*content.min(other), *content.max(other)));
            }
        }
    }
    pairs.sort_unstable();
    pairs
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

/// Writes the contact sheet, where it would show something else than before. Gives its path.
pub fn write_sheet(
    settings: &Settings,
    found: Vec<(String, Vec<(String, Frame)>)>,
    state: &mut State,
) -> Result<String, Failure> {
    let path: PathBuf = settings.out.join("images.html");
    let mut hash = Xxh3::new();
    for (title, frames) in &found {
        hash.update(title.as_bytes());
        for (content, frame) in frames {
            hash.update(content.as_bytes());
            hash.update(frame.name.as_bytes());
            hash.update(frame.about.as_bytes());
        }
    }
    let now = hash.digest();
    let shown = settings.shown(&path);
    if state.sheet == now && path.is_file() {
        return Ok(shown);
    }
    let media = Media::new(&settings.store);
    let limits = settings
        .images
        .as_ref()
        .map(|images| images.settings.limits)
        .unwrap_or_default();
    let mut small: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    let mut defects = Vec::new();
    for (title, frames) in found {
        let (title, advice) = title.split_once('\t').unwrap_or((&title, ""));
        let count = frames.len();
        let mut shown = Vec::new();
        for (content, mut frame) in frames.into_iter().take(SHOWN) {
            let thumbnail = small.entry(content).or_insert_with_key(|content| {
                let decoded = decode(&media.read(content).ok()?, &limits).ok()?;
                let (width, height) = decoded.upright();
                let raster = copy(&decoded, inside(width, height, THUMBNAIL), false, Filter::Mean).ok()?;
                thumbnail(&flattened(raster))
            });
            frame.thumbnail.clone_from(thumbnail);
            shown.push(frame);
        }
        defects.push(Defect {
            title: title.to_owned(),
            advice: advice.to_owned(),
            count,
            frames: shown,
        });
    }
    feed_file::put(
        &path,
        html(&format!("Pictures of {}", settings.name), &defects).as_bytes(),
    )?;
    state.sheet = now;
    Ok(shown)
}
