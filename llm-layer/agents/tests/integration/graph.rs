//! Runs of a graph, with TinyLLM's spans.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{self, Waker};
use std::time::{Duration, Instant};

use opentelemetry::{Context, Value};
use throughline_agents::graph::{TASK_LIMIT, graph, node, task};
use throughline_agents::scope::{Scope, ScopeHandle};
use throughline_agents::{CallUsage, TokenSource, agent, in_agent, tokens};
use throughline_test_support::{Recorder, block_on};

/// What no test can know beforehand.
const MASKED: &[&str] = &["execution.duration_ms", "execution.trace_id"];

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no route")
    }
}

fn tree(recorder: &Recorder) -> String {
    recorder.tree(MASKED).trim_end().to_owned()
}

/// A model call of a client that reports its usage itself.
async fn call(input: u64, output: u64) {
    let cx = Context::current();
    let scope = ScopeHandle::in_context(&cx).expect("a scope around the call");
    scope.add(&CallUsage {
        input: Some((input, TokenSource::Reported)),
        output: Some((output, TokenSource::Reported)),
        is_inference: true,
        ..CallUsage::default()
    });
}

#[test]
fn a_run_has_the_spans_and_exactly_the_attributes_of_tinyllm() {
    let recorder = Recorder::new();
    let provider = recorder.tracer_provider();
    let traced = |scope: Scope| scope.with_tracer_provider(provider.clone());
    let question = "why ".repeat(50);
    let run = traced(graph("support")).with_attribute(task(&question));
    let mut within = Duration::ZERO;
    let answer = block_on(run.try_run(async {
        let began = Instant::now();
        let _entry = traced(node("entry", "start")).start();
        traced(node("router", "classify")).run(call(10, 1)).await;
        let model = traced(node("model", "draft")).run(async {
            call(200, 20).await;
            traced(node("tool", "search")).run(call(3000, 300)).await;
            tokens().total()
        });
        assert_eq!(model.await, 3520, "of one node");
        let check = traced(node("gate", "check")).try_run(async { Err::<(), _>(Refused) });
        assert!(check.await.is_err(), "the node's error passes");
        while began.elapsed() < Duration::from_millis(10) {
            std::hint::spin_loop();
        }
        within = began.elapsed();
        Ok::<_, Refused>(tokens().total())
    }));
    assert_eq!(answer.ok(), Some(3531), "of the run");
    let expected = r#"Internal graph.execute
  - execution.duration_ms=_
  - execution.nodes_executed=5
  - execution.tokens_used=3531
  - execution.trace_id=_
  - graph.id="support"
  - task.content="why why why why why why why why why why why why why why why why why why why why why why why why why "
  Internal node.entry
    - execution.step=1
    - node.id="start"
    - node.type="entry"
  Internal node.router
    - execution.step=2
    - node.id="classify"
    - node.type="router"
  Internal node.model
    - execution.step=3
    - node.id="draft"
    - node.type="model"
    Internal node.tool
      - execution.step=4
      - node.id="search"
      - node.type="tool"
  Internal node.gate [error: no route]
    - error.type="integration::graph::Refused"
    - execution.step=5
    - node.id="check"
    - node.type="gate""#;
    assert_eq!(tree(&recorder), expected, "the tree");
    let spans = recorder.spans();
    let root = spans
        .iter()
        .find(|span| span.name == "graph.execute")
        .expect("a root");
    let value = |key: &str| {
        root.attributes
            .iter()
            .find(|kv| kv.key.as_str() == key)
            .map(|kv| kv.value.clone())
    };
    let trace = root.span_context.trace_id().to_string();
    assert_eq!(
        value("execution.trace_id"),
        Some(Value::from(trace)),
        "the trace's id"
    );
    let lasted = root
        .end_time
        .duration_since(root.start_time)
        .expect("a duration")
        .as_millis();
    let Some(Value::I64(millis)) = value("execution.duration_ms") else {
        panic!("whole milliseconds")
    };
    assert!(
        u128::try_from(millis).is_ok_and(|millis| within.as_millis() <= millis && millis <= lasted + 1),
        "{millis} ms of a span of {lasted} ms, with {within:?} of work"
    );
    assert_eq!(question.chars().take(TASK_LIMIT).count(), 100, "TinyLLM's limit");
}

