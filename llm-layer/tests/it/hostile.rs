//! Answers made to hurt: the caller gets what was sent, the span says what was seen.

use http::{Request, Response};
use throughline_test_support::Recorder;

use crate::support::{CHAT, Chunks, HELLO_STREAMED, MASKED, exchange, layer};

#[test]
fn hostile_answers() {
    let good = r#"data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let usage = |count: &str| {
        format!(
            "data: {{\"choices\":[{{\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":{count},\"completion_tokens\":{count}}}}}\n\ndata: [DONE]\n\n"
        )
        .into_bytes()
    };
    let nested = |depth| format!("data: {}\n\n{good}\n\n", "[".repeat(depth)).into_bytes();
    let reported = "throughline.tokens.source=\"reported\"";
    let estimated = "throughline.tokens.source=\"estimated\"";
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "one event of 10 MB",
            format!("data: {{\"skip\":\"{}\"}}\n\n{good}\n\n", "x".repeat(10_000_000)).into_bytes(),
            reported,
        ),
        (
            "a line of 10 MB that is no field",
            ["y".repeat(10_000_000), format!("\n\n{good}")]
                .concat()
                .into_bytes(),
            reported,
        ),
        (
            "a key of 1 MB",
            format!("data: {{\"{}\":1}}\n\n{good}\n\n", "k".repeat(1_000_000)).into_bytes(),
            reported,
        ),
        ("deep nesting", nested(100_000), reported),
        ("usage below zero", usage("-5"), estimated),
        ("usage of 2^64", usage("18446744073709551616"), estimated),
        (
            "usage that would overflow a sum",
            usage("9223372036854775807"),
            estimated,
        ),
        ("usage as a float", usage("1e400"), estimated),
        ("usage as text", usage("\"12\""), estimated),
        (
            "NUL bytes",
            [b"\0\0data: \0\0\n\n", good.as_bytes()].concat(),
            reported,
        ),
        (
            "invalid UTF-8",
            [b"data: {\"a\":\"\xff\xfe\xc3\"}\n\n", good.as_bytes()].concat(),
            reported,
        ),
        (
            "a million alternatives",
            format!(
                "data: {{\"choices\":[{}]}}\n\n{good}\n\n",
                "{\"index\":4294967295,\"finish_reason\":\"x\"},"
                    .repeat(30_000)
                    .trim_end_matches(',')
            )
            .into_bytes(),
            "",
        ),
        (
            "nothing but line ends",
            "\r\n".repeat(100_000).into_bytes(),
            estimated,
        ),
    ];
    for (name, answer, expected) in cases {
        for size in [usize::MAX, 16 * 1024] {
            let recorder = Recorder::new();
            let request = Request::post(CHAT)
                .body(Chunks::from_iter([HELLO_STREAMED]))
                .unwrap();
            let response = Response::builder().header("content-type", "text/event-stream");
            let chunks = answer
                .chunks(size.min(answer.len()))
                .map(<[u8]>::to_vec)
                .collect();
            let (_, response) = exchange(&layer(&recorder), request, response.body(chunks).unwrap());
            assert!(*response.body() == answer, "{name}: every byte passes");
            let tree = recorder.tree(MASKED);
            assert!(
                tree.contains(expected),
                "{name}: {}",
                tree.get(..2000).unwrap_or(&tree)
            );
        }
    }
}
