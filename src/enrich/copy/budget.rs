//! Texts cut to a length: never inside a word, a tag or a character reference, and never with a word left hanging.
//!
//! How long a text may be is left to the templates and the schema.

use crate::value::text::fold;

/// The most a text may have; what is not said is free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    pub max_chars: Option<usize>,
    pub max_bytes: Option<usize>,
}

/// Words that nothing may end with: what they lead to was cut off. Folded, es and en.
const HANGING: &[&str] = &[
    "de", "del", "la", "el", "los", "las", "un", "una", "y", "e", "o", "u", "con", "para", "por", "en", "a", "al",
    "sin", "su", "and", "or", "of", "the", "an", "with", "for", "in", "to", "from", "without", "by", "on",
];

/// What stands between parts of a text and may not end it.
pub fn is_joint(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            ',' | ';' | ':' | '-' | '–' | '—' | '·' | '|' | '/' | '+' | '&' | '(' | '['
        )
}

impl Budget {
    /// The text fits as it is.
    pub fn holds(&self, text: &str) -> bool {
        self.max_bytes.is_none_or(|most| text.len() <= most)
            && self
                .max_chars
                .is_none_or(|most| text.len() <= most || text.chars().count() <= most)
    }

    /// The longest beginning of a plain text that fits and ends with a whole word; empty where the first word does not fit.
    pub fn cut<'a>(&self, text: &'a str) -> &'a str {
        if self.holds(text) {
            return text;
        }
        let end = self.reach(text);
        let mut kept = &text[..end];
        let inside_word = text[end..].starts_with(|c: char| !c.is_whitespace()) && !kept.ends_with(char::is_whitespace);
        if inside_word {
            kept = kept.rfind(char::is_whitespace).map_or("", |at| &kept[..at]);
        }
        unhung(kept, is_joint)
    }

    /// Where the budget ends in a text that does not fit.
    fn reach(&self, text: &str) -> usize {
        let mut end = self.max_bytes.unwrap_or(text.len()).min(text.len());
        if let Some(most) = self.max_chars {
            end = end.min(text.char_indices().nth(most).map_or(text.len(), |(at, _)| at));
        }
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        end
    }

    /// The same for well-formed HTML: whole tags and references, whatever was opened is closed, and the closing counts.
    pub fn cut_html(&self, html: &str) -> String {
        if self.holds(html) {
            return html.to_owned();
        }
        let mut out = String::new();
        let mut open: Vec<&str> = Vec::new();
        let mut rest = html;
        while !rest.is_empty() {
            let token = token(rest);
            rest = &rest[token.len()..];
            let mut closing: usize = open.iter().map(|name| name.len() + 3).sum();
            let name = tag_name(token);
            let opens = name.is_some_and(|name| !token.starts_with("</") && name != "br");
            if opens {
                closing += name.map_or(0, |name| name.len() + 3);
            } else if name.is_some() && token.starts_with("</") {
                // It is counted with the rest already.
                closing = closing.saturating_sub(token.len());
            }
            // Words are measured with the blank before them, which is cut again where the word does not fit.
            let bytes = out.len() + token.len() + closing;
            let fits = self.max_bytes.is_none_or(|most| bytes <= most)
                && self
                    .max_chars
                    .is_none_or(|most| bytes <= most || out.chars().count() + token.chars().count() + closing <= most);
            if !fits {
                break;
            }
            out.push_str(token);
            match name {
                Some(name) if opens => open.push(name),
                Some(_) if token.starts_with("</") => drop(open.pop()),
                _ => {}
            }
        }
        // What was opened last may hold nothing, or end in the middle of a thought.
        loop {
            let text_end = out.rfind('>').map_or(0, |at| at + 1);
            let kept = text_end + unhung_html(&out[text_end..]).len();
            out.truncate(kept);
            match open.last() {
                Some(name) if out.ends_with(&format!("<{name}>")) => {
                    out.truncate(out.len() - name.len() - 2);
                    open.pop();
                }
                _ => break,
            }
        }
        for name in open.iter().rev() {
            out.push_str("</");
            out.push_str(name);
            out.push('>');
        }
        out
    }
}

/// The text without joints and hanging words at its end.
fn unhung(text: &str, joint: fn(char) -> bool) -> &str {
    let mut kept = text.trim_end_matches(joint);
    for _ in 0..4 {
        let Some(at) = kept.rfind(char::is_whitespace) else {
            break;
        };
        let last = &kept[at..];
        // `AC/DC and`: only a word alone hangs.
        if !HANGING.contains(&fold(last).as_str()) || last.trim().chars().any(|c| !c.is_alphabetic()) {
            break;
        }
        kept = kept[..at].trim_end_matches(joint);
    }
    kept
}

