//! A disk that is full: at whatever file, the program says so, the store stays whole, and the next run ends as if nothing had been.
//!
//! A limit on the size of files stands for the disk (ulimit of POSIX.1-2024, XCU); with its signal ignored, writing fails as it
//! does where no room is left.

use crate::corner::{corner_shop, deliver, supplier};
use crate::support::{Answer, Shop};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

/// So many sizes are tried, from nearly nothing up to what is enough.
const SIZES: u64 = 16;
const PRODUCTS: usize = 600;

fn list(day: usize) -> String {
    let mut text = String::from("sku;name;price;stock\n");
    for n in 0..PRODUCTS {
        let cents = 1_000 + n * 7 + if n % 10 == 0 { day } else { 0 };
        let name = "Taladro percutor con maletín ".repeat(1 + n % 3);
        writeln!(text, "S{n:04};{name}{n};{}.{:02};{}", cents / 100, cents % 100, n % 9).expect("a text takes all");
    }
    text
}

/// `run` where no file may grow beyond so many KiB.
fn limited(shop: &Shop, kib: u64) -> Answer {
    let plain = shop.command(&["run", "--json"]);
    let mut command = Command::new("sh");
    // Blocks of 512 bytes.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", kib * 2);
    command
        .arg("-c")
        .arg(script)
        .arg(plain.get_program())
        .args(plain.get_args());
    command.current_dir(shop.folder()).stdin(Stdio::null());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.output().expect("a shell starts");
    Answer {
        asked: format!("run, {kib} KiB"),
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// What the channel was given, without the notes of the program.
fn exports(shop: &Shop) -> BTreeMap<String, Vec<u8>> {
    shop.files("out")
}

/// Runs with every size from this state; each must end well or say why, and the run after it as the undisturbed one did. Gives how
/// many runs the limit stopped.
fn try_all(before: &Shop, expected: &BTreeMap<String, Vec<u8>>) -> usize {
    let largest = before.files(".estante").values().map(Vec::len).max().unwrap_or(0) as u64 / 1024;
    let enough = largest.max(1_024) * 2;
    let mut stopped = 0;
    for n in 0..SIZES {
        let kib = 2 + enough * n * n / (SIZES * SIZES);
        let shop = before.twin();
        let ended = limited(&shop, kib);
        match ended.code {
            Some(0) => {}
            Some(1 | 3) => {
                stopped += 1;
                let told = [&*ended.out, &*ended.err].concat().to_lowercase();
                assert!(
                    ["large", "full", "space", "i/o", "failed"]
                        .iter()
                        .any(|word| told.contains(word)),
                    "{kib} KiB: {told}"
                );
            }
            code => panic!("{kib} KiB: ended with {code:?}: {}{}", ended.out, ended.err),
        }
        shop.done(&["run", "--quiet"]);
        shop.done(&["verify"]);
        assert!(exports(&shop) == *expected, "{kib} KiB: other exports than undisturbed");
    }
    stopped
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_a_run_and_nothing_else() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(0));
    let first = shop.twin();
    first.done(&["run", "--quiet"]);
    let stopped = try_all(&shop, &exports(&first));
    assert!(stopped > 3, "only {stopped} first runs were stopped");
    deliver(&first, "norte", &list(1));
    let second = first.twin();
    second.done(&["run", "--quiet"]);
    assert_ne!(exports(&first), exports(&second));
    let stopped = try_all(&first, &exports(&second));
    assert!(stopped > 1, "only {stopped} next runs were stopped");
}
