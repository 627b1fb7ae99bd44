//! Deliveries behind addresses: fetched with the validators of the last one, within limits, into a passing file.
//!
//! Who may be asked is `net`'s word; which delivery an answer stands for is left to `delivery`. Passwords come from the
//! environment, and neither they nor the part of an address behind `?` are ever told.

use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::feed::settings::FileSettings;
use crate::product::batch::Fetched;
use crate::workspace::delivery_settings::DeliverySettings;
use crate::workspace::net::{USER_AGENT, careful};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use ureq::http::Uri;
use ureq::{Agent, Body};

/// Bytes of a validator that are worth remembering.
const LONGEST_VALIDATOR: usize = 1_024;
/// Said where the server is at fault.
const ASK: &str = "open the address in a browser or ask the supplier; import a file by its name meanwhile";

/// What came of an address.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The file lies where it was wanted.
    New(Fetched),
    /// It is what the validators stand for.
    Same,
}

/// What is wrong with the addresses and secrets of a supplier. No line is told, since lines are shown, and may hold a secret.
pub fn faults(file: &FileSettings, shown_file: &str) -> Vec<Diagnostic> {
    let fault = |code: &'static str, message: String, help: &str| {
        let place = Place::file(shown_file);
        Diagnostic::error(code, message).at(place).with_help(help)
    };
    let mut faults = Vec::new();
    match (file.path.is_empty(), file.url.is_empty()) {
        (true, true) => {
            let help = "name files, folders or patterns with `path`, or addresses with `url`";
            faults.push(fault("E-MISSING-KEY", "[file] has no `path`".to_owned(), help));
        }
        (false, false) => {
            let help = "a delivery lies in files or behind addresses; make two suppliers, the second with `adds_to`";
            faults.push(fault(
                "E-FETCH-ADDRESS",
                "[file] has both `path` and `url`".to_owned(),
                help,
            ));
        }
        _ => {}
    }
    for address in &file.url {
        if let Err(why) = parse(address) {
            let help = "write https://host/path; a user and a password belong in `user` and `password`";
            let message = format!("`url` {}: {why}", excerpt(&shown(address)));
            faults.push(fault("E-FETCH-ADDRESS", message, help));
        }
    }
    let secrets = [("user", &file.user), ("password", &file.password)];
    let secrets = secrets
        .iter()
        .filter_map(|(key, secret)| Some((*key, secret.as_ref()?)));
    let headers = file.headers.iter().map(|(name, secret)| (name.as_str(), secret));
    for (key, secret) in secrets.chain(headers) {
        if variable(secret).is_none() {
            let help = "write `env:NAME` and put the value into the environment variable NAME";
            let message = format!("the value of `{}` under [file] does not belong in a file", excerpt(key));
            faults.push(fault("E-FETCH-SECRET", message, help));
        }
    }
    faults
}

/// An address as it is told: without what stands behind `?` and `#`, and without a user. Of what is no address, all may be one
/// that stands before an `@`.
pub fn shown(address: &str) -> String {
    if parse(address).is_err()
        && let Some((before, rest)) = address.rsplit_once('@')
    {
        let scheme = before.split_once("://").map(|(scheme, _)| scheme);
        let is_scheme = |scheme: &&str| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric());
        return match scheme.filter(is_scheme) {
            Some(scheme) => shown(&format!("{scheme}://{rest}")),
            None => shown(rest),
        };
    }
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let told = address.get(..end).unwrap_or_default();
    match told.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => told.to_owned(),
    }
}

/// The name of the file behind an address, as far as its format may be told by it.
pub fn file_name(address: &str) -> String {
    let told = shown(address);
    let last = told.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let last = last.and_then(|(_, path)| path.rsplit('/').next()).unwrap_or_default();
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
            c
        } else {
            '_'
        }
    };
    let name: String = last.chars().map(plain).take(100).collect();
    match name.trim_matches('.') {
        "" => "delivery".to_owned(),
        name => name.to_owned(),
    }
}

