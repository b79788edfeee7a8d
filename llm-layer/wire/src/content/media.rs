//! Images, sounds and documents in a request. Encoded data is never recorded, only its type, length and
//! digest.

use serde_json::{Value, json};

use super::Document;
use super::digest::Digest;
use super::text::Text;

/// An image, a sound, a document: where it is, or what it looks like from outside.
pub(super) fn media(part: &Document, kind: &str) -> Option<Value> {
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
        .find_map(|pointer| part.pointer(pointer).filter(|uri| uri.as_text().is_some()))
    {
        let outside = || with_mime(json!({"type": "uri", "uri": uri.to_value()}), kind, part);
        return Some(uri.as_text().and_then(in_address).unwrap_or_else(outside));
    }
    if let Some(blob) = in_place(part) {
        return Some(blob);
    }
    if let Some((family, uri)) = in_storage(part) {
        return Some(with_mime(
            json!({"type": "uri", "uri": uri.to_value()}),
            family,
            part,
        ));
    }
    let id = ["/file/file_id", "/source/file_id", "/file_id"]
        .iter()
        .find_map(|pointer| part.pointer(pointer))?;
    Some(with_mime(
        json!({"type": "file", "file_id": id.to_value()}),
        kind,
        part,
    ))
}

/// The modality and the address of a medium in Amazon's storage.
fn in_storage(part: &Document) -> Option<(&'static str, &Document)> {
    ["image", "video", "audio", "document"]
        .into_iter()
        .find_map(|family| {
            let uri = part.get(family)?.pointer("/source/s3Location/uri")?;
            Some((family, uri))
        })
}

/// Adds the modality of a part, and its media type if it has one.
fn with_mime(mut medium: Value, kind: &str, part: &Document) -> Value {
    let pointers = [
        "/fileData/mimeType",
        "/file_data/mime_type",
        "/mimeType",
        "/mime_type",
        "/media_type",
        "/source/media_type",
        "/file/mime_type",
    ];
    let mime = pointers
        .iter()
        .find_map(|pointer| part.pointer(pointer)?.as_str());
    if let Some(members) = medium.as_object_mut() {
        members.insert(
            "modality".to_owned(),
            modality(kind, mime.unwrap_or_default()).into(),
        );
        members.extend(mime.map(|mime| ("mime_type".to_owned(), mime.into())));
    }
    medium
}

/// A medium that an address holds itself.
fn in_address(uri: &Text) -> Option<Value> {
    let (head, _) = uri.as_str().strip_prefix("data:")?.split_once(',')?;
    Some(blob(head.split(';').next().unwrap_or_default(), uri.digest(true)))
}

/// A medium in the place of a text.
pub(super) fn encoded(text: &Text) -> Option<Value> {
    let is_encoded = text.as_str().split(',').next()?.ends_with(";base64");
    is_encoded.then(|| in_address(text))?
}

/// A medium that a part holds.
fn in_place(part: &Document) -> Option<Value> {
    let sources = [
        ("", "/source/media_type", "/source/data"),
        ("", "/inlineData/mimeType", "/inlineData/data"),
        ("", "/inline_data/mime_type", "/inline_data/data"),
        ("audio/", "/input_audio/format", "/input_audio/data"),
        ("audio", "", "/input_audio"),
        ("image/", "/image/format", "/image/source/bytes"),
        ("video/", "/video/format", "/video/source/bytes"),
        ("audio/", "/audio/format", "/audio/source/bytes"),
        ("document", "", "/document/source/bytes"),
        ("document", "", "/file/file_data"),
        ("document", "", "/file_data"),
    ];
    let source = sources.iter().find_map(|(family, format, data)| {
        let data = part.pointer(data)?.as_text()?;
        let format = part.pointer(format).filter(|_| !format.is_empty());
        let format = format.and_then(Document::as_str).unwrap_or_default();
        Some(in_address(data).unwrap_or_else(|| blob(&format!("{family}{format}"), data.digest(false))))
    });
    // As MCP's tools give it.
    let text = |key| part.get(key).and_then(Document::as_text);
    let data = || text("data").or_else(|| text("blob"));
    let mime = || {
        let mime = part.string("mimeType").or_else(|| part.string("mediaType"));
        // Speech of OpenAI. Only the request names its encoding.
        let is_speech = || part.string("id").is_some_and(|id| id.starts_with("audio_"));
        mime.or_else(|| is_speech().then_some("audio"))
    };
    source.or_else(|| Some(in_address(data()?).unwrap_or(blob(mime()?, data()?.digest(false)))))
}

/// A medium in place: not itself, but its length as it was encoded, and a digest to know it again. The
/// content, which the conventions' schema demands, is empty.
pub(super) fn blob(mime: &str, data: Digest) -> Value {
    let mut blob = json!({
        "type": "blob",
        "modality": modality("", mime),
        "content": "",
        "encoded_length": data.length,
        "digest": format!("fnv1a64:{:016x}", data.hash),
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
pub(super) fn without_media(value: &Document) -> Value {
    value.to_value_with(&|value| match value.as_text() {
        Some(text) => encoded(text),
        None => value.is_object().then(|| in_place(value))?,
    })
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
