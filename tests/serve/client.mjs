// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// OpenAI's client for Node: a completion, a chat, a stream, and two errors. node client.mjs URL KEY
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const same = { model: "tiny", temperature: 0.8, seed: 7, max_tokens: 9 };
const messages = [{ role: "user", content: "abc" }];

const completion = await client.completions.create({ ...same, prompt: "abc" });
const chat = await client.chat.completions.create({ ...same, messages });
let streamed = "";
for await (const chunk of await client.chat.completions.create({ ...same, messages, stream: true })) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
}
const refused = await client.completions
  .create({ ...same, prompt: "abc", logprobs: 2 })
  .catch((error) => `${error.status} ${error.param}`);
const missing = await client.completions
  .create({ ...same, model: "gpt-9", prompt: "abc" })
  .catch((error) => `${error.status} ${error.code}`);
console.log(JSON.stringify([completion.choices[0].text, chat.choices[0].message.content, streamed, refused, missing]));
