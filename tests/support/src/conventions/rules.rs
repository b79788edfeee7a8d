//! The form of the tables.

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the tables of tests name them all")]
pub enum Type {
    /// A string that is not empty.
    Text,
    /// A string that may be empty.
    OptionalText,
    /// A list of strings that is not empty.
    Texts,
    /// A whole number that is not negative.
    Int,
    /// A whole number.
    SignedInt,
    /// A number.
    Double,
    /// A truth value.
    Bool,
}

/// When an attribute must be present, or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the tables of tests name them all")]
pub enum Requirement {
    /// It may be present.
    Optional,
    /// It must be present.
    Required,
    /// It must be present if the other is.
    RequiredWith(&'static str),
    /// It must be present if the other is, and must not be otherwise.
    With(&'static str),
    /// It may be present if the other is, and must not be otherwise.
    OnlyWith(&'static str),
    /// It must be present if the other has this value, and must not be otherwise.
    If(&'static str, &'static str),
    /// On a span, it must be present if the span failed, and must not be otherwise. On a metric, it may be
    /// present.
    IfFailed,
}

/// A key, the type of its value and when it is present. A key that ends in `*` stands for all that begin so.
pub type AttributeRule = (&'static str, Type, Requirement);

/// The data of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the tables of tests name them all")]
pub enum Instrument {
    /// A histogram of seconds with these buckets.
    Seconds(&'static [f64]),
    /// A histogram of whole numbers with these buckets.
    Histogram(&'static [f64]),
    /// A counter.
    Counter,
    /// An up-down counter that is never negative.
    UpDownCounter,
}

/// A metric.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the tables of tests make them")]
pub struct MetricRule {
    /// The name.
    pub name: &'static str,
    /// The data.
    pub instrument: Instrument,
    /// The unit.
    pub unit: &'static str,
    /// The description, if the conventions fix it; there must be one in any case.
    pub description: Option<&'static str>,
    /// The attributes, in several lists.
    pub labels: &'static [&'static [AttributeRule]],
}
