use throughline_tracing_layer::traced;

#[traced]
const fn f() {}

fn main() {}
