//! Walks through a JSON document of any length: finds where values begin and end, keeps only the record at hand.
//!
//! The grammar inside a value is checked by whoever parses it; here brackets, strings and depth are.

use crate::feed::archive::SEND_AGAIN;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::window::Window;

/// Brackets that may stand inside each other.
pub const DEPTH: u32 = 64;

/// A document and how far it has been read.
pub struct Document {
    pub window: Window,
    /// Line of what is at hand, counted from 1.
    pub line: u64,
    /// Brackets that are open around what is at hand.
    pub depth: u32,
}

impl Document {
    pub fn new(window: Window) -> Document {
        Document {
            window,
            line: 1,
            depth: 0,
        }
    }

    /// The next byte that is no white space; none at the end.
    pub fn peek(&mut self) -> Result<Option<u8>, FeedError> {
        loop {
            let data = self.window.data();
            match data
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            {
                Some(at) => {
                    let byte = data[at];
                    self.take(at);
                    return Ok(Some(byte));
                }
                None => {
                    self.take(self.window.data().len());
                    if self.window.ended() {
                        return Ok(None);
                    }
                    self.window.more()?;
                }
            }
        }
    }

    /// Leaves `n` bytes behind.
    pub fn take(&mut self, n: usize) {
        self.line += memchr::memchr_iter(b'\n', &self.window.data()[..n]).count() as u64;
        self.window.take(n);
    }

    /// Leaves the opening bracket at hand behind.
    pub fn enter(&mut self) {
        self.take(1);
        self.depth += 1;
    }

    /// Leaves the closing bracket at hand behind.
    pub fn leave(&mut self) {
        self.take(1);
        self.depth = self.depth.saturating_sub(1);
    }

    /// Goes to the next member of the open list or object whose closing bracket is `close`: past the comma that must stand
    /// before it unless it is the `first`. `false` where the bracket closes, which is left behind.
    pub fn member(&mut self, first: bool, close: u8) -> Result<bool, FeedError> {
        match self.peek()? {
            Some(byte) if byte == close => {
                self.leave();
                Ok(false)
            }
            Some(b',') if !first => {
                self.take(1);
                match self.peek()? {
                    Some(byte) if byte != close => Ok(true),
                    Some(_) => Err(self.syntax("a comma stands before a closing bracket")),
                    None => Err(self.truncated()),
                }
            }
            Some(_) if first => Ok(true),
            Some(_) => Err(self.syntax("a comma is missing")),
            None => Err(self.truncated()),
        }
    }

    /// The key at hand, with its colon left behind.
    pub fn key(&mut self) -> Result<String, FeedError> {
        if self.peek()? != Some(b'"') {
            return Err(self.syntax("a key in quotes is missing"));
        }
        let len = self.value()?;
        let key = serde_json::from_slice::<String>(&self.window.data()[..len]);
        let key = key.map_err(|_| self.syntax("a key is no text"))?;
        self.take(len);
        match self.peek()? {
            Some(b':') => self.take(1),
            Some(_) => return Err(self.syntax("a colon is missing")),
            None => return Err(self.truncated()),
        }
        match self.peek()? {
            Some(_) => Ok(key),
            None => Err(self.truncated()),
        }
    }

    /// Length of the value at hand, which is in the window whole.
    pub fn value(&mut self) -> Result<usize, FeedError> {
        let mut extent = Extent::new(self.depth);
        let mut scanned = 0;
        loop {
            let data = &self.window.data()[scanned..];
            match extent.feed(data, self.window.ended()) {
                Step::End(len) => return Ok(scanned + len),
                Step::More => scanned += data.len(),
                Step::Fault(message) => return Err(self.syntax_at(message, scanned)),
                Step::Deep => return Err(self.deep()),
            }
            if self.window.ended() {
                return Err(self.truncated());
            }
            self.window.more()?;
        }
    }

    /// Leaves the value at hand behind, however long it is.
    pub fn skip(&mut self) -> Result<(), FeedError> {
        let mut extent = Extent::new(self.depth);
        loop {
            let data = self.window.data();
            match extent.feed(data, self.window.ended()) {
                Step::End(len) => {
                    self.take(len);
                    return Ok(());
                }
                Step::More => self.take(data.len()),
                Step::Fault(message) => return Err(self.syntax(message)),
                Step::Deep => return Err(self.deep()),
            }
            if self.window.ended() {
                return Err(self.truncated());
            }
            self.window.more()?;
        }
    }

