//! A table: names on the left, numbers on the right.

use super::page::PageStyle;
use super::text::{Style, align, clip, width};

/// Renders a table. The first row is the head, and the last one the total. If the page is too narrow for the
/// columns, each row becomes a name with its numbers below it.
pub(super) fn lay_out(rows: &[Vec<String>], page: PageStyle) -> String {
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let numbers: usize = (1..columns).map(|column| widest(column) + GAP).sum();
    let available = page.width.saturating_sub(numbers);
    let name = widest(0).min(available);
    if name < widest(0) && available < MIN_NAME_WIDTH {
        return lay_out_as_list(rows, page);
    }
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
        table += &styled(line.trim_end(), index, rows.len(), page);
        table.push('\n');
    }
    table
}

/// Renders each row as a line with its name, and lines of `head number`.
fn lay_out_as_list(rows: &[Vec<String>], page: PageStyle) -> String {
    let mut list = String::new();
    for (index, row) in rows.iter().enumerate() {
        let Some((name, numbers)) = row.split_first() else {
            continue;
        };
        list += &styled(&clip(name, page.width), index, rows.len(), page);
        list.push('\n');
        let heads = rows.first().into_iter().flatten().skip(1);
        let mut line = String::new();
        for (head, number) in heads.zip(numbers).filter(|_| index > 0) {
            if number.is_empty() {
                continue;
            }
            let pair = format!("{}{head} {number}", " ".repeat(GAP));
            if width(&line) + width(&pair) > page.width && !line.is_empty() {
                list += &line;
                list.push('\n');
                line.clear();
            }
            line += &pair;
        }
        if !line.is_empty() {
            list += &line;
            list.push('\n');
        }
    }
    list
}

fn styled(line: &str, index: usize, rows: usize, page: PageStyle) -> String {
    match index {
        0 => page.paint(Style::Faint, line),
        _ if index + 1 == rows => page.paint(Style::Strong, line),
        _ => line.to_owned(),
    }
}

/// The spaces between columns.
const GAP: usize = 2;

/// The width below which a name is not cut to make room for the numbers.
const MIN_NAME_WIDTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let row = |row: &str| row.split(',').map(str::to_owned).collect();
        [
            "metrics,count,errors,p50,p95,input",
            "server POST /task,1,0,251 ms,251 ms",
            "model a-long-name,3,0,60.0 ms,1.20 s,99",
            "all tokens (prompt_size),,,,,99",
        ]
        .into_iter()
        .map(row)
        .collect()
    }

    /// The names used to be cut to `server …`, and lines were wider than the page.
    #[test]
    fn a_narrow_table_is_a_list() {
        let expected = "\
metrics
server POST /task
  count 1  errors 0  p50 251 ms
  p95 251 ms
model a-long-name
  count 3  errors 0  p50 60.0 ms
  p95 1.20 s  input 99
all tokens (prompt_size)
  input 99
";
        assert_eq!(lay_out(&rows(), PageStyle::plain(32)), expected, "32 columns");
    }

    #[test]
    fn long_names_are_cut_if_enough_of_them_is_left() {
        let expected = "\
metrics              count  errors      p50     p95  input
server POST /task        1       0   251 ms  251 ms
model a-long-name        3       0  60.0 ms  1.20 s     99
all tokens (prompt…                                     99
";
        assert_eq!(lay_out(&rows(), PageStyle::plain(58)), expected, "58 columns");
    }
}
