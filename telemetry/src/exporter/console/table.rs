//! A table: names on the left, numbers on the right.

use super::page::PageStyle;
use super::text::{Style, align, width};

/// Renders a table. The first row is the head, and the last one the total.
pub(super) fn lay_out(rows: &[Vec<String>], page: PageStyle) -> String {
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let numbers: usize = (1..columns).map(|column| widest(column) + GAP).sum();
    let name = widest(0).min(page.width.saturating_sub(numbers).max(MIN_NAME_WIDTH));
    let mut table = String::new();
    for (index, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            if column == 0 {
                line += &align(cell, name);
            } else {
                let pad = (widest(column) + GAP).saturating_sub(width(cell));
                line += &" ".repeat(pad);
                line += cell;
            }
        }
        let line = line.trim_end();
        table += &match index {
            0 => page.paint(Style::Faint, line),
            _ if index + 1 == rows.len() => page.paint(Style::Strong, line),
            _ => line.to_owned(),
        };
        table.push('\n');
    }
    table
}

/// The spaces between columns.
const GAP: usize = 2;
const MIN_NAME_WIDTH: usize = 8;
