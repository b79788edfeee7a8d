//! Tests that go over tables of variables. Values of missing features are ignored, so they need all features.

mod ignored;
mod setters;
mod variables;
