//! What is accepted with a warning.

use super::*;

/// Such a gateway used to start without a warning.
#[test]
fn keys_that_everyone_can_use_are_a_warning() {
    let open = "listeners: [{}, { address: 0.0.0.0:1 }]";
    let warning = "listeners[1].address: everyone who reaches 0.0.0.0:1 can use the keys of p; expected callers, or a loopback \
                   address such as 127.0.0.1:12000";
    let header =
        "providers: [{ name: p, api: openai, base_url: 'http://p', headers: { Authorization: $K } }]\n";
    let keyless = "providers: [{ name: p, api: openai, base_url: 'http://p' }]\n";
    for (yaml, expected) in [
        (format!("{P}{open}"), &[warning][..]),
        (format!("{header}{open}"), &[warning]),
        (format!("{keyless}{open}"), &[]),
        (format!("{P}{open}\ncallers: [{{ name: c, key: $C }}]"), &[]),
        (format!("{P}listeners: [{{ address: '[::1]:1' }}]"), &[]),
        (
            format!("{P}listeners: [{{ address: '[::ffff:127.0.0.1]:1' }}]"),
            &[],
        ),
        (open.to_owned(), &[]),
    ] {
        let config = Config::from_yaml(&yaml).expect(&yaml);
        assert_eq!(config.warnings(), expected, "{yaml}");
    }
}

#[test]
fn sections_that_a_reload_does_not_change_are_a_warning() {
    let started_with = Config::from_yaml(P).expect("a configuration");
    for (yaml, section) in [
        ("budgets: [{ name: b, tokens: 5, per: day }]", None),
        ("shutdown_timeout: 30s", None),
        ("shutdown_timeout: 31s", Some("shutdown_timeout")),
        ("access_log: stdout", Some("access_log")),
        ("telemetry: { service_name: x }", Some("telemetry")),
        ("listeners: [{ address: '127.0.0.1:1' }]", Some("listeners")),
        ("listeners: [{ max_requests: 7 }]", Some("listeners")),
    ] {
        let config = Config::from_yaml(&format!("{P}{yaml}")).expect(yaml);
        let expected = section.map(|section| {
            format!("{section}: a reload does not change this section; restart the gateway to apply it")
        });
        assert_eq!(
            config.restart_warnings(&started_with),
            Vec::from_iter(expected),
            "{yaml}"
        );
    }
}
