// SPDX-FileCopyrightText: 2026 hardwire contributors
// SPDX-License-Identifier: Apache-2.0
// The page of a server: a prompt or a chat, what comes of it as it comes, and where a token's cycles go.

const $ = (id) => document.getElementById(id);
const COLOURS = ["#3b6fb6", "#b0562a", "#3f7d3a", "#8a4fa3", "#8f7a12", "#a33b52", "#2b7f86", "#66625b"];
const state = { running: null, messages: [], context: 0 };

// -- the server ------------------------------------------------------------------------------------

function headers() {
  const key = sessionStorage.getItem("key");
  return { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
}

/** A response that is fine. Throws an Error with the server's words; asks for a key where one is wanted. */
async function call(path, body, signal) {
  const options = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const response = await fetch(path, { ...options, headers: headers(), signal });
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  if (response.status === 401) $("ask-key").showModal();
  throw new Error(said.error?.message ?? `the server says ${response.status}`);
}

/** Objects of a stream of events, one after the other. Throws where the stream ends before its last event. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the connection ended before the answer did");
    const parts = (held + value).split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const object = JSON.parse(data);
      if (object.error) throw new Error(object.error.message);
      yield object;
    }
  }
}

// -- asking ----------------------------------------------------------------------------------------

const mode = () => document.querySelector("input[name=mode]:checked").value;

function number(id) {
  const value = $(id).value.trim();
  return value === "" ? undefined : Number(value);
}

/** Whether the chip draws under the pattern, token by token; otherwise answers are tried until one matches. */
const guiding = () => Boolean($("pattern").value && state.guides && $("how").value === "guide");

function body() {
  const temperature = Number($("temperature").value);
  const pattern = $("pattern").value;
  const model = $("model").value || state.name;
  const common = { model, temperature, seed: number("seed"), stream: true };
  if (guiding()) common.guided_regex = pattern;
  if (mode() === "chat") {
    return ["/v1/chat/completions", {
      ...common, messages: state.messages, max_tokens: number("tokens"),
      stream_options: { include_usage: true },
    }];
  }
  const until = pattern && !guiding() ? { until: { regex: pattern } } : {};
  return ["/generate", { ...common, ...until, prompt: $("prompt").value, max_output_tokens: number("tokens") }];
}

/** What an event of either call says, in one form. */
function told(event) {
  if (event.attempt) return { attempt: event };
  if ("choices" in event) {
    const end = event.hardwire?.choices?.[0];
    return { text: event.choices[0]?.delta?.content ?? "", tokens: event.hardwire?.tokens ?? 0, end };
  }
  const cycles = event.token_cycles;
  if (!("finish_reason" in event)) return { text: event.text, tokens: event.tokens.length, cycles };
  return { end: event, until: event.until, whole: event.until ? event.text : undefined };
}

async function ask() {
  if (state.running) return;
  const prompt = $("prompt").value;
  $("error").textContent = "";
  if (mode() === "chat") {
    state.messages.push({ role: "user", content: prompt });
    paragraph("You", prompt);
  }
  const answer = mode() === "chat" ? paragraph("Chip", "") : paragraph("", prompt);
  const place = answer.appendChild(document.createElement("span"));
  place.className = "new";
  const meter = new Meter();
  const wanted = mode() === "continue" || guiding() ? ours($("pattern").value) : null;
  $("fits-place").hidden = !wanted;
  state.running = new AbortController();
  busy(true);
  let text = "";
  try {
    const response = await call(...body(), state.running.signal);
    for await (const event of events(response)) {
      const said = told(event);
      if (said.attempt) tried(said.attempt, answer);
      meter.add(said);
      text = said.whole ?? text + (said.text ?? "");
      place.textContent = text;
      if (wanted) $("fits").textContent = wanted.test(text) ? "matches" : "not yet";
      $("log").scrollTop = $("log").scrollHeight;
    }
  } catch (error) {
    const stopped = error.name === "AbortError";
    meter.ended(stopped ? "you stopped it" : "an error");
    if (!stopped) $("error").textContent = error.message;
  }
  if (wanted && !wanted.test(text)) $("fits").textContent = "no match";
  if (mode() === "chat" && text) state.messages.push({ role: "assistant", content: text });
  else if (mode() === "chat") state.messages.pop();
  if (mode() === "chat" && text) $("prompt").value = "";
  state.running = null;
  busy(false);
}

function tried(attempt, answer) {
  const line = document.createElement("p");
  line.className = "tried";
  line.textContent = `${attempt.attempt}. ${attempt.passed ? "matches" : "no match"}: ${attempt.text}`;
  answer.before(line);
}

function busy(running) {
  $("send").disabled = running;
  $("stop").disabled = !running;
  $("log").setAttribute("aria-busy", String(running));
}

function paragraph(who, text) {
  const place = document.createElement("p");
  if (who) {
    const label = place.appendChild(document.createElement("span"));
    label.className = "who";
    label.textContent = who;
  }
  place.append(text);
  $("log").append(place);
  return place;
}

/** The figures beside an answer, while it comes. */
class Meter {
  constructor() {
    this.began = performance.now();
    this.first = 0;
    this.tokens = 0;
    for (const id of ["rate", "cycles", "first", "used-seed", "ended"]) $(id).textContent = "–";
    $("count").textContent = "0";
  }

  add(said) {
    const now = performance.now();
    if (said.tokens) {
      if (!this.first) {
        this.first = now;
        $("first").textContent = `${(now - this.began).toFixed(0)} ms`;
      }
      this.tokens += said.tokens;
      $("count").textContent = this.tokens.toLocaleString("en");
      const seconds = (now - this.began) / 1000;
      $("rate").textContent = Math.round(this.tokens / seconds).toLocaleString("en");
    }
    if (said.cycles?.length) $("cycles").textContent = said.cycles.at(-1).toLocaleString("en");
    if (said.end) this.end(said);
  }

  end({ end, until }) {
    $("used-seed").textContent = end.seed;
    this.ended(until ? `${until.passed ? "a match" : "no match"} after ${until.attempts}` : end.status);
    const tokens = until?.tokens ?? this.tokens;
    $("count").textContent = tokens.toLocaleString("en");
    if (end.milliseconds && !until) {
      $("rate").textContent = Math.round((1000 * tokens) / end.milliseconds).toLocaleString("en");
    }
    if (end.cycles && tokens && $("cycles").textContent === "–") {
      $("cycles").textContent = Math.round(end.cycles / tokens).toLocaleString("en");
    }
  }

  ended(why) {
    $("ended").textContent = why;
  }
}

// -- the pattern -----------------------------------------------------------------------------------

/** A pattern that must match all of a text, with its flags in front as Python and Rust write them; null of "". Throws. */
function compiled(pattern) {
  if (!pattern) return null;
  const [, flags = "", rest] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern);
  return new RegExp(`^(?:${rest})$`, `${[...new Set(flags)].join("")}u`);
}

