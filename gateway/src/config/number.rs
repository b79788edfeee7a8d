//! Numbers with their limits.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer};

/// Reads a whole number from `MIN` to `MAX`. Use it with `deserialize_with`.
pub(super) fn whole<'de, const MIN: u64, const MAX: u64, N, D>(deserializer: D) -> Result<N, D::Error>
where
    N: TryFrom<u64>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Whole::<MIN, MAX, N>(PhantomData))
}

/// Reads a whole number from `MIN` to `MAX`, or none. Use it with `deserialize_with` and `default`.
pub(super) fn optional_whole<'de, const MIN: u64, const MAX: u64, D>(
    deserializer: D,
) -> Result<Option<u64>, D::Error>
where
    D: Deserializer<'de>,
{
    struct Number<const MIN: u64, const MAX: u64>(u64);
    impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Number<MIN, MAX> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            whole::<MIN, MAX, u64, D>(deserializer).map(Self)
        }
    }
    let number = Option::<Number<MIN, MAX>>::deserialize(deserializer)?;
    Ok(number.map(|Number(number)| number))
}

/// Reads a percentage.
pub(super) fn percentage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(Decimal {
        expected: "a percentage from 0 to 100",
        is_accepted: |number| (0.0..=100.0).contains(&number),
    })
}

/// Reads a cost above 0, or none.
pub(super) fn optional_cost<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    struct Cost(f64);
    impl<'de> Deserialize<'de> for Cost {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let decimal = Decimal {
                expected: "a cost above 0, up to 1000000",
                is_accepted: |number| number > 0.0 && number <= 1_000_000.0,
            };
            deserializer.deserialize_any(decimal).map(Self)
        }
    }
    let cost = Option::<Cost>::deserialize(deserializer)?;
    Ok(cost.map(|Cost(cost)| cost))
}

struct Whole<const MIN: u64, const MAX: u64, N>(PhantomData<N>);

impl<const MIN: u64, const MAX: u64, N: TryFrom<u64>> de::Visitor<'_> for Whole<MIN, MAX, N> {
    type Value = N;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<N, E> {
        let accepted = (MIN..=MAX).contains(&number).then(|| N::try_from(number).ok());
        accepted
            .flatten()
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<N, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<N, E> {
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

struct Decimal {
    expected: &'static str,
    is_accepted: fn(f64) -> bool,
}

impl de::Visitor<'_> for Decimal {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<f64, E> {
        match (self.is_accepted)(number as f64) {
            true => Ok(number as f64),
            false => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<f64, E> {
        match (self.is_accepted)(number as f64) {
            true => Ok(number as f64),
            false => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<f64, E> {
        match (self.is_accepted)(number) {
            true => Ok(number),
            false => Err(E::invalid_value(Unexpected::Float(number), &self)),
        }
    }
}
