//! Renders a trace as text: a header, a line per span, and the tokens by role.

use std::time::Duration;

use throughline_trace_model::{CallTotals, TokenSum, Tree, critical_path, roll_up};

use super::bars::Bars;
use super::columns::{Columns, Line};
use super::fold::{Fold, Shown, fold};
use super::page::PageStyle;
use super::roles;
use super::row::{SpanRow, SpanTokens};
use super::text::{Style, align, clip, cost, duration, width, wrap};
use super::trace::Trace;

/// Renders a trace. If it is incomplete, the header says why.
pub(super) fn print(trace: &Trace, missing: Option<&str>, page: PageStyle) -> String {
    let tree = trace.tree();
    let lines = lines(trace, &tree);
    let columns = Columns::new(&lines, trace.services() > 1, page);
    let paths = critical_path(&tree);
    let bars = Bars::new(&paths, tree.duration(), columns.bar_width());
    let mut text = header(trace, &tree, missing, page);
    for line in &lines {
        let is_critical = line
            .nodes
            .iter()
            .any(|node| paths.get(*node).is_some_and(|path| !path.is_empty()));
        let bar = bars.draw(line.start, line.end, &line.nodes);
        text += &columns.line(line, is_critical, &bar, page);
        text += &beneath(line, &columns, page);
    }
    let roles = roles::table(trace, &tree, page);
    if !roles.is_empty() {
        text.push('\n');
        text += &roles;
    }
    text.push('\n');
    text
}

/// Renders what is too long for the line of a span: its error, on a narrow page its tokens, and its details.
fn beneath(line: &Line<'_>, columns: &Columns, page: PageStyle) -> String {
    let mut text = String::new();
    let lead = format!("  {}", line.beneath);
    let room = page.width.saturating_sub(width(&lead)).max(MIN_TEXT_WIDTH);
    let mut add = |style: Style, words: &str| {
        text += &format!(
            "{}{}\n",
            page.paint(Style::Faint, &lead),
            page.paint(style, words)
        );
    };
    if columns.is_narrow() && !line.details.is_empty() {
        for words in wrap(&line.details, room) {
            add(Style::Number, &words);
        }
    }
    if let Some(failure) = &line.row.failure {
        let failure = format!("✗ {failure}");
        // An error that passes through many spans is written once in full.
        let lines = if line.has_error_of_child {
            vec![clip(&failure, room)]
        } else {
            wrap(&failure, room)
        };
        for words in lines {
            add(Style::Failure, &words);
        }
    }
    for detail in &line.row.details {
        for words in wrap(&format!("{}: {}", detail.name, detail.text), room) {
            add(Style::Faint, &words);
        }
    }
    text
}

/// Renders the header, in as many lines as it needs.
fn header(trace: &Trace, tree: &Tree, missing: Option<&str>, page: PageStyle) -> String {
    let mut count = match trace.rows.len() + trace.more {
        1 => "1 span".to_owned(),
        count => format!("{count} spans"),
    };
    if trace.more > 0 {
        count += &format!(", {} of them not shown", trace.more);
    }
    let services = trace.services();
    let services = (services > 1).then(|| format!("{services} services"));
    let id = format!("trace {}", trace.id);
    let parts = [
        Some((page.paint(Style::Strong, &id), width(&id))),
        Some(sized(duration(Duration::from_nanos(tree.duration())))),
        Some(sized(count)),
        services.map(sized),
        missing.map(|missing| sized(format!("incomplete: {missing}"))),
        Some((
            format!("{} critical path", page.paint(Style::Critical, "●")),
            width("● critical path"),
        )),
    ];
    let (mut text, mut used) = (String::new(), 0);
    for (part, columns) in parts.into_iter().flatten() {
        if used > 0 && used + columns + 3 > page.width {
            text.push('\n');
            used = 0;
        } else if used > 0 {
            text += " · ";
            used += 3;
        }
        text += &part;
        used += columns;
    }
    text.push('\n');
    text
}

fn sized(text: String) -> (String, usize) {
    let columns = width(&text);
    (text, columns)
}

