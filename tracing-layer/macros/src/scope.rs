//! Names that a function has: its arguments, and whether `Self` means anything in it.

use syn::visit::{self, Visit};
use syn::{Block, FnArg, Ident, Item, PatIdent, Path, Signature};

/// Every name that the arguments bind, but `self`.
pub(crate) fn arguments(sig: &Signature) -> Vec<Ident> {
    let mut names = Names(Vec::new());
    for argument in &sig.inputs {
        if let FnArg::Typed(argument) = argument {
            names.visit_pat(&argument.pat);
        }
    }
    names.0
}

/// Whether a function is surely in an `impl` or a `trait`: it has a receiver, or speaks of `Self`.
pub(crate) fn speaks_of_self(sig: &Signature, block: &Block) -> bool {
    let mut search = SelfSearch(sig.receiver().is_some());
    search.visit_signature(sig);
    search.visit_block(block);
    search.0
}

struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.0.push(pat.ident.clone());
        visit::visit_pat_ident(self, pat);
    }
}

struct SelfSearch(bool);

impl<'ast> Visit<'ast> for SelfSearch {
    fn visit_path(&mut self, path: &'ast Path) {
        self.0 |= path
            .segments
            .first()
            .is_some_and(|segment| segment.ident == "Self");
        visit::visit_path(self, path);
    }

    /// An item within the function has a `Self` of its own.
    fn visit_item(&mut self, _: &'ast Item) {}
}
