//! Sessions of Gemini's Live API.

use super::Session;

const GEMINI: &str = "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const VERTEX: &str = "wss://us-central1-aiplatform.googleapis.com/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent";

#[test]
fn a_turn_with_usage_at_its_end() {
    let mut session = Session::new(GEMINI);
    session.client(r#"{"setup":{"model":"models/gemini-live-2.5-flash","generationConfig":{"temperature":0.5,"responseModalities":["AUDIO"]},"outputAudioTranscription":{}}}"#);
    session.server(r#"{"setupComplete":{}}"#);
    session.client(
        r#"{"clientContent":{"turns":[{"role":"user","parts":[{"text":"Hi"}]}],"turnComplete":true}}"#,
    );
    let begin = r#"1 begin generate_content gcp.gemini gemini-live-2.5-flash Temperature=Double(0.5) OutputType=Text("speech")"#;
    assert_eq!(session.take(), [begin], "the parameters of the session");
    for message in [
        r#"{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"AAAA"}}]}}}"#,
        r#"{"serverContent":{"outputTranscription":{"text":"Hel"}}}"#,
        r#"{"serverContent":{"outputTranscription":{"text":"lo!"}}}"#,
        r#"{"serverContent":{"generationComplete":true}}"#,
        r#"{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":509,"responseTokenCount":27,"totalTokenCount":536,"promptTokensDetails":[{"modality":"TEXT","tokenCount":500},{"modality":"AUDIO","tokenCount":9}],"responseTokensDetails":[{"modality":"AUDIO","tokenCount":27}]}}"#,
    ] {
        session.server(message);
    }
    let expected = [
        "1 content Hel",
        "1 content lo!",
        "1 end ? ? in=509 out=27 audio in=9 text in=500 audio out=27",
    ];
    assert_eq!(session.take(), expected, "texts and usage");
}

/// Voice activity detection begins turns, and usage may come in its own message.
#[test]
fn turns_of_speech() {
    let mut session = Session::new(VERTEX);
    session.client(r#"{"setup":{"model":"projects/p/locations/l/publishers/google/models/gemini-live"}}"#);
    session.client(r#"{"realtimeInput":{"audio":{"mimeType":"audio/pcm","data":"AAAA"}}}"#);
    session.server(r#"{"serverContent":{"inputTranscription":{"text":"Hi"}}}"#);
    assert_eq!(session.take(), Vec::<String>::new(), "the user speaks");
    session.server(r#"{"serverContent":{"modelTurn":{"parts":[{"text":"One"}]}}}"#);
    session.server(r#"{"serverContent":{"interrupted":true}}"#);
    session.server(r#"{"serverContent":{"turnComplete":true}}"#);
    session.server(r#"{"usageMetadata":{"promptTokenCount":3,"responseTokenCount":1}}"#);
    session.server(r#"{"serverContent":{"modelTurn":{"parts":[{"text":"Two"}]}}}"#);
    session.server(r#"{"serverContent":{"turnComplete":true}}"#);
    session.server(r#"{"serverContent":{"modelTurn":{"parts":[{"text":"Three"}]}}}"#);
    let expected = [
        "1 begin generate_content gcp.vertex_ai gemini-live",
        "1 content One",
        "1 end ? interrupted in=3 out=1",
        "2 begin generate_content gcp.vertex_ai gemini-live",
        "2 content Two",
        "2 end ? ?",
        "3 begin generate_content gcp.vertex_ai gemini-live",
        "3 content Three",
    ];
    assert_eq!(session.take(), expected, "three turns, the second without usage");
}

/// Each generation reports its own usage.
#[test]
fn a_tool_call_ends_a_turn() {
    let mut session = Session::new(GEMINI);
    session.client(r#"{"setup":{"model":"models/m"}}"#);
    session.client(r#"{"clientContent":{"turns":[],"turnComplete":true}}"#);
    session.server(r#"{"toolCall":{"functionCalls":[{"id":"f-1","name":"weather","args":{"city":"Bonn"}}]},"usageMetadata":{"promptTokenCount":10,"responseTokenCount":5}}"#);
    session.client(r#"{"toolResponse":{"functionResponses":[{"id":"f-1","response":{"t":7}}]}}"#);
    session.server(r#"{"serverContent":{"modelTurn":{"parts":[{"text":"hm","thought":true}]}}}"#);
    session.server(r#"{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":20,"responseTokenCount":2,"thoughtsTokenCount":4}}"#);
    session.server("{\"serverContent\":");
    let expected = [
        "1 begin generate_content gcp.gemini m",
        "1 tool weather",
        "1 tool Bonn",
        "1 end ? ? in=10 out=5",
        "2 begin generate_content gcp.gemini m",
        "2 content hm",
        "2 end ? ? in=20 out=6",
    ];
    assert_eq!(
        session.take(),
        expected,
        "two generations, and a message that is cut"
    );
    let (_, reader) = &mut session.calls[0];
    let answer = reader.take_answer().expect("it is captured");
    let call = answer.tool_calls(0).next().expect("a tool call");
    assert_eq!(
        (call.id.as_deref(), &*call.name),
        (Some("f-1"), "weather"),
        "the call"
    );
}
