//! `enrich`: what is derived from products, step by step. Each step has a file of its own.

use clap::Subcommand;

/// A step of enrichment.
#[derive(Debug, Subcommand)]
pub enum EnrichCommand {
    /// What titles and descriptions say of attributes: values, suggestions, contradictions, each with its words.
    Specs {
        /// SKUs, or a query as `search` takes it; without any, the whole catalog is counted by attribute.
        #[arg(value_name = "QUERY|SKU")]
        of: Vec<String>,
    },
    /// Texts that templates write: how many, what they say, what is wrong with any text.
    Copy {
        /// SKUs, or a query as `search` takes it.
        #[arg(value_name = "QUERY|SKU")]
        of: Vec<String>,
        /// Show each text before and after.
        #[arg(long, conflicts_with = "lint")]
        preview: bool,
        /// Check all texts of the catalog, whoever wrote them.
        #[arg(long)]
        lint: bool,
    },
    /// Find pictures, give them to their products, derive what each channel takes.
    Images,
}
