use throughline_tracing_layer::traced;

struct S;

#[traced(err)]
impl S {
    fn f(&self) {}
}

fn main() {}
