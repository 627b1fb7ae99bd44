//! A language model on loopback: speaks the protocol of chat completions, and breaks it where a test asks for that.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server answers.
pub enum Reply {
    /// A completion with this text.
    Text(String),
    /// The same in chunks of a few bytes.
    Chunked(String),
    /// A status with headers and a body as they are.
    Raw(u16, String, String),
    /// Silence until the client gives up.
    Never,
    /// The connection is closed in the middle of the head.
    HangUp,
    /// A body without an end.
    Endless,
}

/// A server that goes away with the process.
pub struct Model {
    address: SocketAddr,
    path: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Model {
    /// A server that answers the n-th request, counted from 0, whose body is told.
    pub fn new(reply: impl Fn(usize, &Value) -> Reply + Send + Sync + 'static) -> Model {
        Model::at(reply, "v1")
    }

    /// The same below another path.
    pub fn at(reply: impl Fn(usize, &Value) -> Reply + Send + Sync + 'static, path: &str) -> Model {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        let reply = Arc::new(reply);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, reply) = (seen.clone(), reply.clone());
                std::thread::spawn(move || serve(stream, &seen, &*reply));
            }
        });
        Model {
            address,
            path: path.to_owned(),
            requests,
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}/{}", self.address, self.path)
    }

    /// The requests so far, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, seen: &Mutex<Vec<String>>, reply: &dyn Fn(usize, &Value) -> Reply) {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if input.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length:")
                .map(|own| own.trim().parse().unwrap())
        })
        .expect("a request has a length");
    let mut body = vec![0; length];
    input.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let n = {
        let mut seen = seen.lock().unwrap();
        seen.push(format!("{head}{body}"));
        seen.len() - 1
    };
    let reply = reply(n, &serde_json::from_str(&body).expect("a request is JSON"));
    // The client may be gone, which is its right.
    let _ = answer(stream, reply);
}

fn answer(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    let completion = |text: String| {
        json!({
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "loopback-1-0613",
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 80, "completion_tokens": 20, "total_tokens": 100 },
        })
        .to_string()
    };
    match reply {
        Reply::Text(text) => whole(stream, 200, "", &completion(text)),
        Reply::Raw(status, headers, body) => whole(stream, status, &headers, &body),
        Reply::Chunked(text) => {
            stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            )?;
            for piece in completion(text).as_bytes().chunks(7) {
                write!(stream, "{:x}\r\n", piece.len())?;
                stream.write_all(piece)?;
                stream.write_all(b"\r\n")?;
                stream.flush()?;
            }
            stream.write_all(b"0\r\n\r\n")
        }
        Reply::Never => {
            std::thread::sleep(Duration::from_secs(5));
            Ok(())
        }
        Reply::HangUp => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Len"),
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")?;
            loop {
                stream.write_all(&[b' '; 4096])?;
            }
        }
    }
}

fn whole(mut stream: TcpStream, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()
}
