//! The character references of HTML that feeds use: the 252 names of HTML 4.01 (section 24), `apos`, and all numbers.

use std::sync::OnceLock;

/// The reference at the beginning of a text: its character and its length in bytes.
///
/// The semicolon is required; `&copy` without one, numbers of no character, and unknown names are not references.
pub fn first(text: &str) -> Option<(char, usize)> {
    let inner = text.strip_prefix('&')?;
    // The longest name has eight letters, the longest number eight digits and marks.
    let end = inner.bytes().take(10).position(|byte| byte == b';')?;
    let name = &inner[..end];
    let found = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(name)?,
    };
    Some((found, end + 2))
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    let code = match u32::from_str_radix(digits, radix).ok()? {
        // Feeds written on Windows number their marks by the code page; so do browsers (HTML standard, 13.2.5.80).
        code @ 0x80..=0x9f => WINDOWS[(code - 0x80) as usize],
        code => code,
    };
    char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r'))
}

fn named(name: &str) -> Option<char> {
    match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        "nbsp" => return Some('\u{a0}'),
        _ => {}
    }
    static TABLE: OnceLock<Vec<(&'static str, char)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let pair = |pair: &'static str| Some((pair.split_once('=')?.0, pair.chars().last()?));
        let mut table: Vec<(&str, char)> = NAMES.split_ascii_whitespace().filter_map(pair).collect();
        table.sort_unstable();
        table
    });
    table
        .binary_search_by_key(&name, |(known, _)| known)
        .ok()
        .map(|at| table[at].1)
}

/// Code points of windows-1252 from 0x80 (WHATWG Encoding, index windows-1252).
const WINDOWS: [u32; 32] = [
    0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d,
    0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,
    0x017e, 0x0178,
];

/// `name=character`, without those above.
const NAMES: &str = "
    AElig=Æ Aacute=Á Acirc=Â Agrave=À Alpha=Α Aring=Å Atilde=Ã Auml=Ä Beta=Β Ccedil=Ç Chi=Χ Dagger=‡ Delta=Δ ETH=Ð
    Eacute=É Ecirc=Ê Egrave=È Epsilon=Ε Eta=Η Euml=Ë Gamma=Γ Iacute=Í Icirc=Î Igrave=Ì Iota=Ι Iuml=Ï Kappa=Κ
    Lambda=Λ Mu=Μ Ntilde=Ñ Nu=Ν OElig=Œ Oacute=Ó Ocirc=Ô Ograve=Ò Omega=Ω Omicron=Ο Oslash=Ø Otilde=Õ Ouml=Ö Phi=Φ
    Pi=Π Prime=″ Psi=Ψ Rho=Ρ Scaron=Š Sigma=Σ THORN=Þ Tau=Τ Theta=Θ Uacute=Ú Ucirc=Û Ugrave=Ù Upsilon=Υ Uuml=Ü Xi=Ξ
    Yacute=Ý Yuml=Ÿ Zeta=Ζ aacute=á acirc=â acute=´ aelig=æ agrave=à alefsym=ℵ alpha=α and=∧ ang=∠ aring=å asymp=≈
    atilde=ã auml=ä bdquo=„ beta=β brvbar=¦ bull=• cap=∩ ccedil=ç cedil=¸ cent=¢ chi=χ circ=ˆ clubs=♣ cong=≅ copy=©
    crarr=↵ cup=∪ curren=¤ dArr=⇓ dagger=† darr=↓ deg=° delta=δ diams=♦ divide=÷ eacute=é ecirc=ê egrave=è empty=∅
    emsp=\u{2003} ensp=\u{2002} epsilon=ε equiv=≡ eta=η eth=ð euml=ë euro=€ exist=∃ fnof=ƒ forall=∀ frac12=½
    frac14=¼ frac34=¾ frasl=⁄ gamma=γ ge=≥ hArr=⇔ harr=↔ hearts=♥ hellip=… iacute=í icirc=î iexcl=¡ igrave=ì image=ℑ
    infin=∞ int=∫ iota=ι iquest=¿ isin=∈ iuml=ï kappa=κ lArr=⇐ lambda=λ lang=〈 laquo=« larr=← lceil=⌈ ldquo=“ le=≤
    lfloor=⌊ lowast=∗ loz=◊ lrm=\u{200e} lsaquo=‹ lsquo=‘ macr=¯ mdash=— micro=µ middot=· minus=− mu=μ nabla=∇
    ndash=– ne=≠ ni=∋ not=¬ notin=∉ nsub=⊄ ntilde=ñ nu=ν oacute=ó ocirc=ô oelig=œ ograve=ò oline=‾ omega=ω omicron=ο
    oplus=⊕ or=∨ ordf=ª ordm=º oslash=ø otilde=õ otimes=⊗ ouml=ö para=¶ part=∂ permil=‰ perp=⊥ phi=φ pi=π piv=ϖ
    plusmn=± pound=£ prime=′ prod=∏ prop=∝ psi=ψ rArr=⇒ radic=√ rang=〉 raquo=» rarr=→ rceil=⌉ rdquo=” real=ℜ reg=®
    rfloor=⌋ rho=ρ rlm=\u{200f} rsaquo=› rsquo=’ sbquo=‚ scaron=š sdot=⋅ sect=§ shy=\u{ad} sigma=σ sigmaf=ς sim=∼
    spades=♠ sub=⊂ sube=⊆ sum=∑ sup=⊃ sup1=¹ sup2=² sup3=³ supe=⊇ szlig=ß tau=τ there4=∴ theta=θ thetasym=ϑ
    thinsp=\u{2009} thorn=þ tilde=˜ times=× trade=™ uArr=⇑ uacute=ú uarr=↑ ucirc=û ugrave=ù uml=¨ upsih=ϒ upsilon=υ
    uuml=ü weierp=℘ xi=ξ yacute=ý yen=¥ yuml=ÿ zeta=ζ zwj=\u{200d} zwnj=\u{200c}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_and_others_stay() {
        assert_eq!(first("&eacute;x"), Some(('é', 8)));
        assert_eq!(first("&thetasym;"), Some(('ϑ', 10)));
        assert_eq!(first("&#8364;"), Some(('€', 7)));
        assert_eq!(first("&#x20AC;"), Some(('€', 8)));
        assert_eq!(first("&#150;"), Some(('–', 6)));
        assert_eq!(first("&ensp;"), Some(('\u{2002}', 6)));
        for text in ["&", "&;", "&nothing;", "&eacute", "&#0;", "&#x110000;", "&#+65;", "&ñ;"] {
            assert_eq!(first(text), None, "{text}");
        }
    }
}
