//! What files are accepted, and what errors say.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn error(yaml: &str) -> String {
    match Config::from_yaml(yaml) {
        Ok(config) => panic!("accepted: {yaml}\n{config}"),
        Err(error) => error.to_string(),
    }
}

/// A provider with a key, so that a table needs one line for each case.
const P: &str = "providers: [{ name: p, api: openai, base_url: 'http://p', key: $K }]\n";

#[test]
fn errors_name_the_place_and_what_is_accepted() {
    for (yaml, expected) in [
        ("listeners: []", "listeners: expected at least one listener"),
        (
            "listeners: [{ address: localhost }]",
            "listeners[0].address: expected an IP address and a port",
        ),
        (
            "listeners: [{ tracing: { random_sampling: 101 } }]",
            "line 1: listeners[0].tracing.random_sampling: expected a percentage from 0 to 100, not 101",
        ),
        (
            "listeners: [{ tracing: { random_samplin: 1 } }]",
            "listeners[0].tracing.random_samplin: is not a key here; expected random_sampling",
        ),
        (
            "listeners: [{ max_header_bytes: 1 }]",
            "listeners[0].max_header_bytes: expected a whole number from 8192 to 1048576, not 1",
        ),
        (
            "listeners: [{ max_requests: 0 }]",
            "listeners[0].max_requests: expected a whole number from 1 to 1000000, not 0",
        ),
        (
            "listeners: [{ timeouts: { header: 2 weeks } }]",
            "listeners[0].timeouts.header: expected a duration from 1ms to 30 days",
        ),
        (
            "listeners: [{}, { timeouts: { connect: 1s } }]",
            "listeners[1].timeouts.connect: listeners share the connections to a provider; expected providers[].connect_timeout",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: 'http://p', connect_timeout: -1 }]",
            "providers[0].connect_timeout: expected a duration from 1ms to 30 days",
        ),
        // A timeout of 0 used to be accepted, and nothing could be done within it.
        (
            "providers: [{ name: p, api: openai, base_url: 'http://p', connect_timeout: 0s }]",
            "providers[0].connect_timeout: expected a duration from 1ms to 30 days",
        ),
        (
            "listeners: [{ timeouts: { first_byte: 0 } }]",
            "listeners[0].timeouts.first_byte: expected a duration from 1ms to 30 days",
        ),
        (
            "store: { timeout: 0s }",
            "store.timeout: expected a duration from 1ms to 30 days",
        ),
        (
            "shutdown_timeout: 31 days",
            "shutdown_timeout: expected a duration from 0 to 30 days",
        ),
        (
            "listeners: [{ address: '127.0.0.1:1' }, { address: '127.0.0.1:1' }]",
            "listeners[1].address: 127.0.0.1:1 has a listener already",
        ),
        ("providers: []", "providers: expected at least one provider"),
        (
            "providers: [{ name: p, api: cohere, base_url: 'http://p' }]",
            "providers[0].api: expected openai, openai-compatible, anthropic, gemini or google",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: 'http://u:sk-secret@p' }]",
            "providers[0].base_url: the URL has a user name or password",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: 'http://p', key: sk-secret }]",
            "providers[0].key: a secret does not stand in the configuration; write $NAME",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: 'http://p', key: [sk-secret] }]",
            "providers[0].key: expected a secret as $NAME, { env: NAME } or { file: PATH }, not a list",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: 'http://p', headers: { Host: x } }]",
            "providers[0].headers.Host: expected the name of a header other than host",
        ),
        (
            &format!("{P}models: [{{ name: m }}]"),
            "models[0].provider: expected provider or targets",
        ),
        // These used to be accepted and ignored.
        (
            &format!("{P}models: [{{ name: m, model: x, targets: [{{ provider: p }}] }}]"),
            "models[0]: expected either provider and model, or targets",
        ),
        (
            &format!("{P}models: [{{ name: m, provider: p, fallbacks: [{{ provider: p, weight: 2 }}] }}]"),
            "models[0].fallbacks[0]: expected the name of a provider, or { provider: NAME, model: NAME }",
        ),
        (
            &format!("{P}models: [{{ name: m, model: x }}]"),
            "models[0]: model is the provider's name of the model; expected provider too",
        ),
        (
            &format!("{P}models: [{{ name: m, provider: q }}]"),
            "models[0].targets[0].provider: no provider is named q; expected one of p",
        ),
        (
            &format!("{P}models: [{{ name: '*m', provider: p }}]"),
            "models[0].name: expected the name of a model",
        ),
        (
            &format!("{P}models: [{{ name: m, provider: p, model: '*' }}]"),
            "models[0].targets[0].model: * stands for",
        ),
        (
            &format!("{P}models: [{{ name: m, provider: p }}, {{ name: n, aliases: [m], provider: p }}]"),
            "models[1].name: another model is named m",
        ),
        (
            &format!("{P}models: [{{ name: m, targets: [{{ provider: p, weight: 0 }}] }}]"),
            "expected at least one weight above 0",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: 'http://p' }, { name: q, api: openai, base_url: 'http://q', key: $K }]\n\
             models: [{ name: m, provider: p, fallbacks: [q] }]",
            "models[0].targets: provider p has no key; with several providers, the caller's key could reach the wrong one",
        ),
        (
            "providers: [{ name: p, api: openai, base_url: 'http://p', key: $K }, { name: q, api: anthropic, base_url: 'http://q', key: $K }]\n\
             models: [{ name: m, provider: p, fallbacks: [q] }]",
            "models[0].fallbacks[0].provider: all providers of a model must have the same api",
        ),
        (
            "retries: { attempts: 0 }",
            "retries.attempts: expected a whole number from 1 to 10, not 0",
        ),
        (
            "callers: [{ name: c, key: $K }]",
            "providers[0].key: callers send keys of the gateway",
        ),
        (
            "budgets: [{ name: b, per: week }]",
            "budgets[0].per: expected minute, hour or day",
        ),
        (
            "budgets: [{ name: b, per: day }]",
            "budgets[0].tokens: expected at least one of tokens, cost and requests",
        ),
        (
            "budgets: [{ name: b, per: day, tokens: 0 }]",
            "budgets[0].tokens: expected a whole number from 1 to 1000000000000, not 0",
        ),
        (
            "budgets: [{ name: b, per: day, cost: 1 }]",
            "budgets[0].cost: a budget of cost needs llm.prices",
        ),
        (
            "budgets: [{ name: b, per: day, tokens: 1, by: caller }]",
            "budgets[0].by: a budget by caller needs callers",
        ),
        (
            "budgets: [{ name: b, per: day, tokens: 1, by: { header: 'a b' } }]",
            "budgets[0].by.header: expected the name of a header",
        ),
        ("a: [", "is no YAML: "),
        ("- x", "expected a table of settings"),
        ("access_log: file", "access_log: expected off, stdout or stderr"),
    ] {
        let error = error(yaml);
        assert!(error.contains(expected), "{yaml}\n{error}");
        assert!(!error.contains("sk-secret"), "{yaml}\n{error}");
    }
}

