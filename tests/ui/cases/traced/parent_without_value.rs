use throughline_tracing_layer::traced;

#[traced(parent)]
fn f() {}

fn main() {}
