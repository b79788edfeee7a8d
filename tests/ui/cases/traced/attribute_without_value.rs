use throughline_tracing_layer::traced;

#[traced(attributes(user))]
fn f(user: &str) {
    drop(user.len());
}

fn main() {}
