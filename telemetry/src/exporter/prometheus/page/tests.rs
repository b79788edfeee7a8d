use std::io::Read;

use flate2::read::GzDecoder;
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, Metric, MetricType};

use super::*;

fn metric(labels: &[(&str, &str)]) -> Metric {
    let labels = labels.iter().map(|(name, value)| {
        let mut label = LabelPair::default();
        label.set_name((*name).to_owned());
        label.set_value((*value).to_owned());
        label
    });
    let mut metric = Metric::default();
    metric.set_label(labels.collect());
    metric
}

fn counted(labels: &[(&str, &str)], value: f64) -> Metric {
    let (mut metric, mut counter) = (metric(labels), Counter::default());
    counter.set_value(value);
    metric.set_counter(counter);
    metric
}

fn measured(labels: &[(&str, &str)], value: f64) -> Metric {
    let (mut metric, mut gauge) = (metric(labels), Gauge::default());
    gauge.set_value(value);
    metric.set_gauge(gauge);
    metric
}

fn distributed(buckets: &[(f64, u64)], count: u64, sum: f64) -> Metric {
    let (mut metric, mut histogram) = (metric(&[("on", "true")]), Histogram::default());
    let buckets = buckets.iter().map(|(bound, count)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*count);
        bucket
    });
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(count);
    histogram.set_sample_sum(sum);
    metric.set_histogram(histogram);
    metric
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn page(format: Format, families: Vec<MetricFamily>) -> String {
    let body = MetricsPage::new(families.into_iter()).body(format, Encoding::Identity);
    String::from_utf8(body.expect("encoded").to_vec()).expect("UTF-8")
}

#[test]
fn open_metrics() {
    use MetricType::{COUNTER, GAUGE, HISTOGRAM};
    for (what, families, expected) in [
        ("nothing", Vec::new(), ""),
        (
            "a counter is named without its suffix",
            vec![family(
                "prompt_size_total",
                "Tokens.",
                COUNTER,
                vec![counted(&[("direction", "input")], 57.0)],
            )],
            "# TYPE prompt_size counter\n# HELP prompt_size Tokens.\nprompt_size_total{direction=\"input\"} 57.0\n",
        ),
        (
            "a counter with a unit",
            vec![family("sent_bytes_total", "", COUNTER, vec![counted(&[], 2.5e9)])],
            "# TYPE sent_bytes counter\n# UNIT sent_bytes bytes\nsent_bytes_total 2.5e+09\n",
        ),
        (
            "a counter whose name another family has",
            vec![
                family("requests", "", GAUGE, vec![measured(&[], 1.0)]),
                family("requests_total", "", COUNTER, vec![counted(&[], 2.0)]),
            ],
            "# TYPE requests gauge\nrequests 1.0\n# TYPE requests_total unknown\nrequests_total 2.0\n",
        ),
        (
            "a gauge, and what has to be escaped",
            vec![family(
                "level",
                "a \"b\"\\\nc",
                GAUGE,
                vec![measured(&[("a", "x\\y\n\"z\"é")], -0.5)],
            )],
            "# TYPE level gauge\n# HELP level a \\\"b\\\"\\\\\\nc\nlevel{a=\"x\\\\y\\n\\\"z\\\"é\"} -0.5\n",
        ),
        (
            "numbers",
            vec![family(
                "g_ratio",
                "",
                GAUGE,
                [
                    0.0,
                    -0.0,
                    1e-4,
                    1.5e-5,
                    999_999.0,
                    1e6,
                    123_456_789.0,
                    f64::NAN,
                    f64::INFINITY,
                    f64::NEG_INFINITY,
                ]
                .map(|value| measured(&[], value))
                .into(),
            )],
            "# TYPE g_ratio gauge\n# UNIT g_ratio ratio\ng_ratio 0.0\ng_ratio -0.0\ng_ratio 0.0001\ng_ratio 1.5e-05\n\
             g_ratio 999999.0\ng_ratio 1e+06\ng_ratio 1.23456789e+08\ng_ratio NaN\ng_ratio +Inf\ng_ratio -Inf\n",
        ),
        (
            "a histogram",
            vec![family(
                "time_seconds",
                "Time.",
                HISTOGRAM,
                vec![distributed(&[(0.005, 1), (1.0, 2), (10.0, 3)], 4, 20.25)],
            )],
            "# TYPE time_seconds histogram\n# UNIT time_seconds seconds\n# HELP time_seconds Time.\n\
             time_seconds_bucket{on=\"true\",le=\"0.005\"} 1\ntime_seconds_bucket{on=\"true\",le=\"1.0\"} 2\n\
             time_seconds_bucket{on=\"true\",le=\"10.0\"} 3\ntime_seconds_bucket{on=\"true\",le=\"+Inf\"} 4\n\
             time_seconds_count{on=\"true\"} 4\ntime_seconds_sum{on=\"true\"} 20.25\n",
        ),
        (
            "a histogram with negative bounds has no sum, and its last bucket once",
            vec![family(
                "t",
                "",
                HISTOGRAM,
                vec![distributed(&[(-1.0, 1), (f64::INFINITY, 2)], 2, 3.0)],
            )],
            "# TYPE t histogram\nt_bucket{on=\"true\",le=\"-1.0\"} 1\nt_bucket{on=\"true\",le=\"+Inf\"} 2\nt_count{on=\"true\"} 2\n",
        ),
        (
            "the resource",
            vec![family(
                "target_info",
                "Target metadata",
                GAUGE,
                vec![measured(&[("service_name", "shop")], 1.0)],
            )],
            "# TYPE target info\n# HELP target Target metadata\ntarget_info{service_name=\"shop\"} 1.0\n",
        ),
    ] {
        assert_eq!(
            page(Format::OpenMetrics, families),
            format!("{expected}# EOF\n"),
            "{what}"
        );
    }
}

