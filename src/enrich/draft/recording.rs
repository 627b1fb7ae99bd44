//! A draft as it is kept: the request to the byte, the answer, what it cost; and, apart from it, what a person decided.

use crate::enrich::draft::prompt::hash;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Version of both formats.
pub const FORMAT: u32 = 1;

/// What the model answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The text.
    pub content: String,
    /// Why the model stopped: `stop`, or `length` where the text is cut.
    pub finish_reason: Option<String>,
    /// The model as the endpoint names it.
    pub model: Option<String>,
    pub usage: Usage,
}

/// Tokens of one exchange, as the endpoint counts them; 0 where it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
}

/// One exchange, kept for one product and attribute.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    pub format: u32,
    pub id: String,
    pub sku: String,
    /// `description@es`.
    pub target: String,
    /// Where the request went.
    pub endpoint: String,
    /// BLAKE3 of the request's bytes.
    pub request_hash: String,
    pub request: Box<RawValue>,
    /// BLAKE3 of the answer as JSON without blanks.
    pub answer_hash: String,
    pub answer: Answer,
}

/// What became of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Accepted,
    Rejected,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    pub format: u32,
    pub decision: Decision,
    /// Why it was accepted against the findings, or rejected.
    pub reason: Option<String>,
    /// The findings that were overridden, as `CODE: words`.
    #[serde(default)]
    pub overridden: Vec<String>,
    /// When, in RFC 3339: for people, nothing is decided by it.
    pub at: String,
}

/// A recording that is not what this program writes.
#[derive(Debug, thiserror::Error)]
pub enum DamagedRecording {
    #[error("it does not read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("its format is {0}, this program knows {FORMAT}")]
    Format(u32),
    #[error("its request was changed: the hash is another")]
    Request,
    #[error("its answer was changed: the hash is another")]
    Answer,
    #[error("its id is that of another product, attribute or request")]
    Id,
}

/// The id of a draft: what it is for and what was asked. The same request for the same text has the same id.
pub fn id(sku: &str, target: &str, request_hash: &str) -> String {
    let name = serde_json::to_string(&(sku, target, request_hash)).unwrap_or_default();
    let mut id = blake3::hash(name.as_bytes()).to_hex().to_string();
    id.truncate(12);
    id
}

impl Recording {
    /// Keeps an exchange; `request` must be JSON.
    pub fn new(
        sku: &str,
        target: &str,
        endpoint: &str,
        request: &str,
        answer: Answer,
    ) -> Result<Recording, DamagedRecording> {
        let request_hash = hash(request);
        Ok(Recording {
            format: FORMAT,
            id: id(sku, target, &request_hash),
            sku: sku.to_owned(),
            target: target.to_owned(),
            endpoint: endpoint.to_owned(),
            request_hash,
            request: RawValue::from_string(request.to_owned())?,
            answer_hash: hash(&serde_json::to_string(&answer)?),
            answer,
        })
    }

    /// The file's bytes: the same for the same exchange.
    pub fn write(&self) -> Result<Vec<u8>, DamagedRecording> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a file's bytes; a request or an answer that was changed by hand is refused.
    pub fn read(bytes: &[u8]) -> Result<Recording, DamagedRecording> {
        let recording: Recording = serde_json::from_slice(bytes)?;
        if recording.format != FORMAT {
            return Err(DamagedRecording::Format(recording.format));
        }
        if hash(recording.request.get()) != recording.request_hash {
            return Err(DamagedRecording::Request);
        }
        if hash(&serde_json::to_string(&recording.answer)?) != recording.answer_hash {
            return Err(DamagedRecording::Answer);
        }
        if id(&recording.sku, &recording.target, &recording.request_hash) != recording.id {
            return Err(DamagedRecording::Id);
        }
        Ok(recording)
    }

    /// The text as it would be said: without blanks around it, nor the quotes that models like to put.
    pub fn text(&self) -> &str {
        let text = self.answer.content.trim();
        let pairs = [('"', '"'), ('«', '»'), ('“', '”')];
        for (open, close) in pairs {
            if let Some(inner) = text.strip_prefix(open).and_then(|text| text.strip_suffix(close))
                && !inner.contains([open, close])
            {
                return inner.trim();
            }
        }
        text
    }
}

/// What an endpoint sends, as far as it is read.
#[derive(Debug, Deserialize)]
struct Completion {
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    /// Of any shape: an answer that is paid for is not lost to how its cost is told.
    #[serde(default)]
    usage: Value,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: Option<String>,
}

/// Reads the body of a chat completion. Errors with a sentence.
pub fn answer(bytes: &[u8]) -> Result<Answer, String> {
    let completion: Completion =
        serde_json::from_slice(bytes).map_err(|error| format!("the answer is no chat completion: {error}"))?;
    let Some(choice) = completion.choices.into_iter().next() else {
        return Err("the answer holds no choice".to_owned());
    };
    let Some(content) = choice.message.content.filter(|content| !content.trim().is_empty()) else {
        return Err("the answer holds no text".to_owned());
    };
    Ok(Answer {
        content,
        finish_reason: choice.finish_reason,
        model: completion.model,
        usage: usage(&completion.usage),
    })
}

/// The tokens, as far as whole numbers tell them.
fn usage(sent: &Value) -> Usage {
    let tokens = |name: &str| sent.get(name).and_then(Value::as_u64).unwrap_or_default();
    Usage {
        prompt_tokens: tokens("prompt_tokens"),
        completion_tokens: tokens("completion_tokens"),
        total_tokens: tokens("total_tokens"),
    }
}
