//! What a request asks for.

use opentelemetry::{Array, Key, KeyValue, StringValue};
use serde_json::Value;

/// What a request asks for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ask {
    /// The model's name: `gen_ai.request.model`, and the second word of the span's name. By default unknown.
    pub model: Option<String>,
    /// Whether the answer is to come in pieces. By default not.
    pub stream: bool,
    /// How many alternative answers; 0 where text is not what is asked for, as with embeddings. By default 1.
    pub choices: u32,
    /// More attributes of the span, such as `gen_ai.request.temperature`. By default none.
    pub attributes: Vec<KeyValue>,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            model: None,
            stream: false,
            choices: 1,
            attributes: Vec::new(),
        }
    }
}

/// A parameter of a request: its attribute, the JSON pointer to it, and its type.
pub(crate) type Param = (&'static str, &'static str, Kind);

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Double,
    Text,
    /// A string or an array of strings, put down as an array.
    Texts,
}

impl Ask {
    /// Reads the model (`model_id` is watsonx's), `stream` and the parameters.
    pub(super) fn read(body: &Value, params: &[Param]) -> Self {
        let model = string(body, "model").or_else(|| string(body, "model_id"));
        let mut ask = Self {
            model: model.map(str::to_owned),
            stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
            ..Self::default()
        };
        ask.read_params(body, params);
        ask
    }

    /// Reads parameters; of several pointers for one attribute, the first that is there.
    pub(super) fn read_params(&mut self, body: &Value, params: &[Param]) {
        for (name, pointer, kind) in params {
            match member(body, pointer).and_then(|value| kind.read(value)) {
                Some(value) if !self.has(&Key::from_static_str(name)) => self.put(name, value),
                _ => {}
            }
        }
    }

    /// Puts down an attribute.
    pub(crate) fn put(&mut self, name: &'static str, value: impl Into<opentelemetry::Value>) {
        self.attributes.push(KeyValue::new(name, value));
    }

    /// Whether an attribute of this name is put down.
    pub(crate) fn has(&self, name: &Key) -> bool {
        self.attributes.iter().any(|known| known.key == *name)
    }

    /// Reads the number of alternatives that are asked for.
    pub(super) fn count_choices(&mut self, name: &'static str, value: Option<&Value>) {
        let count = value
            .and_then(Value::as_u64)
            .and_then(|count| u32::try_from(count).ok());
        if let Some(count) = count.filter(|count| *count > 1) {
            self.choices = count;
            self.put(name, i64::from(count));
        }
    }
}

impl Kind {
    fn read(self, value: &Value) -> Option<opentelemetry::Value> {
        Some(match (self, value) {
            (Self::Int, _) => value.as_i64()?.into(),
            (Self::Double, _) => value.as_f64()?.into(),
            (Self::Text, _) => value.as_str()?.to_owned().into(),
            (Self::Texts, Value::String(one)) => texts(vec![one.clone().into()]),
            (Self::Texts, Value::Array(many)) => texts(
                many.iter()
                    .filter_map(|one| one.as_str().map(|one| one.to_owned().into()))
                    .collect(),
            ),
            (Self::Texts, _) => return None,
        })
    }
}

fn texts(texts: Vec<StringValue>) -> opentelemetry::Value {
    opentelemetry::Value::Array(Array::String(texts))
}

/// A member of an object that is a string.
pub(crate) fn string<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

/// What stands at a JSON pointer of plain names. `Value::pointer` copies each of them.
pub(crate) fn member<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut names = pointer.split('/').skip(1);
    names.try_fold(value, |value, name| value.get(name))
}

/// The model that a path of Google's names, or the endpoint that somebody's own model is deployed at.
pub(crate) fn model_in(path: &str) -> Option<String> {
    let endpoint = || Some(["endpoints/", &segment(path, "/endpoints/", ':')?].concat());
    segment(path, "/models/", ':').or_else(endpoint)
}

/// The members of an array, or none.
pub(crate) fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// What of a path's segment stands between `before` and `stop`, percent-decoded.
pub(crate) fn segment(path: &str, before: &str, stop: char) -> Option<String> {
    let (_, after) = path.rsplit_once(before)?;
    let (segment, _) = after
        .split_once(stop)
        .filter(|(segment, _)| !segment.contains('/'))?;
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8().ok()?;
    (!decoded.is_empty()).then(|| decoded.into_owned())
}
