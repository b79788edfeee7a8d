//! Content negotiation: the format and the encoding of the page (RFC 9110, section 12.5).

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};

/// The format of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// The text format of Prometheus (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
    Text,
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    OpenMetrics,
}

/// The compression of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
}

/// The preference for a format: by quality, then by specificity, then by position.
type Preference = (u16, u8, std::cmp::Reverse<usize>);

impl Format {
    pub(super) const ALL: [Self; 2] = [Self::Text, Self::OpenMetrics];

    /// Returns the format that the `Accept` headers prefer. Default: [`Text`](Self::Text), also if neither
    /// format is accepted, because a page is more useful in a browser than an error.
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        let ranges: Vec<Range<'_>> = ranges(headers, &ACCEPT).collect();
        let preference = |format: Self| format.preference(&ranges);
        match (preference(Self::OpenMetrics), preference(Self::Text)) {
            (Some(open_metrics), Some(text)) if open_metrics > text => Self::OpenMetrics,
            (Some(_), None) => Self::OpenMetrics,
            _ => Self::Text,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The most specific range decides. Among equally specific ranges, such as two versions, the most
    /// preferred one decides.
    fn preference(self, ranges: &[Range<'_>]) -> Option<Preference> {
        let exactness = |(index, range): (usize, &Range<'_>)| {
            let exactness = self.exactness(range)?;
            Some((exactness, range.quality, std::cmp::Reverse(index)))
        };
        let (exactness, quality, index) = ranges.iter().enumerate().filter_map(exactness).max()?;
        (quality > 0).then_some((quality, exactness, index))
    }

    /// Returns the specificity of a range for this format, or `None` if the range does not include it.
    fn exactness(self, range: &Range<'_>) -> Option<u8> {
        let (kind, subtype, versions): (&str, &str, &[&str]) = match self {
            Self::Text => ("text", "plain", &["0.0.4"]),
            Self::OpenMetrics => ("application", "openmetrics-text", &["1.0.0", "0.0.1"]),
        };
        if range.name == "*/*" {
            return Some(0);
        }
        let (range_kind, range_subtype) = range.name.split_once('/')?;
        if !range_kind.eq_ignore_ascii_case(kind) {
            return None;
        }
        if range_subtype == "*" {
            return Some(1);
        }
        let is_version = range.version.is_none_or(|version| versions.contains(&version));
        (range_subtype.eq_ignore_ascii_case(subtype) && is_version).then_some(2)
    }
}

impl Encoding {
    pub(super) const ALL: [Self; 2] = [Self::Identity, Self::Gzip];

    /// Returns gzip if the `Accept-Encoding` headers accept it and do not prefer an uncompressed page.
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        let ranges: Vec<Range<'_>> = ranges(headers, &ACCEPT_ENCODING).collect();
        let quality = |names: &[&str]| {
            let is_named =
                |range: &&Range<'_>| names.iter().any(|name| range.name.eq_ignore_ascii_case(name));
            ranges.iter().find(is_named).map(|range| range.quality)
        };
        let gzip = quality(&["gzip", "x-gzip"])
            .or_else(|| quality(&["*"]))
            .unwrap_or(0);
        // If the header does not list it, an uncompressed page is acceptable, with the lowest preference.
        if gzip > 0 && gzip >= quality(&["identity"]).unwrap_or(0) {
            Self::Gzip
        } else {
            Self::Identity
        }
    }
}

/// An element of a header such as `Accept`.
#[derive(Debug)]
struct Range<'a> {
    name: &'a str,
    version: Option<&'a str>,
    /// In thousandths.
    quality: u16,
}

/// Returns the elements of all headers with this name, except those with an invalid quality.
fn ranges<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Range<'a>> {
    let values = headers.get_all(name).into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|element| {
        let mut parts = element.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let (mut version, mut quality) = (None, 1_000);
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            let (key, value) = (key.trim(), value.trim().trim_matches('"'));
            if key.eq_ignore_ascii_case("version") {
                version = Some(value);
            } else if key.eq_ignore_ascii_case("q") {
                quality = thousandths(value)?;
            }
        }
        Some(Range {
            name,
            version,
            quality,
        })
    })
}

