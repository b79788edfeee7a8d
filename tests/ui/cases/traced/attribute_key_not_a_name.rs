use throughline_tracing_layer::traced;

#[traced(attributes(1 = 2))]
fn f() {}

fn main() {}
