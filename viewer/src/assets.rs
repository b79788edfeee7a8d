//! The files of the page, compressed in the binary.

use std::io::Read;

use axum::body::Body;
use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

/// The paths below `page/`, and the files, compressed with gzip.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Answers with a file, or with 404.
pub(crate) fn file(path: &str, headers: &HeaderMap) -> Response<Body> {
    let Some((_, compressed)) = FILES.iter().find(|(name, _)| *name == path && path != INDEX) else {
        let mut missing = Response::new(Body::from(format!("no file {path:?}\n")));
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    let accepts_gzip = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|coding| coding.trim() == "gzip"));
    let mut response = if accepts_gzip {
        let mut response = Response::new(Body::from(*compressed));
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        Response::new(Body::from(decompressed(compressed)))
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // Another version of the program may listen on the same address tomorrow.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Answers with the page. `base` is the path below which its relative links are.
pub(crate) fn index(base: &str) -> Response<Body> {
    let compressed = FILES
        .iter()
        .find(|(name, _)| *name == INDEX)
        .map(|(_, file)| *file);
    let page = String::from_utf8(decompressed(compressed.unwrap_or_default())).unwrap_or_default();
    let page = page.replacen("BASE", &escape(base), 1);
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn decompressed(compressed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // The files were compressed by the build, so this cannot fail.
    let _ = GzDecoder::new(compressed).read_to_end(&mut bytes);
    bytes
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

const INDEX: &str = "index.html";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_is_escaped() {
        assert_eq!(
            escape("/a\"><script>'&"),
            "/a&quot;&gt;&lt;script&gt;&#39;&amp;",
            "the attribute ends where it should"
        );
    }

    #[test]
    fn page_is_at_most_200_kilobytes() {
        let sizes = FILES.iter().map(|(name, file)| (*name, decompressed(file).len()));
        let sizes: Vec<_> = sizes.filter(|(name, _)| !name.contains("LICENSE")).collect();
        let total: usize = sizes.iter().map(|(_, size)| size).sum();
        assert!(total <= 200 << 10, "{total} bytes: {sizes:?}");
        assert!(
            sizes.iter().any(|(name, _)| *name == INDEX),
            "{INDEX} is there: {sizes:?}"
        );
    }
}
