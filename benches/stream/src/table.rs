//! Prints the measurements as a table.

use std::time::Duration;

use crate::Cost;
use crate::provider::Stream;

/// The costs of one round, without and with the layer.
type Pair = (Cost, Cost);
/// Selects one of the two.
type Side = fn(&Pair) -> &Cost;

pub(crate) fn head(mib: u64) {
    println!(
        "| {mib} MiB | | processor, s/GiB | ratio | MiB/s | ratio | first byte, µs | ratio | heap, KiB |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|");
}

/// Prints the best of the whole streams, the median of the first bytes, and the maximum of the heap.
pub(crate) fn row(stream: Stream, length: u64, firsts: Vec<Pair>, wholes: Vec<Pair>) {
    let mib = length as f64 / (1024.0 * 1024.0);
    let least = |side: Side, metric: fn(&Cost) -> Duration| {
        let least = wholes.iter().map(|pair| metric(side(pair))).min();
        least.unwrap_or_default().as_secs_f64()
    };
    let first = |side: Side| {
        let mut firsts: Vec<Duration> = firsts.iter().map(|pair| side(pair).first_byte).collect();
        firsts.sort_unstable();
        firsts[firsts.len() / 2].as_secs_f64() * 1e6
    };
    let sides: [(&str, Side); 2] = [("alone", |pair| &pair.0), ("**LlmLayer**", |pair| &pair.1)];
    let busy = |side: Side| least(side, |cost| cost.busy) * 1024.0 / mib;
    let rate = |side: Side| mib / least(side, |cost| cost.whole);
    let (_, alone) = sides[0];
    for (name, side) in sides {
        let what = match (name, stream.singly) {
            ("alone", true) => format!("{} bytes of text per event, each written separately", stream.text),
            ("alone", false) => format!("{} bytes of text per event, many written at once", stream.text),
            _ => String::new(),
        };
        let heap = wholes.iter().map(|pair| side(pair).heap).max().unwrap_or(0);
        println!(
            "| {what} | {name} | {:.2} | {:.2} | {:.0} | {:.2} | {:.0} | {:.2} | {} |",
            busy(side),
            busy(side) / busy(alone),
            rate(side),
            rate(side) / rate(alone),
            first(side),
            first(side) / first(alone),
            heap / 1024,
        );
    }
}
