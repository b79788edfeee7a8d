use throughline_tracing_layer::traced;

#[traced(err)]
fn f() -> u8 {
    1
}

fn main() {}
