//! A workspace in a temporary folder and the program run in it, for the tests of what a user sees.

#![allow(dead_code, reason = "each group of tests uses its own part of the builder")]

use estante::catalog::stored::StoredLayer;
use estante::product::Product;
use estante::workspace::Workspace;
use estante::workspace::failure::Failure;
use estante::workspace::products::Shelf;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the project's sources.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shared data folder, which a clone of the project alone does not have. A test without it says so and passes.
pub fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("ESTANTE_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => project().join("../shared"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: ../shared is absent");
    None
}

/// A workspace that goes away with the test.
pub struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    /// An empty folder.
    pub fn new() -> Shop {
        Shop {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    /// The workspace through the library, on one thread.
    #[track_caller]
    pub fn workspace(&self) -> Workspace {
        Workspace::open(self.folder(), Some(1)).unwrap_or_else(|failure| panic!("{failure}: {:?}", failure.diagnostics))
    }

    /// The sample workspace, without what a run wrote.
    pub fn sample() -> Shop {
        let shop = Shop::new();
        for part in [
            "estante.toml",
            "synonyms.toml",
            "schemas",
            "sample_feeds",
            "channels",
            "rules",
            "copy",
        ] {
            copy(&project().join(part), &shop.path(part));
        }
        shop
    }

    /// The sample workspace with the named suppliers only.
    pub fn sample_of(suppliers: &[&str]) -> Shop {
        let shop = Shop::new();
        for part in ["estante.toml", "synonyms.toml", "schemas", "channels", "rules", "copy"] {
            copy(&project().join(part), &shop.path(part));
        }
        for supplier in suppliers {
            let part = format!("sample_feeds/{supplier}");
            copy(&project().join(&part), &shop.path(&part));
        }
        shop
    }

    /// A copy of the workspace as it stands, with what runs wrote.
    pub fn twin(&self) -> Shop {
        let twin = Shop::new();
        copy(self.folder(), twin.folder());
        twin
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and the folders above it.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Shop {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder can be made");
        }
        std::fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self
    }

    /// Replaces a text that must be there.
    pub fn edit(&self, name: impl AsRef<Path>, from: &str, to: &str) -> &Shop {
        let text = self.read(&name);
        assert!(text.contains(from), "{} holds no {from}", name.as_ref().display());
        self.write(name, text.replace(from, to))
    }

    pub fn read(&self, name: impl AsRef<Path>) -> String {
        String::from_utf8(self.bytes(name)).expect("the file is UTF-8")
    }

    pub fn bytes(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// All files under a folder of the workspace with their bytes, by path with `/`; empty where the folder is absent.
    pub fn files(&self, under: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
        let mut found = std::collections::BTreeMap::new();
        let mut folders = vec![self.path(under)];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries {
                let path = entry.expect("the folder is readable").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path
                        .strip_prefix(self.folder())
                        .expect("it was found there")
                        .to_string_lossy()
                        .replace('\\', "/");
                    found.insert(name, std::fs::read(&path).expect("the file is readable"));
                }
            }
        }
        found
    }

    /// The program's command, to be run in this workspace with nothing of the caller's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_estante"));
        command
            .args(args)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .env("NO_COLOR", "1");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ESTANTE_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Answer {
        let output = self.command(args).output().expect("the program starts");
        Answer {
            asked: args.join(" "),
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// Runs the program, which must be done without a fault.
    pub fn done(&self, args: &[&str]) -> Answer {
        self.run(args).ended(0)
    }
}

/// What the program answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub asked: String,
    /// None where a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    /// Insists on an exit code.
    #[track_caller]
    pub fn ended(self, code: i32) -> Answer {
        assert!(
            self.code == Some(code),
            "`estante {}` ended with {:?}, not {code}\n--- stdout\n{}\n--- stderr\n{}",
            self.asked,
            self.code,
            self.out,
            self.err
        );
        self
    }

    /// The one document that `--json` prints.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| {
            panic!(
                "`estante {}` printed no JSON document: {e}\n{}\n{}",
                self.asked, self.out, self.err
            )
        })
    }
}

/// Copies a file or a folder with all it holds.
fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).expect("a folder can be made");
        for entry in std::fs::read_dir(from).expect("the folder is readable") {
            let entry = entry.expect("the folder is readable");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).expect("a folder can be made");
        }
        std::fs::copy(from, to).unwrap_or_else(|e| panic!("{}: {e}", from.display()));
    }
}

/// What tries a law on cases made at random: as many as `ESTANTE_CASES` says, otherwise `cases`. Nothing is written where one fails: the
/// message has the smallest case found in so many steps.
pub fn law(cases: u32, steps: u32) -> proptest::test_runner::TestRunner {
    let asked = std::env::var("ESTANTE_CASES").ok().and_then(|text| text.parse().ok());
    proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: steps,
        ..proptest::test_runner::Config::default()
    })
}

/// The products on the shelf that somebody speaks of, whose SKUs are wanted: resolved, and as each source says them. For laws, which
/// look often.
pub fn on_the_shelf(
    workspace: &Workspace,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(Product, Vec<StoredLayer>)>, Failure> {
    let (reader, trust) = (workspace.reader()?, workspace.trust()?);
    let shelf = Shelf::new(&workspace.settings, &trust);
    let mut found = Vec::new();
    for name in reader.shelf(None)?.iter().filter(|name| is_wanted(&name.sku)) {
        let mut layers = reader.layers(name.id)?;
        // How a row was spelled is remembered only to pass over it the next time.
        layers.iter_mut().for_each(|layer| layer.row_hash = 0);
        // An SKU that was exported once is kept for its product.
        if !layers.is_empty() {
            found.push((shelf.product(&reader, name)?, layers));
        }
    }
    Ok(found)
}
