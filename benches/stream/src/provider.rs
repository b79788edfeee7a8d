//! A provider that streams as fast as its socket accepts data, on its own thread.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

/// The shape of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    /// The bytes of text per event.
    pub(crate) text: usize,
    /// Whether each event is written to the socket separately, as providers do, or many at once.
    pub(crate) singly: bool,
}

/// The text of a token, of a few words, and more than any provider sends.
pub(crate) const STREAMS: [Stream; 5] = [
    Stream {
        text: 4,
        singly: true,
    },
    Stream {
        text: 64,
        singly: true,
    },
    Stream {
        text: 4,
        singly: false,
    },
    Stream {
        text: 64,
        singly: false,
    },
    Stream {
        text: 16 * 1024,
        singly: false,
    },
];

/// The approximate size of one write.
const BLOCK: usize = 256 * 1024;

const QUESTION: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true}}"#;

const END: &str = concat!(
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}"#,
    "\n\ndata: [DONE]\n\n",
);

/// A running provider.
pub(crate) struct Provider {
    address: SocketAddr,
    /// The length of its answer in bytes.
    pub(crate) length: u64,
}

impl Provider {
    /// Starts a provider that answers with about `length` bytes.
    pub(crate) fn start(stream: Stream, length: u64) -> Self {
        let event = format!(
            r#"data: {{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","service_tier":"default","system_fingerprint":"fp_1","choices":[{{"index":0,"delta":{{"content":"{}"}},"logprobs":null,"finish_reason":null}}],"usage":null}}"#,
            "word "
                .repeat(stream.text.div_ceil(5))
                .get(..stream.text)
                .expect("ASCII")
        ) + "\n\n";
        let at_once = if stream.singly { 0 } else { BLOCK };
        let events = (at_once / event.len()).clamp(1, length.div_ceil(event.len() as u64) as usize);
        let block = event.repeat(events);
        let blocks = length.div_ceil(block.len() as u64);
        let length = blocks * block.len() as u64 + END.len() as u64;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, block) = (stream.expect("a connection"), block.clone());
                thread::spawn(move || answer(stream, &block, blocks, length));
            }
        });
        Self { address, length }
    }

    /// Creates a request.
    pub(crate) fn request(&self) -> Request<Full<Bytes>> {
        Request::post(format!("http://{}/v1/chat/completions", self.address))
            .header("content-type", "application/json")
            .body(Full::from(QUESTION))
            .expect("a request")
    }
}

/// Answers all requests of a connection.
fn answer(mut stream: TcpStream, block: &str, blocks: u64, length: u64) {
    stream.set_nodelay(true).expect("no delay");
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n");
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        received.extend_from_slice(&buffer[..count]);
        if !received.ends_with(QUESTION.as_bytes()) {
            continue;
        }
        received.clear();
        stream.write_all(head.as_bytes()).expect("written");
        for _ in 0..blocks {
            stream.write_all(block.as_bytes()).expect("written");
        }
        stream.write_all(END.as_bytes()).expect("written");
    }
}
