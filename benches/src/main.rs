//! Measures the cost of a request through the layers, compared with the raw API and the peers. See the
//! README.
//!
//! Run with `cargo run --release`. To select sections by title, use `cargo run --release -- Client`.

mod floor;
mod measure;
mod rows;
mod table;
mod telemetry;

use std::env;

use crate::telemetry::Sdk;

fn main() {
    let (flags, titles): (Vec<String>, Vec<String>) = env::args()
        .skip(1)
        .partition(|argument| argument.starts_with("--"));
    let sdk = Sdk::install();
    let mut sections = rows::all(&sdk);
    if !titles.is_empty() {
        sections.retain(|section| titles.iter().any(|title| section.title.contains(title.as_str())));
    }
    if flags.iter().any(|flag| flag == "--instructions") {
        let requests = measure::instructions(&mut sections);
        for section in &sections {
            for row in &section.rows {
                println!("{}\t{}\t{requests}", section.title, row.name);
            }
        }
        return;
    }
    let costs = measure::costs(&mut sections);
    table::print(&sections, &costs);
}