    pub fn syntax(&self, message: impl Into<String>) -> FeedError {
        self.syntax_at(message, 0)
    }

    fn syntax_at(&self, message: impl Into<String>, ahead: usize) -> FeedError {
        let message = format!("the JSON is broken: {}", message.into());
        let refusal = Refusal::new("E-JSON-SYNTAX", self.window.shown(), message, SEND_AGAIN);
        refusal
            .at_line(self.line)
            .at_offset(self.window.offset() + ahead as u64)
            .into()
    }

    pub fn truncated(&self) -> FeedError {
        let message = "the JSON is cut off: a bracket never closes";
        let refusal = Refusal::new("E-FILE-TRUNCATED", self.window.shown(), message, SEND_AGAIN);
        refusal.at_line(self.line).at_offset(self.window.offset()).into()
    }

    fn deep(&self) -> FeedError {
        let message = format!("more than {DEPTH} brackets stand inside each other");
        let help = "no product needs that; ask the supplier for a flatter file";
        let refusal = Refusal::new("E-JSON-DEPTH", self.window.shown(), message, help);
        refusal.at_line(self.line).at_offset(self.window.offset()).into()
    }
}

/// Whether the brackets of a line stand deeper than they may.
pub fn is_deep(line: &[u8]) -> bool {
    matches!(Extent::new(0).feed(line.trim_ascii_start(), true), Step::Deep)
}

/// Finds the end of one value, piece by piece.
struct Extent {
    /// Bit `n`: bracket `n` is that of an object.
    objects: u64,
    open: u32,
    outside: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Between,
    Text,
    Escape,
    Scalar,
}

enum Step {
    /// The value ends after so many bytes of the piece.
    End(usize),
    More,
    Fault(&'static str),
    Deep,
}

impl Extent {
    fn new(outside: u32) -> Extent {
        Extent {
            objects: 0,
            open: 0,
            outside,
            state: State::Start,
        }
    }

    fn feed(&mut self, data: &[u8], ended: bool) -> Step {
        let mut at = 0;
        while at < data.len() {
            match self.state {
                State::Start | State::Between => {
                    let rest = &data[at..];
                    let next = match self.state {
                        State::Start => Some(0),
                        _ => rest
                            .iter()
                            .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']')),
                    };
                    let Some(next) = next else { return Step::More };
                    at += next + 1;
                    match rest[next] {
                        b'"' => self.state = State::Text,
                        open @ (b'{' | b'[') => {
                            if self.open + self.outside >= DEPTH {
                                return Step::Deep;
                            }
                            self.objects = self.objects << 1 | (open == b'{') as u64;
                            self.open += 1;
                            self.state = State::Between;
                        }
                        close @ (b'}' | b']') => {
                            if self.open == 0 || (self.objects & 1 == 1) != (close == b'}') {
                                return Step::Fault("a closing bracket does not match");
                            }
                            self.objects >>= 1;
                            self.open -= 1;
                            if self.open == 0 {
                                return Step::End(at);
                            }
                        }
                        _ => self.state = State::Scalar,
                    }
                }
                State::Text => match memchr::memchr2(b'"', b'\\', &data[at..]) {
                    None => return Step::More,
                    Some(next) => {
                        at += next + 1;
                        if data[at - 1] == b'\\' {
                            self.state = State::Escape;
                        } else if self.open == 0 {
                            return Step::End(at);
                        } else {
                            self.state = State::Between;
                        }
                    }
                },
                State::Escape => {
                    at += 1;
                    self.state = State::Text;
                }
                State::Scalar => {
                    let end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
                    match data[at..].iter().position(end) {
                        Some(next) => return Step::End(at + next),
                        None if ended => return Step::End(data.len()),
                        None => return Step::More,
                    }
                }
            }
        }
        if self.state == State::Scalar && ended {
            Step::End(data.len())
        } else {
            Step::More
        }
    }
}
