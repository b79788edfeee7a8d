use throughline_tracing_layer::traced;

#[traced(record(user.name))]
fn f(user: &str) {
    drop(user.len());
}

fn main() {}
