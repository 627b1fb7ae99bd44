//! Words of titles that mean something whatever the goods are: colours, what is not new, and what digits count.
//!
//! Folded, in the languages that feeds come in. Units of measure stand in `word.rs`, with what they measure.

/// Names of colours; equal numbers are one colour in several languages.
const COLOURS: &[(u8, &[&str])] = &[
    (
        0,
        &[
            "black", "negro", "negra", "noir", "noire", "schwarz", "nero", "nera", "preto",
        ],
    ),
    (
        1,
        &[
            "white", "blanco", "blanca", "blanc", "blanche", "weiss", "bianco", "branco",
        ],
    ),
    (
        2,
        &["silver", "plata", "plateado", "argent", "silber", "argento", "prata"],
    ),
    (
        3,
        &[
            "grey", "gray", "gris", "grau", "grigio", "cinza", "graphite", "charcoal",
        ],
    ),
    (4, &["red", "rojo", "roja", "rouge", "rot", "rosso", "vermelho"]),
    (5, &["blue", "azul", "bleu", "blau", "blu", "navy"]),
    (6, &["green", "verde", "vert", "grun"]),
    (
        7,
        &["yellow", "amarillo", "amarilla", "jaune", "gelb", "giallo", "amarelo"],
    ),
    (8, &["orange", "naranja", "arancione", "laranja"]),
    (9, &["pink", "rosa"]),
    (
        10,
        &[
            "purple", "morado", "morada", "violet", "violeta", "lila", "viola", "roxo",
        ],
    ),
    (11, &["brown", "marron", "braun", "marrone", "castanho"]),
    (12, &["beige"]),
    (13, &["gold", "oro", "dorado", "dore", "ouro"]),
    (14, &["cyan", "turquoise", "turquesa"]),
    (15, &["magenta"]),
];

/// What is said of goods that are not the new original.
pub const SECOND: &[&str] = &[
    "refurbished",
    "remanufactured",
    "renewed",
    "reconditioned",
    "refilled",
    "compatible",
    "replica",
    "used",
    "reacondicionado",
    "reacondicionada",
    "remanufacturado",
    "remanufacturada",
    "usado",
    "usada",
    "refurbie",
    "reconditionne",
    "gebraucht",
    "generaluberholt",
    "kompatibel",
    "ricondizionato",
    "rigenerato",
    "compativel",
    "recondicionado",
];

/// What a number behind says that it is a pack of so many.
pub const PACKS: &[&str] = &[
    "pack",
    "packs",
    "set",
    "lot",
    "lote",
    "lotes",
    "paquete",
    "juego",
    "caja",
    "confezione",
    "conf",
    "packung",
    "coffret",
    "conjunto",
    "jogo",
];

/// Words that count the pieces of a pack by themselves.
pub const SEVERAL: &[(u8, &[&str])] = &[
    (2, &["doppelpack", "zweierpack", "twinpack", "duopack", "bipack"]),
    (3, &["dreierpack", "tripack", "triplepack", "tripelpack"]),
    (4, &["viererpack", "quadpack"]),
];

/// English name of a colour.
pub fn colour_name(number: u8) -> &'static str {
    let named = COLOURS.iter().find(|(colour, _)| *colour == number);
    named.and_then(|(_, names)| names.first()).copied().unwrap_or_default()
}

/// The number of the colour that a word names.
pub fn colour(word: &str) -> Option<u8> {
    COLOURS
        .iter()
        .find(|(_, names)| names.contains(&word))
        .map(|(colour, _)| *colour)
}

/// What titles count with a word behind the digits, and what is no part number for it, whatever stands around. The English ones are
/// those of the titles of Abt-Buy and Walmart-Amazon (docs/matching.md); the others say the same in Spanish, German, French,
/// Italian and Portuguese. Units of measure stand in `word.rs`.
pub const COUNTED: &[&str] = &[
    "p",
    "i",
    "x",
    "k",
    "d",
    "nd",
    "rd",
    "th",
    "st",
    "hz",
    "ch",
    "bit",
    "btu",
    "rpm",
    "ohm",
    "dpi",
    "mbps",
    "gbps",
    "amp",
    "sq",
    "cuft",
    "cubic",
    "quart",
    "qt",
    "way",
    "port",
    "ports",
    "pin",
    "hr",
    "hour",
    "hours",
    "min",
    "day",
    "month",
    "year",
    "yr",
    "piece",
    "disc",
    "channel",
    "point",
    "button",
    "outlet",
    "cup",
    "speed",
    "sheet",
    "page",
    "pages",
    "band",
    "line",
    "lines",
    "user",
    "users",
    "key",
    "game",
    "slice",
    // Spanish
    "puerto",
    "puertos",
    "canal",
    "canales",
    "pines",
    "tecla",
    "teclas",
    "boton",
    "botones",
    "velocidades",
    "hojas",
    "pagina",
    "paginas",
    "hora",
    "horas",
    "dia",
    "dias",
    "mes",
    "meses",
    "ano",
    "anos",
    "pieza",
    "piezas",
    "tazas",
    "tomas",
    "lineas",
    "puntos",
    "discos",
    "juegos",
    // German
    "polig",
    "fach",
    "kanal",
    "tasten",
    "gang",
    "stufen",
    "blatt",
    "seiten",
    "stunden",
    "tage",
    "monate",
    "jahre",
    "teilig",
    "teile",
    "tassen",
    "spiele",
    // French
    "canaux",
    "broches",
    "touches",
    "boutons",
    "vitesses",
    "feuilles",
    "heures",
    "jours",
    "mois",
    "ans",
    "tasses",
    "prises",
    "lignes",
    "jeux",
    // Italian
    "porte",
    "canali",
    "tasti",
    "pulsanti",
    "velocita",
    "fogli",
    "pagine",
    "ore",
    "giorni",
    "mesi",
    "anni",
    "tazze",
    "prese",
    "dischi",
    "giochi",
    // Portuguese
    "porta",
    "portas",
    "canais",
    "pinos",
    "botoes",
    "folhas",
    "pecas",
    "chavenas",
    "linhas",
    "jogos",
];
