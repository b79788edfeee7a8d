use throughline_tracing_layer::traced;

trait T {
    #[traced]
    fn f(&self);
}

fn main() {}
