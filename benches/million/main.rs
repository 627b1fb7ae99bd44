//! A million products through the release program: how long, how much memory.
//!
//! `cargo bench --bench million` makes a workspace with a generated price list, then measures a first run, a run where
//! nothing changed, and a delivery with 1 % changed rows with its delta export; then a few hundred searches with three
//! facets, and the index against the plain engine on the same text. `-- --help` tells the arguments.

mod child;
mod formats;
mod rows;
mod search;
mod sheet;

use child::Cost;
use rows::Vocabulary;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The program's own allocator.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str =
    "cargo bench --bench million -- [--rows N] [--every N] [--threads N] [--keep DIR] [--json FILE] [--make]
  --rows N      products (1000000)
  --every N     in the second delivery one row in N is changed (100)
  --threads N   passed on to the program
  --keep DIR    make the workspace there and leave it (a temporary folder, removed)
  --json FILE   also write the figures there
  --searches N  so many different searches (400)
  --again       only the searches, in the workspace that an earlier call left in DIR
  --index N     only the index and the plain engine's, N times by turns, in the workspace that an earlier call left in DIR
  --formats MB  only the readers: a file of so many megabytes in each format, read and mapped three times; the shortest counts
  --format F    of them only this one
  --sheet N     only the sheet round trip of N products with 30 columns of values (50000 are asked for): out, in, edited and in
  --edit FILE   only change a name in every tenth row of a sheet, as a spreadsheet program saves it
  --make        only make the workspace, with the second delivery as tarifa-2.csv beside the first";

#[derive(Clone)]
struct Arguments {
    rows: u64,
    every: u64,
    threads: Option<u64>,
    keep: Option<PathBuf>,
    json: Option<PathBuf>,
    searches: usize,
    make: bool,
    again: bool,
    index: Option<u64>,
    formats: Option<u64>,
    format: Option<String>,
    sheet: Option<u64>,
    edit: Option<PathBuf>,
    /// What `--formats` asks of its children: to read the feed of this supplier.
    read: Option<String>,
}

