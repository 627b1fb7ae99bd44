//! What a sheet says in the editor's language: names of its own columns, yes and no, what is missing.
//!
//! Names of attributes, families and options are the schema's.

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// Name of the sheet with the products.
    pub products: &'static str,
    pub family: &'static str,
    /// Header of what a product still needs.
    pub notes: &'static str,
    /// Before the attributes that a channel misses.
    pub missing: &'static str,
    /// What counts where there is no channel.
    pub catalog: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    /// In a box beside what is no option.
    pub no_option: &'static str,
    /// In a box beside what was typed into a cell that is only to be looked at.
    pub read_only: &'static str,
    /// In a cell whose text a spreadsheet cannot hold.
    pub too_long: &'static str,
}

const EN: Words = Words {
    products: "products",
    family: "Family",
    notes: "To complete",
    missing: "missing",
    catalog: "catalog",
    yes: "yes",
    no: "no",
    no_option: "Choose one of the list. #CLEAR takes your value back.",
    read_only: "This column is only to be looked at: what is written here does not come into the catalog.",
    too_long: "[cannot be edited in a sheet]",
};
const ES: Words = Words {
    products: "productos",
    family: "Familia",
    notes: "Por completar",
    missing: "falta",
    catalog: "catálogo",
    yes: "sí",
    no: "no",
    no_option: "Elija una de la lista. #BORRAR retira su valor.",
    read_only: "Esta columna es solo de consulta: lo que se escriba aquí no entra en el catálogo.",
    too_long: "[no se puede editar en una hoja]",
};
const DE: Words = Words {
    products: "Produkte",
    family: "Familie",
    notes: "Zu ergänzen",
    missing: "es fehlt",
    catalog: "Katalog",
    yes: "ja",
    no: "nein",
    no_option: "Bitte aus der Liste wählen. #CLEAR nimmt Ihren Wert zurück.",
    read_only: "Diese Spalte ist nur zum Ansehen: Was hier steht, kommt nicht in den Katalog.",
    too_long: "[in einer Tabelle nicht zu bearbeiten]",
};
const FR: Words = Words {
    products: "produits",
    family: "Famille",
    notes: "À compléter",
    missing: "manque",
    catalog: "catalogue",
    yes: "oui",
    no: "non",
    no_option: "Choisissez dans la liste. #CLEAR retire votre valeur.",
    read_only: "Cette colonne est en lecture seule : ce qui y est écrit n’entre pas dans le catalogue.",
    too_long: "[ne se modifie pas dans une feuille]",
};
const IT: Words = Words {
    products: "prodotti",
    family: "Famiglia",
    notes: "Da completare",
    missing: "manca",
    catalog: "catalogo",
    yes: "sì",
    no: "no",
    no_option: "Scegliere dalla lista. #CLEAR ritira il valore.",
    read_only: "Questa colonna è di sola lettura: quanto scritto qui non entra nel catalogo.",
    too_long: "[non modificabile in un foglio]",
};
const PT: Words = Words {
    products: "produtos",
    family: "Família",
    notes: "Por completar",
    missing: "falta",
    catalog: "catálogo",
    yes: "sim",
    no: "não",
    no_option: "Escolha uma da lista. #CLEAR retira o seu valor.",
    read_only: "Esta coluna é só de consulta: o que aqui se escrever não entra no catálogo.",
    too_long: "[não se pode editar numa folha]",
};

impl Words {
    /// The words of a locale's language; English where it is none of the six.
    pub fn of(locale: &str) -> Words {
        match locale.split(['-', '_']).next().unwrap_or_default() {
            "es" => ES,
            "de" => DE,
            "fr" => FR,
            "it" => IT,
            "pt" => PT,
            _ => EN,
        }
    }
}

/// What takes an editor's value back, as a cell says it; case does not count.
const CLEARING: [&str; 2] = ["#CLEAR", "#BORRAR"];

/// True for a cell that takes the editor's value back.
pub fn clears(text: &str) -> bool {
    CLEARING.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::option::truth;

    #[test]
    fn yes_and_no_are_read_as_such() {
        for locale in ["en", "es-MX", "de", "fr", "it", "pt-BR", "ca"] {
            let words = Words::of(locale);
            assert_eq!((truth(words.yes), truth(words.no)), (Ok(true), Ok(false)), "{locale}");
        }
    }

    #[test]
    fn what_is_told_in_a_box_fits_into_it() {
        for locale in ["en", "es", "de", "fr", "it", "pt"] {
            let words = Words::of(locale);
            for text in [words.no_option, words.read_only] {
                assert!((1..=255).contains(&text.encode_utf16().count()), "{locale}: {text}");
            }
        }
    }

    #[test]
    fn a_word_clears_and_a_blank_does_not() {
        assert!(clears("#BORRAR") && clears(" #clear ") && !clears("") && !clears("clear"));
    }
}