/// What stands for an address in the list of batches: the address itself may hold a secret.
pub fn fingerprint(address: &str) -> String {
    blake3::hash(address.as_bytes()).to_hex().chars().take(16).collect()
}

fn parse(address: &str) -> Result<Uri, &'static str> {
    let uri: Uri = address.parse().map_err(|_| "it cannot be read as an address")?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("only http and https are fetched");
    }
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => Err("it holds a user or a password"),
        Some(authority) if authority.as_str() != authority.host() && authority.port_u16().is_none() => {
            Err("its port is no number")
        }
        Some(authority) if !authority.host().is_empty() => Ok(uri),
        _ => Err("it names no host"),
    }
}

/// The environment variable that a setting names.
fn variable(secret: &str) -> Option<&str> {
    secret.strip_prefix("env:").filter(|name| !name.is_empty())
}

/// Fetches the files of one supplier.
pub struct Downloader {
    agent: Agent,
    max_bytes: u64,
    redirects: u32,
    time: Duration,
    /// Names and values that only the supplier's own host is told.
    credentials: Vec<(String, String)>,
}

impl Downloader {
    /// Errors where the environment does not have what the settings name.
    #[allow(clippy::result_large_err)] // one a file, and told
    pub fn new(settings: &DeliverySettings, file: &FileSettings) -> Result<Downloader, Diagnostic> {
        let read = |secret: &String| {
            let name = variable(secret).unwrap_or_default();
            std::env::var(name)
                .ok()
                .filter(|value| !value.is_empty())
                .ok_or_else(|| {
                    let message = format!("the environment variable {} is not set", excerpt(name));
                    let help = "set it where this program is started; [file] of supplier.toml names it";
                    Diagnostic::error("E-FETCH-SECRET", message).with_help(help)
                })
        };
        let mut credentials = Vec::new();
        for (name, secret) in &file.headers {
            credentials.push((name.clone(), read(secret)?));
        }
        let user = file.user.as_ref().map(read).transpose()?;
        let password = file.password.as_ref().map(read).transpose()?;
        if user.is_some() || password.is_some() {
            let pair = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
            credentials.push(("Authorization".to_owned(), format!("Basic {}", base64(pair.as_bytes()))));
        }
        let config = Agent::config_builder()
            // Redirects are followed here, so that no other host is told the credentials.
            .max_redirects(0)
            .http_status_as_error(false)
            .max_response_header_size(64 * 1024)
            .proxy(None)
            .user_agent(USER_AGENT)
            .accept("*/*")
            .build();
        Ok(Downloader {
            agent: careful(config, &settings.allow),
            max_bytes: settings.max_bytes,
            redirects: settings.redirects.min(10),
            time: Duration::from_secs(settings.seconds.clamp(1, 86_400)),
            credentials,
        })
    }