/// Messages used to name Rust's types: `invalid value: integer -5, expected u64`.
#[test]
fn errors_of_types_are_in_plain_words() {
    const PROVIDER: &str =
        "expected a map with the keys name, api, base_url, key, headers, default, tls and connect_timeout";
    const TOKENS: &str = "budgets[0].tokens: expected a whole number from 1 to 1000000000000";
    const DURATION: &str =
        "expected a duration from 0 to 30 days, such as 500ms, 30s, 5m, 1h or a number of seconds";
    const TIMEOUT: &str =
        "expected a duration from 1ms to 30 days, such as 500ms, 30s, 5m, 1h or a number of seconds";
    const SECRET: &str =
        "a secret does not stand in the configuration; write $NAME, { env: NAME } or { file: PATH }";
    const SOURCE: &str = "expected a secret as $NAME, { env: NAME } or { file: PATH }";
    let budget = |rest: &str| format!("budgets: [{{ name: b, per: day, {rest} }}]");
    let provider =
        |rest: &str| format!("providers: [{{ name: p, api: openai, base_url: 'http://p', {rest} }}]");
    for (yaml, expected) in [
        // Whole numbers.
        (budget("tokens: -5"), format!("{TOKENS}, not -5")),
        (budget("tokens: 1.5"), format!("{TOKENS}, not 1.5")),
        (
            budget("tokens: 18446744073709551615"),
            format!("{TOKENS}, not 18446744073709551615"),
        ),
        (budget("tokens: 1e30"), format!("{TOKENS}, not 1000000000000000000000000000000")),
        (budget("tokens: many"), format!("{TOKENS}, not a text")),
        (budget("tokens: '5'"), format!("{TOKENS}, not a text")),
        (budget("tokens: true"), format!("{TOKENS}, not true")),
        (budget("tokens: [5]"), format!("{TOKENS}, not a list")),
        (budget("tokens: { per: 5 }"), format!("{TOKENS}, not a map")),
        (
            "circuit: { failures: -1 }".to_owned(),
            "circuit.failures: expected a whole number from 0 to 1000000, not -1".to_owned(),
        ),
        (
            "circuit: { failures: }".to_owned(),
            "circuit.failures: expected a whole number from 0 to 1000000, not an empty value".to_owned(),
        ),
        (
            "listeners: [{ max_body_bytes: 64 MiB }]".to_owned(),
            "listeners[0].max_body_bytes: expected a whole number from 1 to 1099511627776, not a text".to_owned(),
        ),
        // Other numbers.
        (
            budget("cost: -0.5"),
            "budgets[0].cost: expected a cost above 0, up to 1000000, not -0.5".to_owned(),
        ),
        (
            budget("cost: $50"),
            "budgets[0].cost: expected a cost above 0, up to 1000000, not a text".to_owned(),
        ),
        (
            "listeners: [{ tracing: { random_sampling: 10% } }]".to_owned(),
            "listeners[0].tracing.random_sampling: expected a percentage from 0 to 100, not a text".to_owned(),
        ),
        // Durations.
        (
            "shutdown_timeout: -1".to_owned(),
            format!("shutdown_timeout: {DURATION}"),
        ),
        (
            "retries: { backoff: 1 fortnight }".to_owned(),
            format!("retries.backoff: {DURATION}"),
        ),
        (
            "retries: { backoff: [1s] }".to_owned(),
            format!("retries.backoff: {DURATION}, not a list"),
        ),
        (
            "store: { timeout: true }".to_owned(),
            format!("store.timeout: {TIMEOUT}"),
        ),
        // Texts.
        (provider("base_url: 5").replace("base_url: 'http://p', ", ""), "providers[0].base_url: expected a text, not a number".to_owned()),
        (
            "listeners: [{ address: 12000 }]".to_owned(),
            "listeners[0].address: expected a text, not a number".to_owned(),
        ),
        (
            "llm: { prices: [a] }".to_owned(),
            "llm.prices: expected a text, not a list".to_owned(),
        ),
        (
            provider("headers: { x-team: 5 }"),
            "providers[0].headers.x-team: expected a text, not a number".to_owned(),
        ),
        // Booleans.
        (
            "llm: { drain: yes please }".to_owned(),
            "llm.drain: expected true or false, not a text".to_owned(),
        ),
        (
            provider("default: 1"),
            "providers[0].default: expected true or false, not a number".to_owned(),
        ),
        // Lists.
        (
            "llm: { redact: sk-secret }".to_owned(),
            "llm.redact: expected a list, not a text".to_owned(),
        ),
        (
            "budgets: { name: b }".to_owned(),
            "budgets: expected a list, not a map".to_owned(),
        ),
        (
            format!("{P}models: [{{ name: m, provider: p, aliases: n }}]"),
            "models[0].aliases: expected a list, not a text".to_owned(),
        ),
        // Maps.
        (
            "retries: 3".to_owned(),
            "retries: expected a map with the keys attempts, backoff and max_backoff, not a number".to_owned(),
        ),
        // Used to be read as values in the order of the keys.
        (
            "retries: [3]".to_owned(),
            "retries: expected a map with the keys attempts, backoff and max_backoff, not a list".to_owned(),
        ),
        (
            "listeners: [{ tracing: 50 }]".to_owned(),
            "listeners[0].tracing: expected a map with the key random_sampling, not a number".to_owned(),
        ),
        ("providers: [openai]".to_owned(), format!("providers[0]: {PROVIDER}, not a text")),
        (
            provider("headers: [x-team]"),
            "providers[0].headers: expected a map, not a list".to_owned(),
        ),
        (
            "telemetry: on".to_owned(),
            "telemetry: expected a map, not a text".to_owned(),
        ),
        // One of several.
        (
            "access_log: true".to_owned(),
            "access_log: expected off, stdout or stderr, not true".to_owned(),
        ),
        (
            "llm: { content: { span: true } }".to_owned(),
            "llm.content: expected none or span, not a map".to_owned(),
        ),
        (
            "store: { on_outage: deny }".to_owned(),
            "store.on_outage: expected allow or refuse".to_owned(),
        ),
        (
            budget("by: team"),
            "budgets[0].by: expected all, key, caller, model or { header: NAME }".to_owned(),
        ),
        (
            budget("by: header"),
            "budgets[0].by: expected all, key, caller, model or { header: NAME }".to_owned(),
        ),
        (
            budget("by: { team: x }"),
            "budgets[0].by: expected all, key, caller, model or { header: NAME }".to_owned(),
        ),
        (
            budget("by: [key]"),
            "budgets[0].by: expected all, key, caller, model or { header: NAME }, not a list".to_owned(),
        ),
        // Secrets.
        (provider("key: 12345"), format!("providers[0].key: {SOURCE}, not a number")),
        (provider("key: sk-secret"), format!("providers[0].key: {SECRET}")),
        (provider("key: { text: sk-secret }"), format!("providers[0].key: {SECRET}")),
        (
            "store: { redis: 6379 }".to_owned(),
            "store.redis: expected a URL such as redis://127.0.0.1:6379, $NAME, { env: NAME } or { file: PATH }".to_owned(),
        ),
        // Keys.
        (
            "providers: [{ api: openai, base_url: 'http://p' }]".to_owned(),
            "providers[0]: the key name is missing".to_owned(),
        ),
        (
            "limits: 5".to_owned(),
            "limits: is not a key here; expected listeners, providers, models, callers, retries, circuit, budgets, \
             store, llm, access_log, shutdown_timeout or telemetry"
                .to_owned(),
        ),
        (
            "retries: { attempts: 1 }\nretries: { attempts: 2 }".to_owned(),
            "is no YAML: the key retries is there twice".to_owned(),
        ),
    ] {
        let error = error(&yaml);
        let (line, message) = error.split_once(": ").expect("a line");
        assert!(line.starts_with("line "), "{yaml}\n{error}");
        assert_eq!(message.split(" at line").next(), Some(&*expected), "{yaml}");
    }
}

