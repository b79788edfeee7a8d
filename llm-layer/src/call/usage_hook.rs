//! A function that receives the usage of one call.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use throughline_agents::CallUsage;

/// A function that receives the usage of one model call: a value of the request's extensions.
///
/// It is called once, when the call has ended and its tokens are known, also if no provider of spans and
/// metrics is installed. Use it to charge a budget, or to report usage to another system.
///
/// ```
/// use http::Request;
/// use throughline_llm_layer::UsageHook;
///
/// let hook = UsageHook::new(|usage| println!("{:?} in, {:?} out, cost {:?}", usage.input, usage.output, usage.cost));
/// let request = Request::post("https://api.openai.com/v1/chat/completions").extension(hook).body(())?;
/// # Ok::<_, http::Error>(())
/// ```
///
/// If the request is no model call, or a budget refuses it, the hook is dropped without being called. If the
/// answer is dropped before its end, the usage is that of the part that was read. The hook may run on a
/// background thread, and must not block. A panic in it is caught.
#[derive(Clone)]
pub struct UsageHook(Arc<dyn Fn(&CallUsage) + Send + Sync>);

impl UsageHook {
    /// Creates a hook from a function.
    pub fn new(hook: impl Fn(&CallUsage) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(super) fn call(&self, usage: &CallUsage) {
        // A panic must not keep the call from being recorded, or reach the task that reads the answer.
        let _ = catch_unwind(AssertUnwindSafe(|| self.0(usage)));
    }
}

impl fmt::Debug for UsageHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsageHook")
    }
}
