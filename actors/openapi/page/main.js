// The page: operations by service, one entry each, made when it is opened first.

const knownMethods = new Set(["get", "put", "post", "delete", "options", "head", "patch", "trace"]);
const documentUrl = new URL("openapi.json", location.href).href;

// Every operation with its path's parameters and all references followed once.
const operationsOf = (root) => {
  const out = [];
  for (const [path, item] of Object.entries(root.paths ?? {})) {
    const found = Object.entries(item).filter(([key]) => knownMethods.has(key));
    // "LINK /v1/orders/{id}": methods that OpenAPI has no key for.
    for (const [key, operation] of Object.entries(item["x-additional-operations"] ?? {}))
      found.push([key.slice(0, key.indexOf(" ")), operation]);
    for (const [method, operation] of found) {
      const parameters = [...(operation.parameters ?? []), ...(item.parameters ?? [])].map((one) => resolved(root, one));
      out.push({ ...operation, path, method, parameters });
    }
  }
  return out;
};

const methodLabel = (operation) => element("span", { class: `method ${operation.method.toLowerCase()}` }, operation.method === "delete" ? "DEL" : operation.method.toUpperCase());

const parameterRows = (root, parameters) =>
  element("div", { class: "rows" }, parameters.map((parameter) => element("div", {},
    element("span", { class: parameter.deprecated ? "name deprecated-name" : "name" }, parameter.name),
    element("span", { class: "kind" }, `${typeText(root, parameter.schema)} in ${parameter.in}`),
    parameter.required && element("span", { class: "tag" }, "required"),
    element("div", { class: "text" }, markdown(parameter.description)))));

const responseRows = (root, responses) =>
  element("div", { class: "rows" }, Object.entries(responses).map(([status, node]) => {
    const response = resolved(root, node);
    const [type, media] = Object.entries(response.content ?? {})[0] ?? [];
    const good = /^[123]/.test(status);
    return element("div", {},
      element("span", { class: good ? "status good" : "status bad" }, status === "default" ? "other" : status),
      good && type && element("span", { class: "kind" }, Object.keys(response.content).join(", ")),
      element("div", { class: "text" }, markdown(response.description)),
      good && media && schemaView(root, media.schema),
      good && media?.example !== undefined && element("details", {}, element("summary", { class: "soft" }, "Example"),
        codeBlock(JSON.stringify(media.example, null, 2), true)));
  }));

const operationBody = (root, operation, access) => {
  const documented = operation.parameters.filter((parameter) => parameter.in !== "header");
  const headers = operation.parameters.filter((parameter) => parameter.in === "header");
  const media = Object.entries(operation.requestBody?.content ?? {})[0];
  return element("div", { class: "columns" },
    element("div", {},
      element("div", { class: "about" }, markdown(operation.description ?? operation.summary)),
      documented.length > 0 && [element("h3", {}, "Parameters"), parameterRows(root, documented)],
      media && [element("h3", {}, "Body"), markdown(operation.requestBody.description), schemaView(root, media[1].schema, true)],
      headers.length > 0 && [element("h3", {}, "Headers"), parameterRows(root, headers)],
      element("h3", {}, "Answers"), responseRows(root, operation.responses ?? {})),
    element("div", { class: "try" }, tryForm(root, operation, access)));
};

const operationEntry = (root, operation, access) => {
  const details = element("details", { class: "operation", id: operation.operationId },
    element("summary", {}, methodLabel(operation),
      element("span", { class: operation.deprecated ? "path deprecated-name" : "path" }, operation.path),
      element("span", { class: "what" }, operation.summary, operation.deprecated && element("span", { class: "tag warn" }, "deprecated"))));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(operationBody(root, operation, access));
  });
  return details;
};

