use throughline_tracing_layer::traced;

#[traced("name")]
fn f() {}

fn main() {}
