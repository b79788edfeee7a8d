//! How long to wait before a request is sent again.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

/// Returns whether a status says that another try may succeed.
pub(super) fn is_retryable(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

/// Returns whether a status says that the provider itself is in trouble, in contrast to the caller's limits.
pub(super) fn is_failure(status: StatusCode) -> bool {
    status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
}

/// Returns the wait before the try after `tries` tries: twice as long each time, with a random part so that
/// many clients do not come back at once.
pub(super) fn backoff(base: Duration, max: Duration, tries: u32) -> Duration {
    let doubled = base.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.mul_f64(0.5 + fastrand::f64()).min(max)
}

/// Returns the wait that a provider asks for: `retry-after-ms`, or `Retry-After` in seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return seconds(millis / 1000.0);
    }
    let text = text(RETRY_AFTER.as_str())?;
    match text.parse::<f64>() {
        Ok(number) => seconds(number),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        }
    }
}

/// Returns whether a provider says that another try is of no use.
pub(super) fn is_final(headers: &HeaderMap) -> bool {
    headers
        .get("x-should-retry")
        .is_some_and(|value| value == "false")
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn wait_is_read_in_each_form() {
        let now = httpdate::parse_http_date("Sat, 21 Nov 2026 00:00:00 GMT").expect("a date");
        for (name, value, expected) in [
            ("retry-after", "2", Some(Duration::from_secs(2))),
            ("retry-after", " 1.5 ", Some(Duration::from_millis(1500))),
            ("retry-after-ms", "250", Some(Duration::from_millis(250))),
            (
                "retry-after",
                "Sat, 21 Nov 2026 00:00:07 GMT",
                Some(Duration::from_secs(7)),
            ),
            (
                "retry-after",
                "Sat, 21 Nov 2020 00:00:07 GMT",
                Some(Duration::ZERO),
            ),
            ("retry-after", "-1", None),
            ("retry-after", "NaN", None),
            ("retry-after", "soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(retry_after(&headers, now), expected, "{name}: {value}");
        }
    }

    #[test]
    fn backoff_doubles_up_to_its_limit() {
        let (base, max) = (Duration::from_millis(100), Duration::from_millis(900));
        for (tries, low, high) in [
            (1, 50, 150),
            (2, 100, 300),
            (3, 200, 600),
            (4, 400, 900),
            (40, 900, 900),
        ] {
            let wait = backoff(base, max, tries);
            let range = Duration::from_millis(low)..=Duration::from_millis(high);
            assert!(range.contains(&wait), "{tries} tries: {wait:?} is in {range:?}");
        }
    }

    #[test]
    fn statuses_that_are_tried_again() {
        let retryable = |status: &u16| is_retryable(StatusCode::from_u16(*status).expect("a status"));
        let all = [
            200, 400, 401, 404, 408, 409, 413, 429, 500, 501, 502, 503, 504, 529,
        ];
        let tried: Vec<u16> = all.into_iter().filter(retryable).collect();
        assert_eq!(
            tried,
            [429, 500, 502, 503, 504, 529],
            "429 and the server's errors"
        );
    }
}
