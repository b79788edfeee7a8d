//! What a row of the table says: a provider, its hosts and its APIs.

use super::pattern::Pattern;
use crate::candidates::Proof;
use crate::formats::Format;
use crate::target::Target;

/// A provider of model APIs: a row of this crate's table. See [the crate](crate#adding-a-provider).
#[derive(Debug)]
pub struct Provider {
    /// `gen_ai.provider.name`. `None`: the name that is usual for the API, as at hosts that are not in the
    /// table.
    pub(super) id: Option<&'static str>,
    pub(super) hosts: &'static [Host],
    /// A part of the path that shows the provider at any other host, such as a gateway in front of it.
    pub(super) gateway_path: Option<&'static str>,
    /// The APIs whose requests go to this provider if their host is not in the table.
    pub(super) apis: &'static [Api],
    /// The port that its servers have by default, at hosts that are not in the table.
    pub(super) default_port: Option<u16>,
    pub(super) streams_report_usage: bool,
    pub(super) include_usage: IncludeUsage,
    pub(super) azure_namespace: Option<&'static str>,
}

/// Hosts of a provider.
#[derive(Debug)]
pub(super) enum Host {
    /// A domain and its subdomains.
    Domain(&'static str),
    /// Hosts that end so, within a label too.
    Ending(&'static str),
    /// Hosts below one of these domains that have one of these labels, whatever precedes and follows it:
    /// regions, endpoints of a VPC.
    Service {
        labels: &'static [&'static str],
        domains: &'static [&'static str],
    },
    /// Domains that several providers share, for paths that start so.
    Paths {
        domains: &'static [&'static str],
        starts: &'static [&'static str],
    },
}

/// A path at which a format is used.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) path: Pattern,
    /// The domains that the path must be at, if its end alone says too little. Empty: any host.
    pub(super) domains: &'static [&'static str],
    pub(super) format: Format,
    /// Whether its requests are `GET` and have no body. All others are `POST`.
    pub(super) is_get: bool,
    pub(super) proof: Proof,
}

/// Whether a request may carry `"stream_options": {"include_usage": true}`.
#[derive(Debug)]
pub(super) enum IncludeUsage {
    /// No, or it is not known: many providers refuse options that they do not know.
    No,
    Yes,
    /// Below `unversioned`, and below `versioned` from this `api-version` on.
    Since {
        unversioned: &'static str,
        versioned: &'static str,
        version: &'static str,
    },
}

impl Provider {
    /// The row of a provider without particularities.
    pub(super) const PLAIN: Self = Self {
        id: None,
        hosts: &[],
        gateway_path: None,
        apis: &[],
        default_port: None,
        streams_report_usage: false,
        include_usage: IncludeUsage::No,
        azure_namespace: None,
    };

    /// Returns its name: `gen_ai.provider.name`. `None` if it goes by the name that is usual for the API.
    #[must_use]
    pub fn id(&self) -> Option<&'static str> {
        self.id
    }

    /// Returns whether its streams report their usage without being asked to.
    #[must_use]
    pub fn streams_report_usage(&self) -> bool {
        self.streams_report_usage
    }

    /// Returns whether a request to this path may carry `"stream_options": {"include_usage": true}`.
    #[must_use]
    pub fn accepts_include_usage(&self, path: &str, query: Option<&str>) -> bool {
        match self.include_usage {
            IncludeUsage::No => false,
            IncludeUsage::Yes => true,
            IncludeUsage::Since {
                unversioned,
                versioned,
                version,
            } => {
                let mut parameters = query.unwrap_or_default().split('&');
                let date = parameters.find_map(|parameter| parameter.strip_prefix("api-version="));
                // A version may end with `-preview`, or be just that.
                let date = date.and_then(|date| date.get(..version.len()));
                let is_recent = date.is_some_and(|date| date.starts_with("20") && date >= version);
                path.starts_with(unversioned) || path.starts_with(versioned) && is_recent
            }
        }
    }

    /// Returns the namespace of the Azure resource provider behind it: `azure.resource_provider.namespace`.
    #[must_use]
    pub fn azure_namespace(&self) -> Option<&'static str> {
        self.azure_namespace
    }
}

impl Host {
    /// The domains that its hosts end with.
    pub(super) fn domains(&'static self) -> &'static [&'static str] {
        match self {
            Self::Domain(domain) | Self::Ending(domain) => std::slice::from_ref(domain),
            Self::Service { domains, .. } | Self::Paths { domains, .. } => domains,
        }
    }

    pub(super) fn includes(&self, host: &str, target: &Target<'_>) -> bool {
        let is_at = |domains: &[&str]| domains.iter().any(|domain| target.is_at(domain));
        match self {
            Self::Domain(domain) => target.is_at(domain),
            Self::Ending(end) => host.ends_with(end),
            Self::Service { labels, domains } => {
                is_at(domains) && host.split('.').any(|label| labels.contains(&label))
            }
            Self::Paths { domains, starts } => {
                is_at(domains) && starts.iter().any(|start| target.path.starts_with(start))
            }
        }
    }
}

impl Api {
    pub(super) fn is_at(&self, target: &Target<'_>) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|domain| target.is_at(domain))
    }
}

/// An API at any host.
pub(super) const fn api(path: &'static str, format: Format) -> Api {
    api_at(path, &[], format)
}

/// An API at these domains only.
pub(super) const fn api_at(path: &'static str, domains: &'static [&'static str], format: Format) -> Api {
    Api {
        path: Pattern::new(path),
        domains,
        format,
        is_get: false,
        proof: Proof::None,
    }
}

/// An API whose path other services use too.
pub(super) const fn api_if(path: &'static str, proof: Proof, format: Format) -> Api {
    Api {
        proof,
        ..api(path, format)
    }
}

/// An API whose requests are `GET`.
pub(super) const fn get_if(path: &'static str, proof: Proof, format: Format) -> Api {
    Api {
        is_get: true,
        ..api_if(path, proof, format)
    }
}
