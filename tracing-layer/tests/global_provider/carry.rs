//! The context across tasks, threads and channels.

use std::sync::mpsc;
use std::thread;

use throughline_tracing_layer::span::{
    Carried, InContextExt, carry, current_span_id, current_trace_id, in_span, span,
};

use crate::{tree, within};

#[test]
fn closure_runs_in_the_context_it_was_wrapped_in() {
    within("closure", || {
        let here = current_span_id();
        let there = thread::spawn(carry(|| {
            let _span = span("in a thread");
            current_trace_id()
        }));
        assert_eq!(
            there.join().expect("no panic"),
            current_trace_id(),
            "the same trace"
        );
        assert_eq!(current_span_id(), here, "nothing stays attached");
    });
    assert_eq!(
        tree("closure"),
        "Internal closure\n  Internal in a thread\n",
        "a child"
    );
}

#[test]
fn channel_carries_the_context_of_each_value() {
    let (sender, receiver) = mpsc::channel::<Carried<&'static str>>();
    within("one", || {
        sender.send(Carried::new("job 1")).expect("open");
        within("two", || sender.send(Carried::new("job 2")).expect("open"));
    });
    drop(sender);
    let worker = thread::spawn(move || {
        for job in receiver {
            job.run(|name| drop(span(name)));
        }
        current_trace_id()
    });
    assert_eq!(
        worker.join().expect("no panic"),
        None,
        "the worker is in no span between jobs"
    );
    assert_eq!(
        tree("one"),
        "Internal one\n  Internal two\n    Internal job 2\n  Internal job 1\n",
        "each job under its sender"
    );
}

#[tokio::test]
async fn value_of_a_channel_hands_its_context_to_a_future() {
    let carried = within("async value", || Carried::new("job"));
    let (name, context) = carried.into_parts();
    in_span_of(name).in_context(context).await;
    assert_eq!(
        tree("async value"),
        "Internal async value\n  Internal job\n",
        "a child"
    );
}

async fn in_span_of(name: &'static str) {
    in_span(name, tokio::task::yield_now()).await;
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn tasks_are_children_of_who_spawned_them() {
    use throughline_tracing_layer::span::{spawn_blocking_in_context, spawn_in_context};
    let tasks = within("tasks", || {
        let task = spawn_in_context(in_span_of("task"));
        let blocking = spawn_blocking_in_context(|| drop(span("blocking")));
        (task, blocking)
    });
    tasks.0.await.expect("no panic");
    tasks.1.await.expect("no panic");
    let tree = tree("tasks");
    for child in ["  Internal task\n", "  Internal blocking\n"] {
        assert!(tree.contains(child), "{child:?} in {tree}");
    }
}
