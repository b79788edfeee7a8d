use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogramDataPoint, HistogramDataPoint, NumberDataPoint, SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::*;

const LIMIT: usize = 10_000;

fn encoding(is_json: bool) -> RequestEncoding {
    RequestEncoding {
        is_json,
        is_gzip: false,
    }
}

fn spans(name_lengths: &[usize]) -> ExportTraceServiceRequest {
    let spans = name_lengths.iter().enumerate().map(|(index, length)| Span {
        name: format!("{index}:{}", "x".repeat(*length)),
        ..Span::default()
    });
    // Two scopes, so that the items are in several lists.
    let mut first: Vec<Span> = spans.collect();
    let second = first.split_off(first.len() / 3);
    let scope = |spans, name: &str| ScopeSpans {
        schema_url: name.into(),
        spans,
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource::default()),
            schema_url: "schema".into(),
            scope_spans: vec![scope(first, "first"), scope(second, "second")],
        }],
    }
}

fn decoded<M: Message + Default + serde::de::DeserializeOwned>(body: &[u8], is_json: bool) -> M {
    if is_json {
        serde_json::from_slice(body).expect("JSON")
    } else {
        M::decode(body).expect("protobuf")
    }
}

/// Returns the scope name and the index of each span in all pieces.
fn indices(pieces: &Pieces, is_json: bool) -> Vec<String> {
    let requests = pieces
        .bodies
        .iter()
        .map(|piece| decoded::<ExportTraceServiceRequest>(&piece.body, is_json));
    let resources = requests.flat_map(|request| request.resource_spans);
    let scopes = resources.flat_map(|resource| {
        assert_eq!(
            (&resource.resource, resource.schema_url.as_str()),
            (&Some(Resource::default()), "schema"),
            "each piece has the resource"
        );
        resource.scope_spans
    });
    scopes
        .flat_map(|scope| {
            let request = |span: Span| {
                format!(
                    "{} {}",
                    scope.schema_url,
                    span.name.split(':').next().unwrap_or_default()
                )
            };
            scope.spans.into_iter().map(request).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn each_span_arrives_once_and_in_order_except_the_one_that_is_too_large() {
    let mut with_one_huge = [100; 360];
    with_one_huge[123] = LIMIT + 1;
    let mut with_huge_ends = [1; 9];
    (with_huge_ends[0], with_huge_ends[8]) = (LIMIT, 5 * LIMIT);
    for (case, lengths) in [
        ("one huge among many", &with_one_huge[..]),
        ("huge at both ends", &with_huge_ends),
        ("only many", &[900; 64]),
        ("one that fits", &[5]),
        ("one that does not", &[LIMIT]),
        ("only huge ones", &[LIMIT; 5]),
        ("none", &[]),
    ] {
        for is_json in [false, true] {
            let case = format!("{case}, JSON: {is_json}");
            let request = Bytes::from(spans(lengths).encode_to_vec());
            let found =
                pieces::<ExportTraceServiceRequest>(request, encoding(is_json), LIMIT).expect("a request");
            let split = lengths.len() / 3;
            let small = (0..lengths.len()).filter(|index| lengths[*index] < LIMIT);
            let expected: Vec<String> = small
                .map(|index| format!("{} {index}", if index < split { "first" } else { "second" }))
                .collect();
            assert_eq!(indices(&found, is_json), expected, "{case}: what arrives");
            let huge = lengths.iter().filter(|length| **length >= LIMIT).count();
            assert_eq!(found.too_large.len(), huge, "{case}: what does not");
            assert!(
                found.too_large.iter().all(|bytes| *bytes > LIMIT),
                "{case}: {:?}",
                found.too_large
            );
            let longest = found
                .bodies
                .iter()
                .map(|piece| piece.body.len())
                .max()
                .unwrap_or(0);
            assert!(longest <= LIMIT, "{case}: {longest} bytes");
            let counted: u64 = found
                .bodies
                .iter()
                .map(Piece::items::<ExportTraceServiceRequest>)
                .sum();
            assert_eq!(counted, (lengths.len() - huge) as u64, "{case}: counted");
        }
    }
}

#[test]
fn request_that_fits_is_unchanged() {
    let body = Bytes::from(spans(&[10; 50]).encode_to_vec());
    let limit = body.len();
    let split =
        |limit| pieces::<ExportTraceServiceRequest>(body.clone(), encoding(false), limit).expect("a request");
    let found = split(limit);
    let [piece] = found.bodies.as_slice() else {
        panic!("one piece: {found:?}");
    };
    assert_eq!(piece.body, body, "to the byte");
    assert_eq!(
        piece.items::<ExportTraceServiceRequest>(),
        50,
        "counted when needed"
    );
    let found = split(limit - 1);
    assert_eq!(found.bodies.len(), 2, "and one byte less makes it two");
}

#[test]
fn a_metric_is_split_by_its_points_of_every_kind() {
    const POINTS: usize = 3_000;
    fn points<P: Default + Clone>() -> Vec<P> {
        vec![P::default(); POINTS]
    }
    let number = NumberDataPoint {
        time_unix_nano: 1,
        ..NumberDataPoint::default()
    };
    let histogram = HistogramDataPoint {
        count: 9,
        ..HistogramDataPoint::default()
    };
    let exponential = ExponentialHistogramDataPoint {
        count: 9,
        ..ExponentialHistogramDataPoint::default()
    };
    let summary = SummaryDataPoint {
        count: 9,
        ..SummaryDataPoint::default()
    };
    let data = [
        Data::Gauge(Gauge {
            data_points: vec![number.clone(); POINTS],
        }),
        Data::Sum(Sum {
            data_points: vec![number; POINTS],
            aggregation_temporality: 2,
            is_monotonic: true,
        }),
        Data::Histogram(Histogram {
            data_points: vec![histogram; POINTS],
            aggregation_temporality: 2,
        }),
        Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![exponential; POINTS],
            aggregation_temporality: 1,
        }),
        Data::Summary(Summary {
            data_points: vec![summary; POINTS],
        }),
        Data::Gauge(Gauge {
            data_points: points::<NumberDataPoint>(),
        }),
    ];
    for data in data {
        let metric = Metric {
            name: "name".into(),
            unit: "unit".into(),
            description: "description".into(),
            data: Some(data.clone()),
            ..Metric::default()
        };
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                scope_metrics: vec![ScopeMetrics {
                    metrics: vec![metric.clone()],
                    ..ScopeMetrics::default()
                }],
                ..ResourceMetrics::default()
            }],
        };
        let limit = request.encoded_len() / 4;
        let body = Bytes::from(request.encode_to_vec());
        let found = pieces::<ExportMetricsServiceRequest>(body, encoding(false), limit).expect("a request");
        assert!(
            found.bodies.len() >= 4 && found.too_large.is_empty(),
            "{} pieces",
            found.bodies.len()
        );
        let mut joined: Option<Metric> = None;
        for Piece { body, .. } in &found.bodies {
            assert!(body.len() <= limit, "{} bytes", body.len());
            let piece = decoded::<ExportMetricsServiceRequest>(body, false);
            let metric = piece.resource_metrics[0].scope_metrics[0].metrics[0].clone();
            match &mut joined {
                None => joined = Some(metric),
                Some(joined) => join(joined, metric),
            }
        }
        assert_eq!(joined, Some(metric), "the pieces are the metric");
    }
}

/// Appends the points of a piece, and checks that their common fields are equal.
fn join(metric: &mut Metric, mut piece: Metric) {
    match (
        metric.data.as_mut().expect("data"),
        piece.data.as_mut().expect("data"),
    ) {
        (Data::Gauge(all), Data::Gauge(more)) => all.data_points.append(&mut more.data_points),
        (Data::Sum(all), Data::Sum(more)) => all.data_points.append(&mut more.data_points),
        (Data::Histogram(all), Data::Histogram(more)) => all.data_points.append(&mut more.data_points),
        (Data::ExponentialHistogram(all), Data::ExponentialHistogram(more)) => {
            all.data_points.append(&mut more.data_points);
        }
        (Data::Summary(all), Data::Summary(more)) => all.data_points.append(&mut more.data_points),
        (all, more) => panic!("{all:?} became {more:?}"),
    }
}

#[test]
fn invalid_request_is_an_error() {
    let garbage = Bytes::from(vec![0xff; LIMIT + 1]);
    let found = pieces::<ExportTraceServiceRequest>(garbage, encoding(false), LIMIT);
    assert!(found.is_err(), "{found:?}");
}
