//! Connections that end while a response is being generated.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use http::Uri;
use throughline_llm_layer::LlmWebSocket;
use throughline_test_support::{Recorder, ScriptedError};
use tokio_tungstenite::tungstenite::{self, Message as TungsteniteMessage};

use super::{Connection, Message, REALTIME, RESPONSES};
use crate::support::{ACTIVE_STREAMS, MASKED, block_on, layer, lines_with, recorded};

const CREATE: &str = r#"{"type":"response.create","model":"gpt-4o","input":"Hello"}"#;
const PARTIAL_ANSWER: &[&str] = &[
    r#"{"type":"response.created","response":{"id":"resp_1","model":"gpt-4o"}}"#,
    r#"{"type":"response.output_text.delta","delta":"Hello there"}"#,
];

/// The outcome of the only call.
fn outcome(recorder: &Recorder) -> Vec<String> {
    recorded();
    lines_with(
        recorder,
        &[
            "error.type",
            "gen_ai.response.finish_reasons",
            "throughline.tokens",
        ],
    )
}

const ESTIMATED: &[&str] = &[
    r#"gen_ai.response.finish_reasons=["error"]"#,
    r#"throughline.tokens.encoding="o200k_base""#,
    "throughline.tokens.input=8",
    "throughline.tokens.output=2",
    r#"throughline.tokens.source="estimated""#,
];

fn with_error(kind: &str) -> Vec<String> {
    let error = format!("error.type=\"{kind}\"");
    let rest = ESTIMATED.iter().map(|line| (*line).to_owned());
    [error].into_iter().chain(rest).collect()
}

async fn in_the_middle() -> Connection {
    let mut connection = Connection::open(RESPONSES).await;
    connection.client(CREATE).await;
    connection.server_all(PARTIAL_ANSWER).await;
    connection
}

#[tokio::test]
async fn a_client_that_hangs_up() {
    let Connection {
        client,
        mut server,
        of_client,
        of_server,
    } = in_the_middle().await;
    drop(client);
    assert_eq!(
        outcome(&of_client),
        with_error("cancelled"),
        "where it was dropped"
    );
    let seen = server.next().await.expect("the end of the connection");
    assert!(seen.is_err(), "a connection that was not closed: {seen:?}");
    assert_eq!(outcome(&of_server), with_error("cancelled"), "at the other end");
    let open = of_client.metrics();
    let open: Vec<_> = open
        .iter()
        .filter(|line| line.starts_with(ACTIVE_STREAMS))
        .collect();
    assert!(
        open.len() == 1 && open[0].ends_with(" 0"),
        "no stream is open: {open:?}"
    );
}

#[tokio::test]
async fn a_client_that_closes_the_connection() {
    let mut connection = in_the_middle().await;
    connection.client(Message::Close).await;
    for recorder in [&connection.of_client, &connection.of_server] {
        assert_eq!(outcome(recorder), with_error("cancelled"));
    }
    let Connection { client, server, .. } = connection;
    let rest = tokio::join!(client.collect::<Vec<_>>(), server.collect::<Vec<_>>());
    assert!(
        rest.0.len() <= 1 && rest.1.is_empty(),
        "nothing but the close: {rest:?}"
    );
}

#[tokio::test]
async fn a_server_that_closes_the_connection() {
    let mut connection = in_the_middle().await;
    connection.server(Message::Close).await;
    for recorder in [&connection.of_client, &connection.of_server] {
        assert_eq!(outcome(recorder), with_error("incomplete_stream"));
    }
}

/// Without a closing handshake, the client gets an error.
#[tokio::test]
async fn a_server_that_hangs_up() {
    let Connection {
        mut client,
        server,
        of_client,
        of_server,
    } = in_the_middle().await;
    drop(server);
    assert_eq!(
        outcome(&of_server),
        with_error("cancelled"),
        "where it was dropped"
    );
    let seen = client.next().await.expect("the end of the connection");
    assert!(seen.is_err(), "a connection that was not closed: {seen:?}");
    assert_eq!(
        outcome(&of_client),
        with_error("incomplete_stream"),
        "at the other end"
    );
}

