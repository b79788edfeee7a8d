//! Prints the text, the tool calls, the finish reason and the usage of a recorded answer. The URL of the
//! request tells its format.
//!
//! ```sh
//! cargo run -p throughline-llm-wire --example read_stream -- \
//!     https://api.anthropic.com/v1/messages llm-layer/wire/examples/stream.sse
//! ```

#![expect(clippy::print_stdout, reason = "it is what the example does")]

use std::{env, error::Error, fs};

use http::{HeaderMap, Method};
use throughline_llm_wire::{Channel, ResponseReader, Target, TextPiece, recognise};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = <[String; 2]>::try_from(env::args().skip(1).collect::<Vec<_>>());
    let [url, file] = arguments.map_err(|_| "usage: read_stream <URL> <file>")?;
    let request =
        recognise(&Target::new(&Method::POST, &url.parse()?, None), &[]).ok_or("not a model API")?;
    let mut response = ResponseReader::new(request.format).with_capture(64 * 1024);
    response.read_head(&HeaderMap::new());
    let print = |piece: TextPiece<'_>| {
        if piece.channel == Channel::Content {
            print!("{}", piece.text);
        }
    };
    response.feed(&fs::read(file)?, print);
    println!("\nthe whole answer was read: {}", response.finish(print));
    let answer = response.take_answer().ok_or("no answer was captured")?;
    for call in answer.tool_calls(0) {
        println!("tool call: {} with {}", call.name, call.arguments);
    }
    let (reply, usage) = (response.reply(), response.reply().usage());
    println!("finish reason: {:?}", reply.finish_reasons(1).next().flatten());
    println!("tokens: {:?} in, {:?} out", usage.input(), usage.output());
    Ok(())
}
