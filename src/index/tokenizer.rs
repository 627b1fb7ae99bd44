//! The engine's way to read texts: words as `query::words` makes them.

use crate::query::words::{LANGUAGES, Language, Runs, Stems};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

/// The tokenizer of a language for the index.
pub struct Words {
    stems: Stems,
    token: Token,
}

impl Clone for Words {
    fn clone(&self) -> Words {
        Words::new(self.stems.language())
    }
}

impl Words {
    pub fn new(language: Language) -> Words {
        Words {
            stems: Stems::new(language),
            token: Token::default(),
        }
    }
}

/// The tokens of one text.
pub struct WordStream<'a> {
    runs: Runs<'a>,
    stems: &'a mut Stems,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream {
            runs: Runs::of(text),
            stems: &mut self.stems,
            token: &mut self.token,
        }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        for run in self.runs.by_ref() {
            self.token.position = self.token.position.wrapping_add(1);
            if let Some(term) = self.stems.term(run.text) {
                self.token.text.clear();
                self.token.text.push_str(term);
                self.token.offset_from = run.start;
                self.token.offset_to = run.start + run.text.len();
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// All tokenizers by name.
pub fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::new();
    // The engine asks for this one on behalf of fields that have no words.
    manager.register("default", Words::new(Language::Neutral));
    for language in LANGUAGES {
        manager.register(language.tokenizer(), Words::new(language));
    }
    manager
}
