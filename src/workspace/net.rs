//! Connections to other machines, made with care: only to public addresses, or to hosts that the settings allow.
//!
//! The address of a host is looked at by the resolver itself, so that a name cannot mean one host when it is checked and another
//! when it is asked (OWASP, Server-Side Request Forgery Prevention Cheat Sheet). What is asked for is left to `download` and to
//! the pictures' `fetch`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Name of this program as it says it to servers.
pub const USER_AGENT: &str = concat!("estante/", env!("CARGO_PKG_VERSION"));

/// An agent that asks public hosts only, and those that are allowed: hosts, or hosts with ports.
pub fn careful(config: Config, allow: &[String]) -> Agent {
    let resolver = Careful {
        allow: allow.iter().map(|host| host.to_ascii_lowercase()).collect(),
        inner: DefaultResolver::default(),
    };
    Agent::with_parts(config, DefaultConnector::default(), resolver)
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
fn is_public(address: IpAddr) -> bool {
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
    // What carries an IPv4 address in it (mapped, compatible, NAT64, 6to4, Teredo) is never needed.
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
