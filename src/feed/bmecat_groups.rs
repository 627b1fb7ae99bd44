//! The groups of a BMEcat catalogue: their names, their tree, and which articles stand in them.
//!
//! A document names them after the articles, so that they are collected before these are read.

use crate::feed::failure::FeedError;
use crate::feed::tree::{ELEMENTS, Name, Tree, first};
use crate::feed::xml_events::{Event, Events, local};
use std::collections::BTreeMap;

/// What to do where a catalogue passes a limit.
pub const SMALLER: &str = "ask the supplier for a smaller catalogue";
/// Maps of articles to groups that are kept: 32 bytes each.
const MAPS: usize = 10_000_000;
/// Groups of a catalogue.
const GROUPS: usize = 200_000;
/// Bytes of a group's id or name, and of all of them together.
const LONGEST: usize = 1_000;
const ALL: usize = 64 << 20;
/// Groups of an article.
const OF_ARTICLE: usize = 1_000;
/// Parents of a group.
const LEVELS: usize = 32;
/// Stands between the names of a path.
const BETWEEN: &str = " > ";
/// Bytes of all paths of an article's groups.
const PATHS: usize = 1 << 20;

/// What a field says of the groups of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupPart {
    Id,
    Name,
    Path,
}

/// The groups of the catalogue and which articles stand in them.
#[derive(Debug, Default)]
pub struct Groups {
    names: BTreeMap<String, u32>,
    groups: Vec<Group>,
    /// Hash of the article's number and the group, sorted.
    maps: Vec<(u128, u32)>,
    /// Bytes of ids and names.
    bytes: usize,
}

#[derive(Debug, Default)]
struct Group {
    id: String,
    name: String,
    parent: Option<String>,
}

impl Groups {
    /// Reads the whole document for its groups and maps; `paths`: names from the root on are wanted as well.
    pub fn read(mut events: Events, paths: bool) -> Result<Groups, FeedError> {
        let mut groups = Groups::default();
        let mut tree = Tree::default();
        let [id, name, parent, article, product, group] = [
            "GROUP_ID",
            "GROUP_NAME",
            "PARENT_ID",
            "ART_ID",
            "PROD_ID",
            "CATALOG_GROUP_ID",
        ]
        .map(|text| tree.name(text));
        let mut inside = None;
        let mut leaves = false;
        loop {
            if inside.is_none() {
                events.forget();
            }
            let mut ends = false;
            match events.read()? {
                Event::Open(tag) => {
                    if inside.is_none() {
                        inside = match tag.local() {
                            "CATALOG_STRUCTURE" => Some(false),
                            "ARTICLE_TO_CATALOGGROUP_MAP" | "PRODUCT_TO_CATALOGGROUP_MAP" => Some(true),
                            _ => None,
                        };
                        // An update says so of the groups that an article leaves.
                        leaves = false;
                        if inside == Some(true) {
                            // A tag that is broken is told when the articles are read.
                            let _ = tag.attributes(|key, value| {
                                leaves |= local(key) == "mode" && value.trim().eq_ignore_ascii_case("delete");
                            });
                        }
                        tree.clear();
                    }
                    if inside.is_some() {
                        tree.open(tag.name());
                    }
                }
                Event::Text(text) if inside.is_some() => tree.text(&text),
                Event::Close if inside.is_some() => ends = tree.close(),
                Event::Unresolved(name) => return Err(events.entity(&name)),
                Event::End => break,
                _ => {}
            }
            if tree.len() > ELEMENTS {
                let message = format!("a group or map of the catalogue has more than {ELEMENTS} elements");
                return Err(events.refuse("E-BMECAT-LIMIT", &message, SMALLER));
            }
            if let (true, Some(is_map)) = (ends, inside) {
                inside = None;
                let text = |name| first(&tree, 0, name).map(str::trim);
                let is_long = |name: &Name| text(*name).is_some_and(|text| text.len() > LONGEST);
                if is_map && leaves {
                    continue;
                }
                if [id, name, parent, group].iter().any(is_long) {
                    let message = format!("a group of the catalogue has an id or name of more than {LONGEST} bytes");
                    return Err(events.refuse("E-BMECAT-LIMIT", &message, SMALLER));
                }
                if is_map {
                    let Some(group) = text(group) else { continue };
                    let Some(article) = text(article).or_else(|| text(product)) else {
                        continue;
                    };
                    let place = groups.place(group);
                    groups
                        .maps
                        .push((xxhash_rust::xxh3::xxh3_128(article.as_bytes()), place));
                } else if let Some(id) = text(id) {
                    let place = groups.place(id) as usize;
                    let (name, parent) = (text(name).unwrap_or(""), text(parent));
                    groups.bytes += name.len() + parent.map_or(0, str::len);
                    groups.groups[place].name = name.to_string();
                    groups.groups[place].parent = parent.map(str::to_string);
                }
                if groups.maps.len() > MAPS || groups.groups.len() > GROUPS || groups.bytes > ALL {
                    let message = format!(
                        "the catalogue has more than {MAPS} maps, {GROUPS} groups or {} MiB of their ids and names",
                        ALL >> 20
                    );
                    return Err(events.refuse("E-BMECAT-LIMIT", &message, SMALLER));
                }
            }
        }
        groups.maps.sort_unstable();
        groups.maps.dedup();
        let mut articles = groups.maps.chunk_by(|map, next| map.0 == next.0);
        if articles.any(|maps| maps.len() > OF_ARTICLE) {
            let message = format!("an article stands in more than {OF_ARTICLE} groups of the catalogue");
            return Err(events.refuse("E-BMECAT-LIMIT", &message, SMALLER));
        }
        if paths && groups.has_long_paths() {
            let message = format!("the paths of an article's groups have more than {} MiB", PATHS >> 20);
            return Err(events.refuse("E-BMECAT-LIMIT", &message, SMALLER));
        }
        Ok(groups)
    }

