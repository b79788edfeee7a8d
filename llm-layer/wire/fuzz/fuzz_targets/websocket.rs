//! WebSocket sessions.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/integration/fuzz/mod.rs"]
mod fuzz;

fuzz_target!(|input: &[u8]| fuzz::run("websocket", input));
