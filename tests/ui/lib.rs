//! A package for `cases.rs`, so that its cases are compiled with few dependencies.
