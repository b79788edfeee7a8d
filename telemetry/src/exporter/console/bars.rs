//! Draws the spans of a trace on its timeline.

use throughline_trace_model::Section;

use super::page::PageStyle;
use super::text::Style;

/// The timeline, divided into cells. Each cell is assigned to the span that the trace waited for longest.
#[derive(Debug)]
pub(super) struct Bars {
    cells: usize,
    total: u64,
    critical: Vec<Option<usize>>,
}

/// One span on the timeline.
#[derive(Debug)]
pub(super) struct Bar {
    before: usize,
    cells: Vec<bool>,
    after: usize,
}

impl Bars {
    pub(super) fn new(paths: &[Vec<Section>], total: u64, cells: usize) -> Self {
        let mut bars = Self {
            cells,
            total: total.max(1),
            critical: Vec::new(),
        };
        bars.critical = (0..cells).map(|cell| bars.waited_for(cell, paths)).collect();
        bars
    }

    fn waited_for(&self, cell: usize, paths: &[Vec<Section>]) -> Option<usize> {
        let (from, to) = (self.time(cell), self.time(cell + 1));
        let within = |section: &Section| section.to.min(to).saturating_sub(section.from.max(from));
        let waits = paths.iter().map(|path| path.iter().map(within).sum::<u64>());
        waits
            .enumerate()
            .filter(|(_, wait)| *wait > 0)
            .max_by_key(|(_, wait)| *wait)
            .map(|(index, _)| index)
    }

    /// Draws the time from `start` to `end` of a line that stands for these nodes.
    pub(super) fn draw(&self, start: u64, end: u64, nodes: &[usize]) -> Bar {
        let first = self.cell(start).min(self.cells.saturating_sub(1));
        let last = self
            .cell(end.saturating_sub(1))
            .clamp(first, self.cells.saturating_sub(1));
        let cells = self.critical.iter().skip(first).take(last - first + 1);
        Bar {
            before: first,
            cells: cells
                .map(|owner| owner.is_some_and(|owner| nodes.contains(&owner)))
                .collect(),
            after: self.cells.saturating_sub(last + 1),
        }
    }

    fn time(&self, cell: usize) -> u64 {
        let time = u128::from(self.total) * cell as u128 / (self.cells as u128).max(1);
        u64::try_from(time).unwrap_or(u64::MAX)
    }

    fn cell(&self, time: u64) -> usize {
        usize::try_from(u128::from(time) * self.cells as u128 / u128::from(self.total)).unwrap_or(usize::MAX)
    }
}

impl Bar {
    pub(super) fn paint(&self, page: PageStyle) -> String {
        let mut text = " ".repeat(self.before);
        for run in self.cells.chunk_by(|one, next| one == next) {
            let is_critical = run.first() == Some(&true);
            let (glyph, style) = if is_critical {
                ("█", Style::Critical)
            } else {
                ("░", Style::Faint)
            };
            text += &page.paint(style, &glyph.repeat(run.len()));
        }
        text + &" ".repeat(self.after)
    }
}
