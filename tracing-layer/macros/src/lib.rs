//! The attribute [`#[traced]`](macro@traced), as `throughline_tracing_layer::traced` with the feature `macros`.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod args;
mod block;
mod expand;
mod output;
mod parse;
mod scope;

use proc_macro::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Path, Result, parse_quote};

use crate::args::Args;
use crate::expand::{Owner, trace};
use crate::parse::Item;

/// Runs a function in its own span. TaskWeaver's `tracing_decorator`, TinyLLM's `@traced` and `@traced_method`.
///
/// ```
/// use throughline_tracing_layer::traced;
///
/// struct Planner;
///
/// impl Planner {
///     #[traced(kind = "client", record(task), attributes(component = "planner"), err)]
///     async fn plan(&self, task: &str, key: &str) -> Result<u32, std::num::ParseIntError> {
///         self.send(task, key).await?.parse()
///     }
///
///     #[traced]
///     async fn send(&self, task: &str, key: &str) -> Result<String, std::num::ParseIntError> {
///         Ok(task.len().to_string())
///     }
/// }
/// ```
///
/// The span is of the global tracer provider and a child of the current span. Nothing of the arguments is
/// recorded unless it is named. It works by the OpenTelemetry API alone: no `tracing` is needed.
///
/// # Arguments
///
/// | argument | what it does | without it |
/// |---|---|---|
/// | `name = "…"` | names the span | `function`, `Type::method` |
/// | `kind = "…"` | `internal`, `server`, `client`, `producer` or `consumer` | `internal` |
/// | `attributes(key = expression, …)` | sets attributes; a key is `id`, `user.id` or `"user-id"` | none |
/// | `record(argument, …)` | sets attributes of the arguments' names | none |
/// | `err` | an `Err` becomes `error.type`, the status Error and the event `exception` | the span shows no error |
/// | `parent = expression` | a `Context` or `&Context` to be a child of | the current context |
/// | `skip` | leaves a method of a traced `impl` alone | |
/// | `crate = path` | where the module `span` is to be found | `::throughline_tracing_layer` |
///
/// The expressions see the arguments, and are evaluated before the body, once, and only if a provider is
/// there. Values are what implements `ToAttribute`: numbers, text, `bool`, references and options of those.
/// `%value` stands for its `Display`, `?value` for its `Debug`. With `err`, the error may be an `Error`, a
/// box of one, or anything with `Display`.
///
/// # When the span ends
///
/// | the function | its span lasts |
/// |---|---|
/// | `fn` | from the call until it returns |
/// | `async fn` | from the first poll until its future is ready or dropped |
/// | `fn` that returns `impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture` | from the call until that future is ready or dropped |
/// | `fn` that returns any other `impl Trait` | from the call until it returns |
///
/// The future's destructors run in the span. A panic is the status Error. A boxed future is boxed once more,
/// unless the body is nothing but `Box::pin(async …)`, which is what `#[async_trait]` makes of a method; it
/// works above and below.
///
/// # What the span is called
///
/// An attribute sees the tokens below it and no others, so on a method it does not see the type.
///
/// | where | name |
/// |---|---|
/// | on an `impl`: every method with a body is traced, but `const fn` and what says `#[traced(skip)]` | `Type::method`, by the tokens of the type |
/// | on a `trait`: every method with a body | `Type::method`, `Type` being what implements the trait |
/// | on a method that has a `self`, or that says `Self` anywhere | `Type::method`, by [`type_name`](std::any::type_name) without path and arguments |
/// | on a method with neither | `method`, as a function; name it, or put `#[traced]` on the `impl` |
///
/// `#[traced(…)]` on a method of a traced `impl` gives the arguments for that one.
///
/// # The expansion
///
/// ```
/// # mod source {
/// # use throughline_tracing_layer::traced;
/// #[traced(record(task), err)]
/// async fn plan(task: &str) -> Result<u32, std::num::ParseIntError> {
///     task.parse()
/// }
/// # }
/// ```
///
/// becomes, but for names that cannot clash and for help to type inference,
///
/// ```
/// use opentelemetry::KeyValue;
/// use opentelemetry::trace::SpanBuilder;
/// use throughline_tracing_layer::span::{open_with, set_span_error};
///
/// async fn plan(task: &str) -> Result<u32, std::num::ParseIntError> {
///     let span = open_with(|| {
///         SpanBuilder::from_name("plan").with_attributes([KeyValue::new("task", task.to_owned())])
///     });
///     let future = async move { task.parse() };
///     let future = async move {
///         let result = future.await;
///         if let Err(error) = &result {
///             set_span_error(error);
///         }
///         result
///     };
///     span.around(future).await
/// }
/// ```
///
/// A function that returns a value is `let _guard = span_with(…);` and its body; with `err`, its body is a
/// closure.
///
/// # Beside `#[instrument]`
///
/// With tracing-opentelemetry 0.34 or later and its context activation (its default), spans of both kinds
/// nest as the calls do. With both attributes on one function, the lower one makes the outer span: the upper
/// one is expanded first, into the body.
#[proc_macro_attribute]
pub fn traced(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, parse_quote!(::throughline_tracing_layer))
}

/// `#[traced]` for those who depend on the crate `throughline` alone, which re-exports this under the name
/// `traced`.
#[proc_macro_attribute]
pub fn traced_by_throughline(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, parse_quote!(::throughline))
}

/// Beside an error stands the function as it was, so that its callers are not in error too.
fn expand(args: TokenStream, item: TokenStream, krate: Path) -> TokenStream {
    let original = proc_macro2::TokenStream::from(item.clone());
    let expanded = syn::parse(args).and_then(|args| replace(args, syn::parse(item)?, krate));
    expanded
        .unwrap_or_else(|error| {
            let error = error.into_compile_error();
            let is_block = matches!(syn::parse2(original.clone()), Ok(Item::Impl(_) | Item::Trait(_)));
            let original = (!is_block).then_some(original);
            quote!(#error #original)
        })
        .into()
}

fn replace(mut args: Args, mut item: Item, krate: Path) -> Result<proc_macro2::TokenStream> {
    let krate = args.krate.take().unwrap_or(krate);
    match &mut item {
        Item::Fn(function) => {
            if let Some(skip) = args.skip {
                return Err(Error::new(
                    skip,
                    "`skip` is for a method of a traced `impl` or `trait`",
                ));
            }
            trace(&args, &function.sig, &mut function.block, Owner::Unknown, &krate)?;
        }
        Item::Impl(item) => block::trace_impl(&args, item, &krate)?,
        Item::Trait(item) => block::trace_trait(&args, item, &krate)?,
    }
    Ok(item.into_token_stream())
}
