//! Resources and scopes, shared by the spans and log records that have them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Weak};

use opentelemetry_proto::tonic::common::v1::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use crate::{semconv, value};

/// The origin of spans or log records: a resource and an instrumentation scope.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) service: Arc<str>,
    pub(crate) instance: Option<String>,
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) scope: InstrumentationScope,
    pub(crate) resource_schema: String,
    pub(crate) scope_schema: String,
    /// The encoded resource, in which searches look.
    pub(crate) encoded: Vec<u8>,
    /// The memory it takes.
    pub(crate) bytes: usize,
}

impl Origin {
    fn new(resource: &Resource, schema: &str, scope: &InstrumentationScope, scope_schema: &str) -> Self {
        let encoded = resource.encode_to_vec();
        let service = value::text(&resource.attributes, &[semconv::SERVICE_NAME]).unwrap_or(UNKNOWN_SERVICE);
        let size = encoded.len() * 6 + scope.encoded_len() * 6 + schema.len() + scope_schema.len();
        Self {
            service: service.into(),
            instance: value::text(&resource.attributes, &[semconv::SERVICE_INSTANCE_ID]).map(str::to_owned),
            resource: resource.attributes.clone(),
            scope: scope.clone(),
            resource_schema: schema.to_owned(),
            scope_schema: scope_schema.to_owned(),
            bytes: size_of::<Self>() + size,
            encoded,
        }
    }
}

/// Finds equal origins, so that each is stored once.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    origins: HashMap<u64, Weak<Origin>>,
}

impl Origins {
    pub(crate) fn get(
        &mut self,
        resource: Option<&Resource>,
        schema: &str,
        scope: Option<&InstrumentationScope>,
        scope_schema: &str,
    ) -> Arc<Origin> {
        let (no_resource, no_scope) = (Resource::default(), InstrumentationScope::default());
        let (resource, scope) = (resource.unwrap_or(&no_resource), scope.unwrap_or(&no_scope));
        let mut hasher = DefaultHasher::new();
        (
            resource.encode_to_vec(),
            schema,
            scope.encode_to_vec(),
            scope_schema,
        )
            .hash(&mut hasher);
        let hash = hasher.finish();
        let stored = self.origins.get(&hash).and_then(Weak::upgrade);
        // Compared, because two different origins can have the same hash.
        let stored = stored.filter(|stored| {
            stored.resource == resource.attributes
                && stored.scope == *scope
                && stored.resource_schema == schema
                && stored.scope_schema == scope_schema
        });
        stored.unwrap_or_else(|| {
            if self.origins.len() >= self.origins_limit() {
                self.origins.retain(|_, origin| origin.strong_count() > 0);
            }
            let origin = Arc::new(Origin::new(resource, schema, scope, scope_schema));
            if self.origins.len() < MAX_KNOWN_ORIGINS {
                self.origins.insert(hash, Arc::downgrade(&origin));
            }
            origin
        })
    }

    /// The number of entries at which those that are gone are removed: rarely, so that it costs little.
    fn origins_limit(&self) -> usize {
        self.origins.capacity().clamp(64, MAX_KNOWN_ORIGINS)
    }
}

const UNKNOWN_SERVICE: &str = "unknown_service";
/// The maximum number of origins that are found again. Others are stored each time.
const MAX_KNOWN_ORIGINS: usize = 4_096;
