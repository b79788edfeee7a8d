use serde_json::json;
use throughline_llm_wire::{
    Channel, Content, Document, Operation, Path, PromptPart, Reply, RequestInfo, Scalar, UsagePart, WireFormat,
};

/// `{"engine":"acme-1","question":"Why?"}` is answered by events: `{"say":"Be"}`, `{"say":"cause"}` and at
/// last `{"end":{"why":"stop","read":5,"written":2}}`.
struct Acme;

impl WireFormat for Acme {
    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn members(&self) -> &'static [&'static str] {
        &["question"]
    }

    fn matches(&self, request: &RequestInfo) -> bool {
        request.has("question")
    }

    fn request_value(&self, at: &Path, value: Scalar<'_>, request: &mut RequestInfo) {
        if let ("engine", Some(engine)) = (at.as_str(), value.as_str()) {
            request.model = Some(engine.to_owned());
        }
    }

    fn finish_request(&self, _path: &str, request: &mut RequestInfo) {
        request.stream = Some(true);
    }

    fn prompt(&self, at: &Path) -> Option<PromptPart> {
        (at.as_str() == "question").then_some(PromptPart::Texts)
    }

    fn content(&self, body: &Document) -> Content {
        let mut content = Content::default();
        let question = body.get("question").map(Document::to_value);
        let part = json!({"type": "text", "content": question});
        content.input = vec![json!({"role": "user", "parts": [part]})];
        content
    }

    fn channel(&self, at: &Path, _reply: &Reply) -> Option<Channel> {
        (at.as_str() == "say").then_some(Channel::Content)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("end.why", Some(why)) => reply.finish(at, why),
            ("end.read", _) => reply.set_tokens(UsagePart::Input, value),
            ("end.written", _) => reply.set_tokens(UsagePart::Output, value),
            _ => {}
        }
    }
}
