use throughline_tracing_layer::traced;

#[traced(err)]
fn f() {}

fn main() {}
