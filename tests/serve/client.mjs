// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// OpenAI's client for Node, of a chip with an extended sampler: completions, chats, streams, stop, n, log probabilities,
// guided JSON, errors. node client.mjs URL KEY STOP
import OpenAI from "openai";

const [baseURL, apiKey, stop] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const same = { model: "tiny", temperature: 0.8, seed: 7, max_tokens: 9 };
const messages = [{ role: "user", content: "abc" }];
const maybe = { anyOf: [{ type: "null" }, { type: "boolean" }] };

/** What is refused, in the words of the client's error. */
async function refused(fields, key = apiKey) {
  const asking = new OpenAI({ baseURL, apiKey: key, maxRetries: 0 });
  return asking.completions
    .create({ ...same, prompt: "abc", ...fields })
    .then(() => "taken", (error) => `${error.constructor.name} ${error.status} ${error.code} ${error.param}`);
}

const completion = await client.completions.create({ ...same, prompt: "abc", logprobs: 2 });
const chat = await client.chat.completions.create({ ...same, messages, n: 2, logprobs: true, top_logprobs: 3 });
let streamed = "";
let usage = null;
for await (const chunk of await client.chat.completions.create({
  ...same, messages, stream: true, stream_options: { include_usage: true },
})) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
let written = "";
for await (const chunk of await client.completions.create({ ...same, prompt: "abc", stream: true })) {
  written += chunk.choices[0]?.text ?? "";
}
const stopped = await client.completions.create({ ...same, prompt: "abc", stop: [stop, "ZZ"] });
const guided = await client.chat.completions.create({
  ...same, messages, response_format: { type: "json_schema", json_schema: { name: "maybe", schema: maybe } },
});
console.log(JSON.stringify({
  models: (await client.models.list()).data.map((model) => model.id),
  text: completion.choices[0].text,
  tokens: completion.choices[0].logprobs.tokens,
  chats: chat.choices.map((choice) => choice.message.content),
  best: chat.choices[0].logprobs.content.map((entry) => entry.top_logprobs.length),
  streamed,
  usage: usage.total_tokens,
  written,
  stopped: stopped.choices[0].text,
  guided: guided.choices[0].message.content,
  refused: [
    await refused({ logit_bias: { 3: 4 } }),
    await refused({ model: "gpt-9" }),
    await refused({ prompt: "a".repeat(50) }),
    await refused({}, "sk-another-key"),
  ],
}));
