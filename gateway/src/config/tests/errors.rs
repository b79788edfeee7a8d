//! Errors name the file, the line, the key and what is accepted.

use super::*;

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
        ("a: [", "is not valid YAML: "),
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
        (
            budget("tokens: 99999999999999999999999"),
            format!("{TOKENS}, not 100000000000000000000000"),
        ),
        (
            budget("tokens: -99999999999999999999999"),
            format!("{TOKENS}, not -100000000000000000000000"),
        ),
        (
            budget("tokens: !sk-secret [5]"),
            "is not valid YAML: budgets[0].tokens: expected a text, a number, true, false, a list or a map".to_owned(),
        ),
        ("? [sk-secret]\n: 5".to_owned(), "is not valid YAML: expected a text as a key".to_owned()),
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
            "is not valid YAML: the key retries is there twice".to_owned(),
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
            "4: is not valid YAML: the key retries is there twice",
        ),
        ("k.yaml", "retries:\n\tattempts: 1", "2: is not valid YAML: "),
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
        ("c.toml", "a = 1\nb = ", "2: is not valid TOML: "),
        (
            "a.json",
            json,
            "4: retries.attempts: expected a whole number from 1 to 10",
        ),
        ("b.json", "{\n \"a\": 1,\n}", "3: is not valid JSON: "),
        (
            "c.json",
            "{\n \"a\": 1,\n \"a\": 1\n}",
            "3: is not valid JSON: the key a is there twice",
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