#[test]
fn nodes_that_run_at_once_have_a_step_each() {
    let recorder = Recorder::new();
    let provider = recorder.tracer_provider();
    let run = graph("parallel").with_tracer_provider(provider.clone()).start();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let _attached = run.attach();
                for _ in 0..50 {
                    let model = node("model", "one of many").with_tracer_provider(provider.clone());
                    block_on(model.run(in_agent("within", call(2, 1))));
                }
            });
        }
    });
    drop(run);
    let spans = recorder.spans();
    let steps: BTreeSet<String> = spans
        .iter()
        .filter_map(|span| {
            span.attributes
                .iter()
                .find(|kv| kv.key.as_str() == "execution.step")
        })
        .map(|step| step.value.to_string())
        .collect();
    assert_eq!(steps.len(), 400, "every step once");
    assert!(
        steps.contains("1") && steps.contains("400"),
        "from 1, without a gap"
    );
    let root = tree(&recorder);
    assert!(
        root.contains("  - execution.nodes_executed=400\n  - execution.tokens_used=1200\n"),
        "{}",
        root.lines().take(6).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn a_run_ends_however_its_work_ends() {
    let recorder = Recorder::new();
    let traced = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    let work = || traced(graph("g")).run(traced(node("n", "a")).run(std::future::pending::<()>()));
    drop(work());
    assert_eq!(recorder.spans().len(), 0, "what was never polled has no span");
    let mut pending = Box::pin(work());
    assert!(
        pending
            .as_mut()
            .poll(&mut task::Context::from_waker(Waker::noop()))
            .is_pending()
    );
    drop(pending);
    let panics = catch_unwind(AssertUnwindSafe(|| {
        block_on(traced(graph("g")).run(traced(node("n", "b")).run(async { panic!("on purpose") })));
    }));
    assert!(panics.is_err(), "the panic passes");
    let expected = r#"Internal graph.execute [error: dropped before it was ready]
  - error.type="cancelled"
  - execution.duration_ms=_
  - execution.nodes_executed=1
  - execution.tokens_used=0
  - execution.trace_id=_
  - graph.id="g"
  Internal node.n [error: dropped before it was ready]
    - error.type="cancelled"
    - execution.step=1
    - node.id="a"
    - node.type="n"
Internal graph.execute [error: panicked]
  - error.type="panic"
  - execution.duration_ms=_
  - execution.nodes_executed=1
  - execution.tokens_used=0
  - execution.trace_id=_
  - graph.id="g"
  Internal node.n [error: panicked]
    - error.type="panic"
    - execution.step=1
    - node.id="b"
    - node.type="n""#;
    assert_eq!(tree(&recorder), expected, "the tree");
}

#[test]
fn graphs_nest_and_nodes_may_stand_alone() {
    let recorder = Recorder::new();
    let traced = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    block_on(traced(node("tool", "alone")).run(async {}));
    block_on(traced(graph("outer")).run(async {
        let inner = traced(graph("inner")).run(traced(node("model", "x")).run(async {}));
        traced(node("graph", "sub")).run(inner).await;
        traced(agent("Writer").with_conversation("c-1"))
            .run(traced(node("model", "y")).run(async {}))
            .await;
    }));
    let expected = r#"Internal node.tool
  - node.id="alone"
  - node.type="tool"
Internal graph.execute
  - execution.duration_ms=_
  - execution.nodes_executed=2
  - execution.tokens_used=0
  - execution.trace_id=_
  - graph.id="outer"
  Internal node.graph
    - execution.step=1
    - node.id="sub"
    - node.type="graph"
    Internal graph.execute
      - execution.duration_ms=_
      - execution.nodes_executed=1
      - execution.tokens_used=0
      - execution.trace_id=_
      - graph.id="inner"
      Internal node.model
        - execution.step=1
        - node.id="x"
        - node.type="model"
  Internal invoke_agent Writer
    - gen_ai.agent.name="Writer"
    - gen_ai.conversation.id="c-1"
    - gen_ai.operation.name="invoke_agent"
    Internal node.model
      - execution.step=2
      - gen_ai.conversation.id="c-1"
      - node.id="y"
      - node.type="model""#;
    assert_eq!(tree(&recorder), expected, "the tree");
}
