//! The tables as SeaORM entities. They name tables and columns; rows become domain values in `rows`.

pub(crate) mod order_placements;
pub(crate) mod orders;
pub(crate) mod users;
