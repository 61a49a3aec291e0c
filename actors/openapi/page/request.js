// What a filled-in form sends: URL, headers, body, and the same as a curl command.

const encodeSegments = (value) => value.split("/").map(encodeURIComponent).join("/");

// `values` holds a text a parameter, or a list of texts for arrays; what is empty is not sent.
const buildRequest = (operation, base, values, { body, contentType, accept, token } = {}) => {
  let path = operation.path;
  const query = [];
  const headers = {};
  for (const parameter of operation.parameters) {
    const value = values.get(parameter);
    const list = (Array.isArray(value) ? value : [value ?? ""]).filter((one) => one !== "");
    if (parameter.in === "path") {
      const encode = parameter["x-several-segments"] ? encodeSegments : encodeURIComponent;
      path = path.replace(`{${parameter.name}}`, () => encode(list[0] ?? ""));
    } else if (parameter.in === "query") {
      for (const one of list) query.push(`${encodeURIComponent(parameter.name)}=${encodeURIComponent(one)}`);
    } else if (parameter.in === "header" && list.length) {
      headers[parameter.name] = list[0];
    }
  }
  if (accept) headers.Accept = accept;
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = contentType ?? "application/json";
  const url = base.replace(/\/$/, "") + path + (query.length ? `?${query.join("&")}` : "");
  return { method: operation.method.toUpperCase(), url, headers, body };
};

// For a POSIX shell: everything in single quotes, which nothing can break out of.
const shellQuoted = (text) => `'${String(text).replaceAll("'", `'\\''`)}'`;

const curlOf = (request) => {
  const parts = [request.method === "GET" ? "curl" : `curl -X ${request.method}`];
  parts[0] += ` ${shellQuoted(request.url)}`;
  for (const [name, value] of Object.entries(request.headers)) parts.push(`-H ${shellQuoted(`${name}: ${value}`)}`);
  if (request.body !== undefined) parts.push(`--data-binary ${shellQuoted(request.body)}`);
  if (/event-stream|ndjson/.test(request.headers.Accept ?? "")) parts[0] = parts[0].replace("curl", "curl -N");
  return parts.join(" \\\n  ");
};
