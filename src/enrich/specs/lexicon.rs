//! All phrases that mean something, compiled once: names of attributes, options, small words; and what each family looks for.
//!
//! What a phrase means at its place in a text is left to `read`.

use crate::enrich::specs::language::{ALL, Languages, MARKERS, Marker, NOT_THERE, of_locale};
use crate::enrich::specs::token::{Hashed, Kind as TokenKind, Token, Vocabulary, cut};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::schema::option_list::OptionsId;
use crate::value::Kind;
use crate::value::text::fold;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The longest phrase, in words.
const MOST_WORDS: usize = 12;

/// On which side of a value its name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    Either,
    /// The name, then the value.
    Before,
    /// The value, then the name.
    Behind,
}

/// What a phrase may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Names an attribute.
    Cue(AttributeId, Where),
    /// An option of a list; `weak` ones (one or two characters, or digits only) need a name in front.
    Option {
        list: OptionsId,
        option: u32,
        weak: bool,
        /// Whom a product is for, not what: it may stand behind `for`.
        audience: bool,
        languages: Languages,
    },
    /// Names a family, in the plural or the singular.
    Head(FamilyId),
    Yes(AttributeId),
    No(AttributeId),
    /// Says nothing of this attribute, though a word of it does.
    Except(AttributeId),
    Marker(Marker, Languages),
}

/// A phrase found in a text.
#[derive(Debug, Clone, Copy)]
pub struct Phrase {
    pub entry: u32,
    pub from: u32,
    pub to: u32,
}

/// The phrases, as a tree over words.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    pub vocabulary: Vocabulary,
    /// By word: the node that a phrase of it begins at, 0 for none.
    first: Vec<u32>,
    /// From a node over a word to the next node.
    steps: HashMap<u64, u32, Hashed>,
    /// By node: 1 + number of the entry that ends there, 0 for none.
    ends: Vec<u32>,
    entries: Vec<Vec<Meaning>>,
    /// By entry: it may be a marker or a name, which hold in every family.
    general: Vec<bool>,
    /// By entry: a name that digits may be glued to (`SPF30`).
    glues: Vec<bool>,
    /// Options of one list of which the second says more exactly what the first says.
    exact: HashSet<(OptionsId, u32, u32), Hashed>,
}

