//! Gemini's Live API, which sends JSON in binary messages.

use super::{Connection, Message};

const LIVE: &str = "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const SPAN: &str = r#"Client generate_content gemini-live-2.5-flash
  - gen_ai.operation.name="generate_content"
  - gen_ai.output.type="speech"
  - gen_ai.provider.name="gcp.gemini"
  - gen_ai.request.model="gemini-live-2.5-flash"
  - gen_ai.request.stream=true
  - gen_ai.response.time_to_first_chunk=_
  - gen_ai.usage.audio.output_tokens=27
  - gen_ai.usage.input_tokens=509
  - gen_ai.usage.output_tokens=27
  - gen_ai.usage.text.input_tokens=509
  - server.address="generativelanguage.googleapis.com"
  - server.port=443
  - throughline.time_to_first_token=_
  - throughline.time_waiting_for_reader=_
  - throughline.tokens.source="reported"
"#;

#[tokio::test]
async fn a_turn() {
    let mut connection = Connection::open(LIVE).await;
    let binary = |text: &str| Message::Binary(text.as_bytes().to_vec());
    connection
        .client(r#"{"setup":{"model":"models/gemini-live-2.5-flash","generationConfig":{"responseModalities":["AUDIO"]}}}"#)
        .await;
    connection.server(binary(r#"{"setupComplete":{}}"#)).await;
    connection
        .client(
            r#"{"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hi"}]}],"turnComplete":true}}"#,
        )
        .await;
    for message in [
        r#"{"serverContent":{"outputTranscription":{"text":"Hello"}}}"#,
        r#"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}}"#,
        r#"{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":509,"responseTokenCount":27,"totalTokenCount":536,"promptTokensDetails":[{"modality":"TEXT","tokenCount":509}],"responseTokensDetails":[{"modality":"AUDIO","tokenCount":27}]}}"#,
    ] {
        connection.server(binary(message)).await;
    }
    // Sound that is not JSON passes too.
    connection.server(Message::Binary(vec![0xFF, 0x00, 0x7B])).await;
    connection.assert_tree(SPAN);
}
