//! Manners in a shell: one writer at a time, a pipe that closes, colour only where a person looks.

use crate::corner::{corner_shop, supplier};
use crate::support::Shop;
use std::fmt::Write as _;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn shop_of(items: u32) -> Shop {
    let shop = corner_shop();
    let mut text = String::from("sku;name;price;stock\n");
    for n in 0..items {
        writeln!(
            text,
            "A{n:05};Item with a long enough name to fill a pipe {n};{}.50;1",
            10 + n % 90
        )
        .expect("a text takes all");
    }
    supplier(&shop, "norte", "", &text);
    shop
}

#[test]
fn a_second_writer_hears_that_it_must_wait_and_readers_go_on() {
    let shop = shop_of(5);
    shop.done(&["run", "--quiet"]);
    let lock = std::fs::OpenOptions::new()
        .write(true)
        .open(shop.path(".estante/lock"))
        .expect("the lock is a file");
    lock.lock().expect("nobody writes");
    for args in [
        &["run"][..],
        &["import", "norte", "--apply"],
        &["product", "set", "A00001", "name=x"],
        &["undo", "1"],
        &["channel", "export", "web"],
    ] {
        let begun = Instant::now();
        let refused = shop.run(args).ended(5);
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "`{}` waited {:?}",
            args.join(" "),
            begun.elapsed()
        );
        assert!(refused.err.contains("in use"), "{}", refused.err);
    }
    // A writer does not stop those who only look.
    for args in [
        &["product", "show", "A00001"][..],
        &["batches"],
        &["channel", "check", "web"],
        &["import", "norte"],
    ] {
        shop.done(args);
    }
    drop(lock);
    shop.done(&["product", "set", "A00001", "name=x"]);
}

#[test]
fn a_pipe_that_closes_is_no_error() {
    let shop = shop_of(3_000);
    shop.done(&["import", "norte", "--quiet"]);
    for args in [
        &["plan", "show", "p1", "-v"][..],
        &["plan", "show", "p1", "--json"],
        &["import", "norte", "--json"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ] {
        let mut child = shop
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = [0; 1];
        let mut out = child.stdout.take().expect("it is piped");
        out.read_exact(&mut first).expect("something is said");
        drop(out);
        let done = child.wait_with_output().expect("the program ends");
        let err = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(0), "`{}`: {err}", args.join(" "));
        assert!(
            !err.contains("panicked") && !err.to_lowercase().contains("broken pipe"),
            "`{}`: {err}",
            args.join(" ")
        );
    }
}

/// Runs the program on a pseudo-terminal; `None` where the machine has no `script` that makes one.
fn on_a_terminal(shop: &Shop, args: &[&str], settings: &[(&str, &str)]) -> Option<String> {
    let program = shop.command(args);
    let line: Vec<String> = std::iter::once(program.get_program().to_string_lossy().into_owned())
        .chain(args.iter().map(|arg| (*arg).to_owned()))
        .collect();
    let mut command = Command::new("script");
    command
        .args(["-qec", &line.join(" "), "/dev/null"])
        .current_dir(shop.folder())
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .stdin(Stdio::null());
    for (name, value) in settings {
        command.env(name, value);
    }
    match command.output() {
        Ok(done) if done.status.success() => Some(String::from_utf8_lossy(&done.stdout).into_owned()),
        _ => {
            println!("skipped: no `script` that makes a terminal");
            None
        }
    }
}

#[test]
fn colour_is_for_terminals_and_can_be_refused() {
    let shop = shop_of(5);
    shop.done(&["run", "--quiet"]);
    let colours = |text: &str| text.contains("\x1b[1m") || text.contains("\x1b[2m");
    let Some(bright) = on_a_terminal(&shop, &["product", "show", "A00001"], &[]) else {
        return;
    };
    assert!(colours(&bright), "{bright:?}");
    for (args, settings) in [
        (&["product", "show", "A00001"][..], &[("NO_COLOR", "1")][..]),
        (&["product", "show", "A00001", "--no-color"], &[]),
        (&["product", "show", "A00001"], &[("TERM", "dumb")]),
    ] {
        let plain = on_a_terminal(&shop, args, settings).expect("it worked before");
        assert!(!plain.contains("\x1b["), "{args:?} {settings:?}: {plain:?}");
    }
    let faults = |shop: &Shop| on_a_terminal(shop, &["run", "--supplier", "norte"], &[("NO_COLOR", "1")]);
    let told = faults(&shop).expect("it worked before");
    assert!(!told.contains("\x1b[3") && !told.contains("\x1b[1m"), "{told:?}");
}