impl Lexicon {
    /// The phrases of a schema; `wanted` are the attributes that are read out of texts.
    pub fn new(schema: &Schema, wanted: &[AttributeId]) -> Lexicon {
        let mut building = BTreeMap::new();
        let mut say = |text: &str, meaning: Meaning| {
            let words = words(text);
            if !words.is_empty() && words.len() <= MOST_WORDS {
                let meanings: &mut Vec<Meaning> = building.entry(words).or_default();
                if !meanings.contains(&meaning) {
                    meanings.push(meaning);
                }
            }
        };
        for (languages, marker, phrases) in MARKERS {
            for phrase in phrases.split(',') {
                say(phrase, Meaning::Marker(*marker, *languages));
            }
        }
        for phrase in NOT_THERE.split(',') {
            say(phrase, Meaning::Marker(Marker::NotThere, ALL));
        }
        for (id, attribute) in schema.attributes() {
            // Names of attributes that are not read still keep their numbers from others.
            if !matches!(attribute.kind, Kind::Measure | Kind::Integer | Kind::Decimal) && !wanted.contains(&id) {
                continue;
            }
            let boolean = attribute.kind == Kind::Boolean;
            for (_, label) in attribute.labels.iter() {
                let label = label.split('(').next().unwrap_or_default();
                say(
                    label,
                    if boolean {
                        Meaning::Yes(id)
                    } else {
                        Meaning::Cue(id, Where::Either)
                    },
                );
            }
            for cue in &attribute.specs.cues {
                let (cue, place) = match cue.trim().strip_prefix("{}") {
                    Some(rest) => (rest, Where::Behind),
                    None => match cue.trim().strip_suffix("{}") {
                        Some(rest) => (rest, Where::Before),
                        None => (cue.as_str(), Where::Either),
                    },
                };
                say(
                    cue,
                    if boolean {
                        Meaning::Yes(id)
                    } else {
                        Meaning::Cue(id, place)
                    },
                );
                // What the clause names is another thing.
                if attribute.specs.clause {
                    say(cue, Meaning::Marker(Marker::For, ALL));
                }
            }
            attribute
                .specs
                .yes
                .iter()
                .for_each(|phrase| say(phrase, Meaning::Yes(id)));
            attribute
                .specs
                .no
                .iter()
                .for_each(|phrase| say(phrase, Meaning::No(id)));
            attribute
                .specs
                .except
                .iter()
                .for_each(|phrase| say(phrase, Meaning::Except(id)));
        }
        for family in schema.families() {
            let Some(id) = schema.family_by_code(&family.code) else {
                continue;
            };
            for (_, label) in family.labels.iter() {
                say(label, Meaning::Head(id));
                for ending in ["s", "es"] {
                    let one = label.strip_suffix(ending).filter(|one| one.chars().count() > 3);
                    one.into_iter().for_each(|one| say(one, Meaning::Head(id)));
                }
            }
        }
        let mut lists: Vec<OptionsId> = wanted.iter().filter_map(|id| schema.attribute(*id).options).collect();
        lists.sort_unstable();
        lists.dedup();
        for list in lists {
            let known = schema.list(list);
            let of_list = |id: &&AttributeId| schema.attribute(**id).options == Some(list);
            let audience = wanted
                .iter()
                .filter(of_list)
                .any(|id| schema.attribute(*id).specs.audience);
            // What is said outright stands before what follows by inflection.
            let mut inflected = Vec::new();
            for (n, option) in known.options.iter().enumerate() {
                let mut add = |text: &str, languages: Languages, inflect: bool| {
                    let folded = fold(text);
                    let short = folded.chars().count() <= 2 || folded.bytes().all(|byte| !byte.is_ascii_alphabetic());
                    // A sign at the end means another class (`A+`), which folding would lose.
                    if text.trim().ends_with('+') {
                        return;
                    }
                    let meaning = Meaning::Option {
                        list,
                        option: n as u32,
                        weak: short,
                        audience,
                        languages,
                    };
                    say(text, meaning);
                    if inflect && !short && !folded.contains(' ') {
                        inflected.extend(inflections(&folded, languages).into_iter().map(|form| (form, meaning)));
                    }
                };
                for (locale, label) in option.labels.iter() {
                    let languages = if locale.starts_with("en") {
                        ALL
                    } else {
                        of_locale(locale) & !of_locale("en")
                    };
                    let languages = if languages == 0 { ALL } else { languages };
                    add(label, languages, true);
                }
                for synonym in &option.synonyms {
                    add(synonym, ALL, true);
                }
            }
            let said: Vec<bool> = inflected.iter().map(|(form, _)| known.find(form).is_some()).collect();
            for ((form, meaning), said) in inflected.into_iter().zip(said) {
                if !said {
                    say(&form, meaning);
                }
            }
        }
        count_by_head(&mut building);
        let exact = more_exact(&building);
        Lexicon {
            exact,
            ..Lexicon::compiled(building)
        }
    }

    /// The other option says the same more exactly: its words hold those of the one (`soft`, `extra soft`).
    pub fn is_within(&self, list: OptionsId, one: u32, other: u32) -> bool {
        self.exact.contains(&(list, one, other))
    }

    fn compiled(building: BTreeMap<Vec<String>, Vec<Meaning>>) -> Lexicon {
        let mut lexicon = Lexicon {
            ends: vec![0],
            ..Lexicon::default()
        };
        for (phrase, meanings) in building {
            let words: Vec<u32> = phrase.iter().map(|word| lexicon.vocabulary.learn(word)).collect();
            let mut node = 0;
            for (n, word) in words.iter().enumerate() {
                lexicon.first.resize(lexicon.vocabulary.len() + 1, 0);
                let next = match n {
                    0 => lexicon.first[*word as usize],
                    _ => lexicon.steps.get(&step(node, *word)).copied().unwrap_or(0),
                };
                node = match next {
                    0 => {
                        let made = lexicon.ends.len() as u32;
                        lexicon.ends.push(0);
                        match n {
                            0 => lexicon.first[*word as usize] = made,
                            _ => drop(lexicon.steps.insert(step(node, *word), made)),
                        }
                        made
                    }
                    next => next,
                };
            }
            if node != 0 {
                lexicon.entries.push(meanings);
                lexicon.ends[node as usize] = lexicon.entries.len() as u32;
            }
        }
        let general = |meanings: &Vec<Meaning>| {
            meanings
                .iter()
                .any(|meaning| matches!(meaning, Meaning::Marker(..) | Meaning::Cue(..) | Meaning::Head(_)))
        };
        lexicon.general = lexicon.entries.iter().map(general).collect();
        lexicon.glues = lexicon.entries.iter().map(|meanings| names_only(meanings)).collect();
        lexicon
    }

