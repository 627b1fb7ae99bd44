//! The small words that decide whose a value is: negations, `for`, `equivalent to`, `up to`, and what merely connects.
//!
//! Six languages, each word with those it belongs to: `sin` denies in Spanish and means nothing in English.

/// Languages as a set of bits.
pub type Languages = u8;

const ES: Languages = 1;
const EN: Languages = 2;
const DE: Languages = 4;
const FR: Languages = 8;
const IT: Languages = 16;
const PT: Languages = 32;
/// Every language.
pub const ALL: Languages = 63;

/// The language of a locale with English, which product texts mix into every other; all for languages not known here.
pub fn of_locale(locale: &str) -> Languages {
    let own = match locale.get(..2).unwrap_or_default() {
        "es" | "ca" | "gl" => ES,
        "en" => return EN,
        "de" => DE,
        "fr" => FR,
        "it" => IT,
        "pt" => PT,
        _ => return ALL,
    };
    own | EN
}

/// True where a comma parts the decimals of this locale.
pub fn decimal_comma(locale: &str) -> bool {
    !locale.starts_with("en")
}

/// What a small word does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// What follows is not there.
    Not,
    /// What follows belongs to another thing.
    For,
    /// What precedes in the clause is not there.
    NotThere,
    /// Ends what a `For` began.
    With,
    /// A part of a thing or what comes with it: behind `with`, what is said of it is not said of the thing.
    Part,
    /// What follows is what another thing would have.
    Like,
    /// The amount that follows is only compared with (`under 2 kg`).
    Than,
    /// What precedes is what another thing would have (`60 W equivalent`).
    AsIf,
    /// What precedes is only what it looks like (`leather look`).
    Look,
    /// The number that follows is the most or the least there can be.
    Most,
    /// Between a name and its value.
    Link,
    /// Between two values of a list.
    And,
    /// Between the ends of a range.
    To,
    /// `2 in 1`.
    In,
    /// Money.
    Money,
    /// Between the sides of a thing.
    By,
}

