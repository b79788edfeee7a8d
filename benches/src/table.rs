//! Prints the table as Markdown.

use crate::measure::Cost;
use crate::rows::Section;

/// Prints each section, with the ratios to its first row.
pub(crate) fn print(sections: &[Section], costs: &[Vec<Cost>]) {
    for (section, costs) in sections.iter().zip(costs) {
        println!(
            "\n| {:<44} | ratio | best ns | median ns | allocations | bytes |",
            section.title
        );
        println!(
            "|{:-<46}|------:|--------:|----------:|------------:|------:|",
            ""
        );
        let floor = costs.first().map_or(1.0, |cost| cost.best);
        for (row, cost) in section.rows.iter().zip(costs) {
            let Cost {
                blocks,
                bytes,
                best,
                median,
            } = cost;
            let (name, ratio) = (row.name, best / floor);
            println!(
                "| {name:<44} | {ratio:5.2} | {best:7.0} | {median:9.0} | {blocks:11.1} | {bytes:5.0} |"
            );
        }
    }
}