    /// What a phrase may mean.
    pub fn meanings(&self, entry: u32) -> &[Meaning] {
        &self.entries[entry as usize]
    }

    /// By entry: whether it means something where the attributes of a family are looked for.
    pub fn relevant(&self, has: &dyn Fn(AttributeId) -> bool, uses: &dyn Fn(OptionsId) -> bool) -> Box<[bool]> {
        let relevant = |(n, meanings): (usize, &Vec<Meaning>)| {
            self.general[n]
                || meanings.iter().any(|meaning| match meaning {
                    Meaning::Option { list, .. } => uses(*list),
                    Meaning::Yes(id) | Meaning::No(id) | Meaning::Except(id) => has(*id),
                    Meaning::Cue(..) | Meaning::Marker(..) | Meaning::Head(_) => true,
                })
        };
        self.entries.iter().enumerate().map(relevant).collect()
    }

    /// The phrase that a single word is by itself.
    pub fn word(&self, tokens: &[Token], at: usize, relevant: &[bool]) -> Option<Phrase> {
        let node = self.first.get(tokens.get(at)?.word as usize).copied()?;
        let end = self.ends.get(node as usize).copied().filter(|end| *end != 0)?;
        let holds = relevant.get(end as usize - 1) == Some(&true);
        holds.then_some(Phrase {
            entry: end - 1,
            from: at as u32,
            to: at as u32 + 1,
        })
    }

    /// The longest relevant phrase that begins at a token.
    pub fn longest(&self, tokens: &[Token], at: usize, relevant: &[bool]) -> Option<Phrase> {
        let first = tokens.get(at)?.word;
        let mut node = self.first.get(first as usize).copied().unwrap_or(0);
        if first == 0 || node == 0 {
            return None;
        }
        let mut found = None;
        let mut next = at + 1;
        loop {
            let end = self.ends[node as usize];
            // A phrase ends where the word ends: `E27` is not in `E271`, nor `M` in `M8`.
            if end != 0
                && relevant.get(end as usize - 1) == Some(&true)
                && (!runs_on(tokens, next) || (self.glues[end as usize - 1] && has_digits(tokens, next)))
            {
                found = Some(Phrase {
                    entry: end - 1,
                    from: at as u32,
                    to: next as u32,
                });
            }
            // Hyphens, apostrophes and points inside a phrase do not count.
            let mut over = next;
            while tokens.get(over).is_some_and(joins) {
                over += 1;
            }
            let Some(token) = tokens.get(over).filter(|token| token.word != 0) else {
                break;
            };
            match self.steps.get(&step(node, token.word)) {
                Some(child) => node = *child,
                None => break,
            }
            next = over + 1;
        }
        found
    }
}

fn step(node: u32, word: u32) -> u64 {
    u64::from(node) << 32 | u64::from(word)
}

fn joins(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Dash | TokenKind::Other | TokenKind::Percent)
}

/// Letters glued behind digits, or digits behind letters: the word goes on.
fn runs_on(tokens: &[Token], next: usize) -> bool {
    tokens
        .get(next)
        .is_some_and(|token| token.glued && matches!(token.kind, TokenKind::Word | TokenKind::Number))
}

/// What counts a thing counts it under its longer names: `single serve pods` are `pods`. A longer count noun that means nothing
/// else is none of its own (`vegetarian capsules`), so that the words in front of it are read too.
fn count_by_head(building: &mut BTreeMap<Vec<String>, Vec<Meaning>>) {
    let counts = |meaning: &Meaning| matches!(meaning, Meaning::Cue(_, Where::Behind));
    let heads: BTreeMap<Vec<String>, Vec<Meaning>> = building
        .iter()
        .filter(|(_, meanings)| meanings.iter().any(counts))
        .map(|(words, meanings)| {
            (
                words.clone(),
                meanings.iter().copied().filter(|meaning| counts(meaning)).collect(),
            )
        })
        .collect();
    building.retain(|words, meanings| {
        let shorter = (1..words.len()).filter_map(|from| heads.get(&words[from..]));
        let known: Vec<Meaning> = shorter.flatten().copied().collect();
        if meanings
            .iter()
            .all(|meaning| counts(meaning) && known.contains(meaning))
        {
            return false;
        }
        // `2 pack of 8 oz`: a name in front of its number may begin with what counts.
        let before = |of: AttributeId| meanings.contains(&Meaning::Cue(of, Where::Before));
        let shorter = (1..words.len()).filter_map(|to| heads.get(&words[..to]));
        let begun = shorter.flatten().copied().filter(|head| match head {
            Meaning::Cue(of, _) => before(*of),
            _ => false,
        });
        let begun: Vec<Meaning> = begun.collect();
        for meaning in known.into_iter().chain(begun) {
            if !meanings.contains(&meaning) {
                meanings.push(meaning);
            }
        }
        true
    });
}

