//! The body that a traced function gets.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Block, Error, Expr, Ident, Path, Result, ReturnType, Signature, parse_quote};

use crate::args::Args;
use crate::output::{Output, inferable, pinned};
use crate::scope::{arguments, speaks_of_self};

/// What stands before the name of a method.
#[derive(Clone)]
pub(crate) enum Owner {
    /// A type by its name.
    Type(String),
    /// `Self`, whose name is only known at run time.
    SelfType,
    /// Whatever the function's own tokens tell.
    Unknown,
}

/// Puts the body of a function in a span; `krate` is where the helpers are.
pub(crate) fn trace(
    args: &Args,
    sig: &Signature,
    block: &mut Block,
    owner: Owner,
    krate: &Path,
) -> Result<()> {
    check(args, sig)?;
    let names = Names::new(krate);
    let open = open(args, sig, block, owner, &names);
    let body = body(args.err, sig, block, &names);
    *block = parse_quote!({ #open #body });
    Ok(())
}

/// The names that a body uses, of which none can be one of the user's.
struct Names {
    helpers: TokenStream,
    private: TokenStream,
    span: Ident,
    guard: Ident,
    future: Ident,
    result: Ident,
    error: Ident,
}

impl Names {
    fn new(krate: &Path) -> Self {
        let local = |name| Ident::new(name, Span::mixed_site());
        Self {
            helpers: quote!(#krate::span),
            private: quote!(#krate::span::__private),
            span: local("__span"),
            guard: local("__guard"),
            future: local("__future"),
            result: local("__result"),
            error: local("__error"),
        }
    }
}

fn check(args: &Args, sig: &Signature) -> Result<()> {
    if let Some(constness) = &sig.constness {
        return Err(Error::new_spanned(constness, "a `const fn` cannot be traced"));
    }
    if let (Some(err), ReturnType::Default) = (args.err, &sig.output) {
        return Err(Error::new(err, "`err` needs a function that returns a `Result`"));
    }
    let argument_names = arguments(sig);
    for recorded in &args.record {
        if argument_names.iter().any(|name| is(&recorded.value, name)) {
            continue;
        }
        let name = recorded.key.value();
        let message = match name.as_str() {
            "self" => "`self` cannot be recorded: record its fields with `attributes(…)`".to_owned(),
            _ => format!("there is no argument `{name}`"),
        };
        return Err(Error::new(recorded.key.span(), message));
    }
    Ok(())
}

fn is(value: &Expr, name: &Ident) -> bool {
    matches!(value, Expr::Path(value) if value.path.is_ident(name))
}

/// `let __span = open_with(|| …);`, or the guard of a function that returns a value.
fn open(args: &Args, sig: &Signature, block: &Block, owner: Owner, names: &Names) -> TokenStream {
    let Names {
        helpers,
        private,
        span,
        guard,
        ..
    } = names;
    let name = name(args, sig, block, owner, private);
    let kind = args.kind.as_ref().map(|kind| {
        let variant = kind.variant();
        quote!(.with_kind(#private::SpanKind::#variant))
    });
    let attributes: Vec<TokenStream> = args
        .record
        .iter()
        .chain(&args.attributes)
        .map(|it| it.expand(private))
        .collect();
    let attributes = (!attributes.is_empty()).then(|| {
        quote!(.with_attributes(
            ::core::iter::Iterator::flatten(::core::iter::IntoIterator::into_iter([#(#attributes),*]))
        ))
    });
    let build = quote!(|| #private::SpanBuilder::from_name(#name) #kind #attributes);
    let parent = args.parent.as_ref();
    let parent = parent.map(|parent| quote_spanned!(parent.span()=> #private::parent(&(#parent))));
    match (parent, Output::from_signature(sig)) {
        (None, Output::Value) => quote!(let #guard = #helpers::span_with(#build);),
        (Some(parent), Output::Value) => quote!(let #guard = #helpers::open_in(#parent, #build).enter();),
        (None, _) => quote!(let #span = #helpers::open_with(#build);),
        (Some(parent), _) => quote!(let #span = #helpers::open_in(#parent, #build);),
    }
}

fn name(args: &Args, sig: &Signature, block: &Block, owner: Owner, private: &TokenStream) -> TokenStream {
    if let Some(name) = &args.name {
        return name.to_token_stream();
    }
    let function = sig.ident.unraw().to_string();
    match owner {
        Owner::Type(owner) => format!("{owner}::{function}").to_token_stream(),
        Owner::Unknown if !speaks_of_self(sig, block) => function.to_token_stream(),
        Owner::SelfType | Owner::Unknown => quote!({
            static NAME: #private::MethodName = #private::MethodName::new(#function);
            NAME.for_type::<Self>()
        }),
    }
}

/// What comes after the span is open, by what the function returns.
fn body(err: Option<Span>, sig: &Signature, block: &Block, names: &Names) -> TokenStream {
    let Names {
        private,
        span,
        future: name,
        ..
    } = names;
    let output = inferable(&sig.output);
    let stmts = &block.stmts;
    match Output::from_signature(sig) {
        Output::Value => match err {
            None => quote!(#(#stmts)*),
            Some(err) => with_recorded_error(
                quote!(#private::call(move || -> #output { #(#stmts)* })),
                err,
                names,
            ),
        },
        Output::Async => {
            let hint = hint(sig, &output);
            let future = with_later_recorded_error(quote!(async move { #hint #(#stmts)* }), err, names);
            quote!(let #name = #future; #span.around(#name).await)
        }
        Output::Future => {
            let future = with_later_recorded_error(quote!(#span.within(move || { #(#stmts)* })), err, names);
            quote!(let #name = #future; #span.around(#name))
        }
        Output::Boxed => {
            let future = match pinned(stmts) {
                Some(future) => future.to_token_stream(),
                None => quote!(#span.within(move || -> #output { #(#stmts)* })),
            };
            let future = with_later_recorded_error(future, err, names);
            quote!(let #name = #future; ::std::boxed::Box::pin(#span.around(#name)))
        }
    }
}

/// `result`, whose error has been told.
fn with_recorded_error(result: TokenStream, err: Span, names: &Names) -> TokenStream {
    let Names {
        private,
        result: name,
        error,
        ..
    } = names;
    let shown = Ident::new("__result", err.resolved_at(Span::mixed_site()));
    let failure = quote_spanned!(err=> #private::failure(&#shown));
    let record = quote_spanned!(err=> (&&&&#private::Failed(#error)).record());
    quote! {
        let #name = #result;
        if let ::core::option::Option::Some(#error) = #failure {
            #[allow(unused_imports)]
            use #private::{IsError as _, IsOfKinds as _, IsShown as _, PointsToError as _};
            #record;
        }
        #name
    }
}

/// `future`, whose error is recorded when it is ready.
fn with_later_recorded_error(future: TokenStream, err: Option<Span>, names: &Names) -> TokenStream {
    let Some(err) = err else {
        return future;
    };
    let name = &names.future;
    let recorded = with_recorded_error(quote!(#name.await), err, names);
    quote!({
        let #name = #future;
        async move { #recorded }
    })
}

/// Tells the compiler what an async block returns before it looks inside, as the signature of the function did.
fn hint(sig: &Signature, output: &syn::Type) -> Option<TokenStream> {
    if matches!(sig.output, ReturnType::Default) || matches!(output, syn::Type::Never(_)) {
        return None;
    }
    let name = format_ident!("__return", span = Span::mixed_site());
    Some(quote! {
        if let ::core::option::Option::Some(#name) = ::core::option::Option::None::<#output> {
            #[allow(unreachable_code, clippy::needless_return)]
            return #name;
        }
    })
}
