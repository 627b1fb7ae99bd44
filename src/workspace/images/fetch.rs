//! Pictures at http(s) addresses, fetched with distrust: only where the settings say so, never from a private network.
//!
//! The address is checked where the name is resolved, so that a name cannot mean one host when it is checked and another when
//! it is asked, and so that redirects are checked alike (OWASP, Server-Side Request Forgery Prevention Cheat Sheet).

use crate::diagnostic::{Diagnostic, excerpt};
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::settings::FetchSettings;
use std::collections::BTreeMap;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

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
            .user_agent(concat!("estante/", env!("CARGO_PKG_VERSION")))
            .accept("image/*")
            .build();
        let resolver = Careful {
            allow: settings.allow.iter().map(|host| host.to_ascii_lowercase()).collect(),
            inner: DefaultResolver::default(),
        };
        Fetcher {
            agent: Agent::with_parts(config, DefaultConnector::default(), resolver),
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

/// Resolves names to public addresses only.
#[derive(Debug)]
struct Careful {
    /// Hosts, or hosts with ports, that may be anywhere.
    allow: Vec<String>,
    inner: DefaultResolver,
}

impl Resolver for Careful {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let refused = |what: &str| Err(ureq::Error::Other(what.to_owned().into()));
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let with_port = format!("{host}:{port}");
        let usual = port == if secure { 443 } else { 80 };
        let allowed = self
            .allow
            .iter()
            .any(|known| *known == with_port || (usual && *known == host));
        if !allowed && !matches!(port, 80 | 443) {
            return refused("a port other than 80 and 443");
        }
        let found = self.inner.resolve(uri, config, timeout)?;
        if !allowed && found.iter().any(|address| !is_public(address.ip())) {
            return refused("the address is private, or of this machine");
        }
        Ok(found)
    }
}

/// True for addresses of the public internet (IANA's registries of special-purpose addresses, IPv4 and IPv6, of 2024).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 | 224..=255 => true,
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => b == 168 || (b == 0 && matches!(c, 0 | 2)) || (b == 88 && c == 99),
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    // What carries an IPv4 address in it (mapped, compatible, NAT64, 6to4, Teredo) is never needed for a picture.
    let carrying = parts[..6].iter().all(|part| *part == 0)
        || (parts[..5].iter().all(|part| *part == 0) && parts[5] == 0xffff)
        || (parts[0] == 0x64 && parts[1] == 0xff9b)
        || parts[0] == 0x2002
        || (parts[0] == 0x2001 && parts[1] == 0);
    // 2000::/3 is all that is given out; documentation and benchmarks lie inside it.
    let given_out = (parts[0] & 0xe000) == 0x2000;
    let special = parts[0] == 0x2001 && (parts[1] == 0xdb8 || parts[1] < 0x200) || parts[0] == 0x3fff;
    given_out && !carrying && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_asked() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
