//! Under which names models are found.

use super::*;

#[test]
fn names() {
    for (provider, model, listed, expected) in [
        ("openai", "gpt-4o", "gpt-4o", true),
        ("openai", "GPT-4o", "gpt-4o", true),
        ("openai", "gpt-4o-2024-08-06", "gpt-4o", true),
        ("openai", "gpt-4-0613", "gpt-4", true),
        ("openai", "chatgpt-4o-latest", "chatgpt-4o", true),
        (
            "gcp.gemini",
            "models/gemini-2.0-flash-001",
            "gemini-2.0-flash",
            true,
        ),
        (
            "gcp.gemini",
            "gemini-2.5-pro-preview-05-06",
            "gemini-2.5-pro-preview",
            true,
        ),
        ("cohere", "command-r-08-2024", "command-r", true),
        ("openai", "gpt-4o-mini", "gpt-4o", false),
        ("openai", "gpt-4o-mini-2024-07-18", "gpt-4o", false),
        ("openai", "gpt-4.1", "gpt-4", false),
        ("openai", "gpt-4-32k", "gpt-4", false),
        ("openai", "gpt-5.2-pro", "gpt-5.2", false),
        ("anthropic", "claude-opus-4-5", "claude-opus-4", false),
        (
            "openai",
            "ft:gpt-4o-2024-08-06:org:name:id",
            "ft:gpt-4o-2024-08-06",
            true,
        ),
        ("openai", "ft:gpt-4o-2024-08-06:org:name:id", "ft:gpt-4o", true),
        ("openai", "ft:gpt-4o-2024-08-06:org:name:id", "gpt-4o", false),
        // Gateways.
        ("openrouter", "openai/gpt-5.2", "gpt-5.2", true),
        ("openrouter", "openai/gpt-5.2", "openai/gpt-5.2", true),
        ("openrouter", "openai/gpt-5.2", "openrouter/openai/gpt-5.2", true),
        (
            "openrouter",
            "anthropic/claude-sonnet-4.5",
            "claude-sonnet-4-5",
            true,
        ),
        (
            "openrouter",
            "deepseek/deepseek-r1:nitro",
            "deepseek/deepseek-r1",
            true,
        ),
        (
            "openrouter",
            "deepseek/deepseek-r1:free",
            "deepseek/deepseek-r1",
            false,
        ),
        ("groq", "llama-3.1-8b-instant", "groq/llama-3.1-8b-instant", true),
        ("x_ai", "grok-4-0709", "xai/grok-4", true),
        ("groq", "gpt-5.2", "openai/gpt-5.2", false),
        (
            "gcp.vertex_ai",
            "claude-sonnet-4-5@20250929",
            "claude-sonnet-4-5",
            true,
        ),
        (
            "gcp.vertex_ai",
            "publishers/anthropic/models/claude-sonnet-4-5@20250929",
            "vertex_ai/claude-sonnet-4-5@20250929",
            true,
        ),
        // Bedrock.
        (
            "aws.bedrock",
            "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "claude-sonnet-4-5",
            true,
        ),
        (
            "aws.bedrock",
            "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            true,
        ),
        (
            "aws.bedrock",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1",
            "claude-opus-4-6",
            true,
        ),
        (
            "aws.bedrock",
            "us-gov.amazon.nova-lite-v1:0:24k",
            "amazon.nova-lite-v1:0",
            true,
        ),
        (
            "aws.bedrock",
            "anthropic.claude-3-haiku-20240307-v1:0:48k",
            "claude-3-haiku",
            true,
        ),
        ("deepseek", "deepseek-v3", "deepseek", false),
        ("ollama", "llama3.1:405b", "llama3.1", false),
        ("ollama", "llama3.1:latest", "llama3.1", true),
    ] {
        let is_listed = |name: &str| (canonical(name) == canonical(listed)).then_some(());
        let found = find(provider, model, is_listed).is_some();
        assert_eq!(found, expected, "{model} of {provider} by {listed}");
    }
}

#[test]
fn the_provider_goes_before_the_rest_and_longer_names_before_shorter_ones() {
    let tried = std::cell::RefCell::new(Vec::new());
    let found = find("azure.ai.openai", "a/gpt-5.2-2025-12-11", |name: &str| {
        tried.borrow_mut().push(name.to_owned());
        None::<()>
    });
    assert_eq!(found, None, "nothing is listed");
    let expected = [
        "azure/a/gpt-5.2-2025-12-11",
        "azure/a/gpt-5.2",
        "azure/gpt-5.2-2025-12-11",
        "azure/gpt-5.2",
        "a/gpt-5.2-2025-12-11",
        "a/gpt-5.2",
        "gpt-5.2-2025-12-11",
        "gpt-5.2",
    ];
    assert_eq!(tried.into_inner(), expected, "what is looked up");
}

#[test]
fn a_hostile_name_is_looked_up_a_few_times_only() {
    for name in [
        "/".repeat(1024),
        "-2024".repeat(200),
        "a.".repeat(500),
        ":0".repeat(500),
        "@".repeat(1024),
    ] {
        let tries = std::cell::Cell::new(0);
        let found = find("openai", &name, |_: &str| {
            tries.set(tries.get() + 1);
            None::<()>
        });
        assert_eq!(found, None, "nothing is listed");
        assert!(tries.get() <= 200, "{} look-ups of {name}", tries.get());
    }
}
