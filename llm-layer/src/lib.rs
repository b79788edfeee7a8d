//! A tower layer that recognises LLM calls and accounts for every token.
