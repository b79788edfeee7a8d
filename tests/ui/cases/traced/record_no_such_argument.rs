use throughline_tracing_layer::traced;

#[traced(record(usr))]
fn f(user: &str) {
    drop(user.len());
}

fn main() {}