/** The same; null where this browser knows no such pattern, which the server may. */
function ours(pattern) {
  try {
    return compiled(pattern);
  } catch {
    return null;
  }
}

/** Whether a pattern is one, as it is typed; the server has the last word. */
function checkPattern() {
  const field = $("pattern");
  const note = $("pattern-state");
  let wrong = false;
  let words = "";
  if (field.value && guiding()) words = "A pattern; the chip draws only tokens that fit it.";
  else if (field.value && mode() === "chat") words = "Of continued texts alone; a chat does not use it.";
  else if (field.value) words = "A pattern; answers are tried until one matches as a whole.";
  try {
    compiled(field.value);
  } catch (error) {
    wrong = true;
    words = error.message.replace(/^.*: /, "Not a pattern yet: ");
  }
  field.setAttribute("aria-invalid", String(wrong));
  note.classList.toggle("wrong", wrong);
  note.textContent = words;
}

// -- the timeline ----------------------------------------------------------------------------------

async function drawTimeline() {
  const position = Number($("position").value);
  $("position-value").textContent = position;
  try {
    const plan = await (await call(`/timeline?position=${position}`)).json();
    $("timeline").replaceChildren(chart(plan));
    $("legend").replaceChildren(...works(plan).map(legend));
    $("timeline-about").textContent = `A token at position ${position} takes ${plan.cycles.toLocaleString("en")} cycles.`;
  } catch (error) {
    $("timeline-about").textContent = error.message;
  }
}

