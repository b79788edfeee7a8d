//! WebSocket sessions: a message a line, those of the client behind `>`. The first byte chooses the URL.

use std::collections::BTreeMap;

use http::{HeaderMap, Uri};
use throughline_llm_wire::websocket::{SessionEvent, SessionReader};
use throughline_llm_wire::{ResponseReader, Unseen};

pub(super) fn check(input: &[u8]) {
    let Some((first, messages)) = input.split_first() else {
        return;
    };
    let url = Uri::from_static(URLS[usize::from(*first) % URLS.len()]);
    let mut session = SessionReader::new(&url, &[]).expect("the URL of a model API");
    // Of each call that began, its reader until it ends.
    let mut calls: BTreeMap<_, Option<ResponseReader>> = BTreeMap::new();
    for line in String::from_utf8_lossy(messages).lines() {
        let mut on_event = |event: SessionEvent<'_>| match event {
            SessionEvent::Begin(call, request) => {
                let mut reader = request.response_reader().with_capture(16 * 1024);
                reader.read_head(&HeaderMap::new());
                assert!(
                    calls.insert(call, Some(reader)).is_none(),
                    "a call begins once: {line}"
                );
            }
            SessionEvent::Message(call, message) => {
                let reader = calls.get_mut(&call).and_then(Option::as_mut);
                let reader = reader.expect("a message belongs to a call that is open");
                message.read_into(reader, |_| ());
                assert_ne!(
                    reader.unseen(),
                    Some(Unseen::Panicked),
                    "the message is read: {line}"
                );
            }
            SessionEvent::End(call) => {
                let reader = calls.get_mut(&call).and_then(Option::take);
                let mut reader = reader.expect("a call that is open ends once");
                reader.finish(|_| ());
            }
            _ => {}
        };
        match line.strip_prefix('>') {
            Some(message) => session.read_client(message, &mut on_event),
            None => session.read_server(line, &mut on_event),
        }
        let open = calls.values().flatten().count();
        assert!(open <= SessionReader::MAX_CALLS, "{open} calls are open");
    }
}

const URLS: [&str; 2] = [
    "wss://api.openai.com/v1/realtime?model=gpt-realtime",
    "wss://api.openai.com/v1/responses",
];
