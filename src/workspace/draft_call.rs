//! Asking a language model: one request over HTTP, with limits on time and size, repeated where that may help.
//!
//! The protocol is that of OpenAI's chat completions (POST `{endpoint}/chat/completions`), which hosted and local servers
//! speak alike. The key is sent and never told.

use crate::diagnostic::excerpt;
use crate::enrich::draft::recording::{Answer, answer};
use crate::workspace::draft_settings::Drafting;
use crate::workspace::failure::Failure;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Most bytes of an answer.
const MOST_BYTES: u64 = 1024 * 1024;
/// First pause before a call is repeated; it doubles each time.
const PAUSE: Duration = Duration::from_millis(250);
/// Longest pause; an endpoint that wants a longer one is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// An endpoint, ready to be asked from several threads.
pub struct Caller {
    agent: ureq::Agent,
    url: String,
    key: Option<String>,
    retries: u32,
    /// Calls that may still be made.
    left: AtomicU64,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct CallFault {
    pub message: String,
    /// Other calls would fail alike: the key is refused, there is no such model.
    pub hopeless: bool,
}

enum Attempt {
    Done(Answer),
    Again(String, Option<Duration>),
    Failed(CallFault),
}

impl Caller {
    /// Takes the key out of the environment; errors where it is not there.
    pub fn new(drafting: &Drafting) -> Result<Caller, Failure> {
        let settings = &drafting.settings;
        let key = match &settings.api_key_env {
            None => None,
            Some(name) => match std::env::var(name) {
                Ok(key) if !key.trim().is_empty() => Some(key.trim().to_owned()),
                _ => {
                    return Err(Failure::usage(format!("the environment variable {name} is not set"))
                        .with_help("it must hold the endpoint's key; `api_key_env` in [drafts] names it"));
                }
            },
        };
        let mut config = ureq::Agent::config_builder();
        if drafting.local {
            // What runs on this machine is not asked through a proxy.
            config = config.proxy(None);
        }
        let agent = config
            .timeout_global(Some(Duration::from_secs(settings.timeout_seconds)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("estante")
            .build()
            .new_agent();
        Ok(Caller {
            agent,
            url: drafting.url.clone(),
            key,
            retries: settings.retries,
            left: AtomicU64::new(settings.most_calls),
        })
    }

    /// Calls that may still be made.
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// True where a text holds the key.
    fn holds_key(&self, text: &[u8]) -> bool {
        let key = self.key.as_ref();
        key.is_some_and(|key| memchr::memmem::find(text, key.as_bytes()).is_some())
    }

    /// Asks once, and again where the endpoint is overloaded or out of order.
    pub fn ask(&self, body: &str) -> Result<Answer, CallFault> {
        let mut pause = PAUSE;
        let mut attempt = 0;
        loop {
            if !self.take() {
                return Err(fault("no call is left in the budget of this run"));
            }
            let (message, wanted) = match self.kept_secret(self.attempt(body)) {
                Attempt::Done(answer) => return Ok(answer),
                Attempt::Failed(fault) => return Err(fault),
                Attempt::Again(message, wanted) => (message, wanted),
            };
            if attempt == self.retries {
                let times = if attempt == 0 {
                    "once".to_owned()
                } else {
                    format!("{} times", attempt + 1)
                };
                return Err(fault(format!("{message}; asked {times}")));
            }
            if let Some(wanted) = wanted.filter(|wanted| *wanted > LONGEST_PAUSE) {
                return Err(fault(format!(
                    "{message}; it wants to be asked again in {} s",
                    wanted.as_secs()
                )));
            }
            std::thread::sleep(wanted.unwrap_or(pause));
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
        }
    }

    fn take(&self) -> bool {
        let less = |left: u64| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    /// What came of an attempt, unless it would tell the key: JSON spells a text in many ways, so that what is kept or told is
    /// looked through as it will stand there.
    fn kept_secret(&self, attempt: Attempt) -> Attempt {
        let tells = match &attempt {
            Attempt::Done(answer) => {
                let said = [
                    Some(&answer.content),
                    answer.model.as_ref(),
                    answer.finish_reason.as_ref(),
                ];
                said.into_iter().flatten().any(|text| self.holds_key(text.as_bytes()))
            }
            Attempt::Again(message, _) => self.holds_key(message.as_bytes()),
            Attempt::Failed(fault) => self.holds_key(fault.message.as_bytes()),
        };
        match (tells, attempt) {
            (true, _) => Attempt::Failed(fault("the endpoint sent the key back, so its answer is not kept")),
            (false, Attempt::Again(message, wanted)) => Attempt::Again(excerpt(&message), wanted),
            (false, Attempt::Failed(fault)) => Attempt::Failed(CallFault {
                message: excerpt(&fault.message),
                ..fault
            }),
            (false, done) => done,
        }
    }

    fn attempt(&self, body: &str) -> Attempt {
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json");
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(error) => return self.broken(&error),
        };
        let status = response.status().as_u16();
        let wanted = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.trim().parse::<u64>().ok())
            .map(Duration::from_secs);
        let bytes = match response.body_mut().with_config().limit(MOST_BYTES).read_to_vec() {
            Ok(bytes) => bytes,
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                return Attempt::Failed(fault(format!("the answer has more than {MOST_BYTES} bytes")));
            }
            Err(error) => return self.broken(&error),
        };
        match status {
            200 => match answer(&bytes) {
                Ok(answer) => Attempt::Done(answer),
                Err(message) => Attempt::Failed(fault(message)),
            },
            408 | 425 | 429 | 500..=599 => {
                Attempt::Again(format!("the endpoint answers {status}{}", why(&bytes)), wanted)
            }
            300..=399 => Attempt::Failed(hopeless(format!(
                "the endpoint sends elsewhere ({status}), which is not followed"
            ))),
            401 | 403 | 404 => Attempt::Failed(hopeless(format!("the endpoint answers {status}{}", why(&bytes)))),
            _ => Attempt::Failed(fault(format!("the endpoint answers {status}{}", why(&bytes)))),
        }
    }

    fn broken(&self, error: &ureq::Error) -> Attempt {
        let mut message = error.to_string();
        if let Some(key) = &self.key {
            message = message.replace(key.as_str(), "…");
        }
        match error {
            ureq::Error::Timeout(_) => Attempt::Again("no answer in time".to_owned(), None),
            ureq::Error::Io(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::HostNotFound
            | ureq::Error::Protocol(_) => Attempt::Again(format!("the connection broke: {}", excerpt(&message)), None),
            _ => Attempt::Failed(hopeless(format!("the call cannot be made: {}", excerpt(&message)))),
        }
    }
}

fn fault(message: impl Into<String>) -> CallFault {
    CallFault {
        message: message.into(),
        hopeless: false,
    }
}

fn hopeless(message: impl Into<String>) -> CallFault {
    CallFault {
        hopeless: true,
        ..fault(message)
    }
}

/// What an endpoint says of its fault, as `: words`; nothing where it says nothing that reads.
fn why(bytes: &[u8]) -> String {
    let said = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let message = said.as_ref().and_then(|said| said["error"]["message"].as_str());
    message.map_or_else(String::new, |message| format!(": {message}"))
}
