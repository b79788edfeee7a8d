//! The parser.
//!
//! The events of the parser are read, and not a tree of it, because the style of a scalar decides its type:
//! the declarative configuration of OpenTelemetry replaces variables first, and then resolves plain scalars
//! by the core schema, while quoted ones stay text.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Value};

use super::{Scalars, scalar, substitution};

/// Parses one document with a mapping, or none. The error contains the position, and no value, which may be a
/// secret.
pub(in crate::config) fn parse(text: &str, scalars: Scalars<'_>) -> Result<Map<String, Value>, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it is longer than {MAX_BYTES} bytes"));
    }
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        scalars,
        anchors: HashMap::new(),
        size: Size::default(),
        line: 1,
        column: 1,
    };
    match reader.document()? {
        Value::Object(root) => Ok(root),
        Value::Null => Ok(Map::new()),
        _ => Err("there is a value where a mapping is expected at line 1".to_owned()),
    }
}

/// The size of a value, with what aliases repeat in it.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    /// The bytes of keys and texts.
    bytes: usize,
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    scalars: Scalars<'a>,
    /// The values that an alias can repeat, with their sizes.
    anchors: HashMap<usize, (Value, Size)>,
    /// The size of the document so far.
    size: Size,
    /// The position of the last event.
    line: usize,
    column: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Value, String> {
        let mut root = None;
        loop {
            match self.next()? {
                Event::StreamEnd => return Ok(root.unwrap_or(Value::Null)),
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(_) if root.is_none() => {
                    let first = self.next()?;
                    root = Some(self.value(first, 0)?);
                }
                _ => return Err(self.fault("there is more than one document")),
            }
        }
    }

    fn next(&mut self) -> Result<Event<'a>, String> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.place(span.start);
                Ok(event)
            }
            Some(Err(error)) => {
                self.place(*error.marker());
                Err(self.fault(error.info()))
            }
            None => Ok(Event::StreamEnd),
        }
    }

    fn place(&mut self, marker: Marker) {
        (self.line, self.column) = (marker.line(), marker.col() + 1);
    }

    fn fault(&self, what: &str) -> String {
        format!("{what} at line {} column {}", self.line, self.column)
    }

    /// Reads the value that starts with an event.
    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(self.fault(&format!("values are nested more than {MAX_DEPTH} levels deep")));
        }
        let before = self.size;
        self.count(Size { nodes: 1, bytes: 0 })?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = match tag.as_deref() {
                    None => style != ScalarStyle::Plain,
                    Some(tag) if tag.is_yaml_core_schema() => tag.suffix == "str",
                    Some(_) => return Err(self.fault("a tag of an application is not supported")),
                };
                let value = self.scalar(&text, is_text)?;
                self.count_bytes(value.as_str().unwrap_or_default())?;
                (value, anchor)
            }
            Event::SequenceStart(anchor, _) => (self.sequence(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.mapping(depth)?, anchor),
            Event::Alias(anchor) => {
                // The parser knows the anchors of keys and of values that are not complete.
                let Some((value, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.fault("an alias stands for a key, or for a value that contains it"));
                };
                self.count(size)?;
                return Ok(value);
            }
            _ => return Err(self.fault("a value is missing")),
        };
        if anchor > 0 {
            let size = Size {
                nodes: self.size.nodes - before.nodes,
                bytes: self.size.bytes - before.bytes,
            };
            self.anchors.insert(anchor, (value.clone(), size));
        }
        Ok(value)
    }

    fn count(&mut self, size: Size) -> Result<(), String> {
        self.size.nodes = self.size.nodes.saturating_add(size.nodes);
        self.size.bytes = self.size.bytes.saturating_add(size.bytes);
        if self.size.nodes > MAX_NODES {
            return Err(self.fault(&format!("there are more than {MAX_NODES} values")));
        }
        if self.size.bytes > MAX_TEXT_BYTES {
            return Err(self.fault(&format!("there are more than {MAX_TEXT_BYTES} bytes of text")));
        }
        Ok(())
    }

    fn count_bytes(&mut self, text: &str) -> Result<(), String> {
        self.count(Size {
            nodes: 0,
            bytes: text.len(),
        })
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(items.into()),
                first => items.push(self.value(first, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, String> {
        let mut members = Map::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(members.into()),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return Err(self.fault("a key is not a text")),
            };
            self.count_bytes(&key)?;
            if members.contains_key(&key) {
                return Err(self.fault(&format!("there are two values of the key {key:?}")));
            }
            let first = self.next()?;
            members.insert(key, self.value(first, depth + 1)?);
        }
    }

    /// `is_text`: quoted, a block, or tagged as a text.
    fn scalar(&self, text: &str, is_text: bool) -> Result<Value, String> {
        let variables = match self.scalars {
            Scalars::Text if !is_text && scalar::is_null(text) => return Ok(Value::Null),
            Scalars::Text => return Ok(text.into()),
            Scalars::Typed(variables) => variables,
        };
        let text = substitution::substitute(text, variables).map_err(|why| self.fault(&why))?;
        Ok(match is_text {
            true => text.into(),
            false => scalar::resolve(&text),
        })
    }
}

/// The maximum length of a document.
const MAX_BYTES: usize = 1 << 20;

/// The maximum depth of a document, since reading it is recursive.
const MAX_DEPTH: usize = 64;

/// The maximum number of values in a document, with those that aliases repeat.
const MAX_NODES: usize = 100_000;

/// The maximum bytes of keys and texts, with those that variables insert and aliases repeat.
const MAX_TEXT_BYTES: usize = 4 * MAX_BYTES;
