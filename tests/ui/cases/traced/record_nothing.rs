use throughline_tracing_layer::traced;

#[traced(record())]
fn f(user: &str) {
    drop(user.len());
}

fn main() {}
