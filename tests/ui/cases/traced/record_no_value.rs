use throughline_tracing_layer::traced;

struct User;

#[traced(record(user))]
fn f(user: User) {}

fn main() {}