    /// Whether the paths of one article are longer than is read: a thousand groups may each stand below the same long names.
    fn has_long_paths(&self) -> bool {
        let length = |group: &Group| self.line(group).iter().map(|name| name.len() + BETWEEN.len()).sum();
        let lengths: Vec<usize> = self.groups.iter().map(length).collect();
        let length = |place: &u32| lengths.get(*place as usize).copied().unwrap_or_default();
        let mut articles = self.maps.chunk_by(|map, next| map.0 == next.0);
        articles.any(|maps| maps.iter().map(|(_, place)| length(place)).sum::<usize>() > PATHS)
    }

    fn place(&mut self, id: &str) -> u32 {
        if let Some(place) = self.names.get(id) {
            return *place;
        }
        let place = self.groups.len() as u32;
        self.bytes += 2 * id.len();
        self.names.insert(id.to_string(), place);
        self.groups.push(Group {
            id: id.to_string(),
            ..Group::default()
        });
        place
    }

    /// The groups of an article, in the order in which the document names them first.
    pub fn of(&self, article: &str, part: GroupPart) -> Vec<String> {
        let hash = xxhash_rust::xxh3::xxh3_128(article.trim().as_bytes());
        let start = self.maps.partition_point(|map| map.0 < hash);
        let places = self.maps[start..]
            .iter()
            .take_while(|map| map.0 == hash)
            .map(|map| map.1);
        let groups = places.filter_map(|place| self.groups.get(place as usize));
        groups
            .map(|group| match part {
                GroupPart::Id => group.id.clone(),
                GroupPart::Name => group.name.clone(),
                GroupPart::Path => self.path(group),
            })
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// Names from the root on, joined by ` > `.
    fn path(&self, group: &Group) -> String {
        self.line(group).join(BETWEEN)
    }

    /// Names from the root on. The root itself is the catalogue and is left out where something is below it.
    fn line<'g>(&'g self, group: &'g Group) -> Vec<&'g str> {
        let mut line = vec![group];
        // A group may be its own parent, or that of one of its parents.
        while line.len() <= LEVELS
            && let Some(parent) = line.last().and_then(|group| self.parent(group))
            && !line.iter().any(|known| std::ptr::eq(*known, parent))
        {
            line.push(parent);
        }
        let is_root = |group: &Group| group.parent.as_deref().is_none_or(|id| id == "0");
        let parents = line.iter().skip(1).filter(|group| !is_root(group));
        let mut names: Vec<&str> = parents.map(|group| group.name.as_str()).collect();
        names.reverse();
        names.push(&group.name);
        names
    }

    fn parent(&self, group: &Group) -> Option<&Group> {
        let place = self.names.get(group.parent.as_deref()?)?;
        self.groups.get(*place as usize)
    }
}
