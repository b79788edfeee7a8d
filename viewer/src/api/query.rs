//! The parameters of a request.

use percent_encoding::percent_decode_str;

/// The parameters of a query string, decoded.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn new(query: Option<&str>) -> Self {
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        };
        let pairs = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, value)| (decode(name), decode(value))).collect())
    }

    /// Returns the last value of a parameter that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// Returns all values of a parameter that are not empty.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let name = name.to_owned();
        let values = self
            .0
            .iter()
            .filter(move |(of, value)| *of == name && !value.is_empty());
        values.map(|(_, value)| value.as_str())
    }

    /// Returns a number, or a message that says what is accepted.
    pub(crate) fn number(&self, name: &str, max: u64) -> Result<Option<u64>, String> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse::<u64>() {
            Ok(number) if number <= max => Ok(Some(number)),
            _ => Err(format!(
                "{name}={text:?} is not accepted: a whole number from 0 to {max} is"
            )),
        }
    }

    /// Returns a duration in milliseconds as nanoseconds.
    pub(crate) fn milliseconds(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(number) if (0.0..=1e12).contains(&number) => Ok(Some((number * 1e6) as u64)),
            _ => Err(format!(
                "{name}={text:?} is not accepted: a number of milliseconds from 0 to 1e12 is"
            )),
        }
    }

    /// Returns one of several words.
    pub(crate) fn choice(
        &self,
        name: &str,
        accepted: &[&'static str],
    ) -> Result<Option<&'static str>, String> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match accepted.iter().find(|choice| **choice == text) {
            Some(choice) => Ok(Some(choice)),
            None => Err(format!(
                "{name}={text:?} is not accepted: {} are",
                accepted.join(", ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_checked() {
        let parameters = Parameters::new(Some(
            "q=a%20b+c&attribute=x%3D1&attribute=y=2&limit=5&min_ms=0.5&empty=",
        ));
        assert_eq!(parameters.text("q"), Some("a b c"), "spaces in both forms");
        assert_eq!(
            parameters.all("attribute").collect::<Vec<_>>(),
            ["x=1", "y=2"],
            "a repeated parameter"
        );
        assert_eq!(parameters.number("limit", 1_000), Ok(Some(5)), "a number");
        assert_eq!(parameters.text("empty"), None, "empty is unset");
        assert_eq!(
            parameters.milliseconds("min_ms"),
            Ok(Some(500_000)),
            "half a millisecond"
        );
        assert_eq!(
            parameters.number("limit", 4).unwrap_err(),
            "limit=\"5\" is not accepted: a whole number from 0 to 4 is",
            "the message"
        );
        assert_eq!(
            parameters.choice("q", &["newest", "slowest"]).unwrap_err(),
            "q=\"a b c\" is not accepted: newest, slowest are",
            "the message"
        );
    }
}