// Where requests go and who sends them. The token stays in this page's memory.
const accessPanel = (root) => {
  const listeners = [];
  const tell = () => listeners.forEach((listener) => listener());
  const servers = (root.servers?.length ? root.servers : [{ url: "/" }]).map((server) => ({
    url: new URL(server.url, documentUrl).href, description: server.description,
  }));
  const select = element("select", { id: "server", onchange: tell },
    servers.map((server) => element("option", { value: server.url }, server.url)));
  // The page's own host first: its policy surely allows it.
  select.value = (servers.find((server) => new URL(server.url).origin === location.origin) ?? servers[0]).url;
  const secured = Object.values(root.components?.securitySchemes ?? {}).some((scheme) => scheme.scheme === "bearer");
  const token = secured && element("input", { id: "token", type: "password", autocomplete: "off", oninput: tell });
  const node = element("form", { class: "access", "aria-label": "Access", onsubmit: (event) => event.preventDefault() },
    element("label", { for: "server" }, "Server"), select,
    token && [element("label", { for: "token" }, "Bearer token"), token]);
  return { node, base: () => select.value, token: () => (token ? token.value : ""), changed: (listener) => listeners.push(listener) };
};

const navigation = (groups) => {
  const filter = element("input", {
    type: "search", id: "filter", placeholder: "Filter   ( / )", "aria-label": "Filter operations", autocomplete: "off",
    oninput: () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const { heading, list } of sections) {
        let shown = 0;
        for (const { row, text } of list) {
          row.hidden = !words.every((word) => text.includes(word));
          shown += row.hidden ? 0 : 1;
        }
        heading.hidden = shown === 0;
      }
    },
  });
  const sections = groups.map(({ name, operations }) => ({
    heading: element("h2", {}, name),
    list: operations.map((operation) => ({
      text: `${name} ${operation.method} ${operation.path} ${operation.summary}`.toLowerCase(),
      row: element("li", {}, element("a", { href: `#${operation.operationId}` }, methodLabel(operation),
        element("span", { class: operation.deprecated ? "deprecated-name" : undefined }, operation.summary))),
    })),
  }));
  return [filter, sections.map(({ heading, list }) => [heading, element("ul", {}, list.map(({ row }) => row))])];
};

// Opens the operation that the address names.
const followAddress = () => {
  const id = decodeURIComponent(location.hash.slice(1));
  for (const link of document.querySelectorAll("nav a"))
    if (link.getAttribute("href") === `#${id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  const target = document.getElementById(id);
  if (!target || !target.classList.contains("operation")) return;
  target.open = true;
  target.scrollIntoView?.();
  target.querySelector("summary").focus({ preventScroll: true });
};

const showDocument = (root) => {
  const operations = operationsOf(root);
  const groups = (root.tags ?? []).map((tag) => ({
    name: tag.name, description: tag.description, operations: operations.filter((one) => one.tags?.[0] === tag.name),
  }));
  document.title = root.info.title;
  document.getElementById("title").textContent = root.info.title;
  document.getElementById("version").textContent = root.info.version;
  const access = accessPanel(root);
  document.getElementById("nav").replaceChildren(...navigation(groups).flat(Infinity));
  document.getElementById("main").replaceChildren(
    element("div", { class: "intro" }, element("div", {}, element("h1", {}, root.info.title), markdown(root.info.description)), access.node),
    ...groups.map((group) => element("section", { class: "service" },
      element("header", {}, element("h2", {}, group.name), markdown(group.description)),
      group.operations.map((operation) => operationEntry(root, operation, access)))));
  followAddress();
};

const storedTheme = () => {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage may be forbidden; the system's choice is then the only one
  }
};

const applyTheme = (choice) => {
  const dark = choice ? choice === "dark" : globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  document.getElementById("theme").textContent = dark ? "Light" : "Dark";
};

const start = async () => {
  applyTheme(storedTheme());
  document.getElementById("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", next);
    } catch {
      // As above: the choice then lasts as long as the page.
    }
    applyTheme(next);
  });
  const nav = document.getElementById("nav");
  const menu = document.getElementById("menu");
  const showMenu = (open) => {
    nav.classList.toggle("open", open);
    menu.setAttribute("aria-expanded", String(open));
  };
  menu.addEventListener("click", () => showMenu(!nav.classList.contains("open")));
  nav.addEventListener("click", (event) => event.target.closest("a") && showMenu(false));
  addEventListener("hashchange", followAddress);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") showMenu(false);
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    showMenu(getComputedStyle(menu).display !== "none");
    document.getElementById("filter")?.focus();
  });
  try {
    const response = await fetch(documentUrl, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    showDocument(await response.json());
  } catch (error) {
    document.getElementById("main").replaceChildren(element("p", { class: "notice" }, `${documentUrl} cannot be shown: ${error.message}`));
  }
};

start();
