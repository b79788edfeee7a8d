//! The start of an exchange.

use opentelemetry::propagation::Injector;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use serde_json::Value;
use throughline_propagation::Allowed;
use throughline_propagation::carrier::MapMut;

use super::Mcp;
use super::exchange::{ExchangeStart, McpExchange, Side};
use super::message::{Message, meta_mut};
use crate::content::ContentSettings;
use crate::scope::ScopeHandle;
use crate::semconv::mcp;

impl Mcp {
    /// Starts an exchange on the requesting side: a span, whose context is written into the message.
    pub fn client(&self, message: &mut Value) -> McpExchange {
        let parent = Context::current();
        if Message::parse(message).is_some_and(|message| message.is_tool_call()) {
            if let Some(scoped) = parent.get::<ScopeHandle>() {
                scoped.call_tool();
            }
        }
        let exchange = self.begin(Side::Client, parent, None, message);
        self.inject(exchange.context(), message);
        exchange
    }

    /// Starts an exchange on the responding side: a span beneath the one in the message.
    pub fn server(&self, message: &Value) -> McpExchange {
        let current = Context::current();
        let outer = current.span().span_context().clone();
        let meta = Message::parse(message).and_then(|message| message.meta());
        let (parent, link) = match (meta, self.trust) {
            (None, _) => (current, None),
            (Some(meta), true) => (
                self.propagator.extract_from(meta, self.allowed(), &current),
                Some(outer),
            ),
            (Some(meta), false) => {
                let remote = self
                    .propagator
                    .extract_from(meta, Allowed::TRACE, &Context::new());
                (current, Some(remote.span().span_context().clone()))
            }
        };
        self.begin(Side::Server, parent, link, message)
    }

    fn begin(&self, side: Side, parent: Context, link: Option<SpanContext>, message: &Value) -> McpExchange {
        let message = Message::parse(message);
        let above = parent.get::<ScopeHandle>().and_then(ScopeHandle::content);
        let content = ContentSettings::inherited(self.content.as_ref(), above);
        let is_captured = ContentSettings::is_on_span(content.as_ref());
        let content = is_captured.then(|| content.unwrap_or_default());
        let span = message.as_ref().and_then(|message| {
            let builder = || self.builder(side, &parent, link, message, content.as_deref());
            self.tracer.start(&parent, builder)
        });
        McpExchange::new(ExchangeStart {
            content,
            side,
            parent,
            span,
            labels: self.labels(side),
            instruments: self.instruments.clone(),
            message: message.as_ref(),
        })
    }

    fn builder(
        &self,
        side: Side,
        parent: &Context,
        link: Option<SpanContext>,
        message: &Message<'_>,
        content: Option<&ContentSettings>,
    ) -> SpanBuilder {
        let mut attributes = message.dimensions();
        attributes.extend(message.details());
        attributes.extend(content.into_iter().flat_map(|content| message.arguments(content)));
        attributes.extend(self.labels(side));
        attributes.extend(self.span_attributes.iter().cloned());
        let mut keys = attributes.iter().map(|attribute| attribute.key.as_str());
        if keys.all(|key| key != mcp::PROTOCOL_VERSION) {
            attributes.extend(message.protocol_version());
        }
        let link = link.filter(|link| link.is_valid() && link != parent.span().span_context());
        SpanBuilder::from_name(message.span_name())
            .with_kind(side.kind())
            .with_attributes(attributes)
            .with_links(link.into_iter().map(Link::with_context).collect())
    }

    /// What is the same for all exchanges of a session on this side.
    pub(super) fn labels(&self, side: Side) -> Vec<KeyValue> {
        let server = self.server_labels.iter().filter(|_| side == Side::Client);
        self.labels.iter().chain(server).cloned().collect()
    }

    fn inject(&self, cx: &Context, message: &mut Value) {
        let mut members = Vec::new();
        self.propagator.inject_into(cx, self.allowed(), &mut members);
        if members.is_empty() {
            return;
        }
        let Some(meta) = meta_mut(message) else { return };
        let mut carrier = MapMut::new(meta);
        for (name, value) in members {
            carrier.set(&name, value);
        }
    }

    fn allowed(&self) -> Allowed {
        match self.baggage {
            true => Allowed::ALL,
            false => Allowed::TRACE,
        }
    }
}
