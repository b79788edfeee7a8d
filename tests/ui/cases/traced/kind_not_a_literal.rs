use throughline_tracing_layer::traced;

#[traced(kind = Client)]
fn f() {}

fn main() {}
