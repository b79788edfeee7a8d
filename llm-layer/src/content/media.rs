//! Images, sounds and documents in a request, seen from outside: what is encoded is never recorded.

use serde_json::{Value, json};

use crate::wire::string;

/// An image, a sound, a document: where it is, or what it looks like from outside.
pub(super) fn media(part: &Value, kind: &str) -> Option<Value> {
    let pointers = [
        "/image_url/url",
        "/image_url",
        "/source/url",
        "/fileData/fileUri",
        "/file_data/file_uri",
        "/file_url",
        "/document_url",
        "/audio_url/url",
        "/video_url/url",
    ];
    if let Some(uri) = pointers
        .iter()
        .find_map(|pointer| part.pointer(pointer)?.as_str())
    {
        let outside = json!({"type": "uri", "modality": modality(kind, ""), "uri": uri});
        return Some(in_address(uri).unwrap_or(outside));
    }
    if let Some(blob) = in_place(part) {
        return Some(blob);
    }
    let id = part.pointer("/file/file_id").or_else(|| part.get("file_id"))?;
    Some(json!({"type": "file", "modality": modality(kind, ""), "file_id": id}))
}

/// A medium that an address holds itself.
fn in_address(uri: &str) -> Option<Value> {
    let (head, data) = uri.strip_prefix("data:")?.split_once(',')?;
    Some(blob(head.split(';').next().unwrap_or_default(), data))
}

/// A medium in the place of a text.
pub(super) fn encoded(text: &str) -> Option<Value> {
    let is_encoded = text.split(',').next()?.ends_with(";base64");
    is_encoded.then(|| in_address(text))?
}

/// A medium that a part holds.
fn in_place(part: &Value) -> Option<Value> {
    let sources = [
        ("", "/source/media_type", "/source/data"),
        ("", "/inlineData/mimeType", "/inlineData/data"),
        ("", "/inline_data/mime_type", "/inline_data/data"),
        ("audio/", "/input_audio/format", "/input_audio/data"),
        ("audio", "", "/input_audio"),
        ("image/", "/image/format", "/image/source/bytes"),
        ("video/", "/video/format", "/video/source/bytes"),
        ("document", "", "/document/source/bytes"),
        ("document", "", "/file/file_data"),
        ("document", "", "/file_data"),
    ];
    let known = sources.iter().find_map(|(family, format, data)| {
        let data = part.pointer(data)?.as_str()?;
        let format = part.pointer(format).and_then(Value::as_str).unwrap_or_default();
        Some(in_address(data).unwrap_or_else(|| blob(&format!("{family}{format}"), data)))
    });
    // As MCP's tools give it.
    let data = || string(part, "data").or_else(|| string(part, "blob"));
    known.or_else(|| Some(blob(string(part, "mimeType")?, data()?)))
}

/// A medium in place: not itself, but its length as it was encoded, and a digest to know it again. The content, which the
/// conventions' schema demands, is empty.
pub(super) fn blob(mime: &str, data: &str) -> Value {
    let mut blob = json!({
        "type": "blob",
        "modality": modality("", mime),
        "content": "",
        "encoded_length": data.len(),
        "digest": format!("fnv1a64:{:016x}", fnv1a64(data.as_bytes())),
    });
    if let Some(members) = blob.as_object_mut().filter(|_| mime.contains('/')) {
        members.insert("mime_type".to_owned(), mime.into());
    }
    blob
}

fn modality(kind: &str, mime: &str) -> &'static str {
    let is = |what: &str| kind.contains(what) || mime.starts_with(what);
    if is("audio") {
        "audio"
    } else if is("video") {
        "video"
    } else if is("image") {
        "image"
    } else {
        "document"
    }
}

/// A value as a tool takes or gives it, with an outside view of each medium in it.
pub(super) fn without_media(value: &Value) -> Value {
    match value {
        Value::String(text) => encoded(text).unwrap_or_else(|| value.clone()),
        Value::Array(items) => items.iter().map(without_media).collect(),
        Value::Object(members) => in_place(value).unwrap_or_else(|| {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(key, value)| (key.clone(), without_media(value)))
                    .collect(),
            )
        }),
        _ => value.clone(),
    }
}

/// Whether something in a value is a medium seen from outside.
pub(super) fn has_media(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_media),
        Value::Object(members) => {
            members.get("type").is_some_and(|kind| kind == "blob") || members.values().any(has_media)
        }
        _ => false,
    }
}

/// <http://www.isthe.com/chongo/tech/comp/fnv/>
fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
