pub(crate) const ROWS: &[crate::case::Row] = &[];
