//! What `#[traced]` stands on.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, ImplItemFn, ItemImpl, ItemTrait, Result, Token, TraitItemFn, Visibility};

pub(crate) enum Item {
    /// A function or a method: which of the two, its tokens do not always say.
    Fn(Box<ImplItemFn>),
    Impl(Box<ItemImpl>),
    Trait(Box<ItemTrait>),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<Visibility>()?;
        let start = ahead.fork();
        ahead.parse::<Option<Token![unsafe]>>()?;
        if ahead.peek(Token![impl]) {
            Ok(Self::Impl(Box::new(input.parse()?)))
        } else if ahead.peek(Token![trait]) {
            Ok(Self::Trait(Box::new(input.parse()?)))
        } else if begins_fn(&start) {
            Ok(Self::Fn(Box::new(function(input)?)))
        } else {
            Err(start.error("expected a function, an `impl` or a `trait`"))
        }
    }
}

fn begins_fn(input: ParseStream<'_>) -> bool {
    input.peek(Token![fn])
        || input.peek(Token![async])
        || input.peek(Token![const]) && !input.peek3(Token![:])
        || input.peek(Token![unsafe])
        || input.peek(Token![extern])
        || input.peek(Token![default])
}

fn function(input: ParseStream<'_>) -> Result<ImplItemFn> {
    let ahead = input.fork();
    input.parse().map_err(|error| match ahead.parse::<TraitItemFn>() {
        Ok(method) if method.default.is_none() => Error::new_spanned(
            method.sig,
            "there is no body to trace here: put `#[traced]` on the implementations",
        ),
        _ => error,
    })
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Fn(item) => item.to_tokens(tokens),
            Self::Impl(item) => item.to_tokens(tokens),
            Self::Trait(item) => item.to_tokens(tokens),
        }
    }
}
