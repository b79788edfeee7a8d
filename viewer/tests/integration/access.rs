//! Who may read the page, and what it is served with.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use throughline_viewer::{Viewer, ViewerConfig};

use crate::support::{get, send};

fn request(host: &str, origin: Option<&str>, path: &str) -> Request<Body> {
    let request = Request::get(path).header("host", host);
    let request = match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    };
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_everywhere() {
    let viewer = Viewer::new(ViewerConfig::default().with_host("traces.internal"));
    let router = viewer.router();
    for path in ["/", "/api/state", "/api/events", "/assets/app.js", "/trace/1"] {
        for (host, origin, expected) in [
            ("evil.example:4319", None, StatusCode::FORBIDDEN),
            (
                "localhost:4319",
                Some("http://evil.example"),
                StatusCode::FORBIDDEN,
            ),
            ("localhost:4319", Some("null"), StatusCode::FORBIDDEN),
            (
                "localhost:4319",
                Some("http://localhost:3000"),
                StatusCode::FORBIDDEN,
            ),
            ("localhost:4319", Some("http://localhost:4319"), StatusCode::OK),
            ("127.0.0.1:4319", None, StatusCode::OK),
            ("[::1]:4319", None, StatusCode::OK),
            ("traces.internal", None, StatusCode::OK),
        ] {
            if path == "/api/events" && expected == StatusCode::OK {
                continue; // a stream without an end
            }
            let (parts, body) = send(&router, request(host, origin, path)).await;
            let text = String::from_utf8_lossy(&body);
            assert_eq!(parts.status, expected, "{path} of {host} from {origin:?}: {text}");
            assert!(
                parts.headers.contains_key("content-security-policy"),
                "{path} of {host}: the policy"
            );
            assert!(
                !parts.headers.contains_key("access-control-allow-origin"),
                "{path} of {host}: no CORS"
            );
            assert!(
                !parts.headers.contains_key("set-cookie"),
                "{path} of {host}: no cookie"
            );
        }
    }
}

#[tokio::test]
async fn request_without_a_host_is_refused() {
    let bare = Request::get("/api/state").body(Body::empty()).expect("a request");
    let (parts, body) = send(&Viewer::default().router(), bare).await;
    assert_eq!(parts.status, StatusCode::FORBIDDEN, "no host at all");
    let message = String::from_utf8(body).expect("text");
    assert!(
        message.contains("open the page as localhost or by an IP address"),
        "the message helps: {message}"
    );
}

#[tokio::test]
async fn only_get_is_served() {
    let post = Request::post("/api/state")
        .header("host", "localhost")
        .body(Body::empty())
        .expect("a request");
    let (parts, body) = send(&Viewer::default().router(), post).await;
    assert_eq!(
        parts.status,
        StatusCode::METHOD_NOT_ALLOWED,
        "nothing can be changed"
    );
    assert_eq!(
        String::from_utf8(body).expect("text"),
        "{\"error\":\"POST is not accepted: GET is\"}",
        "the message"
    );
}

#[tokio::test]
async fn page_works_below_a_path() {
    let viewer = Viewer::default();
    let nested = Router::new().nest_service("/debug/viewer", viewer.router());
    for (router, path, base) in [
        (viewer.router(), "/", "<base href=\"/\">"),
        (viewer.router(), "/trace/00", "<base href=\"/\">"),
        (nested.clone(), "/debug/viewer", "<base href=\"/debug/viewer/\">"),
        (nested.clone(), "/debug/viewer/", "<base href=\"/debug/viewer/\">"),
        (
            nested.clone(),
            "/debug/viewer/trace/00",
            "<base href=\"/debug/viewer/\">",
        ),
        (nested, "/debug/viewer/tokens", "<base href=\"/debug/viewer/\">"),
    ] {
        let (parts, body) = send(&router, get(path)).await;
        let html = String::from_utf8(body).expect("text");
        assert_eq!(parts.status, StatusCode::OK, "{path}");
        assert!(html.contains(base), "{path}: {base} is in {html}");
    }
}

#[tokio::test]
async fn files_are_compressed_if_the_client_accepts_it() {
    let router = Viewer::default().router();
    let (plain, body) = send(&router, get("/assets/app.js")).await;
    assert_eq!(
        plain.headers["content-type"], "text/javascript; charset=utf-8",
        "a module"
    );
    assert!(!plain.headers.contains_key("content-encoding"), "not asked for");
    let mut asking = get("/assets/app.js");
    asking
        .headers_mut()
        .insert("accept-encoding", "br, gzip".parse().expect("a value"));
    let (parts, compressed) = send(&router, asking).await;
    assert_eq!(parts.headers["content-encoding"], "gzip", "asked for");
    let mut decompressed = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&*compressed);
    std::io::Read::read_to_end(&mut decoder, &mut decompressed).expect("gzip");
    assert_eq!(decompressed, body, "the same file");
    let (missing, _) = send(&router, get("/assets/../Cargo.toml")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND, "only files of the page");
}
