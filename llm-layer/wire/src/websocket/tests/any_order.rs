//! Messages in any order, of both sides.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::{REALTIME, RESPONSES};
use crate::websocket::{SessionEvent, SessionReader};

const KINDS: &[&str] = &[
    "response.create",
    "session.update",
    "session.created",
    "response.created",
    "response.in_progress",
    "response.output_text.delta",
    "response.completed",
    "response.done",
    "response.cancelled",
    "error",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed",
];
const MEMBERS: &[&str] = &[
    "",
    r#","response":{"id":"r1","conversation_id":null}"#,
    r#","response":{"id":"r2","conversation_id":"c"}"#,
    r#","response":{"conversation":"none"}"#,
    r#","response_id":"r1""#,
    r#","item_id":"i1""#,
    r#","error":{"event_id":"e1"}"#,
    r#","status":429"#,
];
const LANES: &[&str] = &["", r#","stream_id":"a""#, r#","stream_id":"b","event_id":"e1""#];

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begun,
    Ended,
}

proptest! {
    /// A call begins before its messages and ends once, and of all calls that have not ended, no more than the
    /// bound are followed.
    #[test]
    fn a_call_begins_and_ends_once(
        is_realtime in any::<bool>(),
        steps in vec((any::<bool>(), 0..KINDS.len(), 0..MEMBERS.len(), 0..LANES.len()), 1..120),
    ) {
        let url = if is_realtime { REALTIME } else { RESPONSES };
        let mut session = SessionReader::new(&url.parse().expect("a URL"), &[]).expect("a URL of an API");
        let mut calls = BTreeMap::new();
        for (is_client, kind, members, lane) in steps {
            let text = format!(
                r#"{{"type":"{}","model":"m","input":"Hi"{}{}}}"#,
                KINDS[kind], MEMBERS[members], LANES[lane]
            );
            let mut receive = |event: SessionEvent<'_>| match event {
                SessionEvent::Begin(id, _) => {
                    assert_eq!(calls.insert(id, Stage::Begun), None, "a call begins once: {text}");
                }
                SessionEvent::Message(id, _) => {
                    assert_eq!(calls.get(&id), Some(&Stage::Begun), "a message of an open call: {text}");
                }
                SessionEvent::End(id) => {
                    let before = calls.insert(id, Stage::Ended);
                    assert_eq!(before, Some(Stage::Begun), "a call ends once: {text}");
                }
            };
            match is_client {
                true => session.read_client(&text, &mut receive),
                false => session.read_server(&text, &mut receive),
            }
            let open = calls.values().filter(|stage| **stage == Stage::Begun).count();
            assert!(open <= SessionReader::MAX_CALLS, "{open} calls are open");
        }
    }
}