    /// Fetches what is behind an address into a file, unless it is still what the validators stand for.
    #[allow(clippy::result_large_err)] // one a file, and told
    pub fn fetch(&self, address: &str, known: Option<&Fetched>, to: &Path) -> Result<Answer, Diagnostic> {
        let failed = |why: String, help: &str| {
            Diagnostic::error("E-FETCH", why)
                .at(Place::file(shown(address)))
                .with_help(help)
        };
        let begun = Instant::now();
        let first = parse(address).map_err(|why| failed(why.to_owned(), ASK))?;
        let mut uri = first.clone();
        for _ in 0..=self.redirects {
            let left = self.time.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
            let mut request = self.agent.get(&uri).config().timeout_global(Some(left)).build();
            if origin(&uri) == origin(&first) {
                for (name, value) in &self.credentials {
                    request = request.header(name, value);
                }
            }
            for (name, value) in known.map(conditions).into_iter().flatten() {
                request = request.header(name, value);
            }
            let answer = request.call();
            let mut answer = answer.map_err(|error| failed(told(&error, &uri), LIMITS))?;
            let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
            match answer.status().as_u16() {
                200 => {
                    let keep = |name: &str| {
                        header(name)
                            .filter(|text| text.len() <= LONGEST_VALIDATOR)
                            .map(str::to_owned)
                    };
                    let fetched = Fetched {
                        address: fingerprint(address),
                        etag: keep("ETag"),
                        last_modified: keep("Last-Modified"),
                    };
                    let declared = header("Content-Length").and_then(|text| text.parse::<u64>().ok());
                    self.save(answer.body_mut(), declared, to)
                        .map_err(|why| failed(why.replace(&uri.to_string(), "the address"), LIMITS))?;
                    return Ok(Answer::New(fetched));
                }
                304 if known.is_some() => return Ok(Answer::Same),
                301 | 302 | 303 | 307 | 308 => {
                    let next = header("Location").and_then(|to| parse(&joined(&uri, to)).ok());
                    let next = next.ok_or_else(|| failed("the server sends on to no address".to_owned(), ASK))?;
                    if uri.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
                        return Err(failed(
                            "the server sends on to an address without https".to_owned(),
                            ASK,
                        ));
                    }
                    uri = next;
                }
                code @ (401 | 403) => {
                    let help = "check `user`, `password` and `headers` under [file], and the variables they name";
                    return Err(failed(
                        format!("the server answered {code}: it does not let us in"),
                        help,
                    ));
                }
                code => return Err(failed(format!("the server answered {code}"), ASK)),
            }
        }
        Err(failed(
            format!("the server sends on more than {} times", self.redirects),
            LIMITS,
        ))
    }

    /// Writes the body. Errors, in words, where it is too large, cut off or cannot be written.
    fn save(&self, body: &mut Body, declared: Option<u64>, to: &Path) -> Result<(), String> {
        let too_large = || format!("the answer is larger than {} bytes", self.max_bytes);
        if declared.is_some_and(|declared| declared > self.max_bytes) {
            return Err(too_large());
        }
        let written = |error: std::io::Error| format!("the answer cannot be written: {error}");
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(written)?;
        }
        let mut out = File::create(to).map_err(written)?;
        let mut from = body.as_reader();
        let mut buffer = vec![0; 1 << 16];
        let mut bytes = 0_u64;
        loop {
            let n = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("the answer broke off after {bytes} bytes: {error}")),
            };
            bytes += n as u64;
            if bytes > self.max_bytes {
                return Err(too_large());
            }
            out.write_all(buffer.get(..n).unwrap_or_default()).map_err(written)?;
        }
        match declared {
            Some(declared) if declared != bytes => {
                Err(format!("the answer has {bytes} bytes, {declared} were announced"))
            }
            _ => Ok(()),
        }
    }
}

/// Said where a limit or a rule of ours may be the reason.
const LIMITS: &str = "try again later; [deliveries] of estante.toml has the limits and the hosts that are allowed";

/// What makes a server answer only where it has something else.
fn conditions(known: &Fetched) -> Vec<(&'static str, &str)> {
    let etag = known.etag.as_deref().map(|etag| ("If-None-Match", etag));
    let date = known.last_modified.as_deref().map(|date| ("If-Modified-Since", date));
    etag.into_iter().chain(date).collect()
}

/// Why a request failed, without the address.
fn told(error: &ureq::Error, uri: &Uri) -> String {
    let why = match error {
        ureq::Error::Other(why) => why.to_string(),
        error => error.to_string(),
    };
    let why = why.replace(&uri.to_string(), "the address");
    match uri.query() {
        Some(query) => format!("not fetched: {}", excerpt(&why.replace(query, "…"))),
        None => format!("not fetched: {}", excerpt(&why)),
    }
}

/// Scheme, host and port.
fn origin(uri: &Uri) -> (Option<&str>, String, u16) {
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    (uri.scheme_str(), host, uri.port_u16().unwrap_or(usual))
}

