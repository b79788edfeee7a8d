use throughline_tracing_layer::traced;

struct Silent;

#[traced(err)]
fn f() -> Result<(), Silent> {
    Err(Silent)
}

fn main() {}
