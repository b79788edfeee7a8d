//! What counting tokens costs, beside tiktoken-rs in the same run.
//!
//! Run with `cargo run --release -p throughline-tokens-bench`, or with `-- memory` for what loading costs.
//! Both counters count the same segments of 16 KiB, each segment once and in turns, and the counts must be
//! the same. The ratio is the median over the segments, so that other work on the machine does not change it
//! much.

mod text;

use std::collections::HashSet;
use std::env;
use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use throughline_tokens::{SegmentedCounter, Tokenizer};
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["memory", encoding, counter] => return memory(encoding, counter),
        ["memory"] => return all_memory(),
        _ => {}
    }
    let only = arguments.first().copied().unwrap_or_default();
    let counters = ENCODINGS.map(|(name, model)| Counters::load(name, model));
    for (title, samples) in [
        ("unseen text", text::ordinary()),
        ("hostile text", text::hostile()),
    ] {
        for counters in &counters {
            println!(
                "\n| {title}, {} | ratio | tokens, MB/s | tiktoken-rs, MB/s |\n|-|-:|-:|-:|",
                counters.name
            );
            for (name, text) in samples.iter().filter(|(name, _)| name.contains(only)) {
                counters.measure(name, text);
            }
        }
    }
}

const ENCODINGS: [(&str, &str); 2] = [("o200k_base", "gpt-4o"), ("cl100k_base", "gpt-4")];

/// Prints what loading a vocabulary costs, each in its own process.
fn all_memory() {
    println!("| encoding | counter | resident, MB | at most, MB | load, ms |\n|-|-|-:|-:|-:|");
    for (encoding, _) in ENCODINGS {
        for counter in ["tokens", "tiktoken-rs"] {
            let program = env::current_exe().expect("the path of this program");
            let status = Command::new(program).args(["memory", encoding, counter]).status();
            assert!(
                status.is_ok_and(|status| status.success()),
                "{encoding}, {counter}"
            );
        }
    }
}

fn memory(encoding: &str, counter: &str) {
    let (before, start) = (resident("RssAnon:"), cpu_time());
    match (counter, encoding) {
        ("tokens", "o200k_base") => Tokenizer::built_in("gpt-4o").prepare(),
        ("tokens", _) => Tokenizer::built_in("gpt-4").prepare(),
        (_, "o200k_base") => _ = black_box(o200k_base_singleton()),
        _ => _ = black_box(cl100k_base_singleton()),
    }
    let load = cpu_time() - start;
    let (resident, most) = (resident("RssAnon:") - before, resident("VmHWM:"));
    println!(
        "| {encoding} | {counter} | {resident:.1} | {most:.1} | {} |",
        load.as_millis()
    );
}

/// The two counters of an encoding.
struct Counters {
    name: &'static str,
    ours: Tokenizer,
    tiktoken: &'static CoreBPE,
}

impl Counters {
    fn load(name: &'static str, model: &str) -> Self {
        let ours = Tokenizer::built_in(model);
        ours.prepare();
        let tiktoken = match name {
            "cl100k_base" => cl100k_base_singleton(),
            _ => o200k_base_singleton(),
        };
        Self { name, ours, tiktoken }
    }

    fn measure(&self, name: &str, text: &str) {
        let (mut ratios, mut costs) = (Vec::new(), [Vec::new(), Vec::new()]);
        for (number, segment) in segments(text).into_iter().enumerate() {
            let (ours, theirs) = match number % 2 {
                0 => {
                    let ours = timed(|| self.count(segment));
                    (ours, timed(|| self.count_with_tiktoken(segment)))
                }
                _ => {
                    let theirs = timed(|| self.count_with_tiktoken(segment));
                    (timed(|| self.count(segment)), theirs)
                }
            };
            assert_eq!(
                ours.0, theirs.0,
                "{}, {name}: tokens of segment {number}",
                self.name
            );
            ratios.push(theirs.1.as_secs_f64() / ours.1.as_secs_f64());
            let bytes = segment.len() as f64 / 1e6;
            costs[0].push(bytes / ours.1.as_secs_f64());
            costs[1].push(bytes / theirs.1.as_secs_f64());
        }
        let [ours, theirs] = costs.map(median);
        println!(
            "| {name:32} | {:5.2} | {ours:6.1} | {theirs:6.1} |",
            median(ratios)
        );
    }

    #[inline(never)]
    fn count(&self, segment: &str) -> u64 {
        let mut counter = SegmentedCounter::new(self.ours.clone());
        counter.push(segment);
        counter.finish().map_or(0, |count| count.tokens)
    }

    #[inline(never)]
    fn count_with_tiktoken(&self, segment: &str) -> u64 {
        self.tiktoken
            .count(segment, &HashSet::new())
            .map_or(0, |count| count as u64)
    }
}

/// Cuts a text into segments that a [`SegmentedCounter`] counts at once.
fn segments(mut text: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    while text.len() > SegmentedCounter::MAX_SEGMENT_BYTES {
        let (segment, rest) = text.split_at(text.floor_char_boundary(SegmentedCounter::MAX_SEGMENT_BYTES));
        segments.push(segment);
        text = rest;
    }
    segments
}

fn timed(count: impl FnOnce() -> u64) -> (u64, Duration) {
    let start = cpu_time();
    let tokens = black_box(count());
    (tokens, cpu_time() - start)
}

/// The time that this thread has run. Unlike the time of day, it does not grow while others run.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A size of this process that Linux reports, in MB.
fn resident(size: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(size));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.map_or(0.0, |kilobytes: f64| kilobytes * 1024.0 / 1e6)
}