/// One attribute `1st` used to make the whole page unreadable for Prometheus.
#[test]
fn invalid_labels_are_renamed() {
    for (labels, expected) in [
        (&[("a", "1"), ("b", "2")][..], "{a=\"1\",b=\"2\"}"),
        (&[("1st", "x")], "{_1st=\"x\"}"),
        (&[("a:b", "x")], "{a_b=\"x\"}"),
        (&[("", "x")], "{_=\"x\"}"),
        (&[("ünï", "x")], "{_n_=\"x\"}"),
        (
            &[("job", "attribute"), ("z", "1"), ("job", "service")],
            "{job=\"service\",z=\"1\"}",
        ),
    ] {
        let families = || vec![family("g", "", MetricType::GAUGE, vec![measured(labels, 1.0)])];
        let text = page(Format::Text, families());
        assert_eq!(text, format!("# TYPE g gauge\ng{expected} 1\n"), "{labels:?}");
        let text = page(Format::OpenMetrics, families());
        assert_eq!(
            text,
            format!("# TYPE g gauge\ng{expected} 1.0\n# EOF\n"),
            "{labels:?}"
        );
    }
}

#[test]
fn family_of_two_services_appears_once() {
    let family_of = |kind, metric| family("n", "", kind, vec![metric]);
    let families = vec![
        family_of(MetricType::GAUGE, measured(&[("job", "a")], 1.0)),
        family_of(MetricType::GAUGE, measured(&[("job", "b")], 2.0)),
        family_of(MetricType::COUNTER, counted(&[("job", "c")], 3.0)),
    ];
    let expected = "# TYPE n gauge\nn{job=\"a\"} 1\nn{job=\"b\"} 2\n";
    assert_eq!(
        page(Format::Text, families),
        expected,
        "of two kinds the first stays"
    );
}

#[test]
fn a_compressed_page_is_the_same_page() {
    let families = vec![family("n", "", MetricType::GAUGE, vec![measured(&[], 1.0)])];
    let page = MetricsPage::new(families.into_iter());
    for format in Format::ALL {
        let gzip = page.body(format, Encoding::Gzip).expect("encoded");
        let mut text = Vec::new();
        GzDecoder::new(&*gzip).read_to_end(&mut text).expect("gzip");
        let plain = page.body(format, Encoding::Identity).expect("encoded");
        assert_eq!(text, plain, "{format:?}");
    }
}
