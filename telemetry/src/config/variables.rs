//! The variables of an environment.

use std::collections::HashMap;

/// Variables that are set: the specification treats an empty one as unset.
#[derive(Debug)]
pub(super) struct Variables(HashMap<String, String>);

impl Variables {
    pub(super) fn new<N: Into<String>, V: Into<String>>(vars: impl IntoIterator<Item = (N, V)>) -> Self {
        let vars = vars.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(
            vars.filter(|(_, value): &(String, String)| !value.trim().is_empty())
                .collect(),
        )
    }

    /// Those of this process. Bytes that are no UTF-8 become U+FFFD, so that what holds them is refused and not overlooked.
    pub(super) fn of_process() -> Self {
        let vars = std::env::vars_os()
            .map(|(name, value)| [name, value].map(|text| text.to_string_lossy().into_owned()));
        Self::new(vars.map(|[name, value]| (name, value)))
    }

    /// The value without the spaces around it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }
}
