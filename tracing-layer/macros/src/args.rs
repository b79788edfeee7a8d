//! What is written in the brackets of `#[traced(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, LitStr, Path, Result, Token, parenthesized};

#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<LitStr>,
    pub(crate) kind: Option<Kind>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) record: Vec<Attribute>,
    pub(crate) err: Option<Span>,
    pub(crate) parent: Option<Expr>,
    pub(crate) skip: Option<Span>,
    pub(crate) krate: Option<Path>,
    function_words: Vec<Ident>,
}

/// An attribute of the span: `key = value`, or the argument `key` itself.
pub(crate) struct Attribute {
    pub(crate) key: LitStr,
    pub(crate) value: Expr,
    pub(crate) by: By,
}

/// How a value becomes an attribute's.
#[derive(Clone, Copy)]
pub(crate) enum By {
    Value,
    Display,
    Debug,
}

pub(crate) struct Kind(Ident);

impl Kind {
    pub(crate) fn variant(&self) -> &Ident {
        &self.0
    }
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Self::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let word = Ident::parse_any(input).map_err(|error| Error::new(error.span(), EXPECTED))?;
            if seen.contains(&word) {
                return Err(Error::new(word.span(), format!("`{word}` is given twice")));
            }
            args.parse_one(&word, input)?;
            if word != "crate" {
                args.function_words.push(word.clone());
            }
            seen.push(word);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    }
}

impl Args {
    /// The first argument that means nothing on a whole `impl` or `trait`.
    pub(crate) fn first_for_functions(&self) -> Option<Span> {
        self.function_words.first().map(Ident::span)
    }

    fn parse_one(&mut self, word: &Ident, input: ParseStream<'_>) -> Result<()> {
        match word.to_string().as_str() {
            "name" => self.name = Some(value(word, input, "a string literal")?),
            "kind" => self.kind = Some(value(word, input, KINDS_EXPECTED)?),
            "parent" => self.parent = Some(value(word, input, "a `Context`")?),
            "crate" => self.krate = Some(value(word, input, "a path")?),
            "attributes" => self.attributes = list(word, input, "key = expression", attribute)?,
            "record" => self.record = list(word, input, "argument", recorded)?,
            "err" => self.err = Some(word.span()),
            "skip" => self.skip = Some(word.span()),
            _ => return Err(Error::new(word.span(), EXPECTED)),
        }
        Ok(())
    }
}

impl Parse for Kind {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let text: LitStr = input.parse()?;
        let variant = match text.value().as_str() {
            "internal" => "Internal",
            "server" => "Server",
            "client" => "Client",
            "producer" => "Producer",
            "consumer" => "Consumer",
            _ => return Err(Error::new(text.span(), format!("expected {KINDS_EXPECTED}"))),
        };
        Ok(Self(Ident::new(variant, text.span())))
    }
}

impl By {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.parse::<Option<Token![%]>>()?.is_some() {
            Ok(Self::Display)
        } else if input.parse::<Option<Token![?]>>()?.is_some() {
            Ok(Self::Debug)
        } else {
            Ok(Self::Value)
        }
    }
}

impl Attribute {
    /// An `Option<KeyValue>`; errors in it point at the value.
    pub(crate) fn expand(&self, private: &TokenStream) -> TokenStream {
        let Self { key, value, by } = self;
        let span = value.span();
        match by {
            By::Value if is_text(value) => quote_spanned!(span=> #private::literal(#key, #value)),
            By::Value => quote_spanned!(span=> #private::attribute(#key, &(#value))),
            By::Display => quote_spanned!(span=> #private::display(#key, &(#value))),
            By::Debug => quote_spanned!(span=> #private::debug(#key, &(#value))),
        }
    }
}

fn is_text(value: &Expr) -> bool {
    matches!(value, Expr::Lit(literal) if matches!(literal.lit, syn::Lit::Str(_)))
}

/// `word = value`.
fn value<T: Parse>(word: &Ident, input: ParseStream<'_>, what: &str) -> Result<T> {
    let expected = || format!("expected `{word} = ` and {what}");
    if !input.peek(Token![=]) {
        return Err(Error::new(word.span(), expected()));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() {
        return Err(Error::new(word.span(), expected()));
    }
    input.parse()
}

/// `word(item, …)`.
fn list<T>(
    word: &Ident,
    input: ParseStream<'_>,
    what: &str,
    item: fn(ParseStream<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(word.span(), format!("expected `{word}({what}, …)`")));
    }
    let content;
    parenthesized!(content in input);
    let items = Punctuated::<T, Token![,]>::parse_terminated_with(&content, item)?;
    if items.is_empty() {
        return Err(Error::new(word.span(), format!("expected `{word}({what}, …)`")));
    }
    Ok(items.into_iter().collect())
}

fn attribute(input: ParseStream<'_>) -> Result<Attribute> {
    let key = key(input)?;
    if !input.peek(Token![=]) {
        return Err(Error::new(key.span(), "expected `key = expression`"));
    }
    input.parse::<Token![=]>()?;
    let by = By::parse(input)?;
    let value = input.parse()?;
    Ok(Attribute { key, value, by })
}

fn recorded(input: ParseStream<'_>) -> Result<Attribute> {
    let by = By::parse(input)?;
    let argument = Ident::parse_any(input)
        .map_err(|error| Error::new(error.span(), "expected the name of an argument"))?;
    let key = LitStr::new(&argument.unraw().to_string(), argument.span());
    let value = syn::parse_quote_spanned!(argument.span()=> #argument);
    Ok(Attribute { key, value, by })
}

/// `"user.id"` or `user.id`.
fn key(input: ParseStream<'_>) -> Result<LitStr> {
    if input.peek(LitStr) {
        return input.parse();
    }
    let words = Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any)
        .map_err(|error| Error::new(error.span(), "expected a key: a name or a string literal"))?;
    let text: Vec<String> = words.iter().map(|word| word.unraw().to_string()).collect();
    Ok(LitStr::new(&text.join("."), words.span()))
}

const EXPECTED: &str = "expected one of `name = \"…\"`, `kind = \"…\"`, `attributes(key = expression, …)`, \
                        `record(argument, …)`, `err`, `parent = context`, `skip`, `crate = path`";
const KINDS_EXPECTED: &str = "one of \"internal\", \"server\", \"client\", \"producer\", \"consumer\"";
