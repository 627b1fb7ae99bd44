//! A disk that is full: at whatever file, the program says so, the store stays whole, and the next run ends as if nothing had been.
//!
//! A limit on the size of files stands for the disk (ulimit of POSIX.1-2024, XCU); with its signal ignored, writing fails as it
//! does where no room is left.

use crate::corner::{corner_shop, deliver, supplier};
use crate::sheet::Edited;
use crate::support::{Answer, Shop};
use serde_json::Value;
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

/// A command where no file may grow beyond so many KiB.
fn limited(shop: &Shop, args: &[&str], kib: u64) -> Answer {
    let plain = shop.command(args);
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
        asked: format!("{}, {kib} KiB", args.join(" ")),
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// Whether the limit stopped a command, which must have named the cause then.
#[track_caller]
fn stopped(ended: &Answer) -> bool {
    match ended.code {
        Some(0) => false,
        Some(1 | 3) => {
            let told = [&*ended.out, &*ended.err].concat().to_lowercase();
            let causes = ["file too large", "no space", "disk full", "disk is full"];
            let is_told = causes.iter().any(|cause| told.contains(cause));
            assert!(is_told, "{}: {told}", ended.asked);
            true
        }
        code => panic!("{}: ended with {code:?}: {}{}", ended.asked, ended.out, ended.err),
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
        if self::stopped(&limited(&shop, &["run", "--json"], kib)) {
            stopped += 1;
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

/// What the catalog says of every product: all that a command could leave half done.
fn told(shop: &Shop) -> Value {
    let found = shop
        .done(&["search", "", "--limit", "1000", "--sort", "sku", "--json"])
        .json();
    found["hits"].clone()
}

/// One command at several limits: it names the cause and leaves the old or the new state whole; with room again it does what it is
/// for. Gives how many limits stopped it.
fn one_command(before: &Shop, args: &[&str]) -> usize {
    let old = told(before);
    let undisturbed = before.twin();
    undisturbed.done(args);
    let new = told(&undisturbed);
    let largest = before.files(".estante").values().map(Vec::len).max().unwrap_or(0) as u64 / 1024;
    let mut count = 0;
    for kib in [0, 1, 4, 16, 64, largest / 4, largest / 2, largest] {
        let shop = before.twin();
        let is_stopped = stopped(&limited(&shop, args, kib));
        shop.done(&["verify"]);
        let now = told(&shop);
        assert!(now == old || now == new, "{args:?}, {kib} KiB: half done");
        if is_stopped {
            count += 1;
            // What was committed before the limit stopped it is not to be done again.
            if now == old {
                shop.done(args);
            }
        }
        shop.done(&["verify"]);
        assert!(told(&shop) == new, "{args:?}, {kib} KiB: other than undisturbed");
    }
    count
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_any_command_that_writes_and_nothing_else() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(0));
    shop.done(&["run", "--quiet"]);
    shop.done(&["sheet", "out", "-o", "edit.xlsx"]);
    let mut edited = Edited::open(&shop);
    for n in 0..PRODUCTS {
        edited.write(
            &format!("S{n:04}"),
            "name@en",
            &format!("Drill {n} {}", "larga ".repeat(20)),
        );
    }
    edited.save(&shop);
    assert!(one_command(&shop, &["sheet", "in", "edit.xlsx", "--apply"]) > 2);
    deliver(&shop, "norte", &list(1));
    let plan = shop.done(&["import", "norte", "--json"]).json();
    let plan = plan["plan"].as_str().expect("a plan waits").to_owned();
    assert!(one_command(&shop, &["apply", &plan]) > 2);
    shop.done(&["apply", &plan]);
    assert!(one_command(&shop, &["undo", "2"]) > 2);
    // A backup changes nothing; half of one is none.
    let whole = shop.twin();
    whole.done(&["backup", "safe"]);
    let mut count = 0;
    let largest = whole.files("safe").values().map(Vec::len).max().unwrap_or(0) as u64 / 1024;
    for kib in [0, 1, 8, 32, largest / 4, largest / 2, largest - 1] {
        let shop = shop.twin();
        if stopped(&limited(&shop, &["backup", "safe"], kib)) {
            count += 1;
            assert!(!shop.path("safe").exists(), "{kib} KiB: half a backup lies there");
            shop.done(&["backup", "safe"]);
        }
        shop.done(&["verify"]);
        shop.done(&["restore", "safe"]);
    }
    assert!(count > 5, "only {count} backups were stopped");
}
