//! One XML record as a tree in reusable memory: elements, the attributes that somebody asks for, and all text in one piece.
//!
//! Names are compared as numbers: those that nobody asks for share the number 0.

use std::collections::BTreeMap;
use std::ops::Range;

/// Elements a record may have.
pub const ELEMENTS: usize = 500_000;

/// A name that somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(u32);

const UNKNOWN: Name = Name(0);

/// An element of the tree; the first is the record itself.
pub type Element = usize;

#[derive(Debug)]
struct Node {
    local: Name,
    full: Name,
    last_child: u32,
    first_child: u32,
    next: u32,
    /// Where its text, and that of all inside, stands.
    text: (u32, u32),
    attributes: (u32, u32),
}

#[derive(Debug)]
struct Attribute {
    local: Name,
    full: Name,
    value: (u32, u32),
}

/// A record's elements.
#[derive(Debug, Default)]
pub struct Tree {
    names: BTreeMap<Box<str>, Name>,
    /// Names that only count without a prefix.
    bare: BTreeMap<Box<str>, Name>,
    /// Last parts of the names of extensions.
    extensions: BTreeMap<Box<str>, Name>,
    /// Somebody asks for attributes.
    pub wants_attributes: bool,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    text: String,
    values: String,
    /// Bytes of the text that the record itself has.
    own: usize,
    open: Vec<u32>,
    /// Elements that are taken for absent; empty where none is.
    hidden: Vec<bool>,
    /// What an attribute says where conditions ask for it and an element has it not.
    presumed: Option<(Name, String)>,
}

/// Text of the first element of a name inside another.
pub fn first(tree: &Tree, element: Element, name: Name) -> Option<&str> {
    tree.named(element, name).next().map(|element| tree.text_of(element))
}

impl Tree {
    /// The number of a name, to look for later. `prefix:name` is the name with that very prefix, `:name` that without any.
    pub fn name(&mut self, name: &str) -> Name {
        let next = Name(self.names.len() as u32 + 1);
        let number = *self.names.entry(name.into()).or_insert(next);
        if let Some(bare) = name.strip_prefix(':') {
            self.bare.insert(bare.into(), number);
        }
        number
    }

    /// Forgets the record and keeps the names and the memory.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.attributes.clear();
        self.text.clear();
        self.values.clear();
        self.open.clear();
        self.hidden.clear();
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    fn look_up(&self, qualified: &str) -> (Name, Name) {
        let find = |name: &str| self.names.get(name).copied().unwrap_or(UNKNOWN);
        match qualified.rsplit_once(':') {
            Some((_, local)) => (find(local), find(qualified)),
            // An extension of BMEcat, `UDX.EDXF.BRAND_NAME`, is called by its last part too.
            None if qualified.starts_with("UDX.") => (find(qualified), self.extension(qualified)),
            None if self.bare.is_empty() => (find(qualified), UNKNOWN),
            None => (find(qualified), self.bare.get(qualified).copied().unwrap_or(UNKNOWN)),
        }
    }

    fn extension(&self, name: &str) -> Name {
        let last = name.rsplit('.').next().unwrap_or(name);
        self.extensions.get(last).copied().unwrap_or(UNKNOWN)
    }

    /// The number of an extension of BMEcat by the last part of its name.
    pub fn extension_name(&mut self, name: &str) -> Name {
        let number = self.name(&format!("UDX.*.{name}"));
        *self.extensions.entry(name.into()).or_insert(number)
    }

    /// An element opens inside the one that is open.
    pub fn open(&mut self, qualified: &str) {
        let (local, full) = self.look_up(qualified);
        let at = self.nodes.len() as u32;
        if let Some(&parent) = self.open.last() {
            let last = self.nodes[parent as usize].last_child;
            if last == 0 {
                self.nodes[parent as usize].first_child = at;
            } else {
                self.nodes[last as usize].next = at;
            }
            self.nodes[parent as usize].last_child = at;
        }
        let (text, attributes) = (self.text.len() as u32, self.attributes.len() as u32);
        self.nodes.push(Node {
            local,
            full,
            last_child: 0,
            first_child: 0,
            next: 0,
            text: (text, text),
            attributes: (attributes, attributes),
        });
        self.open.push(at);
    }

    /// An attribute of the element opened last.
    pub fn attribute(&mut self, qualified: &str, value: &str) {
        let (local, full) = self.look_up(qualified);
        if local == UNKNOWN && full == UNKNOWN {
            return;
        }
        let start = self.values.len() as u32;
        self.values.push_str(value);
        self.attributes.push(Attribute {
            local,
            full,
            value: (start, self.values.len() as u32),
        });
        if let Some(node) = self.nodes.last_mut() {
            node.attributes.1 = self.attributes.len() as u32;
        }
    }

