use throughline_tracing_layer::traced;

#[traced]
fn sync() -> u8 {
    "text"
}

#[traced]
async fn later() -> u8 {
    "text"
}

#[traced(err)]
async fn fallible() -> Result<u8, std::num::ParseIntError> {
    Ok("1".parse::<f32>()?)
}

fn main() {}
