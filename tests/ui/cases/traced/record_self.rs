use throughline_tracing_layer::traced;

struct S;

impl S {
    #[traced(record(self))]
    fn f(&self) {}
}

fn main() {}