fn lines<'a>(trace: &'a Trace, tree: &Tree) -> Vec<Line<'a>> {
    let nodes = tree.nodes();
    let shown = fold(trace, tree);
    let is_shown = |index: &usize| !matches!(shown.get(*index), Some(Shown::Hidden) | None);
    let totals = roll_up(tree, |span| {
        trace.rows.get(span).map(SpanRow::call).unwrap_or_default()
    });
    let mut beneath: Vec<String> = Vec::with_capacity(nodes.len());
    let mut lines = Vec::with_capacity(nodes.len());
    for (index, (node, shown)) in nodes.iter().zip(&shown).enumerate() {
        let above = node
            .parent
            .and_then(|above| Some((nodes.get(above)?, beneath.get(above)?)));
        let (branch, under) = match above {
            None => (String::new(), String::new()),
            Some((parent, lead))
                if parent.children.iter().rev().find(|child| is_shown(child)) == Some(&index) =>
            {
                (format!("{lead}└─ "), format!("{lead}   "))
            }
            Some((_, lead)) => (format!("{lead}├─ "), format!("{lead}│  ")),
        };
        let has_children = node.children.iter().any(is_shown);
        let rail = align(if has_children { "│" } else { "" }, 3);
        let row = trace.rows.get(node.span);
        if let Some(row) = row {
            let mut children = node.children.iter().filter_map(|child| nodes.get(*child));
            let has_error_of_child = row.failure.is_some()
                && children.any(|child| {
                    trace
                        .rows
                        .get(child.span)
                        .is_some_and(|child| child.failure == row.failure)
                });
            let (name, under) = (format!("{branch}{}", row.name), format!("{under}{rail}"));
            match shown {
                Shown::Hidden => {}
                Shown::Alone => lines.push(Line {
                    row,
                    is_root: node.parent.is_none(),
                    name,
                    suffix: String::new(),
                    beneath: under,
                    details: details(row),
                    has_error_of_child,
                    start: node.start,
                    end: node.end,
                    nodes: vec![index],
                }),
                Shown::Folded(fold) => {
                    lines.push(Line {
                        row,
                        is_root: node.parent.is_none(),
                        name,
                        suffix: format!(" × {}", fold.count),
                        beneath: under,
                        details: folded_details(fold, &totals),
                        has_error_of_child: false,
                        start: fold.start,
                        end: fold.end,
                        nodes: fold.nodes.clone(),
                    });
                }
            }
        }
        beneath.push(under);
    }
    lines
}

