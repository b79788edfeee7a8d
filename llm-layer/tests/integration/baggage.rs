//! Names that come and go as baggage.

use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};
use throughline_agents::scope::Scope;
use throughline_agents::{agent, tool, workflow};
use throughline_test_support::Recorder;

use crate::scopes::chat;
use crate::support::{block_on, layer};

fn baggage() -> String {
    let members = Context::map_current(|cx| {
        let members = cx.baggage().iter();
        let mut members: Vec<String> = members
            .map(|(key, (value, _))| format!("{key}={value}"))
            .collect();
        members.sort();
        members
    });
    members.join(" ")
}

#[test]
fn names_go_into_baggage_where_a_scope_says_so_and_follow_the_innermost() {
    let _user = Context::new().with_baggage([KeyValue::new("user", "7")]).attach();
    block_on(agent("Planner").with_conversation("c-1").run(async {
        assert_eq!(baggage(), "user=7", "not by itself");
    }));
    let shared = agent("Planner").with_conversation("c-1").with_names_to_baggage();
    block_on(shared.run(async {
        let planner = "gen_ai.agent.name=Planner gen_ai.conversation.id=c-1 user=7";
        assert_eq!(baggage(), planner, "beside what was there");
        let writer = agent("Writer").run(async {
            let writer = "gen_ai.agent.name=Writer gen_ai.conversation.id=c-1 user=7";
            assert_eq!(baggage(), writer, "the agent beneath");
        });
        writer.await;
        tool("search")
            .run(async { assert_eq!(baggage(), planner, "a tool is no agent") })
            .await;
        let long = "x".repeat(257);
        agent(long)
            .run(async {
                assert_eq!(
                    baggage(),
                    "gen_ai.conversation.id=c-1 user=7",
                    "too long, and not another's either"
                );
            })
            .await;
    }));
    block_on(
        workflow("w")
            .with_conversation("c, é;1")
            .with_names_to_baggage()
            .run(async {
                assert_eq!(baggage(), "gen_ai.conversation.id=c, é;1 user=7", "no agent yet");
            }),
    );
    assert_eq!(baggage(), "user=7", "and it is gone with the scope");
}

/// The agent and the conversation on each span, in the order in which they ended.
fn named(recorder: &Recorder) -> Vec<[String; 2]> {
    let value = |span: &opentelemetry_sdk::trace::SpanData, key: &str| {
        let found = span
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == key);
        found.map_or_else(String::new, |attribute| attribute.value.to_string())
    };
    recorder
        .spans()
        .iter()
        .map(|span| {
            [
                value(span, "gen_ai.agent.name"),
                value(span, "gen_ai.conversation.id"),
            ]
        })
        .collect()
}

#[test]
fn names_of_baggage_are_believed_where_the_user_says_so_and_scopes_win() {
    let recorder = Recorder::new();
    let traced = |scope: Scope| scope.with_tracer_provider(recorder.tracer_provider());
    let careful = layer(&recorder);
    let trusting = layer(&recorder).with_names_from_baggage(true);
    let remote = [
        KeyValue::new("gen_ai.agent.name", "Remote"),
        KeyValue::new("gen_ai.conversation.id", "c-9"),
    ];
    let _remote = Context::new().with_baggage(remote).attach();
    block_on(async {
        chat(&careful, 1, 1).await;
        chat(&trusting, 1, 1).await;
        traced(tool("plain")).run(async {}).await;
        traced(tool("trusting"))
            .with_names_from_baggage()
            .run(chat(&careful, 1, 1))
            .await;
        traced(agent("Local")).run(chat(&trusting, 1, 1)).await;
        traced(agent("Own"))
            .with_conversation("c-1")
            .with_names_from_baggage()
            .run(chat(&trusting, 1, 1))
            .await;
    });
    let expected = [
        ["", ""],
        ["Remote", "c-9"],
        ["", ""],
        ["Remote", "c-9"],
        ["Remote", "c-9"],
        ["Local", "c-9"],
        ["Local", ""],
        ["Own", "c-1"],
        ["Own", "c-1"],
    ];
    assert_eq!(
        named(&recorder),
        expected,
        "careful call, trusting call, plain tool, call and trusting tool, …"
    );
}

#[test]
fn what_is_no_name_is_left_out() {
    let recorder = Recorder::new();
    let layer = layer(&recorder).with_names_from_baggage(true);
    let long = "x".repeat(257);
    let fits = "x".repeat(256);
    for (name, expected) in [
        ("", ""),
        (&*long, ""),
        (&*fits, &*fits),
        ("a\nb", ""),
        ("a\u{1b}[2J", ""),
        ("é, ü", "é, ü"),
    ] {
        let _remote = Context::new()
            .with_baggage([KeyValue::new("gen_ai.agent.name", name.to_owned())])
            .attach();
        block_on(chat(&layer, 1, 1));
        assert_eq!(
            named(&recorder).pop(),
            Some([expected.to_owned(), String::new()]),
            "{name:?}"
        );
    }
}
