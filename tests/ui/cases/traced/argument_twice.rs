use throughline_tracing_layer::traced;

#[traced(err, name = "a", err)]
fn f() -> Result<(), String> {
    Ok(())
}

fn main() {}