/// The options whose words hold those of another of their list.
fn more_exact(building: &BTreeMap<Vec<String>, Vec<Meaning>>) -> HashSet<(OptionsId, u32, u32), Hashed> {
    let mut exact = HashSet::default();
    let options = |meanings: &[Meaning]| -> Vec<(OptionsId, u32)> {
        let of = |meaning: &Meaning| match meaning {
            Meaning::Option { list, option, .. } => Some((*list, *option)),
            _ => None,
        };
        meanings.iter().filter_map(of).collect()
    };
    for (words, meanings) in building.iter().filter(|(words, _)| words.len() > 1) {
        let longer = options(meanings);
        if longer.is_empty() {
            continue;
        }
        let parts = (0..words.len()).flat_map(|from| (from + 1..=words.len()).map(move |to| from..to));
        for part in parts.filter(|part| part.len() < words.len()) {
            for (list, one) in building
                .get(&words[part])
                .map(|meanings| options(meanings))
                .unwrap_or_default()
            {
                let same = longer.iter().filter(|(of, other)| *of == list && *other != one);
                exact.extend(same.map(|(_, other)| (list, one, *other)));
            }
        }
    }
    exact
}

/// Digits stand behind letters.
fn has_digits(tokens: &[Token], next: usize) -> bool {
    let letters = next
        .checked_sub(1)
        .and_then(|n| tokens.get(n))
        .is_some_and(|token| token.kind == TokenKind::Word && token.end - token.start > 1);
    letters && tokens.get(next).is_some_and(|token| token.kind == TokenKind::Number)
}

/// It names attributes, in front of their values, and means nothing else.
fn names_only(meanings: &[Meaning]) -> bool {
    let names = |meaning: &Meaning| matches!(meaning, Meaning::Cue(..));
    let before = |meaning: &Meaning| matches!(meaning, Meaning::Cue(_, Where::Before | Where::Either));
    meanings.iter().all(names) && meanings.iter().any(before)
}

/// The folded words and the numbers of a phrase, cut as texts are: letters and digits apart.
fn words(phrase: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    cut(phrase, &Vocabulary::default(), &mut String::new(), &mut tokens);
    let text = |token: &Token| fold_number(&phrase[token.start as usize..token.end as usize], token.kind);
    tokens
        .iter()
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Number))
        .map(text)
        .filter(|word| !word.is_empty())
        .collect()
}

fn fold_number(text: &str, kind: TokenKind) -> String {
    match kind {
        TokenKind::Number => text.to_owned(),
        // As `cut` folds the letters of a text.
        _ if text.is_ascii() => text.to_ascii_lowercase(),
        _ => fold(text),
    }
}

/// The other forms of an adjective or noun: `negro` negra, negros, negras; plurals. Of short words none.
fn inflections(folded: &str, languages: Languages) -> Vec<String> {
    let mut forms = Vec::new();
    if folded.chars().count() < 4 || folded.bytes().any(|byte| byte.is_ascii_digit()) {
        return forms;
    }
    let spanish = languages & of_locale("es") != 0;
    if let Some(stem) = folded.strip_suffix('o').filter(|_| spanish) {
        forms.extend([format!("{stem}a"), format!("{stem}os"), format!("{stem}as")]);
    } else if let Some(stem) = folded
        .strip_suffix('a')
        .filter(|stem| spanish && stem.ends_with(['d', 'c', 's']))
    {
        forms.extend([format!("{stem}o"), format!("{stem}os"), format!("{stem}as")]);
    } else if folded.ends_with(['a', 'e', 'i', 'u', 'y']) {
        forms.push(format!("{folded}s"));
    } else if folded.ends_with(['l', 'n', 'r', 'd']) && spanish {
        forms.extend([format!("{folded}es"), format!("{folded}s")]);
    } else if !folded.ends_with('s') {
        forms.push(format!("{folded}s"));
    }
    forms
}
