//! Ranges of a column, as the engine asks for them. What a condition's range is stands in `query::range`.

use crate::index::layout::Column;
use crate::query::range::Span;
use tantivy::Term;
use tantivy::query::{EmptyQuery, ExistsQuery, Query, RangeQuery};

/// The products whose column lies in a span.
pub fn within(column: &Column, span: Span) -> Box<dyn Query> {
    let term = |number: i64| Term::from_field_i64(column.field, number);
    match span {
        Span::Nothing => Box::new(EmptyQuery),
        Span::Anything => Box::new(ExistsQuery::new(column.name.clone(), false)),
        Span::Between(low, high) => Box::new(RangeQuery::new(low.map(term), high.map(term))),
    }
}
