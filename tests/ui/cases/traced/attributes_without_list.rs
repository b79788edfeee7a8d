use throughline_tracing_layer::traced;

#[traced(attributes)]
fn f() {}

fn main() {}
