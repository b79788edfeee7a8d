//! Prints the text, the tool calls, the finish reason and the usage of a recorded answer. The URL of the
//! request tells its format.
//!
//! ```sh
//! cargo run -p throughline-llm-wire --example read_stream -- \
//!     https://api.anthropic.com/v1/messages llm-layer/wire/examples/stream.sse
//! ```

#![expect(clippy::print_stdout, reason = "it is what the example does")]

use std::error::Error;
use std::{env, fs};

use http::{HeaderMap, Method};
use throughline_llm_wire::{Channel, ResponseReader, Target, recognise};

fn main() -> Result<(), Box<dyn Error>> {
    let [url, file] = <[String; 2]>::try_from(env::args().skip(1).collect::<Vec<_>>())
        .map_err(|_| "usage: read_stream <URL> <file>")?;
    let url = url.parse()?;
    let recognised = recognise(&Target::new(&Method::POST, &url, None), &[]).ok_or("not a model API")?;
    let mut response = ResponseReader::new(recognised.format).with_capture(64 * 1024);
    response.read_head(&HeaderMap::new());
    for chunk in fs::read(file)?.chunks(100) {
        response.feed(chunk, |piece| {
            if piece.channel == Channel::Content {
                print!("{}", piece.text);
            }
        });
    }
    let is_intact = response.finish(|_| ());
    println!("\nthe whole answer was read: {is_intact}");
    for call in response
        .take_answer()
        .iter()
        .flat_map(|answer| answer.tool_calls(0))
    {
        println!("tool call: {} with {}", call.name, call.arguments);
    }
    let (reply, usage) = (response.reply(), response.reply().usage());
    println!("finish reason: {:?}", reply.finish_reasons(1).next().flatten());
    println!("tokens: {:?} in, {:?} out", usage.input(), usage.output());
    Ok(())
}
