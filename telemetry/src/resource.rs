//! The resource of all telemetry: the process, the host, the container, and configured attributes.

use std::fs;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{ResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::config::{TelemetryConfig, pairs};
use crate::semconv;

/// Builds the resource. Later sources win: detected attributes, `OTEL_RESOURCE_ATTRIBUTES` and
/// `OTEL_SERVICE_NAME`, the configuration, and the name of the service, if the process has several.
pub(crate) fn resource(config: &TelemetryConfig, service: Option<&str>) -> Resource {
    let builder = Resource::builder_empty()
        .with_detector(Box::new(ProcessDetector))
        .with_detector(Box::new(TelemetryResourceDetector));
    // Beside a declarative configuration, variables have no effect.
    let builder = match config.sdk.is_declarative {
        true => builder,
        false => builder.with_detector(Box::new(VariableDetector)),
    };
    let others = config.resource_attributes.iter();
    let others = others.map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    let typed = config.sdk.resource_attributes.iter().cloned();
    let version = config
        .service_version
        .iter()
        .map(|version| KeyValue::new(semconv::SERVICE_VERSION, version.clone()));
    let name = service
        .or(config.service_name.as_deref())
        .map(|name| KeyValue::new(semconv::SERVICE_NAME, name.to_owned()));
    let builder = builder.with_attributes(others.chain(typed).chain(version).chain(name));
    match &config.sdk.resource_schema_url {
        Some(url) => builder.with_schema_url([], url.clone()).build(),
        None => builder.build(),
    }
}

/// Reads `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`. The SDK's detector does not percent-decode
/// values, accepts parts of an invalid list, and accepts white space as a name.
#[derive(Debug)]
struct VariableDetector;

impl ResourceDetector for VariableDetector {
    fn detect(&self) -> Resource {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let attributes = pairs(&variable("OTEL_RESOURCE_ATTRIBUTES")).unwrap_or_default();
        let attributes = attributes
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value));
        let name = variable("OTEL_SERVICE_NAME").trim().to_owned();
        let name = (!name.is_empty()).then(|| KeyValue::new(semconv::SERVICE_NAME, name));
        Resource::builder_empty()
            .with_attributes(attributes.chain(name))
            .build()
    }
}

/// Detects the process, the host and the container, as far as they can be read. Arguments and paths are
/// excluded, because they may be private.
#[derive(Debug)]
struct ProcessDetector;

impl ResourceDetector for ProcessDetector {
    fn detect(&self) -> Resource {
        let text = |path| fs::read_to_string(path).ok();
        let program = std::env::current_exe().ok();
        let program = program
            .as_ref()
            .and_then(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned());
        let host = text("/proc/sys/kernel/hostname")
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty());
        let container = text("/proc/self/cgroup").as_deref().and_then(container);
        let container =
            container.or_else(|| text("/proc/self/mountinfo").as_deref().and_then(container_mounts));
        let service = program.as_ref().map_or_else(
            || "unknown_service".to_owned(),
            |name| format!("unknown_service:{name}"),
        );
        let found = [
            Some((semconv::SERVICE_NAME, service)),
            Some((semconv::SERVICE_INSTANCE_ID, instance())),
            program.map(|name| (semconv::PROCESS_EXECUTABLE_NAME, name)),
            host.map(|name| (semconv::HOST_NAME, name)),
            Some((semconv::HOST_ARCH, architecture().to_owned())),
            Some((semconv::OS_TYPE, system().to_owned())),
            container.map(|id| (semconv::CONTAINER_ID, id)),
        ];
        let found = found
            .into_iter()
            .flatten()
            .map(|(key, value)| KeyValue::new(key, value));
        let pid = KeyValue::new(semconv::PROCESS_PID, i64::from(std::process::id()));
        Resource::builder_empty()
            .with_attributes(found.chain([pid]))
            .build()
    }
}

/// Returns a random UUID of this process
/// (<https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/>).
fn instance() -> String {
    let random = u128::from_be_bytes(RandomIdGenerator::default().new_trace_id().to_bytes());
    let version_and_variant =
        (random & !(0xf000_u128 << 64 | 0xc000_u128 << 48)) | 0x4000_u128 << 64 | 0x8000_u128 << 48;
    let digits = format!("{version_and_variant:032x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// Returns the 64 digits at the end of a line of `/proc/self/cgroup`, in a container with cgroup v1.
fn container(cgroup: &str) -> Option<String> {
    let last = |line: &str| {
        line.rsplit(['/', ':', '-'])
            .next()
            .map(|name| name.trim_end_matches(".scope").to_owned())
    };
    cgroup.lines().filter_map(last).find(|name| is_container(name))
}

/// Returns the 64 digits in the path of the host name mount, in a container with cgroup v2.
fn container_mounts(mounts: &str) -> Option<String> {
    let hostname = mounts.lines().find(|line| line.contains("/hostname "))?;
    hostname
        .split('/')
        .find(|name| is_container(name))
        .map(str::to_owned)
}

fn is_container(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        other => other,
    }
}

fn system() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_name_wins_and_the_process_is_described() {
        let config = TelemetryConfig::default()
            .with_service_name("shop")
            .with_service_version("1.2.3");
        let resource = resource(&config, None);
        let value = |key: &'static str| resource.get(&key.into()).map(|value| value.to_string());
        assert_eq!(value("service.name").as_deref(), Some("shop"), "name");
        assert_eq!(value("service.version").as_deref(), Some("1.2.3"), "version");
        assert_eq!(value("process.pid"), Some(std::process::id().to_string()), "pid");
        assert_eq!(
            value("telemetry.sdk.language").as_deref(),
            Some("rust"),
            "the SDK's own"
        );
        let instance = value("service.instance.id").expect("an instance");
        let lengths: Vec<usize> = instance.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{instance}");
        assert_eq!(instance.as_bytes()[14], b'4', "a random UUID: {instance}");
        assert!(
            b"89ab".contains(&instance.as_bytes()[19]),
            "of the standard's variant: {instance}"
        );
    }

    #[test]
    fn containers() {
        let id = "a1".repeat(32);
        for (cgroup, expected) in [
            ("0::/", None),
            ("12:cpu:/user.slice", None),
            (&format!("12:cpu:/docker/{id}"), Some(&id)),
            (
                &format!("0::/system.slice\n1:x:/kubepods/pod1/cri-containerd-{id}.scope\n"),
                Some(&id),
            ),
        ] {
            assert_eq!(container(cgroup).as_ref(), expected, "{cgroup}");
        }
        let mounts = format!(
            "1 2 8:1 / / rw\n3 4 8:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 x rw"
        );
        assert_eq!(container_mounts(&mounts), Some(id), "cgroup v2");
    }
}
