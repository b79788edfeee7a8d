//! The page.

/// Asks a question in both ways.
pub(crate) const PAGE: &str = r#"<!doctype html>
<meta charset="utf-8">
<title>service</title>
<form><input name="question" value="What is this?" size="40"> <button>Ask</button></form>
<h2>Server-sent events</h2><pre id="events"></pre>
<h2>WebSocket</h2><pre id="live"></pre>
<script>
  const form = document.forms[0], show = id => document.getElementById(id);
  const socket = new WebSocket(`ws://${location.host}/api/chat/live`);
  socket.onmessage = message => show("live").append(message.data);
  form.onsubmit = submitted => {
    submitted.preventDefault();
    show("events").textContent = show("live").textContent = "";
    const question = form.question.value;
    const events = new EventSource("/api/chat/events?" + new URLSearchParams({ question }));
    events.onmessage = event => show("events").append(event.data);
    events.addEventListener("done", () => events.close());
    events.addEventListener("failed", event => { events.close(); show("events").append(event.data); });
    socket.send(question);
  };
</script>
"#;
