use throughline_tracing_layer::traced;

#[traced(level = "debug")]
fn f() {}

fn main() {}