#[test]
fn errors_of_the_connection_have_a_class() {
    let recorder = Recorder::new();
    let observer = LlmWebSocket::new(&layer(&recorder), &Uri::from_static(RESPONSES));
    let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let received = [
        Ok(TungsteniteMessage::text(PARTIAL_ANSWER[0])),
        Err(tungstenite::Error::Io(reset)),
    ];
    let mut socket = observer.client(futures_util::stream::iter(received));
    let received = block_on(socket.by_ref().collect::<Vec<_>>());
    assert_eq!(received.len(), 2, "all passes");
    assert_eq!(
        lines_with(&recorder, &["error.type"]),
        [r#"error.type="connection_reset""#]
    );
}

#[tokio::test]
async fn a_sink_that_is_closed() {
    let mut connection = in_the_middle().await;
    connection.client.close().await.expect("it is closed");
    assert_eq!(outcome(&connection.of_client), with_error("cancelled"));
}

#[tokio::test]
async fn a_server_that_hangs_up_before_it_answers() {
    let mut connection = Connection::open(RESPONSES).await;
    connection.client(CREATE).await;
    connection.server(Message::Close).await;
    let expected = [
        r#"error.type="connection_aborted""#,
        r#"throughline.tokens.source="unknown""#,
    ];
    assert_eq!(outcome(&connection.of_client), expected);
}

/// The transcript of audio says nothing of its tokens.
#[tokio::test]
async fn audio_that_breaks_off_is_not_estimated() {
    let mut connection = Connection::open(REALTIME).await;
    connection.client(r#"{"type":"response.create"}"#).await;
    connection
        .server_all(&[
            r#"{"type":"response.created","response":{"id":"resp_1"}}"#,
            r#"{"type":"response.output_audio_transcript.delta","response_id":"resp_1","delta":"Hello there"}"#,
            r#"{"type":"response.output_audio.delta","response_id":"resp_1","delta":"AAAA"}"#,
        ])
        .await;
    let Connection {
        client, of_client, ..
    } = connection;
    drop(client);
    let expected = [
        r#"error.type="cancelled""#,
        r#"gen_ai.response.finish_reasons=["error"]"#,
        r#"throughline.tokens.source="unknown""#,
    ];
    assert_eq!(outcome(&of_client), expected);
}

/// A connection that fails at the first message that is sent or received.
struct Broken;

impl Stream for Broken {
    type Item = Result<TungsteniteMessage, ScriptedError>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Err(ScriptedError("received"))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (3, Some(7))
    }
}

impl Sink<TungsteniteMessage> for Broken {
    type Error = ScriptedError;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ScriptedError>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, message: TungsteniteMessage) -> Result<(), ScriptedError> {
        match message.to_text() {
            Ok(CREATE) => Err(ScriptedError("sent")),
            _ => Ok(()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ScriptedError>> {
        Poll::Pending
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ScriptedError>> {
        Poll::Ready(Err(ScriptedError("closed")))
    }
}

#[test]
fn errors_and_back_pressure_pass() {
    let recorder = Recorder::new();
    let observer = LlmWebSocket::new(&layer(&recorder), &Uri::from_static(RESPONSES));
    let mut socket = observer.client(Broken);
    assert_eq!(socket.size_hint(), (3, Some(7)), "the size hint");
    let sent = block_on(socket.feed(TungsteniteMessage::text(CREATE)));
    assert_eq!(
        sent.map_err(|error| error.0),
        Err("sent"),
        "the error of the sink"
    );
    let tree = recorder.tree(MASKED);
    assert!(
        tree.starts_with("Client chat gpt-4o [error: sent]\n"),
        "the call was not sent: {tree}"
    );
    assert!(tree.contains(r#"throughline.tokens.source="unknown""#), "{tree}");

    let recorder = Recorder::new();
    let observer = LlmWebSocket::new(&layer(&recorder), &Uri::from_static(RESPONSES));
    let mut socket = observer.client(Broken);
    let other = CREATE.replace("Hello", "Hi");
    block_on(socket.feed(TungsteniteMessage::text(other))).expect("it is sent");
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(socket.poll_flush_unpin(&mut cx).is_pending(), "the sink is busy");
    assert_eq!(recorder.tree(MASKED), "", "the call goes on");
    let received = block_on(socket.next()).expect("an item");
    assert_eq!(
        received.map_err(|error| error.0).err(),
        Some("received"),
        "the error of the stream"
    );
    assert!(
        recorder
            .tree(MASKED)
            .starts_with("Client chat gpt-4o [error: received]\n"),
        "the call failed"
    );
    let closed = block_on(socket.close());
    assert_eq!(
        closed.map_err(|error| error.0),
        Err("closed"),
        "the error of closing"
    );
}