fn thousandths(quality: &str) -> Option<u16> {
    let quality: f32 = quality.parse().ok()?;
    // The range makes the cast exact.
    (0.0..=1.0)
        .contains(&quality)
        .then(|| (quality * 1_000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_static(value));
        values.map(|value| (name.clone(), value)).collect()
    }

    #[test]
    fn formats() {
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let protobuf_first = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,\
                              application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        use Format::{OpenMetrics, Text};
        let table: &[(&[&'static str], Format)] = &[
            (&[], Text),
            (&[""], Text),
            (&["*/*"], Text),
            (&["text/plain"], Text),
            (&["text/*"], Text),
            (&["application/*"], OpenMetrics),
            (&["application/openmetrics-text"], OpenMetrics),
            (
                &["Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8"],
                OpenMetrics,
            ),
            (&["application/openmetrics-text;version=\"1.0.0\""], OpenMetrics),
            (&["application/openmetrics-text;version=0.0.1"], OpenMetrics),
            (&["application/openmetrics-text;version=2.0.0"], Text),
            (&["application/openmetrics-text;version=2.0.0, */*;q=0.1"], Text),
            (&["application/openmetrics-text;q=0"], Text),
            (&["application/openmetrics-text;q=0, */*"], Text),
            (&["application/openmetrics-text;q=0.000, application/*"], Text),
            (&["application/openmetrics-text;q=much"], Text),
            (&["application/openmetrics-text;q=2"], Text),
            (&["application/openmetrics-text;q=0.4, text/plain;q=0.5"], Text),
            (
                &["application/openmetrics-text;q=0.5, text/plain;q=0.4"],
                OpenMetrics,
            ),
            (&["text/plain;version=0.0.4, application/openmetrics-text"], Text),
            (
                &["application/openmetrics-text, text/plain;version=0.0.4"],
                OpenMetrics,
            ),
            (&["application/openmetrics-text, */*"], OpenMetrics),
            (&["*/*, application/openmetrics-text"], OpenMetrics),
            (&["text/plain;q=0.5, */*"], OpenMetrics),
            (&["text/plain;q=0, */*"], OpenMetrics),
            (&["text/plain", "application/openmetrics-text;q=0.9"], Text),
            (&["text/plain;q=0.1", "application/openmetrics-text"], OpenMetrics),
            (&["image/png"], Text),
            (&[browser], Text),
            (&[prometheus_2], OpenMetrics),
            (&[prometheus_3], OpenMetrics),
            (&[protobuf_first], OpenMetrics),
            (&[";;;,=,q=,*"], Text),
        ];
        for (accept, expected) in table {
            let preferred = Format::preferred(&headers(&ACCEPT, accept));
            assert_eq!(preferred, *expected, "{accept:?}");
        }
    }

    #[test]
    fn encodings() {
        use Encoding::{Gzip, Identity};
        let table: &[(&[&'static str], Encoding)] = &[
            (&[], Identity),
            (&[""], Identity),
            (&["identity"], Identity),
            (&["gzip"], Gzip),
            (&["GZIP"], Gzip),
            (&["x-gzip"], Gzip),
            (&["gzip;q=0"], Identity),
            (&["gzip;q=0.0, *"], Identity),
            (&["gzip;q=0.001"], Gzip),
            (&["deflate, br"], Identity),
            (&["deflate, gzip;q=0.5, br"], Gzip),
            (&["deflate", "gzip"], Gzip),
            (&["*"], Gzip),
            (&["*;q=0"], Identity),
            (&["gzip;q=0.5, identity"], Identity),
            (&["gzip, identity;q=0.5"], Gzip),
            (&["gzip;q=high"], Identity),
            (&["identity;q=0"], Identity),
            (&["gzipped"], Identity),
        ];
        for (accept, expected) in table {
            let preferred = Encoding::preferred(&headers(&ACCEPT_ENCODING, accept));
            assert_eq!(preferred, *expected, "{accept:?}");
        }
    }
}
