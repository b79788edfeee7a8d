//! Renders a trace as text: a header, a line per span, and the tokens by role.

use std::time::Duration;

use throughline_trace_model::{Node, Tree, critical_path};

use super::bars::{Bar, Bars};
use super::output::PageStyle;
use super::roles;
use super::row::SpanRow;
use super::text::{Style, align, clip, duration, width};
use super::trace::Trace;

/// Renders a trace. If it is incomplete, the header says why.
pub(super) fn print(trace: &Trace, missing: Option<&str>, page: PageStyle) -> String {
    let tree = trace.tree();
    let lines = lines(trace, &tree);
    let columns = Columns::new(&lines, trace.services() > 1, page);
    let paths = critical_path(&tree);
    let bars = Bars::new(&paths, tree.duration(), columns.bar);
    let mut text = header(trace, &tree, missing, page);
    for ((line, path), index) in lines.iter().zip(&paths).zip(0..) {
        text += &columns.line(line, !path.is_empty(), &bars.draw(line.node, index), page);
        if let Some(failure) = &line.row.failure {
            let lead = format!("  {}", line.beneath);
            let failure = clip(
                &format!("✗ {failure}"),
                page.width.saturating_sub(width(&lead)).max(MIN_NAME_WIDTH),
            );
            text += &format!(
                "{}{}\n",
                page.paint(Style::Faint, &lead),
                page.paint(Style::Failure, &failure)
            );
        }
    }
    let roles = roles::table(trace, &tree, page);
    if !roles.is_empty() {
        text.push('\n');
        text += &roles;
    }
    text.push('\n');
    text
}

fn header(trace: &Trace, tree: &Tree, missing: Option<&str>, page: PageStyle) -> String {
    let count = match trace.rows.len() + trace.more {
        1 => "1 span".to_owned(),
        count => format!("{count} spans"),
    };
    let mut header = format!("{} · {count}", duration(Duration::from_nanos(tree.duration())));
    if trace.more > 0 {
        header += &format!(", {} of them not shown", trace.more);
    }
    let services = trace.services();
    if services > 1 {
        header += &format!(" · {services} services");
    }
    if let Some(missing) = missing {
        header += &format!(" · incomplete: {missing}");
    }
    let id = page.paint(Style::Strong, &format!("trace {}", trace.id));
    format!(
        "{id} · {header} · {} critical path\n",
        page.paint(Style::Critical, "●")
    )
}

/// A span with the glyphs of its branch in the tree.
#[derive(Debug)]
struct Line<'a> {
    node: &'a Node,
    row: &'a SpanRow,
    name: String,
    /// The glyphs below the name.
    beneath: String,
    details: String,
}

fn lines<'a>(trace: &'a Trace, tree: &'a Tree) -> Vec<Line<'a>> {
    let nodes = tree.nodes();
    let mut beneath: Vec<String> = Vec::with_capacity(nodes.len());
    let mut lines = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let Some(row) = trace.rows.get(node.span) else {
            continue;
        };
        let above = node
            .parent
            .and_then(|above| Some((nodes.get(above)?, beneath.get(above)?)));
        let (branch, under) = match above {
            None => (String::new(), String::new()),
            Some((parent, lead)) if parent.children.last() == Some(&index) => {
                (format!("{lead}└─ "), format!("{lead}   "))
            }
            Some((_, lead)) => (format!("{lead}├─ "), format!("{lead}│  ")),
        };
        let has_children = if node.children.is_empty() { "" } else { "│" };
        lines.push(Line {
            node,
            row,
            name: format!("{branch}{}", row.name),
            beneath: format!("{under}{}", align(has_children, 3)),
            details: details(row),
        });
        beneath.push(under);
    }
    lines
}

/// Returns the model, unless the name contains it, and the tokens.
fn details(row: &SpanRow) -> String {
    let model = row
        .gen_ai
        .model
        .as_deref()
        .filter(|model| !row.name.contains(model));
    let tokens = row.gen_ai.tokens.text();
    let parts = model
        .into_iter()
        .chain((!tokens.is_empty()).then_some(tokens.as_str()));
    parts.collect::<Vec<_>>().join("  ")
}

/// The widths of the columns.
#[derive(Debug)]
struct Columns {
    name: usize,
    kind: usize,
    /// Includes the gap in front of it. 0 if all spans have the same service.
    service: usize,
    time: usize,
    bar: usize,
    details: usize,
}

