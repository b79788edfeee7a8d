//! Files of Arch, and the formats of files.

use super::*;

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

/// The provider had a key of its own in the first files of Arch, which were refused.
#[test]
fn provider_of_archs_first_files_is_accepted() {
    for key in ["provider", "provider_interface"] {
        let yaml = format!(
            "version: v0.1\nllm_providers: [{{ name: o, {key}: openai, access_key: $K, model: gpt-4o }}]"
        );
        let config = Config::from_yaml(&yaml).expect("a file of Arch");
        let expected = "provider   o: openai at https://api.openai.com/v1, key from $K\n\
                        model      openai/gpt-4o: o as gpt-4o\n\
                        model      gpt-4o: o\n";
        assert!(config.to_string().contains(expected), "{key}\n{config}");
    }
}

/// Requests used to go to `/v1` of an Azure resource, where nothing is.
#[test]
fn base_url_of_azure_gets_the_path_of_its_api() {
    for (url, expected) in [
        (
            "https://acme.openai.azure.com",
            "https://acme.openai.azure.com/openai/v1",
        ),
        (
            "https://acme.openai.azure.com/",
            "https://acme.openai.azure.com/openai/v1",
        ),
        (
            "https://acme.openai.azure.com/openai/v1",
            "https://acme.openai.azure.com/openai/v1",
        ),
    ] {
        let yaml =
            format!("model_providers: [{{ model: azure_openai/mini, access_key: $K, base_url: '{url}' }}]");
        let config = Config::from_yaml(&yaml).expect("a file of Plano");
        assert_eq!(config.providers[0].base_url, expected, "{url}");
    }
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
            "listeners[0].max_retries: write retries: { attempts: 3 } at the top level",
        ),
        (
            "listeners: [{ router: plano_orchestrator_v1 }]",
            "listeners[0].router: has no counterpart; remove it",
        ),
        (
            "listener: { port: 8080 }",
            "listener: expected listeners, such as: listeners: [{",
        ),
        (
            "system_prompt: Hi",
            "system_prompt: the gateway changes no prompts",
        ),
        ("filters: []", "filters: the gateway calls no filters; remove it"),
        (
            "state_storage: { type: memory }",
            "state_storage: the gateway stores no conversations",
        ),
        (
            "tracing: { trace_arch_internal: true }",
            "tracing.trace_arch_internal: the gateway has no other parts to trace; remove it",
        ),
        (
            "tracing: { sampling_rate: 0.1 }",
            "tracing.sampling_rate: expected random_sampling, a percentage from 0 to 100",
        ),
        (
            "tracing: { exporters: [{ type: posthog, api_key: sk-secret }] }",
            "tracing.exporters: write telemetry:",
        ),
        (
            "model_providers: [{ model: openai/x, routing_preferences: [] }]",
            "model_providers[0].routing_preferences: the gateway does not choose models by the prompt",
        ),
        (
            "model_providers: [{ model: ollama/x }]",
            "model_providers[0].base_url: expected the URL of the server, which ollama does not imply",
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