/// The address that a reference means, seen from another (RFC 3986, 5.2, without `..`).
fn joined(from: &Uri, to: &str) -> String {
    let to = to.split('#').next().unwrap_or_default();
    let scheme = from.scheme_str().unwrap_or("https");
    let authority = from.authority().map_or("", |authority| authority.as_str());
    let scheme_of = to.split_once("://").map(|(scheme, _)| scheme);
    if scheme_of.is_some_and(|scheme| scheme.chars().all(|c| c.is_ascii_alphanumeric())) {
        return to.to_owned();
    }
    if let Some(rest) = to.strip_prefix("//") {
        return format!("{scheme}://{rest}");
    }
    if to.starts_with('/') {
        return format!("{scheme}://{authority}{to}");
    }
    let path = from.path();
    let folder = path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or("/");
    match to.starts_with('?') {
        true => format!("{scheme}://{authority}{path}{to}"),
        false => format!("{scheme}://{authority}{folder}{to}"),
    }
}

/// RFC 4648, 4.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let all = part.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for n in 0..4 {
            match n <= part.len() {
                true => out.push(char::from(SIGNS[(all >> (18 - 6 * n) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_without_what_they_hide() {
        for (address, told, name) in [
            (
                "https://a.example/x/list.csv?token=secret#top",
                "https://a.example/x/list.csv",
                "list.csv",
            ),
            ("https://user:secret@a.example/", "https://a.example/", "delivery"),
            ("https://a.example?key=secret", "https://a.example", "delivery"),
            (
                "http://a.example/export.php",
                "http://a.example/export.php",
                "export.php",
            ),
            ("http://a.example/..", "http://a.example/..", "delivery"),
            ("http://a.example/año 1.csv", "http://a.example/año 1.csv", "a_o_1.csv"),
            ("nonsense", "nonsense", "delivery"),
            ("me:secret@a.example/list.csv?t=s", "a.example/list.csv", "delivery"),
            (
                "https://me:sec#r@et/@a.example/list.csv",
                "https://a.example/list.csv",
                "list.csv",
            ),
            (
                "https://a.example/@shop/list.csv?by=me@b",
                "https://a.example/@shop/list.csv",
                "list.csv",
            ),
        ] {
            assert_eq!(
                (shown(address).as_str(), file_name(address).as_str()),
                (told, name),
                "{address}"
            );
        }
    }

    #[test]
    fn what_cannot_be_fetched_is_told_of_the_settings() {
        let faults_of = |text: &str| -> String {
            let file: FileSettings = toml::from_str(text).unwrap();
            let told = faults(&file, "x")
                .into_iter()
                .map(|fault| format!("{} {}", fault.code, fault.message));
            told.collect::<Vec<_>>().join("; ")
        };
        for (text, expected) in [
            (
                "url = [\"https://a.example/x?t=secret\"]\nuser = \"env:U\"\nheaders = { X-Key = \"env:K\" }",
                "",
            ),
            ("", "E-MISSING-KEY [file] has no `path`"),
            (
                "path = [\"a\"]\nurl = [\"https://a.example\"]",
                "E-FETCH-ADDRESS [file] has both `path` and `url`",
            ),
            (
                "url = [\"ftp://a.example/x\"]",
                "E-FETCH-ADDRESS `url` ftp://a.example/x: only http and https are fetched",
            ),
            (
                "url = [\"https://me:secret@a.example/x\"]",
                "E-FETCH-ADDRESS `url` https://a.example/x: it holds a user or a password",
            ),
            (
                "url = [\"https://a.example\"]\npassword = \"secret\"",
                "E-FETCH-SECRET the value of `password` under [file] does not belong in a file",
            ),
            (
                "url = [\"https://a.example\"]\nheaders = { Authorization = \"env:\" }",
                "E-FETCH-SECRET the value of `Authorization` under [file] does not belong in a file",
            ),
        ] {
            assert_eq!(faults_of(text), expected, "{text}");
        }
    }

    #[test]
    fn references_are_joined_to_where_they_stand() {
        let from: Uri = "https://a.example:8443/x/list?n=1".parse().unwrap();
        for (to, expected) in [
            ("http://b.example/y#z", "http://b.example/y"),
            ("//b.example/y", "https://b.example/y"),
            ("/y", "https://a.example:8443/y"),
            (
                "y?to=http://c.example",
                "https://a.example:8443/x/y?to=http://c.example",
            ),
            ("?n=2", "https://a.example:8443/x/list?n=2"),
        ] {
            assert_eq!(joined(&from, to), expected);
        }
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