/// The markers by language, phrases parted by commas. They are compared folded.
pub const MARKERS: &[(Languages, Marker, &str)] = &[
    (
        ES,
        Marker::Not,
        "no, sin, ni, nunca, tampoco, excepto, salvo, libre de, no incluye",
    ),
    (
        EN,
        Marker::Not,
        "no, not, without, non, never, except, free of, excluding, isn t, doesn t, don t",
    ),
    (DE, Marker::Not, "nicht, kein, keine, keinen, ohne, frei von, außer"),
    (FR, Marker::Not, "non, pas, sans, aucun, aucune, ni, sauf"),
    (IT, Marker::Not, "non, senza, né, nessun, nessuna, privo di, priva di"),
    (PT, Marker::Not, "não, sem, nem, exceto, isento de"),
    (
        ES,
        Marker::For,
        "para, compatible con, compatibles con, apto para, apta para, aptos para, adecuado para, \
         válido para, diseñado para, sirve para, recomendado para, ideal para, admite, acepta, soporta, \
         requiere, necesita, resistente a, imitación, tipo, efecto, estilo, sobre, contra, a juego con, \
         combina con, accesorio de, accesorios de, recambio de, repuesto de, olor a, aroma a, sabor a, \
         sabor, aroma",
    ),
    (
        EN,
        Marker::For,
        "for, compatible with, compatibles with, suitable for, fits, designed for, works with, use with, \
         requires, needs, supports, accepts, replacement of, resistant to, imitation, faux, against, matches, pairs with, scent of, flavour, instead of",
    ),
    (
        DE,
        Marker::For,
        "für, kompatibel mit, passend für, geeignet für, passend zu, benötigt, gegen, \
         anstelle von",
    ),
    (
        FR,
        Marker::For,
        "pour, compatible avec, compatibles avec, adapté à, nécessite, contre, effet, style, façon",
    ),
    (
        IT,
        Marker::For,
        "per, compatibile con, compatibili con, adatto a, adatto per, richiede, contro, effetto, stile",
    ),
    (
        PT,
        Marker::For,
        "para, compatível com, compatíveis com, adequado para, requer, contra, efeito, estilo",
    ),
    (
        ES,
        Marker::With,
        "con, incluye, incluido, incluida, de color, en color, fabricado en, fabricada en, hecho de, \
         hecha de, hecho en, hecha en",
    ),
    (EN, Marker::With, "with, includes, including, made of, made from, in"),
    (DE, Marker::With, "mit, inklusive, inkl, aus"),
    (FR, Marker::With, "avec, inclut, en, fabriqué en"),
    (IT, Marker::With, "con, include, incluso, realizzato in"),
    (PT, Marker::With, "com, inclui, feito de, feito em"),
    (
        ES,
        Marker::Part,
        "mango, mangos, empuñadura, asa, asas, forro, correa, correas, funda, fundas, bolsa, estuche, maletín, caja, \
         tapa, base, suela, filtro, filtros, marco, patas, cordón",
    ),
    (
        EN,
        Marker::Part,
        "handle, handles, grip, grips, lining, liner, strap, straps, case, bag, pouch, box, lid, base, sole, filter, \
         filters, frame, legs, cord, insert, inserts",
    ),
    (
        DE,
        Marker::Part,
        "griff, griffe, futter, riemen, hülle, tasche, koffer, deckel, sohle, filter, rahmen",
    ),
    (
        FR,
        Marker::Part,
        "manche, poignée, poignées, doublure, sangle, housse, sac, étui, couvercle, semelle, filtre, cadre",
    ),
    (
        IT,
        Marker::Part,
        "manico, manici, fodera, cinghia, custodia, borsa, coperchio, base, suola, filtro, telaio",
    ),
    (
        PT,
        Marker::Part,
        "cabo, cabos, punho, alça, alças, forro, correia, capa, bolsa, estojo, tampa, base, sola, filtro",
    ),
    (
        ES,
        Marker::Like,
        "equivale a, equivalente a, equivalen a, sustituye a, reemplaza a, en lugar de, comparable a, \
         como, ahorra",
    ),
    (
        EN,
        Marker::Like,
        "equivalent to, equals, replaces, equal to, comparable to, like, instead of, saves",
    ),
    (DE, Marker::Like, "entspricht, ersetzt, vergleichbar mit, wie, statt"),
    (FR, Marker::Like, "équivaut à, équivalent à, remplace, comme"),
    (IT, Marker::Like, "equivale a, equivalente a, sostituisce, come"),
    (PT, Marker::Like, "equivale a, equivalente a, substitui, como"),
    (ES, Marker::Than, "menos que, más que"),
    (EN, Marker::Than, "less than, more than, over, under, weighs less than"),
    (DE, Marker::Than, "weniger als, mehr als, über, unter"),
    (FR, Marker::Than, "moins de, plus de"),
    (IT, Marker::Than, "meno di, più di, oltre"),
    (PT, Marker::Than, "menos de, mais de"),
    (EN, Marker::Look, "look, effect, style"),
    (DE, Marker::Look, "optik, effekt, look"),
    (ES, Marker::AsIf, "equivalente, equivalentes, equiv, eq"),
    (EN, Marker::AsIf, "equivalent, equivalents, equiv, eq, replacement"),
    (DE, Marker::AsIf, "ersatz, äquivalent"),
    (
        ES,
        Marker::Most,
        "hasta, desde, a partir de, mínimo, mín, mínima, al menos, menos de, más de, casi",
    ),
    (
        EN,
        Marker::Most,
        "up to, from, at least, min, minimum, nearly, almost, upto",
    ),
    (DE, Marker::Most, "bis zu, ab, mindestens, min, fast"),
    (FR, Marker::Most, "jusqu à, à partir de, au moins, minimum"),
    (IT, Marker::Most, "fino a, a partire da, almeno, minimo"),
    (PT, Marker::Most, "até, a partir de, pelo menos, mínimo"),
    (
        ES | PT,
        Marker::Link,
        "de, del, do, da, la, el, los, las, un, una, es, son, en, total, nominal, neto, neta, máx, \
         máximo, máxima, aprox, aproximado, aproximada, aproximadamente, unos, ca, completo, única, é, o, \
         a, exterior",
    ),
    (
        EN,
        Marker::Link,
        "of, the, is, a, an, are, rated, nominal, net, total, max, maximum, approx, approximately, about, \
         overall, full",
    ),
    (
        DE,
        Marker::Link,
        "von, der, die, das, ist, beträgt, ca, etwa, max, maximal, maximale, nenn, netto, gesamt",
    ),
    (
        FR,
        Marker::Link,
        "de, du, d, la, le, est, un, une, max, maximal, maximale, env, environ, nette, nominale",
    ),
    (
        IT,
        Marker::Link,
        "di, del, della, la, il, è, un, una, max, massimo, massima, circa, ca, netto, nominale, in",
    ),
    (ES, Marker::And, "y, e, o, u"),
    (EN, Marker::And, "and, or"),
    (DE, Marker::And, "und, oder"),
    (FR, Marker::And, "et, ou"),
    (IT, Marker::And, "e, ed, o"),
    (PT, Marker::And, "e, ou"),
    (ES | PT, Marker::To, "a, hasta, y, até"),
    (EN, Marker::To, "to, through, and"),
    (DE, Marker::To, "bis"),
    (FR, Marker::To, "à, a"),
    (IT, Marker::To, "a, e"),
    (ES | FR | PT, Marker::In, "en, em"),
    (ALL, Marker::In, "in"),
    (
        ALL,
        Marker::Money,
        "eur, euro, euros, usd, gbp, chf, dollars, pounds sterling",
    ),
    (ALL, Marker::By, "x"),
    (ES | PT, Marker::By, "por"),
    (EN, Marker::By, "by"),
];

/// Behind what they deny, parted by commas.
pub const NOT_THERE: &str = "no incluido, no incluida, no incluidos, no incluidas, se vende por separado, \
     se venden por separado, opcional, not included, sold separately, optional, nicht enthalten, \
     nicht im lieferumfang, separat erhältlich, non inclus, non incluse, non incluso, non inclusa, \
     vendu séparément, venduto separatamente, não incluído, não incluída, vendido separadamente, \
     no suministrado, no suministrada";
