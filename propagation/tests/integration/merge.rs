//! What the wire said, and what a sampler or the application said since.

use opentelemetry::trace::{
    SpanKind, TraceContextExt, TraceId, TraceState as ApiTraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample};

use crate::support::{TRACE, headers, lines, remote, traceparent, w3c, written};

/// Does something to the trace state of each span.
#[derive(Debug, Clone)]
struct Edits(SamplingDecision, Edit);

type Edit = fn(&ApiTraceState) -> ApiTraceState;

impl ShouldSample for Edits {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[opentelemetry::trace::Link],
    ) -> SamplingResult {
        let state = parent
            .map(|cx| cx.span().span_context().trace_state().clone())
            .unwrap_or_default();
        SamplingResult {
            decision: self.0.clone(),
            attributes: Vec::new(),
            trace_state: (self.1)(&state),
        }
    }
}

fn child(sampler: impl ShouldSample + 'static, parent: &Context) -> Context {
    let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
    parent.with_span(provider.tracer("test").start_with_context("child", parent))
}

fn insert(state: &ApiTraceState, key: &str, value: &str) -> ApiTraceState {
    state.insert(key, value).expect("a legal member")
}

#[test]
fn a_sampler_may_add_change_and_delete_members() {
    let keep: Edit = Clone::clone;
    let cases: &[(&str, &str, Edit, &str)] = &[
        ("nothing", "a=1,b=2", keep, "a=1,b=2"),
        (
            "nothing, to what it cannot see",
            "a=1,x@@y=9,b=2",
            keep,
            "a=1,x@@y=9,b=2",
        ),
        (
            "adds",
            "a=1,x@@y=9",
            |state| insert(state, "ot", "th:8"),
            "ot=th:8,a=1,x@@y=9",
        ),
        (
            "adds to none that it sees",
            "x@@y=9",
            |state| insert(state, "ot", "th:8"),
            "ot=th:8,x@@y=9",
        ),
        (
            "changes",
            "a=1,x@@y=9,b=2",
            |state| insert(state, "b", "3"),
            "b=3,a=1,x@@y=9",
        ),
        (
            "deletes",
            "a=1,x@@y=9,b=2",
            |state| state.delete("a").expect("legal"),
            "x@@y=9,b=2",
        ),
        ("clears", "a=1,b=2", |_| ApiTraceState::NONE, ""),
        (
            "clears what it sees",
            "a=1,x@@y=9",
            |_| ApiTraceState::NONE,
            "x@@y=9",
        ),
        (
            "adds an empty value",
            "a=1",
            |state| insert(state, "empty", ""),
            "a=1",
        ),
        (
            "adds a line break",
            "a=1",
            |state| insert(state, "evil", "1\r\nx: y"),
            "a=1",
        ),
    ];
    for (case, came, edit, goes) in cases {
        let sent = [
            ("traceparent", traceparent("01")),
            ("tracestate", (*came).to_owned()),
        ];
        let remote = w3c().extract(&headers(&sent), &Context::new());
        let local = child(Edits(SamplingDecision::RecordAndSample, *edit), &remote);
        let got = written(&local);
        assert_eq!(lines(&got, "tracestate"), *goes, "a sampler that {case}");
        let span = local.span().span_context().span_id();
        assert_eq!(
            lines(&got, "traceparent"),
            format!("00-{TRACE}-{span}-01"),
            "{case}: the child is the parent"
        );
    }
}

#[test]
fn a_full_list_makes_room_for_a_new_member() {
    let members: Vec<String> = (0..32).map(|n| format!("k{n}@@={n}")).collect();
    let sent = [
        ("traceparent", traceparent("01")),
        ("tracestate", members.join(",")),
    ];
    let remote = w3c().extract(&headers(&sent), &Context::new());
    let local = child(
        Edits(SamplingDecision::RecordOnly, |state| insert(state, "new", "1")),
        &remote,
    );
    let expected = format!("new=1,{}", members[..31].join(","));
    assert_eq!(
        lines(&written(&local), "tracestate"),
        expected,
        "the last one goes"
    );
}

#[test]
fn the_random_flag_survives_whatever_is_decided() {
    let decisions = [
        (SamplingDecision::RecordAndSample, "03"),
        (SamplingDecision::RecordOnly, "02"),
        (SamplingDecision::Drop, "02"),
    ];
    for (decision, flags) in decisions {
        for came in ["02", "03"] {
            let remote = remote(came);
            let local = child(Edits(decision.clone(), Clone::clone), &remote);
            let span = local.span().span_context().span_id();
            let got = written(&local);
            assert_eq!(
                lines(&got, "traceparent"),
                format!("00-{TRACE}-{span}-{flags}"),
                "{came}, {decision:?}"
            );
        }
    }
}

#[test]
fn what_remains_of_one_trace_is_not_given_to_another() {
    let sent = [
        ("traceparent", traceparent("03")),
        ("tracestate", "x@@y=9".to_owned()),
    ];
    let remote = w3c().extract(&headers(&sent), &Context::new());
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .build();
    let root = provider
        .tracer("test")
        .start_with_context("root", &Context::new());
    let got = written(&remote.with_span(root));
    assert!(!lines(&got, "traceparent").contains(TRACE), "another trace");
    assert!(
        lines(&got, "traceparent").ends_with("-01"),
        "without the flag of the first"
    );
    assert_eq!(lines(&got, "tracestate"), "", "and without its members");
}