/// The same for the text behind the last tag: the `;` of a character reference stays, an `&amp;` alone hangs.
fn unhung_html(text: &str) -> &str {
    let joint: fn(char) -> bool = |c| is_joint(c) && !matches!(c, ';' | '&');
    let mut kept = text.trim_end_matches(joint);
    loop {
        let hung = kept
            .strip_suffix("&amp;")
            .filter(|before| before.is_empty() || before.ends_with(char::is_whitespace));
        let next = match hung {
            Some(before) => before.trim_end_matches(joint),
            None if kept.ends_with(';') => return kept,
            None => unhung(kept, joint),
        };
        if next.len() == kept.len() {
            return kept;
        }
        kept = next;
    }
}

/// The next tag, or word with the blanks before it.
fn token(html: &str) -> &str {
    if html.starts_with('<') {
        return html.find('>').map_or(html, |end| &html[..=end]);
    }
    let word = html.len() - html.trim_start().len();
    let end = html[word..]
        .find(|c: char| c.is_whitespace() || c == '<')
        .map_or(html.len(), |at| word + at);
    // A `<` that follows blanks at once leaves the blanks as a token of their own.
    if end == 0 { html } else { &html[..end] }
}

/// `ul` of `<ul>` and `</ul>`.
fn tag_name(token: &str) -> Option<&str> {
    let inner = token.strip_prefix('<')?.strip_suffix('>')?;
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
    Some(&inner[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chars(most: usize) -> Budget {
        Budget {
            max_chars: Some(most),
            max_bytes: None,
        }
    }

    #[test]
    fn texts_end_with_a_whole_word() {
        for (most, text, expected) in [
            (100, "Taladro percutor", "Taladro percutor"),
            (12, "Taladro percutor", "Taladro"),
            (16, "Taladro percutor 18 V", "Taladro percutor"),
            (20, "Taladro, con batería y cargador", "Taladro, con batería"),
            (23, "Taladro, con batería y cargador", "Taladro, con batería"),
            (4, "Taladro", ""),
            (6, "Año nuevo", "Año"),
        ] {
            assert_eq!(chars(most).cut(text), expected, "{most} {text}");
        }
        let bytes = Budget {
            max_chars: None,
            max_bytes: Some(5),
        };
        assert_eq!(bytes.cut("Añó ñandú"), "Añó");
    }

    #[test]
    fn html_is_closed_again() {
        for (most, html, expected) in [
            (24, "<p>Uno dos tres cuatro</p>", "<p>Uno dos tres</p>"),
            (
                40,
                "<ul><li>Uno</li><li>Dos tres cuatro cinco</li></ul>",
                "<ul><li>Uno</li><li>Dos tres</li></ul>",
            ),
            (26, "<ul><li>Uno</li><li>Dos</li></ul>", "<ul><li>Uno</li></ul>"),
            (14, "<p>a &amp; b</p>", "<p>a</p>"),
        ] {
            assert_eq!(chars(most).cut_html(html), expected, "{most} {html}");
        }
    }

    proptest! {
        #[test]
        fn no_cut_passes_its_budget_or_parts_a_word(text in "[a-zñé ,.-]{0,60}", most in 0_usize..40) {
            let cut = chars(most).cut(&text);
            prop_assert!(cut.chars().count() <= most);
            prop_assert!(text.starts_with(cut));
            let behind = &text[cut.len()..];
            prop_assert!(cut.is_empty() || behind.is_empty() || behind.starts_with(is_joint) || behind.starts_with(char::is_whitespace), "{cut:?} before {behind:?}");
        }

        #[test]
        fn cut_html_stays_well_formed(
            parts in proptest::collection::vec(("(p|li|strong|em)", "[a-zñ ]{0,12}(&amp;)?[a-z ]{0,8}"), 0..5),
            most in 0_usize..80,
            bytes in proptest::bool::ANY,
        ) {
            let html: String = parts.iter().map(|(tag, text)| format!("<{tag}>{}</{tag}> ", text.trim())).collect();
            let html = format!("<ul>{html}</ul>");
            let budget = if bytes { Budget { max_chars: None, max_bytes: Some(most) } } else { chars(most) };
            let cut = budget.cut_html(&html);
            prop_assert!(budget.holds(&cut), "{cut}");
            for tag in ["ul", "p", "li", "strong", "em"] {
                prop_assert_eq!(cut.matches(&format!("<{tag}>")).count(), cut.matches(&format!("</{tag}>")).count());
            }
            prop_assert_eq!(cut.matches('&').count(), cut.matches("&amp;").count());
            prop_assert_eq!(crate::value::text::clean(&cut), cut.clone());
            let words: Vec<String> = crate::value::text::plain(&html).split_whitespace().map(str::to_owned).collect();
            let kept = crate::value::text::plain(&cut);
            prop_assert!(kept.split_whitespace().all(|word| words.iter().any(|known| known == word)), "{kept}");
        }
    }
}
