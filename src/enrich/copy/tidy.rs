//! The joints of a text mended where a part was missing: doubled blanks, lone commas, empty brackets, empty elements.
//!
//! It mends only what missing parts leave behind; words are never touched.

/// What missing parts leave behind, and what stands there without them.
const MENDED: &[(&str, &str)] = &[
    ("  ", " "),
    (" ,", ","),
    (" ;", ";"),
    (" )", ")"),
    (" ]", "]"),
    ("( ", "("),
    ("[ ", "["),
    ("()", ""),
    ("[]", ""),
    (",,", ","),
    (";;", ";"),
    (",;", ";"),
    (",.", "."),
    (";.", "."),
    ("(,", "("),
    ("(;", "("),
    (",)", ")"),
    (";)", ")"),
    (" . ", ". "),
    ("| |", "|"),
    ("· ·", "·"),
    ("– –", "–"),
    ("— —", "—"),
    (" - - ", " - "),
    (" / / ", " / "),
    (", - ", " - "),
    (", – ", " – "),
    (", | ", " | "),
    (", · ", " · "),
];
/// Rounds of mending; more nested brackets than that are no text.
const MOST_ROUNDS: usize = 32;

/// A plain text whose joints are mended, line by line; lines that are empty then are gone.
pub fn tidy(text: String) -> String {
    if is_tidy(&text) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = mended(line);
        if !line.is_empty() {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&line);
        }
    }
    out
}

/// Most texts are tidy, which one look tells. False also where that would take a longer look.
fn is_tidy(text: &str) -> bool {
    let (mut first, mut before) = (' ', ' ');
    for c in text.chars() {
        let wrong = match c {
            // Most are none of those below.
            '0'..='9' | 'a'..='z' | 'A'..='Z' => false,
            ' ' => matches!(before, ' ' | '(' | '['),
            ',' | ';' | ')' | ']' => matches!(before, ' ' | ',' | ';' | '(' | '['),
            '.' => matches!(before, ' ' | ',' | ';'),
            // Lines are for the closer look.
            '\n' | '\t' | '\r' => true,
            // Signs that join parts are wrong where none stands between them.
            '|' | '·' | '–' | '—' => before == ' ' && (first == c || first == ','),
            '-' | '/' => before == ' ',
            c => c.is_whitespace(),
        };
        if wrong {
            return false;
        }
        (first, before) = (before, c);
    }
    !text.ends_with(dangles) && !text.starts_with(leads)
}

/// Joins nothing at the end of a line.
fn dangles(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | '[' | '|' | '·' | '/' | '-' | '–' | '—')
}

/// Joins nothing at the beginning of a line; a hyphen may be a bullet or a minus.
fn leads(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '|' | '·' | ')' | ']')
}

fn mended(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    for _ in 0..MOST_ROUNDS {
        let before = text.len();
        for (from, to) in MENDED {
            if text.contains(from) {
                text = text.replace(from, to);
            }
        }
        if let Some(kept) = text.strip_suffix(" .") {
            text = [kept, "."].concat();
        }
        let kept = text.trim_end_matches(dangles).trim_start_matches(leads);
        if kept.len() < text.len() {
            text = kept.to_owned();
        }
        if text.len() == before {
            break;
        }
    }
    text
}

/// HTML of a template in one line, without the elements that missing parts left empty.
pub fn tidy_html(html: String) -> String {
    let mut text = html;
    if text.contains(['\n', '\t']) || text.contains("  ") || text.starts_with(' ') || text.ends_with(' ') {
        let mut out = String::with_capacity(text.len());
        let (mut gap, mut broken) = (false, false);
        for c in text.trim().chars() {
            if c.is_whitespace() {
                gap = true;
                broken |= c == '\n';
                continue;
            }
            // Line ends between tags are there for the reader of the template.
            if gap && !(broken && c == '<' && out.ends_with('>')) {
                out.push(' ');
            }
            (gap, broken) = (false, false);
            out.push(c);
        }
        text = out;
    }
    for (from, to) in [
        (" </p>", "</p>"),
        (" </li>", "</li>"),
        ("<p> ", "<p>"),
        ("<li> ", "<li>"),
        (" ,", ","),
        (" .", "."),
        ("( ", "("),
        (" )", ")"),
        (" ()", ""),
        (",.", "."),
        (", .", "."),
        (",,", ","),
    ] {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    // Each round empties one level; deeper ones than the list allows are no description.
    for _ in 0..6 {
        let before = text.len();
        for empty in [
            "<li></li>",
            "<p></p>",
            "<ul></ul>",
            "<ol></ol>",
            "<strong></strong>",
            "<em></em>",
            "<b></b>",
            "<i></i>",
            "<h2></h2>",
            "<h3></h3>",
            "<h4></h4>",
            "<td></td>",
            "<tr></tr>",
            "<table></table>",
        ] {
            if text.contains(empty) {
                text = text.replace(empty, "");
            }
        }
        if text.len() == before {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn joints_without_parts_are_gone() {
        for (text, expected) in [
            ("Taladro percutor", "Taladro percutor"),
            ("Taladro  percutor , 18 V", "Taladro percutor, 18 V"),
            ("Taladro () 18 V", "Taladro 18 V"),
            ("Taladro ( ) 18 V", "Taladro 18 V"),
            ("Taladro, , 18 V", "Taladro, 18 V"),
            ("Taladro - ", "Taladro"),
            (", Taladro", "Taladro"),
            ("Taladro | | Bosch", "Taladro | Bosch"),
            ("Taladro – Bosch", "Taladro – Bosch"),
            ("Taladro,.", "Taladro."),
            ("Taladro de 18 V .", "Taladro de 18 V."),
            ("  ", ""),
            ("Uno\n\n  dos ,\n", "Uno\ndos"),
            ("Broca -5 mm, .5 mm", "Broca -5 mm, .5 mm"),
            ("Vitamina C+", "Vitamina C+"),
        ] {
            assert_eq!(tidy(text.to_owned()), expected, "{text:?}");
        }
    }

    #[test]
    fn elements_without_content_are_gone() {
        for (html, expected) in [
            ("<ul>\n  <li>Uno</li>\n  <li></li>\n</ul>", "<ul><li>Uno</li></ul>"),
            ("<p>Uno</p><ul><li> </li></ul>", "<p>Uno</p>"),
            ("<p>Uno <b>dos</b> <i>tres</i></p>", "<p>Uno <b>dos</b> <i>tres</i></p>"),
            ("<p>Uno ,\n dos</p>", "<p>Uno, dos</p>"),
        ] {
            assert_eq!(tidy_html(html.to_owned()), expected, "{html:?}");
        }
    }

    proptest! {
        #[test]
        fn a_tidy_text_stays(text in "[a-z,;.()|/ -]{0,40}") {
            let once = tidy(text);
            prop_assert_eq!(tidy(once.clone()), once.clone());
            prop_assert_eq!(mended(&once), once);
        }

        #[test]
        fn a_quick_look_lets_nothing_through(text in "[ab,;.:()|·–/ -]{0,12}") {
            prop_assert!(!is_tidy(&text) || mended(&text) == text);
        }

        #[test]
        fn no_word_is_lost(words in proptest::collection::vec("[a-z0-9]{1,6}", 0..6), joint in "( |, |  | - |, , )") {
            let text = words.join(&joint);
            let kept = tidy(text);
            prop_assert!(words.iter().all(|word| kept.contains(word.as_str())), "{kept}");
        }
    }
}
