//! Durations, as `500ms`, `30s`, `5m`, `1h`, or a number of seconds.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// A duration of a configuration file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seconds(Duration);

impl Seconds {
    pub(crate) const fn new(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    pub(crate) const fn duration(self) -> Duration {
        self.0
    }
}

/// A duration of at least 1 ms. In a shorter one, nothing can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeout(Seconds);

impl Timeout {
    pub(crate) const fn new(seconds: u64) -> Self {
        Self(Seconds::new(seconds))
    }

    pub(crate) const fn from_millis(millis: u64) -> Self {
        Self(Seconds::from_millis(millis))
    }

    pub(crate) const fn duration(self) -> Duration {
        self.0.duration()
    }
}

impl<'de> Deserialize<'de> for Timeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Seconds::deserialize(deserializer) {
            Ok(seconds) if seconds.duration() >= MIN_TIMEOUT => Ok(Self(seconds)),
            _ => Err(de::Error::custom(EXPECTED_TIMEOUT)),
        }
    }
}

impl fmt::Debug for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
                checked(seconds as f64)
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Seconds, E> {
                checked(seconds as f64)
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Seconds, E> {
                checked(seconds)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Seconds, E> {
                let end = text
                    .find(|letter: char| letter.is_ascii_alphabetic())
                    .unwrap_or(text.len());
                let (number, unit) = text.split_at(end);
                let factor = match unit {
                    "ms" => 0.001,
                    "s" | "" => 1.0,
                    "m" | "min" => 60.0,
                    "h" => 3600.0,
                    _ => return Err(E::custom(EXPECTED_WITH_PREFIX)),
                };
                let number: f64 = number
                    .trim()
                    .parse()
                    .map_err(|_| E::custom(EXPECTED_WITH_PREFIX))?;
                checked(number * factor)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn checked<E: de::Error>(seconds: f64) -> Result<Seconds, E> {
    match seconds {
        0.0..=MAX_SECONDS => Ok(Seconds(Duration::from_secs_f64(seconds))),
        _ => Err(E::custom(EXPECTED_WITH_PREFIX)),
    }
}

const EXPECTED: &str = "a duration from 0 to 30 days, such as 500ms, 30s, 5m, 1h or a number of seconds";
const EXPECTED_WITH_PREFIX: &str =
    "expected a duration from 0 to 30 days, such as 500ms, 30s, 5m, 1h or a number of seconds";
const EXPECTED_TIMEOUT: &str =
    "expected a duration from 1ms to 30 days, such as 500ms, 30s, 5m, 1h or a number of seconds";
const MIN_TIMEOUT: Duration = Duration::from_millis(1);
const MAX_SECONDS: f64 = 30.0 * 86_400.0;
