//! What the viewer costs.
//!
//! The first table is about a program that emits 50,000 spans a second: the processor time that its exporter
//! takes, for the viewer beside OTLP, and what a viewer takes to receive the same spans. Each program is its
//! own process, this one with arguments. The second table is about a receiver that gets spans as fast as it
//! takes them.
//!
//! All times are processor times, so the numbers do not depend on how busy the machine is.

mod cpu;
mod emitter;
mod receiver;
mod shop;

use std::env;
use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            emitter::table()?;
            println!();
            receiver::table()
        }
        ["exporter"] => emitter::table(),
        ["receiver"] => receiver::table(),
        ["emit", exporter, endpoint] => emitter::emit(exporter, endpoint),
        _ => Err("expected: exporter, receiver, or no argument for both".into()),
    }
}
