//! The parts of a layer's work. A layer may be built to do only some, and of two nested layers the inner one
//! does less.

/// The parts that a layer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Whether the context is extracted or injected.
    pub(crate) propagation: bool,
    pub(crate) spans: bool,
    pub(crate) metrics: bool,
}

impl Parts {
    /// No part.
    pub(crate) const NONE: Self = Self {
        propagation: false,
        spans: false,
        metrics: false,
    };
    pub(crate) const ALL: Self = Self {
        propagation: true,
        spans: true,
        metrics: true,
    };
    pub(crate) const SPANS: Self = Self {
        propagation: false,
        spans: true,
        metrics: false,
    };
    pub(crate) const METRICS: Self = Self {
        propagation: false,
        spans: false,
        metrics: true,
    };

    /// Returns the parts that are not in `others`.
    pub(crate) fn without(self, others: Self) -> Self {
        Self {
            propagation: self.propagation && !others.propagation,
            spans: self.spans && !others.spans,
            metrics: self.metrics && !others.metrics,
        }
    }

    /// Returns the parts that are in either.
    pub(crate) fn and(self, others: Self) -> Self {
        Self {
            propagation: self.propagation || others.propagation,
            spans: self.spans || others.spans,
            metrics: self.metrics || others.metrics,
        }
    }
}
