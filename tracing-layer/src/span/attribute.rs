//! Arguments that can become attributes.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use opentelemetry::Value;

/// A value that `#[traced(record(…))]` and `#[traced(attributes(…))]` can record on a span.
///
/// Implement it for your own types that have one obvious value. For others, use `record(%id)` (its `Display`)
/// or `record(?id)` (its `Debug`). OpenTelemetry's integers are `i64`; a larger one is recorded as decimal
/// text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an attribute",
    label = "no number, text or `bool`",
    note = "put `%` before it to record its `Display`, `?` for its `Debug`, or implement `ToAttribute`"
)]
pub trait ToAttribute {
    /// Returns the value. `None` records nothing.
    fn to_attribute(&self) -> Option<Value>;
}

impl ToAttribute for Value {
    fn to_attribute(&self) -> Option<Value> {
        Some(self.clone())
    }
}

impl ToAttribute for str {
    fn to_attribute(&self) -> Option<Value> {
        Some(self.to_owned().into())
    }
}

impl ToAttribute for String {
    fn to_attribute(&self) -> Option<Value> {
        self.as_str().to_attribute()
    }
}

impl<T: ToAttribute> ToAttribute for Option<T> {
    fn to_attribute(&self) -> Option<Value> {
        self.as_ref().and_then(T::to_attribute)
    }
}

impl<T: ToAttribute + ToOwned + ?Sized> ToAttribute for Cow<'_, T> {
    fn to_attribute(&self) -> Option<Value> {
        (**self).to_attribute()
    }
}

macro_rules! pointer {
    ($($pointer:ty),*) => {
        $(impl<T: ToAttribute + ?Sized> ToAttribute for $pointer {
            fn to_attribute(&self) -> Option<Value> {
                (**self).to_attribute()
            }
        })*
    };
}

macro_rules! copied {
    ($($copied:ty as $wide:ty),*) => {
        $(impl ToAttribute for $copied {
            fn to_attribute(&self) -> Option<Value> {
                Some(<$wide>::from(*self).into())
            }
        })*
    };
}

macro_rules! wide {
    ($($integer:ty),*) => {
        $(impl ToAttribute for $integer {
            fn to_attribute(&self) -> Option<Value> {
                Some(i64::try_from(*self).map_or_else(|_| self.to_string().into(), Value::from))
            }
        })*
    };
}

pointer!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);
copied!(
    bool as bool,
    i8 as i64,
    i16 as i64,
    i32 as i64,
    i64 as i64,
    u8 as i64,
    u16 as i64,
    u32 as i64
);
copied!(f32 as f64, f64 as f64, char as String);
wide!(i128, isize, u64, u128, usize);
