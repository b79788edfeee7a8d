//! Counts and times the rows.

use std::hint::black_box;
use std::time::Instant;

use crate::rows::{Row, Section};
use throughline_bench_workload::Allocated;
use throughline_bench_workload::Exercise;

/// The cost of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Allocated blocks.
    pub(crate) blocks: f64,
    /// Allocated bytes.
    pub(crate) bytes: f64,
    /// Nanoseconds in the fastest round.
    pub(crate) best: f64,
    /// Nanoseconds in the median round.
    pub(crate) median: f64,
}

/// Measures all rows. Each round runs every row, so that other work on the machine affects all rows equally.
pub(crate) fn costs(sections: &mut [Section]) -> Vec<Vec<Cost>> {
    let mut tallies: Vec<Vec<Tally>> = sections
        .iter_mut()
        .map(|section| section.rows.iter_mut().map(Tally::new).collect())
        .collect();
    for _ in 0..ROUNDS {
        for (section, tallies) in sections.iter_mut().zip(&mut tallies) {
            for (row, tally) in section.rows.iter_mut().zip(tallies) {
                tally.time(row);
            }
        }
    }
    let costs = |tallies: Vec<Tally>| tallies.into_iter().map(Tally::cost).collect();
    tallies.into_iter().map(costs).collect()
}

/// Runs each row a fixed number of times inside [`measured`], for a tool that counts instructions.
pub(crate) fn instructions(sections: &mut [Section]) -> usize {
    for row in sections.iter_mut().flat_map(|section| &mut section.rows) {
        warm(row);
        row.exercise.prepare(COUNTED);
        let _entered = row.conditions.enter();
        measured(black_box(&mut *row.exercise));
    }
    COUNTED
}

/// The measured code runs in this function. The script `instructions` refers to its name.
#[inline(never)]
fn measured(exercise: &mut dyn Exercise) {
    exercise.exercise();
    // Prevents a tail call, whose return the tool would not see.
    black_box(());
}

/// The measurements of a row so far.
struct Tally {
    allocated: Allocated,
    nanoseconds: Vec<f64>,
}

impl Tally {
    fn new(row: &mut Row) -> Self {
        warm(row);
        row.exercise.prepare(COUNTED);
        let _entered = row.conditions.enter();
        let before = Allocated::so_far();
        row.exercise.exercise();
        Self {
            allocated: Allocated::so_far() - before,
            nanoseconds: Vec::with_capacity(ROUNDS),
        }
    }

    fn time(&mut self, row: &mut Row) {
        row.exercise.prepare(TIMED);
        let _entered = row.conditions.enter();
        let began = Instant::now();
        measured(&mut *row.exercise);
        self.nanoseconds
            .push(began.elapsed().as_nanos() as f64 / TIMED as f64);
    }

    fn cost(mut self) -> Cost {
        self.nanoseconds.sort_by(f64::total_cmp);
        Cost {
            blocks: self.allocated.blocks as f64 / COUNTED as f64,
            bytes: self.allocated.bytes as f64 / COUNTED as f64,
            best: self.nanoseconds[0],
            median: self.nanoseconds[ROUNDS / 2],
        }
    }
}

/// Warms up a row, because first uses fill caches.
fn warm(row: &mut Row) {
    row.exercise.prepare(COUNTED);
    let _entered = row.conditions.enter();
    row.exercise.exercise();
}

const ROUNDS: usize = 101;
/// The requests per round.
const TIMED: usize = 512;
/// The requests whose allocations or instructions are counted.
const COUNTED: usize = 1000;
