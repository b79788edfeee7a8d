use throughline_tracing_layer::traced;

#[traced(kind = "sever")]
fn f() {}

fn main() {}
