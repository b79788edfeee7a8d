//! What a function returns, as far as it matters to where its span ends.

use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, GenericArgument, Path, PathArguments, ReturnType, Signature, Stmt, Type, TypeInfer, TypeParamBound,
};

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Output {
    /// A value: the span ends when the function returns.
    Value,
    /// The future of an `async fn`.
    Async,
    /// `impl Future`.
    Future,
    /// `Pin<Box<dyn Future>>`, also under the name of `BoxFuture`.
    Boxed,
}

impl Output {
    pub(crate) fn from_signature(sig: &Signature) -> Self {
        if sig.asyncness.is_some() {
            return Self::Async;
        }
        match &sig.output {
            ReturnType::Type(_, ty) => Self::from_type(ty),
            ReturnType::Default => Self::Value,
        }
    }

    fn from_type(ty: &Type) -> Self {
        match ty {
            Type::ImplTrait(ty) if ty.bounds.iter().any(is_future) => Self::Future,
            Type::Path(ty) if is_boxed_future(&ty.path) => Self::Boxed,
            Type::Paren(ty) => Self::from_type(&ty.elem),
            Type::Group(ty) => Self::from_type(&ty.elem),
            _ => Self::Value,
        }
    }
}

/// The type with `_` for every `impl Trait` in it, so that it may stand inside a function.
pub(crate) fn inferable(output: &ReturnType) -> Type {
    let mut ty = match output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    InferImpl.visit_type_mut(&mut ty);
    ty
}

/// The argument of a block that is one `Box::pin(…)` of an async block, as async-trait makes them.
pub(crate) fn pinned(stmts: &[Stmt]) -> Option<&Expr> {
    let [Stmt::Expr(Expr::Call(call), None)] = stmts else {
        return None;
    };
    let Expr::Path(function) = &*call.func else {
        return None;
    };
    let words: Vec<String> = function
        .path
        .segments
        .iter()
        .map(|it| it.ident.to_string())
        .collect();
    let argument = call.args.first().filter(|_| call.args.len() == 1)?;
    let is_pin = matches!(words.as_slice(), [.., boxed, pin] if boxed == "Box" && pin == "pin");
    (is_pin && matches!(argument, Expr::Async(_))).then_some(argument)
}

struct InferImpl;

impl VisitMut for InferImpl {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(it) = ty {
            *ty = Type::Infer(TypeInfer {
                attrs: Vec::new(),
                underscore_token: syn::Token![_](it.impl_token.span),
            });
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

fn is_future(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if last(&bound.path, "Future"))
}

fn is_boxed_future(path: &Path) -> bool {
    if last(path, "BoxFuture") || last(path, "LocalBoxFuture") {
        return true;
    }
    let is_dyn_future = |ty: &Type| matches!(ty, Type::TraitObject(ty) if ty.bounds.iter().any(is_future));
    last(path, "Pin")
        && argument(path).is_some_and(|ty| {
            matches!(ty, Type::Path(ty) if last(&ty.path, "Box") && argument(&ty.path).is_some_and(is_dyn_future))
        })
}

fn last(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}

/// The first type in the angle brackets of the last segment.
fn argument(path: &Path) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