/// Only errors of syntax used to have a line, and a place far down in a file is hard to find.
#[test]
fn errors_name_the_file_and_the_line() {
    let folder = std::env::temp_dir().join(format!("throughline-gateway-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let yaml = "# A comment.\nlisteners:\n  - address: 127.0.0.1:1\n  - address: 127.0.0.1:2\n    max_requests: 1\n    \
                tracing:\n      random_sampling: 101\nbudgets:\n  - { name: b,\n      per: day,\n      tokens: -5 }\n";
    let fixed = yaml.replace("101", "100");
    let unnamed = fixed
        .replace("tokens: -5", "tokens: 5, models: 5")
        .replace("per: day,", "");
    let known = fixed.replace("tokens: -5", "tokens: 5");
    let headers =
        "providers:\n- name: p\n  api: openai\n  base_url: http://p\n  headers:\n    x.y: a\n    host: a\n";
    let arch = "version: v0.1\nllm_providers:\n  - model: openai/x\n  - access_key: $K\n    model: x\n";
    let toml = "access_log = 'off'\n\n[retries]\nattempts = 0\n\n[[budgets]]\nname = 'b'\nper = 'day'\n";
    let json = "{\n  \"retries\": {\n    \"backoff\": 1,\n    \"attempts\": 0\n  }\n}";
    for (name, text, expected) in [
        (
            "a.yaml",
            &*yaml.replace("-5", "5"),
            "7: listeners[1].tracing.random_sampling: expected a percentage",
        ),
        ("b.yaml", &fixed, "11: budgets[0].tokens: expected a whole number"),
        ("c.yaml", &unnamed, "11: budgets[0].models: expected a list"),
        (
            "d.yaml",
            &known.replace("per: day,", ""),
            "9: budgets[0]: the key per is missing",
        ),
        (
            "e.yaml",
            &known.replace(":2", ":1"),
            "4: listeners[1].address: 127.0.0.1:1 has a listener",
        ),
        (
            "f.yaml",
            headers,
            "7: providers[0].headers.host: expected the name of a header",
        ),
        (
            "g.yaml",
            &headers.replace("host: a", "x-y: []"),
            "7: providers[0].headers.x-y: expected a text",
        ),
        (
            "h.yaml",
            &headers.replace("x.y: a", "x.y: []"),
            "6: providers[0].headers.x.y: expected a text",
        ),
        (
            "i.yaml",
            arch,
            "5: llm_providers[1].model: expected PROVIDER/MODEL",
        ),
        (
            "j.yaml",
            "retries:\n  attempts: 1\n\nretries:\n  attempts: 2\n",
            "4: is no YAML: the key retries is there twice",
        ),
        ("k.yaml", "retries:\n\tattempts: 1", "2: is no YAML: "),
        (
            "a.toml",
            toml,
            "4: retries.attempts: expected a whole number from 1 to 10",
        ),
        (
            "b.toml",
            &toml.replace("= 0", "= 1"),
            "6: budgets[0].tokens: expected at least one of",
        ),
        ("c.toml", "a = 1\nb = ", "2: is no TOML: "),
        (
            "a.json",
            json,
            "4: retries.attempts: expected a whole number from 1 to 10",
        ),
        ("b.json", "{\n \"a\": 1,\n}", "3: is no JSON: "),
        (
            "c.json",
            "{\n \"a\": 1,\n \"a\": 1\n}",
            "3: is no JSON: the key a is there twice",
        ),
    ] {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        let error = Config::from_file(&path).expect_err(text).to_string();
        let expected = format!("{}:{expected}", path.display());
        assert!(
            error.starts_with(&expected),
            "expected {expected}\ngot {error}\nfor\n{text}"
        );
    }
    std::fs::remove_dir_all(&folder).expect("the folder");
}

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

/// The gateway's own models used to replace those of the listed providers.
#[test]
fn own_models_are_added_to_those_of_arch() {
    let yaml = "
        version: v0.4.0
        model_providers: [{ name: a, model: openai/gpt-4o, access_key: $K }]
        model_aliases: { fast: { target: gpt-4o } }
        models: [{ name: m, provider: a }]
    ";
    let config = Config::from_yaml(yaml).expect("a file of Plano");
    let models: Vec<_> = config.models.iter().map(|model| &*model.name).collect();
    assert_eq!(models, ["openai/gpt-4o", "gpt-4o", "m"], "those of both");
    assert_eq!(config.models[1].aliases, ["fast"], "with the alias");
}

#[test]
fn formats_are_equivalent() {
    let yaml =
        Config::from_yaml("access_log: stdout\nretries: { attempts: 2, backoff: 100ms }\n").expect("YAML");
    let toml = Config::from_toml("access_log = \"stdout\"\n[retries]\nattempts = 2\nbackoff = \"100ms\"")
        .expect("TOML");
    let json = Config::from_json(r#"{"access_log": "stdout", "retries": {"attempts": 2, "backoff": 0.1}}"#)
        .expect("JSON");
    assert_eq!(yaml.to_string(), toml.to_string(), "TOML");
    assert_eq!(yaml.to_string(), json.to_string(), "JSON");
    assert!(
        yaml.to_string()
            .contains("retries    2 attempts at a provider, 100ms to 8s apart"),
        "{yaml}"
    );
    let empty = Config::from_yaml("# nothing\n").expect("an empty file");
    assert_eq!(
        empty.to_string(),
        Config::default().to_string(),
        "an empty file has the defaults"
    );
}

#[test]
fn archs_files_are_accepted() {
    let legacy = "
        version: v0.1
        listeners:
          egress_traffic: { address: 0.0.0.0, port: 12000, message_format: openai, timeout: 30s }
        llm_providers:
          - { access_key: $OPENAI_API_KEY, model: openai/gpt-4o, default: true }
          - { name: claude, access_key: $ANTHROPIC_API_KEY, model: anthropic/claude-sonnet-4 }
        tracing: { random_sampling: 100 }
    ";
    let config = Config::from_yaml(legacy).expect("a file of Arch");
    let expected = "listener   http://0.0.0.0:12000, 100 % of traces without a parent sampled\n\
                    provider   openai/gpt-4o: openai at https://api.openai.com/v1, key from $OPENAI_API_KEY\n\
                    provider   claude: anthropic at https://api.anthropic.com, key from $ANTHROPIC_API_KEY\n\
                    model      openai/gpt-4o: openai/gpt-4o as gpt-4o\n\
                    model      gpt-4o: openai/gpt-4o\n\
                    model      anthropic/claude-sonnet-4: claude as claude-sonnet-4\n\
                    model      claude-sonnet-4: claude\n\
                    retries    none\n\
                    circuit    none\n";
    assert_eq!(config.to_string(), expected, "the old form");

    let current = "
        version: v0.4.0
        listeners:
          - { type: model, name: m, port: 12001, tracing: { random_sampling: 25 } }
        model_providers:
          - { model: openai/*, access_key: $K }
          - { model: my/llama, base_url: 'http://127.0.0.1:8000/v1', provider_interface: openai }
        model_aliases: { fast: { target: my/llama } }
        budgets: [{ name: b, tokens: 5, per: day }]
    ";
    let config = Config::from_yaml(current).expect("a file of Plano");
    let expected = "listener   http://127.0.0.1:12001, 25 % of traces without a parent sampled\n\
                    provider   openai/*: openai at https://api.openai.com/v1, key from $K\n\
                    provider   my/llama: openai at http://127.0.0.1:8000/v1, key of the caller\n\
                    model      openai/*: openai/* as *\n\
                    model      my/llama, fast: my/llama as llama\n\
                    model      llama: my/llama\n\
                    retries    none\n\
                    circuit    none\n\
                    budget     b by all: 5 tokens a day\n\
                    store      in this process\n";
    assert_eq!(config.to_string(), expected, "the new form");
}

#[test]
fn parts_of_arch_without_a_counterpart_are_errors_that_say_what_to_write() {
    const M: &str = "version: v0.1\nllm_providers: [{ model: openai/gpt-4o, access_key: $K }]\n";
    for (yaml, expected) in [
        (
            "ratelimits: []",
            "ratelimits: write budgets, such as: budgets: [{ name: per-team",
        ),
        (
            "prompt_targets: []",
            "prompt_targets: the gateway calls no functions",
        ),
        (
            "tracing: { opentracing_grpc_endpoint: 'http://c:4317' }",
            "tracing.opentracing_grpc_endpoint: write telemetry:",
        ),
        (
            "listeners: { ingress_traffic: {} }",
            "listeners.ingress_traffic: the gateway serves egress_traffic",
        ),
        (
            "listeners: [{ type: agent }]",
            "listeners[0].type: the gateway serves listeners of type model",
        ),
        (
            "listeners: [{ max_retries: 2 }]",
            "listeners[0].max_retries: write retries: { attempts: N }",
        ),
        (
            "listeners: [{ port: 70000 }]",
            "listeners[0].port: expected a port from 0 to 65535",
        ),
        (
            "model_providers: [{ model: gpt-4o }]",
            "model_providers[0].model: expected PROVIDER/MODEL",
        ),
        (
            "model_providers: [{ model: acme/x }]",
            "model_providers[0].model: expected a provider of openai, anthropic",
        ),
        (
            "model_providers: [{ model: openai/x, access_key: sk-secret }]",
            "a secret does not stand in the configuration",
        ),
        (
            "model_aliases: { a: { target: x } }",
            "model_aliases.a.target: no provider has the model x",
        ),
        ("foo: 1", "foo: is not a key of Arch"),
    ] {
        let error = error(&format!("{M}{yaml}"));
        assert!(error.contains(expected), "{yaml}\n{error}");
        assert!(!error.contains("sk-secret"), "{yaml}\n{error}");
    }
}

/// Values of any shape, with the keys that a configuration has.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(KEYS), inner, 0..6).prop_map(|map| map
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

const TEXTS: &[&str] = &[
    "",
    "*",
    "a/*",
    "$K",
    "openai",
    "http://h",
    "127.0.0.1:0",
    "30s",
    "-1s",
    "nan",
    "day",
    "m",
    "p",
    "openai/x",
    "\u{0}é",
];
const KEYS: &[&str] = &[
    "version",
    "listeners",
    "providers",
    "models",
    "llm_providers",
    "model_providers",
    "model_aliases",
    "tracing",
    "name",
    "api",
    "base_url",
    "key",
    "env",
    "file",
    "address",
    "port",
    "random_sampling",
    "timeouts",
    "header",
    "idle",
    "provider",
    "model",
    "targets",
    "fallbacks",
    "aliases",
    "weight",
    "target",
    "egress_traffic",
    "budgets",
    "by",
    "per",
    "tokens",
    "cost",
    "store",
    "redis",
    "retries",
    "attempts",
    "llm",
    "telemetry",
    "access_key",
    "callers",
    "circuit",
    "type",
];

proptest! {
    /// Whatever a file has, it is accepted or refused with a place, and nothing panics.
    #[test]
    fn any_value_is_accepted_or_refused(value in value()) {
        match Config::from_value(value) {
            Ok(config) => prop_assert!(config.listen_addresses().count() > 0, "at least one listener"),
            Err(error) => prop_assert!(!error.to_string().is_empty(), "a reason"),
        }
    }

    /// An accepted configuration can be printed, and can be routed by.
    #[test]
    fn models_of_any_form_are_routed_or_refused(
        names in prop::collection::vec("[a-c*/]{0,3}", 1..4),
        alias in "[a-c]{0,2}",
        weight in 0_u32..3,
        model in "[a-c]{1,3}",
    ) {
        let models: Vec<Value> = names
            .iter()
            .map(|name| json!({"name": name, "aliases": [format!("{alias}{name}")], "targets": [{"provider": "p", "weight": weight}]}))
            .collect();
        let file = json!({
            "providers": [{"name": "p", "api": "openai", "base_url": "http://p"}],
            "models": models,
        });
        if let Ok(config) = Config::from_value(file) {
            prop_assert!(config.to_string().contains("model "), "{config}");
            let routes = crate::routing::Routes::new(&config, &Environment::process()).expect("no key to read");
            let found = routes.find(crate::api::Api::OpenAi, crate::routing::RequestedModel::Named(&model));
            let is_named = names.iter().any(|name| match name.strip_suffix('*') {
                Some(prefix) => model.starts_with(prefix),
                None => *name == model || format!("{alias}{name}") == model,
            });
            prop_assert_eq!(found.is_ok(), is_named, "{:?} {} {}", names, alias, model);
        }
    }
}
