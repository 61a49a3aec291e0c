// The docs page in a browser without pixels: what it shows, what its forms send, and that it trusts no text.
import { createHash } from "node:crypto";
import { JSDOM, VirtualConsole } from "jsdom";

const check = (condition, text) => {
  if (!condition) throw new Error(text);
};
const equal = (actual, expected) => check(actual === expected, `${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);

const open = async (page, document, hash = "") => {
  const requests = [];
  const errors = [];
  const virtualConsole = new VirtualConsole();
  virtualConsole.on("jsdomError", (error) => errors.push(error));
  const dom = new JSDOM(page, {
    url: `https://host.example.org/docs${hash}`,
    runScripts: "dangerously",
    virtualConsole,
    beforeParse(window) {
      window.TextDecoder = TextDecoder;
      window.fetch = async (url, options = {}) => {
        if (url === "https://host.example.org/openapi.json") return new Response(JSON.stringify(document));
        requests.push({ url, ...options });
        return new Response('{"bookId":"book-7"}', { headers: { "Content-Type": "application/json" } });
      };
    },
  });
  const settle = () => new Promise((done) => setImmediate(() => setImmediate(() => setImmediate(done))));
  for (let turn = 0; turn < 50 && !dom.window.document.querySelector("main h1, main .notice"); ++turn) await settle();
  check(errors.length === 0, String(errors[0]));
  return { window: dom.window, requests, settle };
};

// jsdom does not send the toggle event that a browser sends when details open.
const unfold = (window, id) => {
  const details = window.document.getElementById(id);
  details.open = true;
  details.dispatchEvent(new window.Event("toggle"));
  return details;
};

const type = (window, input, value) => {
  input.value = value;
  input.dispatchEvent(new window.Event("input", { bubbles: true }));
};

const submit = async ({ window, settle }, form) => {
  form.dispatchEvent(new window.Event("submit", { cancelable: true }));
  for (let turn = 0; turn < 20; ++turn) await settle();
};

const input = (details, label) => {
  const found = [...details.querySelectorAll("label")].find((one) => one.textContent.replace(" *", "") === label);
  check(found, `no input ${label}`);
  return details.querySelector(`[id="${found.htmlFor}"]`);
};

const checkPolicy = (page, policy) => {
  for (const [tag, directive] of [["style", "style-src"], ["script", "script-src"]]) {
    const text = page.slice(page.indexOf(`<${tag}>`) + tag.length + 2, page.lastIndexOf(`</${tag}>`));
    const hash = createHash("sha256").update(text).digest("base64");
    check(policy.includes(`${directive} 'sha256-${hash}'`), `${directive} has not the hash of the page's ${tag}: ${policy}`);
  }
};

const checkShown = async (page, document) => {
  const { window } = await open(page, document);
  const ids = [...window.document.querySelectorAll(".operation")].map((one) => one.id);
  const expected = Object.values(document.paths).flatMap((item) =>
    [...Object.values(item), ...Object.values(item["x-additional-operations"] ?? {})].map((one) => one.operationId).filter(Boolean));
  equal(ids.toSorted().join(), expected.toSorted().join());
  equal(window.document.title, document.info.title);
  for (const id of ids) {
    const details = unfold(window, id);
    check(details.querySelector("form .send"), `${id} has no form`);
    for (const control of details.querySelectorAll("input, select, textarea"))
      check(control.hasAttribute("aria-label") || details.querySelector(`label[for="${control.id}"]`), `${id}: a control has no label`);
  }
  const filter = window.document.getElementById("filter");
  type(window, filter, "readers PUT");
  equal([...window.document.querySelectorAll("nav li")].filter((row) => !row.hidden).length, 1);
};

const checkForms = async (page, document) => {
  const view = await open(page, document, "#Books_Get");
  const { window, requests } = view;
  check(window.document.getElementById("Books_Get").open, "the operation that the address names is not open");
  equal(window.document.getElementById("server").value, "https://host.example.org/");
  type(window, window.document.getElementById("token"), "secret");

  const get = unfold(window, "Books_Get");
  type(window, input(get, "book_id"), "it's/7");
  type(window, input(get, "name"), "a&b");
  const curl = get.querySelector('pre[aria-label="curl command"]');
  equal(curl.textContent,
    "curl 'https://host.example.org/v1/books/it'\\''s%2F7?name=a%26b' \\\n  -H 'Authorization: Bearer secret'");
  await submit(view, get.querySelector("form"));
  equal(requests[0].url, "https://host.example.org/v1/books/it's%2F7?name=a%26b");
  equal(requests[0].method, "GET");
  equal(requests[0].headers.Authorization, "Bearer secret");
  equal(get.querySelector('pre[aria-label="Answer"]').textContent, '{\n  "bookId": "book-7"\n}');

  const add = unfold(window, "Books_Add");
  const body = add.querySelector("textarea[id$=-body]");
  equal(JSON.parse(body.value).title, "The C++ Programming Language");
  type(window, body, '{"title":"Emma"}');
  await submit(view, add.querySelector("form"));
  equal(requests[1].body, '{"title":"Emma"}');
  equal(requests[1].headers["Content-Type"], "application/json");
  check(requests[1].headers["Idempotency-Key"].length > 0, "no Idempotency-Key was made up");

  const file = unfold(window, "Books_ReadFile");
  type(window, input(file, "path"), "a b/c.txt");
  await submit(view, file.querySelector("form"));
  equal(requests[2].url, "https://host.example.org/v1/files/a%20b/c.txt");

  type(window, input(get, "book_id"), "");
  await submit(view, get.querySelector("form"));
  equal(requests.length, 3);
  check(get.textContent.includes("book_id is required"), "an empty path parameter was sent");

  const link = unfold(window, "Readers_Link");
  await submit(view, link.querySelector("form"));
  equal(requests[3].method, "LINK");
};

// Comments of a contract are text, whatever they hold.
const checkTrust = async (page, document) => {
  const hostile = structuredClone(document);
  const text = '<img src=x onerror="x()"> [run](javascript:x()) **<b>bold</b>**';
  hostile.info.title = hostile.info.description = text;
  for (const tag of hostile.tags) tag.description = text;
  for (const item of Object.values(hostile.paths))
    for (const operation of Object.values(item)) if (operation.operationId) operation.description = operation.summary = text;
  const { window } = await open(page, hostile);
  unfold(window, "Books_Get");
  equal(window.document.querySelectorAll("img, b, [onerror]").length, 0);
  equal([...window.document.querySelectorAll("a")].filter((link) => /^javascript:/.test(link.href)).length, 0);
};

export const checkPage = async (page, policy, document) => {
  checkPolicy(page, policy);
  await checkShown(page, document);
  await checkForms(page, document);
  await checkTrust(page, document);
};
