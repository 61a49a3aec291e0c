// Schemas, with their references followed when a reader opens them: recursive messages never end otherwise.

const refName = (reference) => reference.slice(reference.lastIndexOf("/") + 1);

// The object that a reference leads to, with what stands beside the reference laid over it.
const resolved = (root, node) => {
  let out = node;
  for (let steps = 0; out && out.$ref && steps < 16; ++steps) {
    const { $ref, ...beside } = out;
    const target = $ref
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce((at, part) => at?.[part], root);
    out = { ...target, ...beside };
  }
  return out ?? {};
};

const typeText = (root, schema) => {
  if (!schema) return "any";
  const target = resolved(root, schema);
  if (target.enum && schema.$ref) return refName(schema.$ref).split(".").pop();
  if (schema.$ref) return target.title ?? refName(schema.$ref).split(".").pop();
  const types = [].concat(schema.type ?? []);
  if (types.includes("array")) return `${typeText(root, schema.items)}[]`;
  if (types.includes("object") && schema.additionalProperties && schema.additionalProperties !== true)
    return `map of ${typeText(root, schema.additionalProperties)}`;
  const format = schema.format ?? schema.contentEncoding;
  return (types.join(" or ") || "any") + (format ? ` (${format})` : "");
};

// The schema whose members are worth showing beneath a value of this one, or null.
const innerSchema = (root, schema) => {
  if (!schema) return null;
  if (schema.$ref) {
    const target = resolved(root, schema);
    return target.properties || target.enum ? target : innerSchema(root, target);
  }
  if (schema.items) return innerSchema(root, schema.items);
  if (schema.contentSchema) return innerSchema(root, schema.contentSchema);
  if (schema.additionalProperties && schema.additionalProperties !== true) return innerSchema(root, schema.additionalProperties);
  return schema.properties ? schema : null;
};

const memberRow = (root, name, schema, required) => {
  const inner = innerSchema(root, schema);
  const row = element("div", { class: "member" },
    element("span", { class: schema.deprecated ? "name deprecated-name" : "name" }, name),
    element("span", { class: "kind" }, typeText(root, schema)),
    required && element("span", { class: "tag" }, "required"),
    schema.deprecated && element("span", { class: "tag warn" }, "deprecated"),
    schema["x-sensitive"] && element("span", { class: "tag" }, "sensitive"),
    schema.description && element("div", { class: "text" }, markdown(schema.description)));
  if (inner) row.append(schemaDetails(root, inner, inner.enum ? "values" : "members"));
  return row;
};

const schemaMembers = (root, schema) => {
  if (schema.enum)
    return schema.description ? markdown(schema.description).concat(enumLine(schema)) : [enumLine(schema)];
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, member]) => memberRow(root, name, member, required.has(name)));
};

const enumLine = (schema) =>
  element("p", { class: "soft" }, schema.enum.flatMap((value, index) => [index ? " " : "", element("code", {}, String(value))]));

// Filled when it is opened first.
const schemaDetails = (root, schema, label, open = false) => {
  const inside = element("div");
  const details = element("details", {}, element("summary", {}, label), inside);
  const fill = () => {
    if (!inside.childNodes.length) inside.append(...schemaMembers(root, schema));
  };
  details.addEventListener("toggle", () => details.open && fill());
  if (open) {
    fill();
    details.open = true;
  }
  return details;
};

const schemaView = (root, schema, open = false) => {
  const inner = innerSchema(root, schema);
  return element("div", { class: "schema" },
    inner ? schemaDetails(root, inner, typeText(root, schema.contentSchema ?? schema), open)
          : element("span", { class: "kind" }, typeText(root, schema)));
};
