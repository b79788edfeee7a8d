use throughline_tracing_layer::traced;

#[traced(parent = 1)]
fn f() {}

fn main() {}
