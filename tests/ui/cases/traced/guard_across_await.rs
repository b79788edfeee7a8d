use throughline_tracing_layer::span::span;

fn spawn<F: Future + Send>(_: F) {}

fn main() {
    spawn(async {
        let _span = span("wrong");
        std::future::ready(()).await;
    });
}
