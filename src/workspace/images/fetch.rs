//! Pictures at http(s) addresses, fetched with distrust: only where the settings say so, never from a private network.
//!
//! The address is checked where the name is resolved, so that a name cannot mean one host when it is checked and another when
//! it is asked, and so that redirects are checked alike (OWASP, Server-Side Request Forgery Prevention Cheat Sheet).

use crate::diagnostic::{Diagnostic, excerpt};
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::settings::FetchSettings;
use crate::workspace::net::{USER_AGENT, careful};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Uri;

/// Failed connections in a row after which a host is asked no more: each of its addresses would cost the time that one may take.
const GIVEN_UP: u32 = 3;

/// Fetches pictures; one for all threads.
pub struct Fetcher {
    agent: Agent,
    max_bytes: u64,
    /// Hosts that failed to answer.
    silent: Mutex<BTreeMap<String, Silence>>,
}

/// A host that failed to answer.
#[derive(Debug, Default)]
struct Silence {
    /// Failed connections since it last answered.
    failed: u32,
    /// Addresses that were not fetched for it, those that were not even tried included.
    addresses: u64,
    why: String,
}

/// Why an address was not fetched.
#[derive(Debug)]
pub struct Unfetched {
    pub refusal: Refusal,
    /// Its host failed to answer, which is told once for all addresses of the host.
    pub silent: bool,
}

impl Fetcher {
    pub fn new(settings: &FetchSettings) -> Fetcher {
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(settings.seconds.clamp(1, 600))))
            .max_redirects(settings.redirects.min(10))
            .max_redirects_will_error(true)
            .max_response_header_size(64 * 1024)
            .proxy(None)
            .user_agent(USER_AGENT)
            .accept("image/*")
            .build();
        Fetcher {
            agent: careful(config, &settings.allow),
            max_bytes: settings.max_bytes,
            silent: Mutex::default(),
        }
    }

    /// The bytes behind an address.
    pub fn fetch(&self, address: &str) -> Result<Vec<u8>, Unfetched> {
        let uri = address.parse::<Uri>().ok();
        let host = uri.as_ref().and_then(|uri| uri.authority()).map(ToString::to_string);
        let host = host.unwrap_or_default();
        let given_up = self.silence(|silent| {
            let silence = silent.get_mut(&host).filter(|silence| silence.failed >= GIVEN_UP)?;
            silence.addresses += 1;
            Some(refusal(format!("not asked: {}", silence.why)))
        });
        if let Some(refusal) = given_up {
            return Err(Unfetched { refusal, silent: true });
        }
        let asked = self.ask(address);
        self.silence(|silent| match &asked {
            Err(unfetched) if unfetched.silent => {
                let silence = silent.entry(host).or_default();
                silence.failed += 1;
                silence.addresses += 1;
                // Of several reasons always the same one is told, whichever thread came first.
                let why = &unfetched.refusal.message;
                if silence.why.is_empty() || *why < silence.why {
                    silence.why.clone_from(why);
                }
            }
            _ => {
                if let Some(silence) = silent.get_mut(&host) {
                    silence.failed = 0;
                }
            }
        });
        asked
    }

    /// One finding for each host that failed to answer, with the number of its addresses.
    pub fn silent_hosts(&self) -> Vec<Diagnostic> {
        self.silence(|silent| {
            let told = silent.iter().map(|(host, silence)| {
                let message = format!(
                    "{} addresses of a host were not fetched: {}",
                    silence.addresses, silence.why
                );
                let finding = Diagnostic::warning("W-IMAGE-FETCH", message).with_value(host);
                finding.with_help("look whether it answers; they are tried again with the next run")
            });
            told.collect()
        })
    }

    fn silence<R>(&self, what: impl FnOnce(&mut BTreeMap<String, Silence>) -> R) -> R {
        what(&mut self.silent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ask(&self, address: &str) -> Result<Vec<u8>, Unfetched> {
        let failed = |silent: bool, why: &str| Unfetched {
            refusal: refusal(format!("not fetched: {}", excerpt(why))),
            silent,
        };
        let answer = self.agent.get(address).call();
        let mut answer = answer.map_err(|error| {
            let silent = matches!(
                error,
                ureq::Error::Timeout(_)
                    | ureq::Error::Io(_)
                    | ureq::Error::Protocol(_)
                    | ureq::Error::HostNotFound
                    | ureq::Error::ConnectionFailed
            );
            failed(silent, &error.to_string())
        })?;
        let mut bytes = Vec::new();
        let reader = answer.body_mut().as_reader();
        reader
            .take(self.max_bytes + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| failed(true, &error.to_string()))?;
        if bytes.len() as u64 > self.max_bytes {
            let message = format!("the answer is larger than {} bytes", self.max_bytes);
            return Err(Unfetched {
                refusal: refusal(message),
                silent: false,
            });
        }
        Ok(bytes)
    }
}

fn refusal(message: String) -> Refusal {
    Refusal {
        code: "W-IMAGE-FETCH".to_owned(),
        message,
        help: "it is tried again with the next run; [images.fetch] has the limits and the hosts that are allowed"
            .to_owned(),
    }
}
