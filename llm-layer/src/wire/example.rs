use serde_json::{Value, json};
use throughline_llm_layer::Content;
use throughline_llm_layer::wire::{Ask, Channel, Field, Path, Prompt, Reply, Scalar, WireFormat};

/// `{"engine":"acme-1","question":"Why?"}` is answered by events: `{"say":"Be"}`, `{"say":"cause"}` and at last
/// `{"end":{"why":"stop","read":5,"written":2}}`.
struct Acme;

impl WireFormat for Acme {
    fn operation(&self) -> &'static str {
        "chat"
    }

    fn matches(&self, body: &Value) -> bool {
        body.get("question").is_some()
    }

    fn ask(&self, _path: &str, body: &Value) -> Ask {
        let mut ask = Ask::default();
        ask.model = body["engine"].as_str().map(str::to_owned);
        ask.stream = true;
        ask
    }

    fn prompt(&self, body: &Value, prompt: &mut Prompt) {
        prompt.texts(body.get("question"));
    }

    fn content(&self, body: &Value) -> Content {
        let mut content = Content::default();
        let part = json!({"type": "text", "content": body["question"]});
        content.input = vec![json!({"role": "user", "parts": [part]})];
        content
    }

    fn channel(&self, at: &Path, _reply: &Reply) -> Option<Channel> {
        (at.as_str() == "say").then_some(Channel::Content)
    }

    fn value(&self, at: &Path, value: Scalar<'_>, reply: &mut Reply) {
        match (at.as_str(), value.as_str()) {
            ("end.why", Some(why)) => reply.finish(at, why),
            ("end.read", _) => reply.tokens(Field::Input, value),
            ("end.written", _) => reply.tokens(Field::Output, value),
            _ => {}
        }
    }
}
