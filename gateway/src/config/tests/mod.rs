//! What files are accepted, and what errors say.

mod any_value;
mod arch;
mod errors;
mod warnings;

use super::*;

fn error(yaml: &str) -> String {
    match Config::from_yaml(yaml) {
        Ok(config) => panic!("accepted: {yaml}\n{config}"),
        Err(error) => error.to_string(),
    }
}

/// A provider with a key, so that a table needs one line for each case.
const P: &str = "providers: [{ name: p, api: openai, base_url: 'http://p', key: $K }]\n";
