//! The command line: arguments and dispatch. What commands do is left to `workspace`.
//!
//! Names, flags, exit codes and JSON keys are a contract that scripts rely on; docs/commands.md is made from this file.

pub mod backup;
pub mod batch;
pub mod channel;
pub mod demo;
pub mod draft;
pub mod enrich;
pub mod enrich_copy;
pub mod enrich_images;
pub mod enrich_specs;
pub mod fail_on;
pub mod history;
pub mod import;
pub mod init;
pub mod matching;
pub mod output;
pub mod product;
pub mod progress;
pub mod rules;
pub mod run;
pub mod schema;
pub mod search;
pub mod sheet;
pub mod supplier;
pub mod supplier_check;
pub mod todo;
pub mod undo;
pub mod verify;

use crate::cli::batch::Verdict;
use crate::cli::draft::Wanted;
use crate::cli::enrich::EnrichCommand;
use crate::cli::fail_on::FailOn;
use crate::cli::matching::MatchCommand;
use crate::cli::output::Output;
use crate::cli::product::ProductCommand;
use crate::cli::rules::RulesCommand;
use crate::cli::sheet::SheetCommand;
use crate::workspace::Workspace;
use crate::workspace::delivery::Which;
use crate::workspace::failure::Failure;
use crate::workspace::search::Question;
use crate::workspace::supplier_settings::OnDrift;
use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Supplier feeds in, one checked catalog in the middle, channel feeds out.
#[derive(Debug, Parser)]
#[command(name = "estante", version, max_term_width = 100, propagate_version = true)]
pub struct Arguments {
    /// The workspace: the folder with estante.toml.
    #[arg(short = 'C', value_name = "DIR", global = true, default_value = ".")]
    pub directory: PathBuf,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// Say only what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show every finding, not only the first of each kind.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Working threads; as many as there are cores by default.
    #[arg(long, value_name = "N", global = true)]
    pub threads: Option<usize>,
    /// Never use colour.
    #[arg(long, global = true)]
    pub no_color: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a sample workspace, import it, export it, and say what to try next.
    Demo {
        /// Folder to make it in.
        #[arg(default_value = "estante-demo")]
        dir: PathBuf,
    },
    /// Make a workspace that works as it is, with comments.
    Init {
        /// Folder to make it in.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Import every supplier, export every channel: the main job.
    Run {
        /// Only this supplier; may be repeated.
        #[arg(long, value_name = "S")]
        supplier: Vec<String>,
        /// Only this channel; may be repeated.
        #[arg(long, value_name = "C")]
        channel: Vec<String>,
        /// From which findings on to end with exit code 4.
        #[arg(long, value_enum, default_value = "never")]
        fail_on: FailOn,
    },
    /// Suppliers and their mappings.
    #[command(subcommand)]
    Supplier(SupplierCommand),
    /// Plan what a delivery would change; with --apply, change it.
    Import {
        /// The supplier: name of its folder.
        supplier: String,
        /// Files, or folders of them, to read instead of those its settings name.
        files: Vec<PathBuf>,
        /// Read the last delivery again, or that of a batch, as it was kept: under the mapping of today.
        #[arg(long, value_name = "BATCH", num_args = 0..=1, conflicts_with = "files", value_parser = batch::number)]
        again: Option<Option<i64>>,
        /// Apply the plan at once.
        #[arg(long)]
        apply: bool,
        /// What happens where the delivery is laid out otherwise than the last one, instead of what its settings say.
        #[arg(long, value_enum, value_name = "WHAT")]
        on_drift: Option<OnDrift>,
        /// From which findings on to end with exit code 4.
        #[arg(long, value_enum, default_value = "never")]
        fail_on: FailOn,
    },
    /// Plans that wait.
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Apply a plan.
    Apply { plan: String },
    /// Take a batch back; later changes of others stay.
    Undo {
        #[arg(value_parser = batch::number)]
        batch: i64,
        /// Show what it would change, as a plan that waits.
        #[arg(long)]
        plan: bool,
    },
    /// What was applied, the newest first.
    Batches {
        /// List what the guards held in a batch.
        #[arg(long, value_name = "BATCH", value_parser = batch::number)]
        held: Option<i64>,
        /// Put what was held into the catalog after all: supplier SKUs, or codes of guards.
        #[arg(long, value_name = "SKU|CODE", requires = "held", num_args = 1..)]
        accept: Vec<String>,
        /// Let what was held stay as it is, so that it waits no longer: supplier SKUs, or codes of guards.
        #[arg(long, value_name = "SKU|CODE", requires = "held", conflicts_with = "accept", num_args = 1..)]
        reject: Vec<String>,
    },
    /// Products: look and edit.
    #[command(subcommand)]
    Product(ProductCommand),
    /// Products in a workbook: out, edited, and back in.
    #[command(subcommand)]
    Sheet(SheetCommand),
    /// What is derived from products: look at it, check it.
    #[command(subcommand)]
    Enrich(EnrichCommand),
    /// Rules: what products say beside what their sources say.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Products of different suppliers that may be one; without more, their list.
    Match {
        #[command(subcommand)]
        command: Option<MatchCommand>,
    },
    /// Texts by a language model: ask for them, look at them, accept or reject.
    #[command(subcommand)]
    Draft(DraftCommand),
    /// Channels: check and export.
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// What waits for you: worklists with their counts, each a query to search with, what is worth most first.
    Todo {
        /// New is what came after this batch; otherwise what the last delivery of each supplier brought.
        #[arg(long, value_name = "BATCH", value_parser = batch::number)]
        since: Option<i64>,
    },
    /// Find products: words, identifiers, conditions such as `brand:bosch stock>0 image:none`.
    Search {
        /// What to look for; without it, everything.
        #[arg(default_value = "", hide_default_value = true, allow_hyphen_values = true)]
        query: String,
        /// More of it, where it stands in no quotes.
        words: Vec<String>,
        /// Products to show.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Products to pass over.
        #[arg(long, value_name = "N", default_value_t = 0)]
        offset: usize,
        /// Attribute to sort by, with `-` before it for descending; the best first without.
        #[arg(long, value_name = "F", allow_hyphen_values = true)]
        sort: Option<String>,
        /// Attribute whose values are counted; may be repeated.
        #[arg(long, value_name = "F")]
        facet: Vec<String>,
        /// Look only at texts of this locale, and show them in it.
        #[arg(long, value_name = "L")]
        locale: Option<String>,
    },
    /// What happened to a product, or in a batch.
    Log {
        /// SKU, or number of a batch; all batches without one.
        of: Option<String>,
        /// Only changes of this attribute.
        #[arg(long, value_name = "ATTR")]
        field: Option<String>,
    },
    /// How much is kept so that batches can be taken back, and for how long.
    History {
        #[command(subcommand)]
        command: Option<HistoryCommand>,
    },
    /// The configuration.
    #[command(subcommand)]
    Schema(SchemaCommand),
    /// Check that store and exports agree and are whole.
    Verify,
    /// Write the whole store into a folder, while others work.
    Backup {
        /// A folder that is not there yet.
        dir: PathBuf,
    },
    /// Put a backup in the place of the store's catalog, which is kept beside it.
    Restore {
        /// The folder that `backup` wrote.
        dir: PathBuf,
    },
    /// Print a completion script for a shell.
    Completions { shell: clap_complete::Shell },
    /// Print the manual page.
    Man,
}

#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// What is past retention, as `[history]` in estante.toml says it; nothing goes without `--apply`.
    Prune {
        /// Let it go. Every command that writes does so at its end.
        #[arg(long)]
        apply: bool,
        /// Also give the freed room back to the disk, by writing the store anew.
        #[arg(long, requires = "apply")]
        compact: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum SupplierCommand {
    /// Look at a file, propose a mapping with its evidence, write supplier.toml.
    Add {
        file: PathBuf,
        /// Id of the supplier; made from the file's name by default.
        #[arg(long, value_name = "S")]
        name: Option<String>,
        /// Column of the supplier's own key; found by name and values by default.
        #[arg(long, value_name = "COLUMN")]
        sku: Option<String>,
    },
    /// The suppliers in the order of a run.
    List,
    /// Hold the mapping against the newest feed: unmapped columns, unknown words, what changed. Writes nothing by itself.
    Check {
        /// The supplier: name of its folder.
        supplier: String,
        /// Write the meanings that are clear into supplier.toml.
        #[arg(long)]
        accept: bool,
        /// From which findings on to end with exit code 4.
        #[arg(long, value_enum, default_value = "never")]
        fail_on: FailOn,
    },
}

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// The plans that wait.
    List,
    /// What a plan would change.
    Show {
        plan: String,
        /// Only this supplier SKU.
        #[arg(long)]
        sku: Option<String>,
        /// Only changes of this attribute.
        #[arg(long, value_name = "ATTR")]
        attribute: Option<String>,
        /// As one HTML file, to look at in a browser: `estante plan show P --html > plan.html`.
        #[arg(long, conflicts_with = "json")]
        html: bool,
    },
    /// Throw a plan away.
    Discard { plan: String },
}

#[derive(Debug, Subcommand)]
pub enum DraftCommand {
    /// Ask for the texts that nobody says.
    Make {
        /// Only these products.
        #[arg(value_name = "SKU")]
        skus: Vec<String>,
        /// Only this attribute, with or without its locale.
        #[arg(long, value_name = "ATTR")]
        attribute: Option<String>,
        /// At most so many drafts.
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
    },
    /// All drafts, and what stands against them.
    List {
        /// Only those in this state.
        #[arg(long, value_enum)]
        state: Option<Wanted>,
    },
    /// A draft with its claims.
    Show { id: String },
    /// Accept drafts, as one batch.
    Accept {
        #[arg(required_unless_present = "all_clean", value_name = "ID")]
        ids: Vec<String>,
        /// All that wait and have nothing against them.
        #[arg(long, conflicts_with_all = ["ids", "reason"])]
        all_clean: bool,
        /// Accept against what stands against it, for this reason, which is kept.
        #[arg(long = "override", value_name = "REASON")]
        reason: Option<String>,
    },
    /// Reject drafts; the same question is not asked again.
    Reject {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Why, for those who come later.
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// The channels and what they demand.
    List,
    /// What the channel would refuse or lose, by cause.
    Check {
        channel: String,
        /// From which findings on to end with exit code 4.
        #[arg(long, value_enum, default_value = "blocked")]
        fail_on: FailOn,
    },
    /// Write the channel's files.
    Export {
        channel: String,
        /// The whole file, even where nothing changed.
        #[arg(long, conflicts_with = "delta")]
        full: bool,
        /// Only what changed since the last export, and what is to be removed.
        #[arg(long)]
        delta: bool,
    },
    /// What the channel gets of a product, and what is wrong with it.
    Explain { channel: String, sku: String },
}

#[derive(Debug, Subcommand)]
pub enum SchemaCommand {
    /// Check the whole configuration.
    Check,
    /// Write JSON Schemas of all TOML files, for editors.
    JsonSchema { dir: PathBuf },
}

/// Reads the arguments, runs the command, tells its outcome. Gives the exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; a closed pipe is none either.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let output = Output::new(
        arguments.json,
        arguments.quiet,
        arguments.verbose,
        arguments.no_color,
        &arguments.directory,
    );
    match dispatch(&arguments, &output) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(arguments: &Arguments, output: &Output) -> Result<u8, Failure> {
    let open = || Workspace::open(&arguments.directory, arguments.threads);
    match &arguments.command {
        Command::Demo { dir } => demo::demo(dir, arguments.threads, output),
        Command::Init { dir } => init::init(dir, output),
        Command::Run {
            supplier,
            channel,
            fail_on,
        } => run::run(open()?, supplier, channel, *fail_on, output),
        Command::Supplier(SupplierCommand::Add { file, name, sku }) => {
            supplier::add(open()?, file, name.as_deref(), sku.as_deref(), output)
        }
        Command::Supplier(SupplierCommand::Check {
            supplier,
            accept,
            fail_on,
        }) => supplier_check::check(&open()?, supplier, *accept, *fail_on, output),
        Command::Supplier(SupplierCommand::List) => supplier::list(&open()?, output),
        Command::Import {
            supplier,
            files,
            again,
            apply,
            on_drift,
            fail_on,
        } => {
            let mut workspace = open()?;
            let which = match again {
                Some(batch) => Which::Again(*batch),
                None => Which::of(files),
            };
            if let Some(on_drift) = on_drift {
                workspace.settings.on_drift(supplier, *on_drift);
            }
            import::import(workspace, supplier, &which, *apply, *fail_on, output)
        }
        Command::Plan(PlanCommand::List) => import::list(&open()?, output),
        Command::Plan(PlanCommand::Show {
            plan,
            sku,
            attribute,
            html,
        }) => {
            let of = (sku.as_deref(), attribute.as_deref());
            import::show(&open()?, plan, of, *html, output)
        }
        Command::Plan(PlanCommand::Discard { plan }) => import::discard(&open()?, plan, output),
        Command::Apply { plan } => import::apply(open()?, plan, output),
        Command::Undo { batch, plan: false } => undo::undo(open()?, *batch, output),
        Command::Undo { batch, plan: true } => undo::plan(open()?, *batch, output),
        Command::Batches { held: None, .. } => batch::list(&open()?, output),
        Command::Batches {
            held: Some(batch),
            accept,
            reject,
        } => match (accept.as_slice(), reject.as_slice()) {
            ([], []) => batch::held(&open()?, *batch, output),
            ([], reject) => batch::settle(open()?, *batch, Verdict::Reject, reject, output),
            (accept, _) => batch::settle(open()?, *batch, Verdict::Accept, accept, output),
        },
        Command::Product(ProductCommand::Show { sku, layers, history }) => {
            let workspace = Workspace::open_for_product(&arguments.directory, arguments.threads)?;
            let shown = product::show(&workspace, sku, *layers, *history, output);
            // The process ends with it; its pieces need not be given back one by one.
            std::mem::forget(workspace);
            shown
        }
        Command::Product(ProductCommand::Move { skus, model, with, .. }) => {
            product::move_to(open()?, skus, model.as_deref(), with.as_deref(), output)
        }
        Command::Product(ProductCommand::Set { sku, values, was }) => product::set(open()?, sku, values, was, output),
        Command::Product(ProductCommand::Clear { sku, attributes, was }) => {
            product::clear(open()?, sku, attributes, was, output)
        }
        Command::Product(ProductCommand::Merge { a, b }) => matching::merge(open()?, a, b, output),
        Command::Product(ProductCommand::Split { sku, supplier }) => {
            matching::split(open()?, sku, supplier.as_deref(), output)
        }
        Command::Sheet(command) => sheet::dispatch(open()?, command, output),
        Command::Match { command } => {
            let command = command.as_ref().unwrap_or(&MatchCommand::List { limit: 50 });
            matching::dispatch(open()?, command, output)
        }
        Command::Enrich(EnrichCommand::Specs { of }) => enrich_specs::specs(&open()?, of, output),
        Command::Enrich(EnrichCommand::Copy { of, preview, lint }) => {
            enrich_copy::copy(&open()?, of, *preview, *lint, output)
        }
        Command::Enrich(EnrichCommand::Images) => enrich_images::enrich(open()?, output),
        Command::Rules(command) => rules::dispatch(&open()?, command, output),
        Command::Draft(DraftCommand::Make { skus, attribute, limit }) => {
            draft::make(&open()?, skus, attribute.as_deref(), *limit, output)
        }
        Command::Draft(DraftCommand::List { state }) => draft::list(&open()?, *state, output),
        Command::Draft(DraftCommand::Show { id }) => draft::show(&open()?, id, output),
        Command::Draft(DraftCommand::Accept { ids, all_clean, reason }) => {
            draft::accept(open()?, ids, *all_clean, reason.as_deref(), output)
        }
        Command::Draft(DraftCommand::Reject { ids, reason }) => draft::reject(&open()?, ids, reason.as_deref(), output),
        Command::Todo { since } => todo::todo(&open()?, *since, output),
        Command::Channel(ChannelCommand::List) => channel::list(&open()?, output),
        Command::Channel(ChannelCommand::Check { channel, fail_on }) => {
            channel::check(&open()?, channel, *fail_on, output)
        }
        Command::Channel(ChannelCommand::Export { channel, full, delta }) => {
            channel::export(open()?, channel, *full, *delta, output)
        }
        Command::Channel(ChannelCommand::Explain { channel, sku }) => channel::explain(&open()?, channel, sku, output),
        Command::Search {
            query,
            words,
            limit,
            offset,
            sort,
            facet,
            locale,
        } => {
            let query = [std::slice::from_ref(query), words].concat().join(" ");
            let question = Question {
                query: query.trim(),
                limit: *limit,
                offset: *offset,
                sort: sort.as_deref(),
                facets: facet,
                locale: locale.as_deref(),
            };
            search::search(&open()?, &question, output)
        }
        Command::Log { of, field } => batch::log(&open()?, of.as_deref(), field.as_deref(), output),
        Command::History { command: None } => history::show(&open()?, output),
        Command::History {
            command: Some(HistoryCommand::Prune { apply, compact }),
        } => history::prune(open()?, *apply, *compact, output),
        Command::Schema(SchemaCommand::Check) => schema::check(&arguments.directory, output),
        Command::Schema(SchemaCommand::JsonSchema { dir }) => schema::json_schema(dir, output),
        Command::Verify => verify::verify(open()?, output),
        Command::Backup { dir } => backup::backup(&open()?, dir, output),
        Command::Restore { dir } => backup::restore(open()?, dir, output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "estante", &mut script);
            output.bytes(&script);
            Ok(0)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut page)
                .map_err(|error| Failure::io("render", std::path::Path::new("the manual page"), &error))?;
            output.bytes(&page);
            Ok(0)
        }
    }
}