function shape(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

/** What the parts work at, in the order of its beginning; colours go by it. */
const works = ({ busy }) => [...new Set(busy.map((bar) => bar.label))];
const colour = (index) => COLOURS[index % COLOURS.length];

function legend(work, index) {
  const entry = document.createElement("li");
  const swatch = shape("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
  swatch.append(shape("rect", { width: 10, height: 10, fill: colour(index) }));
  entry.append(swatch, work);
  return entry;
}

/** Bars by part of the chip, from left to right in cycles. */
function chart(plan) {
  const { cycles, busy: bars } = plan;
  const parts = [...new Set(bars.map((bar) => bar.part))];
  const [left, row, width] = [84, 26, 1000];
  const height = parts.length * row + 26;
  const scale = (width - left - 8) / cycles;
  const label = `${parts.length} parts of the chip over ${cycles} cycles: ${parts.join(", ")}`;
  const picture = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  parts.forEach((part, index) => {
    picture.append(shape("text", { x: 0, y: index * row + 17 }, part));
  });
  const labels = works(plan);
  for (const bar of bars) {
    const box = shape("rect", {
      x: left + bar.start * scale, y: parts.indexOf(bar.part) * row + 3,
      width: Math.max((bar.end - bar.start) * scale, 0.5), height: row - 6,
      fill: colour(labels.indexOf(bar.label)),
    });
    box.append(shape("title", {}, `${bar.part}, ${bar.label}, layer ${bar.layer}: cycles ${bar.start} to ${bar.end}`));
    picture.append(box);
  }
  for (const at of [0, 0.25, 0.5, 0.75, 1]) {
    const anchor = at === 0 ? "start" : at === 1 ? "end" : "middle";
    const x = left + at * cycles * scale;
    picture.append(shape("text", { x, y: height - 6, class: "axis", "text-anchor": anchor }, Math.round(at * cycles)));
  }
  return picture;
}

// -- the beginning ---------------------------------------------------------------------------------

async function connect() {
  try {
    const { models: [model] } = await (await call("/models")).json();
    Object.assign(state, model);
    document.title = `${model.name} – hardwire`;
    $("name").textContent = model.name;
    $("about").textContent =
      `${model.runs_on}; ${model.vocab} tokens, context ${model.context}, chip ${model.digest.slice(0, 8)}`;
    $("tokens").max = $("position").max = model.context - 1;
    if (!model.has_tokenizer) $("error").textContent = "This chip has no tokenizer: it answers token ids, by the API alone.";
    $("how-place").hidden = !model.guides;
    $("model-place").hidden = !model.adapters.length;
    $("model").replaceChildren(new Option("none", model.name), ...model.adapters.map((name) => new Option(name)));
    $("timeline-place").hidden = !model.timeline;
    if (model.timeline) await drawTimeline();
    else $("timeline-about").textContent = "This chip's engine has no plan here: serve an RTL build to see it.";
  } catch (error) {
    $("about").textContent = error.message;
  }
}

function clear() {
  state.running?.abort();
  state.messages = [];
  $("log").replaceChildren();
  $("error").textContent = "";
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
$("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") state.running?.abort();
});
$("stop").addEventListener("click", () => state.running?.abort());
$("clear").addEventListener("click", clear);
$("pattern").addEventListener("input", checkPattern);
$("how").addEventListener("change", checkPattern);
$("temperature").addEventListener("input", () => {
  $("temperature-value").textContent = Number($("temperature").value).toFixed(2);
});
$("position").addEventListener("input", drawTimeline);
for (const choice of document.querySelectorAll("input[name=mode]")) {
  choice.addEventListener("change", () => {
    clear();
    checkPattern();
    $("prompt").value = mode() === "chat" ? "" : "Once upon a time";
  });
}
$("ask-key").addEventListener("close", () => {
  sessionStorage.setItem("key", $("key").value);
  connect();
});
connect();
