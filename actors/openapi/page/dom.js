// Elements, text and Markdown. Nothing here takes HTML from the document: its text becomes text nodes only.

const element = (tag, attributes = {}, ...children) => {
  const out = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) out.addEventListener(name.slice(2), value);
    else if (name === "class") out.className = value;
    else out.setAttribute(name, value === true ? "" : String(value));
  }
  out.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return out;
};

// Links may lead only where a link in a comment can be meant to.
const safeLink = (target) => (/^(https?:\/\/|mailto:|#|\/(?!\/))/.test(target) ? target : undefined);

const inlineMarkdown = (text) => {
  const out = [];
  const pattern = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    out.push(text.slice(last, match.index));
    if (match[1] !== undefined) out.push(element("code", {}, match[1]));
    else if (match[2] !== undefined) out.push(element("strong", {}, match[2]));
    else out.push(element("a", { href: safeLink(match[4]), rel: "noreferrer" }, match[3]));
    last = match.index + match[0].length;
  }
  out.push(text.slice(last));
  return out;
};

// Paragraphs, lists and indented code: what comments of contracts use.
const markdown = (text) => {
  if (!text) return [];
  const blocks = [];
  for (const block of text.split(/\n\s*\n/)) {
    const lines = block.split("\n");
    if (lines.every((line) => /^( {4}|\t)/.test(line))) {
      blocks.push(element("div", { class: "block" }, element("pre", {}, lines.map((line) => line.replace(/^( {4}|\t)/, "")).join("\n"))));
      continue;
    }
    let words = [];
    let items = [];
    const flush = () => {
      if (words.length) blocks.push(element("p", {}, inlineMarkdown(words.join(" "))));
      if (items.length) blocks.push(element("ul", {}, items.map((item) => element("li", {}, inlineMarkdown(item)))));
      words = [];
      items = [];
    };
    for (const line of lines) {
      const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
      if (item) {
        if (words.length) flush();
        items.push(item[1]);
      } else if (items.length) items[items.length - 1] += " " + line.trim();
      else words.push(line.trim());
    }
    flush();
  }
  return blocks;
};

// JSON text in colours; any other text as it is.
const coloured = (text) => {
  const out = [];
  const pattern = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    out.push(text.slice(last, match.index));
    const kind = match[2] ? "json-key" : match[1] ? "json-text" : /^[tfn]/.test(match[0]) ? "json-word" : "json-number";
    out.push(element("span", { class: kind }, match[1] ?? match[0]), match[2] ?? "");
    last = match.index + match[0].length;
  }
  out.push(text.slice(last));
  return out;
};

const copyButton = (text) => {
  const button = element("button", { type: "button", "aria-label": "Copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
};

const codeBlock = (text, json = false) => {
  const pre = element("pre", { class: "with-button", tabindex: "0" }, json ? coloured(text) : text);
  return element("div", { class: "block" }, pre, copyButton(() => pre.textContent));
};
