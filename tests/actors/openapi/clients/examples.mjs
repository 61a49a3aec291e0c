// Every example of a document against the schema beside it, by an independent implementation of JSON Schema 2020-12.
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const validatorOf = (document) => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats(ajv);
  for (const name of ["int32", "int64", "uint64", "float", "double"]) ajv.addFormat(name, true);
  ajv.addSchema({ ...document, $id: "https://document.example/openapi.json" });
  return ajv;
};

export const checkExamples = (document) => {
  const ajv = validatorOf(document);
  const problems = [];
  let examples = 0;

  const absolute = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"https://document.example/openapi.json#/components'));
  const visit = (node, path) => {
    if (node === null || typeof node !== "object") return;
    if (node.schema && node.example !== undefined) {
      ++examples;
      try {
        const validate = ajv.compile(absolute(node.schema));
        if (!validate(node.example)) problems.push(`${path}: ${ajv.errorsText(validate.errors)}`);
      } catch (error) {
        problems.push(`${path}: ${error.message}`);
      }
    }
    for (const [key, inner] of Object.entries(node)) if (key !== "example") visit(inner, `${path}/${key}`);
  };
  visit(document, "#");

  for (const name of Object.keys(document.components.schemas))
    try {
      ajv.compile({ $ref: `https://document.example/openapi.json#/components/schemas/${name}` });
    } catch (error) {
      problems.push(`${name}: ${error.message}`);
    }
  return { examples, problems };
};

// The constraint of a oneof of the library holds, and nothing more.
export const checkOneof = (document) => {
  const problems = [];
  const move = validatorOf(document).compile({ $ref: "https://document.example/openapi.json#/components/schemas/Books_MoveBody" });
  for (const one of [{}, { desk: "one" }, { shelf: 1 }, { place: { name: "here" } }])
    if (!move(one)) problems.push(`refused: ${JSON.stringify(one)}`);
  for (const two of [{ desk: "one", shelf: 1 }, { desk: "one", place: {} }, { shelf: 1, place: {} }])
    if (move(two)) problems.push(`accepted: ${JSON.stringify(two)}`);
  return problems;
};
