// The form beneath an operation: what the parameters are, the request, its curl command, and the answer.

const longestAnswer = 512 * 1024; // characters shown; a stream may go on for ever
const streamKinds = /event-stream|ndjson/;

const exampleText = (value) => (value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

// An input for a parameter. `read` gives a text, or a list of texts for arrays.
const parameterInput = (root, parameter, id, changed) => {
  const schema = resolved(root, parameter.schema);
  const item = schema.type === "array" ? resolved(root, schema.items) : schema;
  const first = parameter.example ?? schema.examples?.[0];
  const example = exampleText(Array.isArray(first) ? first[0] : first);
  const attributes = { id, oninput: changed, "aria-required": parameter.required ? "true" : undefined };
  if (item.enum || item.type === "boolean") {
    const values = item.enum ?? ["true", "false"];
    const several = schema.type === "array";
    const select = element("select", { ...attributes, multiple: several, size: several ? Math.min(values.length, 4) : undefined },
      several || element("option", { value: "" }, ""), values.map((value) => element("option", { value }, String(value))));
    return { input: select, read: () => (several ? [...select.selectedOptions].map((one) => one.value) : select.value) };
  }
  if (schema.type === "array") {
    const area = element("textarea", { ...attributes, rows: 2, placeholder: "one value a line", spellcheck: "false" });
    return { input: area, read: () => area.value.split("\n").map((line) => line.trim()) };
  }
  const input = element("input", { ...attributes, type: "text", placeholder: example, autocomplete: "off", spellcheck: "false" });
  if (parameter.in === "path" || (parameter.required && parameter.in !== "header")) input.value = example;
  if (parameter.required && parameter.in === "header") input.value = globalThis.crypto?.randomUUID?.() ?? example;
  return { input, read: () => input.value };
};

const readAnswer = async (response, show) => {
  if (!response.body) return show(await response.text(), true);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return show(text + decoder.decode(), true);
    text += decoder.decode(value, { stream: true });
    if (text.length > longestAnswer) {
      await reader.cancel();
      return show(`${text.slice(0, longestAnswer)}\n... (cut here)`, true);
    }
    show(text, false);
  }
};

const prettyAnswer = (text, type) => {
  if (!/json/.test(type) || streamKinds.test(type)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const tryForm = (root, operation, access) => {
  const inputs = new Map();
  const rows = [];
  const optionalHeaders = [];
  const content = operation.requestBody?.content ?? {};
  const bodyType = Object.keys(content).find((type) => /json/.test(type));
  const replyTypes = Object.keys(operation.responses?.["200"]?.content ?? {}).filter((type) => !/protobuf/.test(type));
  const curl = element("pre", { class: "with-button", tabindex: "0", "aria-label": "curl command" });
  const body = bodyType && element("textarea", {
    id: `${operation.operationId}-body`, rows: 8, spellcheck: "false", oninput: () => update(),
  });
  if (body) {
    body.value = JSON.stringify(content[bodyType].example ?? {}, null, 2);
    body.rows = Math.min(18, Math.max(3, body.value.split("\n").length));
  }
  const accept = replyTypes.length > 1 && element("select", { "aria-label": "Accept", onchange: () => update() },
    replyTypes.map((type) => element("option", { value: type }, type)));

  const request = () => {
    const values = new Map([...inputs].map(([parameter, entry]) => [parameter, entry.read()]));
    return buildRequest(operation, access.base(), values, {
      body: body ? body.value : undefined, contentType: bodyType, token: access.token(),
      accept: accept ? accept.value : undefined,
    });
  };
  const update = () => (curl.textContent = curlOf(request()));

  operation.parameters.forEach((parameter, index) => {
    const id = `${operation.operationId}-${index}`;
    const entry = parameterInput(root, parameter, id, () => update());
    inputs.set(parameter, entry);
    const list = parameter.in === "header" && !parameter.required ? optionalHeaders : rows;
    list.push(element("div", { class: "field" },
      element("label", { for: id }, parameter.name, parameter.required && element("span", { class: "must", title: "required" }, " *")),
      entry.input));
  });

  const outcome = element("span", { role: "status", "aria-live": "polite" });
  const answer = element("div");
  let running = null;
  const send = async () => {
    const missing = operation.parameters.find((one) => one.required && one.in === "path" && inputs.get(one).read() === "");
    if (missing) {
      inputs.get(missing).input.focus();
      outcome.replaceChildren(element("span", { class: "bad" }, `${missing.name} is required`));
      return;
    }
    const { method, url, headers, body: payload } = request();
    running = new AbortController();
    sendButton.disabled = true;
    stopButton.hidden = false;
    outcome.replaceChildren("Waiting ...");
    answer.replaceChildren();
    const started = performance.now();
    try {
      const response = await fetch(url, { method, headers, body: payload, signal: running.signal, credentials: "same-origin" });
      const type = response.headers.get("content-type") ?? "";
      const took = `${Math.round(performance.now() - started)} ms`;
      outcome.replaceChildren(
        element("span", { class: response.ok ? "status good" : "status bad" }, `${response.status} ${response.statusText}`),
        element("span", { class: "soft" }, took));
      const pre = element("pre", { class: "with-button", tabindex: "0", "aria-label": "Answer" });
      const headerText = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      answer.append(
        element("details", {}, element("summary", { class: "soft" }, "Headers"), element("div", { class: "block" }, element("pre", {}, headerText))),
        element("div", { class: "block" }, pre, copyButton(() => pre.textContent)));
      await readAnswer(response, (text, complete) => {
        if (complete) pre.replaceChildren(...(text ? coloured(prettyAnswer(text, type)) : ["(no body)"]));
        else pre.textContent = text;
        if (streamKinds.test(type)) pre.scrollTop = pre.scrollHeight;
      });
    } catch (error) {
      const stopped = running?.signal.aborted;
      outcome.replaceChildren(element("span", { class: stopped ? "soft" : "bad" }, stopped ? "Stopped" : `No answer: ${error.message}`));
    } finally {
      running = null;
      sendButton.disabled = false;
      stopButton.hidden = true;
    }
  };
  const sendButton = element("button", { type: "submit", class: "send" }, "Send");
  const stopButton = element("button", { type: "button", hidden: true, onclick: () => running?.abort() }, "Stop");

  update();
  access.changed(update);
  return element("form", {
    onsubmit: (event) => {
      event.preventDefault();
      send();
    },
  },
    element("h3", {}, "Try it"), rows,
    optionalHeaders.length > 0 && element("details", { class: "more" }, element("summary", {}, "Headers"), optionalHeaders),
    body && [element("label", { for: body.id, class: "soft" }, `Body (${bodyType})`), body],
    element("div", { class: "line" }, sendButton, stopButton, accept, outcome),
    answer,
    element("h3", {}, "curl"),
    element("div", { class: "block" }, curl, copyButton(() => curl.textContent)));
};
