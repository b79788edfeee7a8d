use throughline_tracing_layer::traced;

#[traced]
trait T {
    #[traced(err)]
    fn f(&self);
}

fn main() {}