    pub fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The element opened last closes; `true` when it was the record.
    pub fn close(&mut self) -> bool {
        let end = self.text.len() as u32;
        if let Some(node) = self.open.pop().and_then(|at| self.nodes.get_mut(at as usize)) {
            node.text.1 = end;
        }
        self.own = self.text.len();
        self.open.is_empty()
    }

    /// All text of the record.
    pub fn all_text(&self) -> &str {
        &self.text
    }

    /// Values of all attributes kept, one after the other.
    pub fn all_values(&self) -> &str {
        &self.values
    }

    /// Text of an element and of all inside it.
    pub fn text_of(&self, element: Element) -> &str {
        self.nodes
            .get(element)
            .and_then(|node| self.text.get(node.text.0 as usize..node.text.1 as usize))
            .unwrap_or("")
    }

    /// Value of an attribute.
    pub fn attribute_of(&self, element: Element, name: Name) -> Option<&str> {
        let Range { start, end } = self
            .nodes
            .get(element)
            .map(|node| node.attributes.0 as usize..node.attributes.1 as usize)?;
        let found = self
            .attributes
            .get(start..end)?
            .iter()
            .find(|attribute| attribute.local == name || attribute.full == name)?;
        self.values.get(found.value.0 as usize..found.value.1 as usize)
    }

    /// From now on, what an attribute says where a condition asks for it and an element has it not.
    pub fn presume(&mut self, attribute: Name, value: &str) {
        self.presumed = Some((attribute, value.to_string()));
    }

    /// The value that an element without the attribute has.
    pub fn presumed(&self, attribute: Name) -> Option<&str> {
        let (name, value) = self.presumed.as_ref()?;
        (*name == attribute).then_some(value.as_str())
    }

    /// The elements inside one, in order.
    pub fn children(&self, element: Element) -> impl Iterator<Item = Element> + '_ {
        let mut next = self.nodes.get(element).map_or(0, |node| node.first_child);
        std::iter::from_fn(move || {
            loop {
                let at = next as usize;
                // The record is nobody's child, so that 0 is the end.
                if at == 0 {
                    return None;
                }
                next = self.nodes[at].next;
                if !self.is_hidden(at) {
                    return Some(at);
                }
            }
        })
    }

    /// The elements of a name inside one, at any depth.
    pub fn inside(&self, element: Element, name: Name) -> impl Iterator<Item = Element> + '_ {
        let mut open = vec![element];
        std::iter::from_fn(move || {
            while let Some(at) = open.pop() {
                let before = open.len();
                open.extend(self.children(at));
                open[before..].reverse();
                if at != element && self.is(at, name) {
                    return Some(at);
                }
            }
            None
        })
    }

    fn is_hidden(&self, element: Element) -> bool {
        self.hidden.get(element).copied().unwrap_or(false)
    }

    /// Takes elements, and what is inside them, for absent; those of an earlier call are there again.
    pub fn hide(&mut self, elements: &[Element]) {
        self.hidden.clear();
        if elements.is_empty() {
            return;
        }
        let mut hidden = vec![false; self.nodes.len()];
        let mut open = elements.to_vec();
        while let Some(at) = open.pop() {
            open.extend(self.children(at));
            if let Some(is_hidden) = hidden.get_mut(at) {
                *is_hidden = true;
            }
        }
        self.hidden = hidden;
    }

    /// Replaces the text of an element; those around it keep theirs. One element at a time: what was put in before is forgotten.
    pub fn replace(&mut self, element: Element, text: &str) {
        self.text.truncate(self.own);
        let start = self.text.len() as u32;
        self.text.push_str(text);
        let end = self.text.len() as u32;
        if let Some(node) = self.nodes.get_mut(element) {
            node.text = (start, end);
        }
    }

    /// The elements of a name inside one, in order.
    pub fn named(&self, element: Element, name: Name) -> impl Iterator<Item = Element> + '_ {
        self.children(element).filter(move |child| self.is(*child, name))
    }

    /// Whether an element has that name.
    pub fn is(&self, element: Element, name: Name) -> bool {
        self.nodes
            .get(element)
            .is_some_and(|node| node.local == name || node.full == name)
    }

    /// All elements of a name at any depth, in the order of the file.
    pub fn anywhere(&self, name: Name) -> impl Iterator<Item = Element> + '_ {
        self.any_of([name])
    }

    /// All elements of one of some names at any depth, in the order of the file.
    pub fn any_of<const N: usize>(&self, names: [Name; N]) -> impl Iterator<Item = Element> + '_ {
        let is_one = move |element: &Element| names.iter().any(|name| self.is(*element, *name));
        (0..self.nodes.len()).filter(move |element| is_one(element) && !self.is_hidden(*element))
    }
}
