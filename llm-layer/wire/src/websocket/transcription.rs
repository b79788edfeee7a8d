//! The transcription of the user's audio in a Realtime session, which is billed apart.

use crate::format::WireFormat;
use crate::json::{Path, Scalar};
use crate::operation::Operation;
use crate::prompt_part::PromptPart;
use crate::reply::{Channel, Reply};
use crate::request::RequestInfo;
use crate::usage::{Paths, UsagePart};

/// The transcription of one item.
#[derive(Debug)]
pub(super) struct Transcription;

impl WireFormat for Transcription {
    fn operation(&self) -> Operation {
        Operation::Transcription
    }

    fn matches(&self, _: &RequestInfo) -> bool {
        true
    }

    fn prompt(&self, _: &Path) -> Option<PromptPart> {
        None
    }

    /// The last event has the whole transcript, so that the deltas before it are not needed.
    fn channel(&self, at: &Path, _: &Reply) -> Option<Channel> {
        (at.as_str() == "transcript").then_some(Channel::Content)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("item_id", Some(id)) => reply.set_id(id),
            (path, _) => {
                reply.read_error(path, value);
                reply.usage.read_billing(path, value);
                reply.usage.read(USAGE, path, value.as_count());
            }
        }
    }

    fn event(&self, name: &str, reply: &mut Reply) {
        if name.ends_with(".completed") {
            reply.complete();
        }
    }
}

/// A transcription that is billed by its duration has no tokens, but `usage.seconds`.
const USAGE: &Paths = &[
    ("usage.input_tokens", UsagePart::Input),
    ("usage.output_tokens", UsagePart::Output),
    ("usage.total_tokens", UsagePart::Total),
    ("usage.input_token_details.text_tokens", UsagePart::TextInput),
    ("usage.input_token_details.audio_tokens", UsagePart::AudioInput),
];
