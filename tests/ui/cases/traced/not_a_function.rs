use throughline_tracing_layer::traced;

#[traced]
struct S;

fn main() {}
