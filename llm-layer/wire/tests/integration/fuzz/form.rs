//! Forms: the body of an upload that is cut anywhere. The second byte chooses the URL.

use http::{HeaderMap, HeaderValue, header};

use super::exchange::{self, Message};
use super::request;

pub(super) fn check(input: &[u8]) {
    let [first, second, body @ ..] = input else {
        return;
    };
    let form = HeaderValue::from_static("multipart/form-data; boundary=x");
    let message = Message {
        first_line: format!(
            "POST https://api.openai.com/v1/{}",
            PATHS[usize::from(*second) % PATHS.len()]
        ),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, form)]),
        body,
    };
    let step = usize::from(*first) + 1;
    let [whole, pieces] = [usize::MAX, step].map(|step| exchange::read_request(&message, step));
    assert_eq!(
        pieces.as_ref().map(request::describe),
        whole.as_ref().map(request::describe),
        "a form in pieces of {step} bytes is read like the whole: {}",
        String::from_utf8_lossy(body)
    );
}

const PATHS: [&str; 4] = [
    "audio/transcriptions",
    "audio/translations",
    "images/edits",
    "files",
];
