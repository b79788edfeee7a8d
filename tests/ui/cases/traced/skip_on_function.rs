use throughline_tracing_layer::traced;

#[traced(skip)]
fn f() {}

fn main() {}
