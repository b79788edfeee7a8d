"""Asks as users of the SDKs of OpenAI, Anthropic and Google do: sdks.py mock|model URL

Prints a line of JSON for each question, with nothing in it that differs from run to run.
"""

import json
import sys

import anthropic
import httpx2
import openai
from google import genai
from google.genai import errors, types


def hi(word="Hi"):
    return [{"role": "user", "content": word}]


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
OPENAI_TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
ANTHROPIC_TOOLS = [{"name": "weather", "input_schema": SCHEMA}]
EXACT = {"max_tokens": 16, "temperature": 0, "seed": 7}


def chat(openai, model, word="Hi", **more):
    answer = openai.chat.completions.create(model=model, messages=hi(word), **more)
    choice = answer.choices[0]
    calls = [(call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or []]
    return choice.message.content, calls, choice.finish_reason, answer.usage.prompt_tokens, answer.usage.completion_tokens


def chat_stream(openai, model, word="Hi", **more):
    text, arguments, finish, usage = "", "", None, None
    with openai.chat.completions.create(
        model=model, messages=hi(word), stream=True, stream_options={"include_usage": True}, **more
    ) as stream:
        for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                arguments += "".join(call.function.arguments or "" for call in choice.delta.tool_calls or [])
                finish = choice.finish_reason or finish
    return text, arguments, finish, usage and (usage.prompt_tokens, usage.completion_tokens)


def responses(openai, model, **more):
    answer = openai.responses.create(model=model, input="Hi", **more)
    return answer.output_text, answer.status, answer.usage.input_tokens, answer.usage.output_tokens


def responses_stream(openai, model, **more):
    text, usage = "", None
    with openai.responses.create(model=model, input="Hi", stream=True, **more) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                text += event.delta
            elif event.type == "response.completed":
                usage = event.response.usage
    return text, usage.input_tokens, usage.output_tokens


def messages(anthropic, model, word="Hi", **more):
    answer = anthropic.messages.create(model=model, max_tokens=16, messages=hi(word), **more)
    content = [block.text if block.type == "text" else (block.name, block.input) for block in answer.content]
    return content, answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens


def messages_stream(anthropic, model, word="Hi", **more):
    with anthropic.messages.stream(model=model, max_tokens=16, messages=hi(word), **more) as stream:
        text = "".join(stream.text_stream)
        answer = stream.get_final_message()
    return text, answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens


def content(gemini, model, word="Hi"):
    answer = gemini.models.generate_content(model=model, contents=word)
    usage = answer.usage_metadata
    return answer.text, answer.candidates[0].finish_reason.name, usage.prompt_token_count, usage.candidates_token_count


def content_stream(gemini, model, word="Hi"):
    text, finish, usage = "", None, None
    for chunk in gemini.models.generate_content_stream(model=model, contents=word):
        text += chunk.text or ""
        usage = chunk.usage_metadata or usage
        finish = chunk.candidates[0].finish_reason or finish
    return text, finish.name, usage.prompt_token_count, usage.candidates_token_count


def leave(stream):
    with stream:
        next(iter(stream))
    return "left"


MOCK = [
    lambda o, a, g: chat(o, "gpt-4o"),
    lambda o, a, g: chat_stream(o, "gpt-4o"),
    lambda o, a, g: chat(o, "gpt-4o", "weather", tools=OPENAI_TOOLS),
    lambda o, a, g: chat_stream(o, "gpt-4o", "weather", tools=OPENAI_TOOLS),
    lambda o, a, g: responses(o, "gpt-5"),
    lambda o, a, g: responses_stream(o, "gpt-5"),
    lambda o, a, g: o.embeddings.create(model="text-embedding-3-small", input="Hi").data[0].embedding,
    lambda o, a, g: messages(a, "claude"),
    lambda o, a, g: messages_stream(a, "claude"),
    lambda o, a, g: messages(a, "claude", "weather", tools=ANTHROPIC_TOOLS),
    lambda o, a, g: messages_stream(a, "claude", "weather", tools=ANTHROPIC_TOOLS),
    lambda o, a, g: chat(o, "gpt-4o", "refuse"),
    lambda o, a, g: chat_stream(o, "gpt-4o", "fail"),
    lambda o, a, g: chat_stream(o, "gpt-4o", "cut"),
    lambda o, a, g: messages(a, "claude", "refuse"),
    lambda o, a, g: messages_stream(a, "claude", "fail"),
    lambda o, a, g: messages_stream(a, "claude", "cut"),
    lambda o, a, g: leave(o.chat.completions.create(model="gpt-4o", messages=hi("slow"), stream=True)),
    lambda o, a, g: leave(a.messages.create(model="claude", max_tokens=16, messages=hi("slow"), stream=True)),
    lambda o, a, g: [model.id for model in o.models.list().data][:1],
    lambda o, a, g: content(g, "gemini"),
    lambda o, a, g: content_stream(g, "gemini"),
    lambda o, a, g: content(g, "gemini", "refuse"),
]

MODEL = [
    lambda o, a, g: chat(o, "smollm2", **EXACT),
    lambda o, a, g: chat_stream(o, "smollm2", **EXACT),
    lambda o, a, g: responses(o, "smollm2", max_output_tokens=16, temperature=0),
    lambda o, a, g: responses_stream(o, "smollm2", max_output_tokens=16, temperature=0),
    lambda o, a, g: messages(a, "smollm2", extra_body={"temperature": 0}),
    lambda o, a, g: messages_stream(a, "smollm2", extra_body={"temperature": 0}),
    lambda o, a, g: chat(o, "smollm2", temperature="none"),
    lambda o, a, g: [model.id for model in o.models.list().data],
]


def main(where, url):
    clients = (
        openai.OpenAI(base_url=f"{url}/v1", api_key="test", max_retries=0, timeout=240),
        anthropic.Anthropic(base_url=url, auth_token="test", api_key=None, max_retries=0, timeout=240),
        # The mock has no other version.
        genai.Client(api_key="test", http_options=types.HttpOptions(base_url=url, api_version="v1beta")),
    )
    for question in {"mock": MOCK, "model": MODEL}[where]:
        try:
            answer = question(*clients)
        except (openai.APIError, anthropic.APIError, errors.APIError, httpx2.TransportError) as error:
            status = getattr(error, "status_code", None) or getattr(error, "code", None)
            answer = type(error).__name__, status, getattr(error, "body", None)
        print(json.dumps(answer, ensure_ascii=False), flush=True)


main(*sys.argv[1:])
