//! What a layer does: it may have been built to do less, and of two around one request the inner one does less.

/// What a layer does of all that one can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Whether the context is extracted or injected.
    pub(crate) propagation: bool,
    pub(crate) spans: bool,
    pub(crate) metrics: bool,
}

impl Parts {
    /// Nothing.
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

    /// What is left of these when `others` are done already.
    pub(crate) fn without(self, others: Self) -> Self {
        Self {
            propagation: self.propagation && !others.propagation,
            spans: self.spans && !others.spans,
            metrics: self.metrics && !others.metrics,
        }
    }

    /// These and `others`.
    pub(crate) fn and(self, others: Self) -> Self {
        Self {
            propagation: self.propagation || others.propagation,
            spans: self.spans || others.spans,
            metrics: self.metrics || others.metrics,
        }
    }
}
