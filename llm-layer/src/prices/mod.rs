//! The cost of calls, from a table of prices or from a hook of the user's.

mod billed;
mod cost;
mod file;
mod hook;
mod model_name;
mod part;
mod price;
mod table;
#[cfg(test)]
mod tests;

pub use self::billed::{BilledCall, BilledUsage};
pub use self::cost::{Cost, Unpriced};
pub use self::file::{PricesError, RowError};
pub(crate) use self::hook::CostHook;
pub(crate) use self::model_name::is_same_model;
pub use self::part::BilledPart;
pub use self::price::Price;
pub use self::table::Prices;