impl Columns {
    fn new(lines: &[Line<'_>], has_services: bool, page: PageStyle) -> Self {
        let widest = |of: &dyn Fn(&Line<'_>) -> usize| lines.iter().map(of).max().unwrap_or(0);
        let kind = widest(&|line| width(line.row.kind.as_str()));
        let time = widest(&|line| width(&time(line.node)));
        let service = if has_services {
            widest(&|line| width(&line.row.service)).min(page.width / 4) + 2
        } else {
            0
        };
        let fixed = kind + service + time + FIXED_WIDTH;
        let details = widest(&|line| width(&line.details)).min(page.width * 2 / 5);
        let free = page.width.saturating_sub(fixed + details);
        let name = widest(&|line| width(&line.name))
            .min(free.saturating_sub(MIN_BAR_WIDTH))
            .max(MIN_NAME_WIDTH);
        let bar = free.saturating_sub(name).clamp(MIN_BAR_WIDTH, MAX_BAR_WIDTH);
        Self {
            name,
            kind,
            service,
            time,
            bar,
            details,
        }
    }

    fn line(&self, line: &Line<'_>, is_critical: bool, bar: &Bar, page: PageStyle) -> String {
        let row = line.row;
        let time = time(line.node);
        let service = if self.service == 0 {
            String::new()
        } else {
            align(&format!("  {}", row.service), self.service)
        };
        let pad = " ".repeat(self.time.saturating_sub(width(&time)));
        let name = align(&line.name, self.name);
        let style = if row.failure.is_some() {
            Style::Failure
        } else {
            Style::Strong
        };
        let text = format!(
            "{} {}  {}{}  {pad}{time}  {} {}",
            page.paint(Style::Critical, if is_critical { "●" } else { " " }),
            if row.failure.is_some() || line.node.parent.is_none() {
                page.paint(style, &name)
            } else {
                name
            },
            page.paint(Style::Faint, &align(row.kind.as_str(), self.kind)),
            service,
            bar.paint(page),
            page.paint(Style::Number, &clip(&line.details, self.details)),
        );
        format!("{}\n", text.trim_end())
    }
}

fn time(node: &Node) -> String {
    duration(Duration::from_nanos(node.duration()))
}

/// The width of the critical mark and of the spaces between the columns.
const FIXED_WIDTH: usize = 9;
const MIN_NAME_WIDTH: usize = 12;
const MIN_BAR_WIDTH: usize = 12;
const MAX_BAR_WIDTH: usize = 36;

#[cfg(test)]
mod tests {
    use opentelemetry::trace::SpanKind;

    use super::super::fixture::{self, Fixture};
    use super::*;

    const PAGE: PageStyle = PageStyle {
        width: 100,
        colour: false,
    };

    fn printed(fixture: &Fixture, page: PageStyle) -> String {
        print(&fixture.trace(), None, page)
    }

    #[test]
    fn task_with_roles_and_a_rejected_attempt() {
        let text = printed(&fixture::task(), PAGE);

        assert_eq!(text, include_str!("golden/task.txt"), "{text}");
    }

    #[test]
    fn narrow_page_clips_names_and_details_and_aligns_columns() {
        let text = printed(
            &fixture::task(),
            PageStyle {
                width: 60,
                colour: false,
            },
        );

        assert_eq!(text, include_str!("golden/narrow.txt"), "{text}");
    }

    #[test]
    fn control_characters_are_escaped_and_wide_characters_are_aligned() {
        let fixture = Fixture::default()
            .span(0, "GET \u{1b}[2J/\r\nx", SpanKind::Server, 0, 1_000)
            .failing("_OTHER", "broken\u{7}\u{202e}pipe")
            .throwing("connection reset\nby peer")
            .span(1, "invoke_agent 计划者", SpanKind::Internal, 100, 900)
            .with("gen_ai.agent.name", "计划者")
            .span(2, "chat", SpanKind::Client, 200, 800)
            .with("gen_ai.operation.name", "chat")
            .with("gen_ai.response.model", "qwen\u{0}3")
            .with("gen_ai.usage.input_tokens", 7)
            .with("gen_ai.usage.output_tokens", 9)
            .with("gen_ai.usage.reasoning.output_tokens", 5);
        let text = printed(&fixture, PAGE);

        assert_eq!(text, include_str!("golden/hostile.txt"), "{text}");
    }

    #[test]
    fn colour_is_only_added_around_the_same_text() {
        let coloured = printed(
            &fixture::task(),
            PageStyle {
                width: 100,
                colour: true,
            },
        );
        let mut plain = String::new();
        for (index, part) in coloured.split('\u{1b}').enumerate() {
            plain += if index == 0 {
                part
            } else {
                part.split_once('m').expect("a colour code").1
            };
        }
        let trimmed = |text: &str| {
            text.lines()
                .map(|line| line.trim_end().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            trimmed(&plain),
            trimmed(include_str!("golden/task.txt")),
            "without the colour codes"
        );
        assert!(
            coloured.contains("\u{1b}[31m✗ error 429: Too many requests\u{1b}[0m"),
            "{coloured:?}"
        );
    }

    #[test]
    fn services_are_shown_if_a_trace_has_more_than_one() {
        let fixture = Fixture::default()
            .span(0, "POST /orders", SpanKind::Server, 0, 9_000)
            .service("shop")
            .span(1, "POST", SpanKind::Client, 1_000, 8_000)
            .span(2, "POST /payments", SpanKind::Server, 2_000, 7_000)
            .service("External Payment Service");
        let text = printed(&fixture, PAGE);
        assert_eq!(text, include_str!("golden/services.txt"), "{text}");
    }

    #[test]
    fn incomplete_traces_are_marked() {
        let orphan = Fixture::default().span(9, "orphan", SpanKind::Internal, 0, 0);
        let text = print(&orphan.trace(), Some("1 span still open"), PAGE);

        assert_eq!(text, include_str!("golden/orphan.txt"), "{text}");
    }
}
