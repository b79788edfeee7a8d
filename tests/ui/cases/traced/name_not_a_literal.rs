use throughline_tracing_layer::traced;

#[traced(name = format!("{}", 1))]
fn f() {}

fn main() {}
