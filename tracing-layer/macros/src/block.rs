//! `#[traced]` on a whole `impl` or `trait`: every method with a body, unless it says `#[traced(skip)]`.

use syn::{
    Attribute, Block, Error, ImplItem, ItemImpl, ItemTrait, Meta, Path, Result, Signature, TraitItem, Type,
};

use crate::args::Args;
use crate::expand::{Owner, trace};

pub(crate) fn trace_impl(args: &Args, item: &mut ItemImpl, krate: &Path) -> Result<()> {
    check(args)?;
    let owner = type_name(&item.self_ty).map_or(Owner::SelfType, Owner::Type);
    for item in &mut item.items {
        if let ImplItem::Fn(method) = item {
            trace_method(&mut method.attrs, &method.sig, &mut method.block, &owner, krate)?;
        }
    }
    Ok(())
}

pub(crate) fn trace_trait(args: &Args, item: &mut ItemTrait, krate: &Path) -> Result<()> {
    check(args)?;
    for item in &mut item.items {
        if let TraitItem::Fn(method) = item {
            let (attrs, sig) = (&mut method.attrs, &method.sig);
            match &mut method.default {
                Some(block) => trace_method(attrs, sig, block, &Owner::SelfType, krate)?,
                None => no_body(attrs)?,
            }
        }
    }
    Ok(())
}

fn trace_method(
    attrs: &mut Vec<Attribute>,
    sig: &Signature,
    block: &mut Block,
    owner: &Owner,
    krate: &Path,
) -> Result<()> {
    let own = take(attrs)?;
    let untraced = match &own {
        Some(args) => args.skip.is_some(),
        None => sig.constness.is_some(),
    };
    if untraced {
        return Ok(());
    }
    trace(&own.unwrap_or_default(), sig, block, owner.clone(), krate)
}

/// The arguments of a method's own `#[traced]`, which is used up.
fn take(attrs: &mut Vec<Attribute>) -> Result<Option<Args>> {
    let Some(at) = attrs.iter().position(is_traced) else {
        return Ok(None);
    };
    match attrs.remove(at).meta {
        Meta::List(list) => list.parse_args().map(Some),
        _ => Ok(Some(Args::default())),
    }
}

fn no_body(attrs: &[Attribute]) -> Result<()> {
    match attrs.iter().find(|attr| is_traced(attr)) {
        Some(attr) => Err(Error::new_spanned(attr, "there is no body to trace here")),
        None => Ok(()),
    }
}

fn is_traced(attr: &Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|segment| segment.ident == "traced")
}

fn check(args: &Args) -> Result<()> {
    match args.first_for_functions() {
        Some(span) => Err(Error::new(
            span,
            "this argument is for one function: put it on the method, as `#[traced(…)]`",
        )),
        None => Ok(()),
    }
}

/// The name by which a type is called in its spans, where its tokens have one.
fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(ty) => ty.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Reference(ty) => type_name(&ty.elem),
        Type::Group(ty) => type_name(&ty.elem),
        Type::Paren(ty) => type_name(&ty.elem),
        _ => None,
    }
}
