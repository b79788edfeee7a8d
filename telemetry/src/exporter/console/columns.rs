//! The columns of the lines of a trace.

use std::time::Duration;

use super::bars::Bar;
use super::page::PageStyle;
use super::row::SpanRow;
use super::text::{Style, align, clip, duration, width};

/// A span, or folded siblings, with the glyphs of the branch in the tree.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) row: &'a SpanRow,
    pub(super) is_root: bool,
    pub(super) name: String,
    /// Behind the name, and never clipped.
    pub(super) suffix: String,
    /// The glyphs below the name.
    pub(super) beneath: String,
    pub(super) details: String,
    /// Whether a child has the same error.
    pub(super) has_error_of_child: bool,
    pub(super) start: u64,
    pub(super) end: u64,
    /// The nodes that the line stands for.
    pub(super) nodes: Vec<usize>,
}

/// The widths of the columns.
#[derive(Debug)]
pub(super) struct Columns {
    name: usize,
    /// Includes the gap in front of it. 0 if the page is not spacious.
    kind: usize,
    /// Includes the gap in front of it. 0 if all spans have the same service.
    service: usize,
    time: usize,
    /// 0 on a narrow page, which has only names and times.
    bar: usize,
    details: usize,
}

impl Columns {
    pub(super) fn new(lines: &[Line<'_>], has_services: bool, page: PageStyle) -> Self {
        let widest = |of: &dyn Fn(&Line<'_>) -> usize| lines.iter().map(of).max().unwrap_or(0);
        let time = widest(&|line| width(&time(line)));
        let name = widest(&|line| width(&line.name) + width(&line.suffix));
        if page.width < MIN_WIDE_PAGE {
            let free = page.width.saturating_sub(time + NARROW_FIXED_WIDTH);
            return Self {
                name: name.min(free).max(MIN_NAME_WIDTH),
                kind: 0,
                service: 0,
                time,
                bar: 0,
                details: 0,
            };
        }
        let is_spacious = page.width >= MIN_SPACIOUS_PAGE;
        let kind = if is_spacious {
            widest(&|line| width(line.row.kind.as_str())) + 2
        } else {
            0
        };
        let service = if has_services {
            widest(&|line| width(&line.row.service)).min(page.width / 4) + 2
        } else {
            0
        };
        let min_bar = if is_spacious {
            MIN_BAR_WIDTH
        } else {
            MIN_SHORT_BAR_WIDTH
        };
        let free = page.width.saturating_sub(kind + service + time + FIXED_WIDTH);
        let details = widest(&|line| width(&line.details)).min(page.width * 2 / 5);
        // A name may take what is wanted for details, up to its own part of the page.
        let for_name = free.saturating_sub(details + min_bar).max(page.width * 2 / 5);
        let name = name.min(for_name).max(MIN_NAME_WIDTH);
        let details = details.min(free.saturating_sub(name + min_bar));
        let bar = free.saturating_sub(name + details).clamp(min_bar, MAX_BAR_WIDTH);
        Self {
            name,
            kind,
            service,
            time,
            bar,
            details,
        }
    }

    /// Returns whether only names and times have columns.
    pub(super) fn is_narrow(&self) -> bool {
        self.bar == 0
    }

    pub(super) fn bar_width(&self) -> usize {
        self.bar
    }

    pub(super) fn line(&self, line: &Line<'_>, is_critical: bool, bar: &Bar, page: PageStyle) -> String {
        let row = line.row;
        let time = time(line);
        let pad = " ".repeat(self.time.saturating_sub(width(&time)));
        let name = clip(&line.name, self.name.saturating_sub(width(&line.suffix)));
        let name = align(&format!("{name}{}", line.suffix), self.name);
        let style = if row.failure.is_some() {
            Style::Failure
        } else {
            Style::Strong
        };
        let name = if row.failure.is_some() || line.is_root {
            page.paint(style, &name)
        } else {
            name
        };
        let marker = page.paint(Style::Critical, if is_critical { "●" } else { " " });
        if self.is_narrow() {
            return format!("{marker} {name}  {pad}{time}\n");
        }
        let service = if self.service == 0 {
            String::new()
        } else {
            align(&format!("  {}", row.service), self.service)
        };
        let kind = if self.kind == 0 {
            String::new()
        } else {
            align(&format!("  {}", row.kind.as_str()), self.kind)
        };
        let text = format!(
            "{marker} {name}{}{service}  {pad}{time}  {} {}",
            page.paint(Style::Faint, &kind),
            bar.paint(page),
            page.paint(Style::Number, &clip(&line.details, self.details)),
        );
        format!("{}\n", text.trim_end())
    }
}

fn time(line: &Line<'_>) -> String {
    duration(Duration::from_nanos(line.end.saturating_sub(line.start)))
}

/// The narrowest page that has bars and details in columns.
const MIN_WIDE_PAGE: usize = 72;
/// The narrowest page that has all columns.
const MIN_SPACIOUS_PAGE: usize = 90;
/// The width of the critical mark and of the spaces between the columns.
const FIXED_WIDTH: usize = 7;
/// The same on a narrow page.
const NARROW_FIXED_WIDTH: usize = 4;
const MIN_NAME_WIDTH: usize = 12;
const MIN_BAR_WIDTH: usize = 12;
const MIN_SHORT_BAR_WIDTH: usize = 8;
const MAX_BAR_WIDTH: usize = 36;