/// Returns the tokens and the cost of folded siblings, and their mean duration.
fn folded_details(fold: &Fold, totals: &[CallTotals]) -> String {
    let (mut input, mut output) = (TokenSum::default(), TokenSum::default());
    let (mut calls, mut unpriced, mut amount) = (0, 0, 0.0);
    for call in fold.heads.iter().filter_map(|head| totals.get(*head)) {
        add(&mut input, call.input);
        add(&mut output, call.output);
        calls += call.calls;
        unpriced += call.cost.unpriced_calls;
        amount += call.cost.usd;
    }
    let mean = fold.total / u64::try_from(fold.count).unwrap_or(u64::MAX).max(1);
    let parts = [
        (calls > 0).then(|| format!("in {input} out {output}")),
        (calls > 0 && unpriced == 0).then(|| format!("cost {}", cost(amount))),
        Some(format!("mean {}", duration(Duration::from_nanos(mean)))),
        (fold.spans > 1).then(|| format!("{} spans each", fold.spans)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn add(sum: &mut TokenSum, other: TokenSum) {
    sum.tokens = sum.tokens.saturating_add(other.tokens);
    sum.is_inexact |= other.is_inexact;
    sum.misses_some |= other.misses_some;
}

/// Returns the model, unless the name contains it, the tokens and the cost, or else the request.
fn details(row: &SpanRow) -> String {
    let gen_ai = &row.gen_ai;
    let model = gen_ai.model.clone().filter(|model| !names(&row.name, model));
    let tokens = Some(gen_ai.tokens.text()).filter(|tokens| !tokens.is_empty());
    let cost = gen_ai.cost.map(|amount| format!("cost {}", cost(amount)));
    let request = row
        .request
        .clone()
        .filter(|_| !is_of_model(gen_ai.is_model_call, gen_ai.tokens));
    let parts = [model, tokens, cost, request];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// Returns whether the name of a span contains the model, or the model of which this is a dated version.
fn names(name: &str, model: &str) -> bool {
    let is_start = |word: &str| {
        let rest = model.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '@', ':']))
    };
    name.contains(model) || name.split(' ').any(is_start)
}

/// Returns whether a span is described by a model and its tokens.
fn is_of_model(is_model_call: bool, tokens: SpanTokens) -> bool {
    is_model_call || tokens.input.is_some() || tokens.output.is_some()
}

const MIN_TEXT_WIDTH: usize = 12;

#[cfg(test)]
mod tests {
    use opentelemetry::trace::SpanKind;

    use super::super::fixture::{self, Fixture};
    use super::*;

    const PAGE: PageStyle = PageStyle::plain(100);

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
        let text = printed(&fixture::task(), PageStyle::plain(60));

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
        let coloured = printed(&fixture::task(), PageStyle { colour: true, ..PAGE });
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
    fn estimates_requests_costs_and_folded_siblings() {
        let text = printed(&fixture::shop(), PAGE);

        assert_eq!(text, include_str!("golden/shop.txt"), "{text}");
    }

    #[test]
    fn eighty_columns() {
        let text = printed(&fixture::shop(), PageStyle::plain(80));

        assert_eq!(text, include_str!("golden/shop_80.txt"), "{text}");
    }

    #[test]
    fn forty_columns_have_names_and_times_and_the_rest_below() {
        let text = printed(&fixture::shop(), PageStyle::plain(40));

        assert_eq!(text, include_str!("golden/shop_40.txt"), "{text}");
    }

    #[test]
    fn details_are_attributes_events_and_content_wrapped() {
        let page = PageStyle {
            has_details: true,
            ..PageStyle::plain(72)
        };
        let fixture = Fixture::default()
            .span(0, "chat llama3.2", SpanKind::Client, 0, 9_000)
            .with("gen_ai.operation.name", "chat")
            .with("gen_ai.usage.input_tokens", 57)
            .with("gen_ai.input.messages", r#"[{"role":"user","parts":[{"type":"text","content":"Which product sold most, and how many of it were sent back?"}]}]"#)
            .throwing("connection reset\nby peer")
            .span(1, "POST", SpanKind::Client, 1_000, 8_000)
            .with("url.full", "http://127.0.0.1:11434/api/chat");
        let text = print(&fixture.trace_with(true), None, page);

        assert_eq!(text, include_str!("golden/details.txt"), "{text}");
        let without = printed(&fixture, PageStyle::plain(72));
        assert!(!without.contains("sold most"), "no content by default: {without}");
    }

    #[test]
    fn no_line_is_wider_than_its_page() {
        for columns in [40, 59, 60, 72, 80, 100, 200] {
            let page = PageStyle {
                has_details: true,
                ..PageStyle::plain(columns)
            };
            for fixture in [fixture::task(), fixture::shop()] {
                let text = print(&fixture.trace_with(true), Some("1 span still open"), page);
                let widest = text.lines().map(width).max();
                assert!(
                    widest <= Some(columns),
                    "{widest:?} of {columns} columns:\n{text}"
                );
            }
        }
    }

    #[test]
    fn ascii_pages_have_the_same_columns() {
        let text = super::super::ascii::to_ascii(&printed(&fixture::task(), PAGE));

        assert_eq!(text, include_str!("golden/ascii.txt"), "{text}");
    }

    /// The message used to be written in full at each span that it passed through.
    #[test]
    fn an_error_that_passes_through_spans_is_written_in_full_once() {
        const MESSAGE: &str = "the plan of the model cannot be read: expected a value at line 1 column 1";
        let fixture = Fixture::default()
            .span(0, "invoke_agent Planner", SpanKind::Internal, 0, 9_000)
            .failing("invalid_plan", MESSAGE)
            .span(1, "invoke_agent CodeGenerator", SpanKind::Internal, 1_000, 8_000)
            .failing("invalid_plan", MESSAGE);
        let text = printed(&fixture, PageStyle::plain(60));
        let errors: Vec<&str> = text
            .lines()
            .filter(|line| line.contains('✗'))
            .map(str::trim)
            .collect();
        let expected = [
            "│  ✗ invalid_plan: the plan of the model cannot be read: …",
            "✗ invalid_plan: the plan of the model cannot be",
        ];
        assert_eq!(errors, expected, "{text}");
        assert!(
            text.contains("expected a value at line 1 column 1"),
            "the rest: {text}"
        );
    }

    #[test]
    fn incomplete_traces_are_marked() {
        let orphan = Fixture::default().span(9, "orphan", SpanKind::Internal, 0, 0);
        let text = print(&orphan.trace(), Some("1 span still open"), PAGE);

        assert_eq!(text, include_str!("golden/orphan.txt"), "{text}");
    }
}
