//! The variables of an environment.

use std::collections::HashMap;

/// Variables that are set. The specification treats an empty variable as unset.
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

    /// Reads the variables of this process. Bytes that are not UTF-8 become U+FFFD, so that such a value is
    /// rejected instead of overlooked.
    pub(super) fn from_process() -> Self {
        let vars = std::env::vars_os()
            .map(|(name, value)| [name, value].map(|text| text.to_string_lossy().into_owned()));
        Self::new(vars.map(|[name, value]| (name, value)))
    }

    /// Returns the value of a variable without surrounding spaces.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim())
    }

    /// Returns the value of a variable as it is.
    #[cfg(feature = "yaml")]
    pub(super) fn get_raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
