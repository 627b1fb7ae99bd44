//! What texts say: given and expected.
