//! The names that model calls carry: that of their agent and that of their conversation.

use std::sync::Arc;

use opentelemetry::baggage::{Baggage, BaggageExt};
use opentelemetry::{Context, KeyValue, StringValue};

use crate::semconv;

/// The innermost agent and the conversation of a context.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScopeNames {
    pub(super) agent: Option<StringValue>,
    pub(super) conversation: Option<StringValue>,
}

impl ScopeNames {
    /// These names, and those of `other` where there are none.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            agent: self.agent.or(other.agent),
            conversation: self.conversation.or(other.conversation),
        }
    }

    /// The names in baggage.
    pub(super) fn from_baggage(baggage: &Baggage) -> Self {
        let name = |key| {
            let name = baggage.get(key)?.as_str();
            is_name(name).then(|| Arc::<str>::from(name).into())
        };
        Self {
            agent: name(semconv::AGENT_NAME),
            conversation: name(semconv::CONVERSATION_ID),
        }
    }

    /// Returns a context whose baggage has these names, and what it had before.
    pub(super) fn put_in_baggage(&self, cx: Context) -> Context {
        if Self::from_baggage(cx.baggage()) == *self {
            return cx;
        }
        let all = cx.baggage().iter();
        let mut baggage: Baggage = all.map(|(key, entry)| (key.clone(), entry.clone())).collect();
        let names = [
            (semconv::AGENT_NAME, &self.agent),
            (semconv::CONVERSATION_ID, &self.conversation),
        ];
        for (key, name) in names {
            baggage.remove(key);
            if let Some(name) = name.clone().filter(|name| is_name(name.as_str())) {
                baggage.insert(key, name);
            }
        }
        cx.with_baggage(baggage)
    }

    /// The name of the innermost agent.
    #[must_use]
    pub fn agent_name(self) -> Option<StringValue> {
        self.agent
    }

    /// The name of the innermost agent, as an attribute.
    #[must_use]
    pub fn agent(&self) -> Option<KeyValue> {
        Some(KeyValue::new(semconv::AGENT_NAME, self.agent.clone()?))
    }

    /// The id of the conversation, as an attribute.
    #[must_use]
    pub fn conversation(&self) -> Option<KeyValue> {
        Some(KeyValue::new(
            semconv::CONVERSATION_ID,
            self.conversation.clone()?,
        ))
    }
}

/// Whether a text may be a name. It comes from another process.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && !text.contains(char::is_control)
}

/// Names and ids are short, and the baggage of a request has 8192 bytes for all its entries.
const MAX_NAME_BYTES: usize = 256;
