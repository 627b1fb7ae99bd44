//! What rules say of one product: the layer that they make, followed anew, with what becomes of each value.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::enrich::rules::reason::Reason;
use crate::enrich::rules::{Event, Outcome};
use crate::merge::policy::Trust;
use crate::schema::scope::Key;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::products::Shelf;

/// One thing that a rule says of a product.
#[derive(Debug, Clone)]
pub struct RuleSaid {
    pub rule: u16,
    pub key: Key,
    pub before: Option<String>,
    /// `None` where it takes the value away.
    pub after: Option<String>,
    pub outcome: Outcome,
}

/// What rules say of one product, in their order; nothing where there are none.
pub fn said(
    workspace: &Workspace,
    reader: &Reader,
    trust: &Trust,
    name: &ProductName,
) -> Result<Vec<RuleSaid>, Failure> {
    let settings = &workspace.settings;
    let mut said = Vec::new();
    if settings.enrichment.rules.is_none() {
        return Ok(said);
    }
    let shelf = Shelf::new(settings, trust);
    let siblings = shelf.siblings(reader, name)?;
    let mut products = shelf.said(reader, &siblings)?;
    settings
        .enrichment
        .follow_rules(&mut products, &settings.schema, &mut |product, event| {
            if product == name.id {
                said.extend(told(event, true).ok());
            }
        });
    Ok(said)
}

/// An event as it is kept: what was said, or the rule and the reason why not. Values that nobody will be shown are left out.
pub fn told(event: Event<'_>, shown: bool) -> Result<RuleSaid, (u16, &Reason)> {
    match event {
        Event::Says {
            rule,
            key,
            before,
            after,
            outcome,
        } => Ok(RuleSaid {
            rule,
            key,
            before: before
                .filter(|_| shown)
                .map(|before| before.value.to_text().into_owned()),
            after: after.filter(|_| shown).map(|after| after.to_text().into_owned()),
            outcome,
        }),
        Event::Stops { rule, reason } => Err((rule, reason)),
    }
}