fn arguments() -> Result<Option<Arguments>, String> {
    let mut found = Arguments {
        rows: 1_000_000,
        every: 100,
        threads: None,
        keep: None,
        json: None,
        searches: 400,
        make: false,
        again: false,
        index: None,
        formats: None,
        format: None,
        sheet: None,
        edit: None,
        read: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut next = || words.next().ok_or_else(|| format!("{word} wants a value"));
        let number = |text: String| {
            text.replace('_', "")
                .parse::<u64>()
                .map_err(|_| format!("{text} is no number"))
        };
        match word.as_str() {
            "--rows" => found.rows = number(next()?)?,
            "--every" => found.every = number(next()?)?,
            "--threads" => found.threads = Some(number(next()?)?),
            "--keep" => found.keep = Some(next()?.into()),
            "--json" => found.json = Some(next()?.into()),
            "--searches" => found.searches = number(next()?)? as usize,
            "--index" => found.index = Some(number(next()?)?),
            "--formats" => found.formats = Some(number(next()?)?),
            "--format" => found.format = Some(next()?),
            "--sheet" => found.sheet = Some(number(next()?)?),
            "--edit" => found.edit = Some(next()?.into()),
            "--read" => found.read = Some(next()?),
            "--make" => found.make = true,
            "--again" => found.again = true,
            // cargo says this to every benchmark.
            "--bench" => {}
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("{other} is not known")),
        }
    }
    Ok(Some(found))
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(fault) => {
            eprintln!("{fault}\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match measure(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), String> {
    let temporary = tempfile::tempdir().map_err(|e| e.to_string())?;
    let folder = arguments.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    let folder = std::path::absolute(&folder).map_err(|e| e.to_string())?;
    if let Some(sheet) = &arguments.edit {
        let edits = sheet::edit(sheet).map_err(|e| format!("{}: {e}", sheet.display()))?;
        println!("{edits} edits in {}", sheet.display());
        return Ok(());
    }
    if let Some(supplier) = &arguments.read {
        return formats::read_one(&folder, supplier, arguments.threads);
    }
    if let Some(megabytes) = arguments.formats {
        // A list that was kept beside it stays.
        let folder = folder.join("formats");
        make(
            &folder,
            &Arguments {
                rows: 1,
                ..arguments.clone()
            },
        )
        .map_err(|e| format!("{}: {e}", folder.display()))?;
        return formats::measure(&folder, megabytes, arguments.format.as_deref(), arguments.threads);
    }
    if let Some(rows) = arguments.sheet {
        let arguments = Arguments {
            rows,
            ..arguments.clone()
        };
        make(&folder, &arguments)
            .and_then(|_| sheet::widen(&folder))
            .map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_estante"));
        command
            .arg("-C")
            .arg(&folder)
            .args(["--quiet", "import", "norte", "--apply"]);
        child::run(&mut command).map_err(|e| e.to_string())?;
        tell_steps(&sheet::measure(&folder, arguments.threads, rows)?);
        return Ok(());
    }
    if let Some(times) = arguments.index {
        return search::index(&folder, arguments.threads, times);
    }
    if arguments.again {
        search::measure(&folder, arguments.threads, arguments.searches, true)?.tell();
        return Ok(());
    }
    let (first, second, bytes) = make(&folder, arguments).map_err(|e| format!("{}: {e}", folder.display()))?;
    println!(
        "{} rows, {:.0} MB, {:.0} B a row, in {}",
        arguments.rows,
        bytes as f64 / 1e6,
        bytes as f64 / arguments.rows.max(1) as f64,
        folder.display()
    );
    if arguments.make {
        return Ok(());
    }

    let mut figures = Vec::new();
    let mut step = |name: &str, args: &[&str]| -> Result<Value, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_estante"));
        command.arg("-C").arg(&folder).args(["--json", "--quiet"]);
        if let Some(threads) = arguments.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let cost = child::run(command.args(args)).map_err(|e| format!("{name}: {e}"))?;
        if cost.code != Some(0) {
            return Err(format!(
                "{name}: `estante {}` ended with {:?}: {}",
                args.join(" "),
                cost.code,
                cost.out
            ));
        }
        let answer = serde_json::from_str(&cost.out).map_err(|e| format!("{name}: no JSON: {e}"))?;
        figures.push((name.to_owned(), cost));
        Ok(answer)
    };

    let rows = arguments.rows;
    let answer = step("first run: import, resolve, export", &["run"])?;
    expect(&answer["suppliers"][0], "new", rows)?;
    let answer = step("the same delivery again", &["run"])?;
    expect(&answer["suppliers"][0], "unchanged", rows)?;
    std::fs::rename(&second, &first).map_err(|e| e.to_string())?;
    let changed = (0..rows).filter(|n| rows::changes(*n, arguments.every)).count() as u64;
    let answer = step("one row in a hundred changed: plan", &["import", "norte"])?;
    expect(&answer, "changed", changed)?;
    expect(&answer, "held", 0)?;
    let plan = answer["plan"].as_str().unwrap_or_default().to_owned();
    step("show the plan", &["plan", "show", &plan])?;
    let answer = step("apply it", &["apply", &plan])?;
    let batch = answer["batch"].to_string();
    step("its delta export", &["channel", "export", "google", "--delta"])?;
    let answer = step("undo it", &["undo", &batch])?;
    expect(&answer, "restored", changed)?;
    step("the next day whole: import, index, export", &["run"])?;
    step("show a product", &["product", "show", "N00000011", "--layers"])?;
    step("worklists", &["todo"])?;

    let searches = search::measure(&folder, arguments.threads, arguments.searches, false)?;
    let store = size(&folder.join(".estante"));
    let out = size(&folder.join("out"));
    tell(&figures, store, out, bytes);
    searches.tell();
    if let Some(file) = &arguments.json {
        let steps: Vec<Value> = figures
            .iter()
            .map(|(name, cost)| {
                json!({"step": name, "seconds": cost.seconds, "processor_seconds": cost.processor, "peak_bytes": cost.peak})
            })
            .collect();
        let whole = json!({"rows": rows, "bytes": bytes, "store_bytes": store, "out_bytes": out, "steps": steps,
            "search": searches.json()});
        std::fs::write(file, format!("{whole:#}\n")).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

/// Writes the workspace and both deliveries; gives the place of the first, of the second, and the bytes of the first.
fn make(folder: &Path, arguments: &Arguments) -> std::io::Result<(PathBuf, PathBuf, u64)> {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/million/shop");
    let files = [
        "estante.toml",
        "schemas/products.toml",
        "suppliers/norte/supplier.toml",
        "channels/google.toml",
        "copy/general.toml",
    ];
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("channels/packs/google-merchant.toml");
    let copies = files.iter().map(|file| (shop.join(file), folder.join(file)));
    for (from, to) in copies.chain([(packs, folder.join("channels/packs/google-merchant.toml"))]) {
        std::fs::create_dir_all(to.parent().unwrap_or(folder))?;
        std::fs::copy(&from, &to).map_err(|e| std::io::Error::new(e.kind(), format!("{}: {e}", from.display())))?;
    }
    let vocabulary = Vocabulary::new();
    let first = folder.join("suppliers/norte/tarifa.csv");
    let second = folder.join("suppliers/norte/tarifa-2.csv");
    let bytes = vocabulary.write(&first, arguments.rows, 1, 0)?;
    vocabulary.write(&second, arguments.rows, 2, arguments.every)?;
    Ok((first, second, bytes))
}

/// A figure of an answer must be as it was generated, or the measurement is of something else.
fn expect(answer: &Value, key: &str, count: u64) -> Result<(), String> {
    match answer[key].as_u64() {
        Some(found) if found == count => Ok(()),
        _ => Err(format!("`{key}` should be {count}: {answer}")),
    }
}

/// Bytes of all files under a folder.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

fn tell(figures: &[(String, Cost)], store: u64, out: u64, feed: u64) {
    tell_steps(figures);
    println!(
        "\nfeed {:.0} MB, store {:.0} MB, exported {:.0} MB",
        feed as f64 / 1e6,
        store as f64 / 1e6,
        out as f64 / 1e6
    );
}

fn tell_steps(figures: &[(String, Cost)]) {
    println!("\n| step | seconds | processor | peak memory |\n|---|---:|---:|---:|");
    for (name, cost) in figures {
        println!(
            "| {name} | {:.1} s | {:.1} s | {:.0} MB |",
            cost.seconds,
            cost.processor,
            cost.peak as f64 / 1e6
        );
    }
}
