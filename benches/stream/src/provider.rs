//! A provider that streams as fast as its socket takes it, on a thread of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

/// What is streamed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    /// The text of an event, in bytes.
    pub(crate) text: usize,
    /// Whether each event is written to the socket by itself, as providers do, or many at once.
    pub(crate) singly: bool,
}

/// A token's text, a few words', and more than anyone sends.
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

/// What is written at once, about.
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
    /// The bytes of its answer.
    pub(crate) length: u64,
}

impl Provider {
    /// Starts one that answers with about so many bytes.
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

    /// A question.
    pub(crate) fn request(&self) -> Request<Full<Bytes>> {
        Request::post(format!("http://{}/v1/chat/completions", self.address))
            .header("content-type", "application/json")
            .body(Full::from(QUESTION))
            .expect("a request")
    }
}

/// Answers every question of a connection.
fn answer(mut stream: TcpStream, block: &str, blocks: u64, length: u64) {
    stream.set_nodelay(true).expect("no delay");
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {length}\r\n\r\n");
    let mut asked = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        asked.extend_from_slice(&buffer[..count]);
        if !asked.ends_with(QUESTION.as_bytes()) {
            continue;
        }
        asked.clear();
        stream.write_all(head.as_bytes()).expect("written");
        for _ in 0..blocks {
            stream.write_all(block.as_bytes()).expect("written");
        }
        stream.write_all(END.as_bytes()).expect("written");
    }
}
