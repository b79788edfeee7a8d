use throughline_tracing_layer::traced;

struct User;

#[traced(attributes(user.id = %User))]
fn f() {}

fn main() {}
