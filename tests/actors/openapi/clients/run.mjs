// What others make of the document: validators, a generated client, and a browser's view of the docs page.
//   node run.mjs BUILD_FOLDER PRINT_PAGE
// BUILD_FOLDER keeps the installed packages; PRINT_PAGE is the program that prints the page (`page`) and its policy
// (`policy`). Ends with `[cases] N passed, M failed`.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installPackages } from "./packages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [buildFolder, printPage] = process.argv.slice(2).map((argument) => resolve(argument));
const documentPath = join(here, "..", "golden", "library.json");

installPackages(buildFolder);
for (const name of ["client.ts", "tsconfig.json", "page.mjs", "examples.mjs"]) copyFileSync(join(here, name), join(buildFolder, name));
const fromBuild = createRequire(join(buildFolder, "package.json"));
const program = (name) => join(buildFolder, "node_modules", ".bin", name);
const run = (name, ...rest) => {
  try {
    return execFileSync(program(name), rest, { cwd: buildFolder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${name} ${rest.join(" ")}\n${error.stdout}\n${error.stderr}`);
  }
};
const load = (name) => import(pathToFileURL(name.endsWith(".mjs") || name.endsWith(".js") ? join(buildFolder, name) : fromBuild.resolve(name)));
const check = (condition, text) => {
  if (!condition) throw new Error(text);
};

const cases = {
  "@redocly/cli finds no error and no warning": () => {
    const report = JSON.parse(run("redocly", "lint", "--extends", "recommended", "--format", "json", documentPath));
    check(report.totals.errors === 0 && report.totals.warnings === 0, JSON.stringify(report.problems, null, 2));
  },
  "@redocly/cli finds an error that is put in": () => {
    const broken = JSON.parse(readFileSync(documentPath, "utf8"));
    broken.paths["/v1/books"].get.parameters[0].in = "nowhere";
    writeFileSync(join(buildFolder, "broken.json"), JSON.stringify(broken));
    let refused = false;
    try {
      run("redocly", "lint", "--extends", "recommended", "broken.json");
    } catch {
      refused = true;
    }
    check(refused, "a parameter that is nowhere was accepted");
  },
  "@seriousme/openapi-schema-validator accepts it as 3.1": async () => {
    const { Validator } = await load("@seriousme/openapi-schema-validator");
    const validator = new Validator();
    const outcome = await validator.validate(JSON.parse(readFileSync(documentPath, "utf8")));
    check(outcome.valid && validator.version === "3.1", JSON.stringify(outcome.errors, null, 2));
  },
  "every example is valid against its schema, and every schema compiles": async () => {
    const { checkExamples, checkOneof } = await load("examples.mjs");
    const document = JSON.parse(readFileSync(documentPath, "utf8"));
    const { examples, problems } = checkExamples(document);
    problems.push(...checkOneof(document));
    check(problems.length === 0, problems.join("\n"));
    check(examples > 50, `only ${examples} examples were found`);
  },
  "a client of openapi-typescript and openapi-fetch type-checks in strict mode": () => {
    run("openapi-typescript", documentPath, "-o", "library.d.ts");
    run("tsc", "-p", "tsconfig.json");
  },
  "the client sends what the contract says": async () => {
    const { exercise } = await load(join("out", "client.js"));
    await exercise();
  },
  "the docs page shows every operation and sends what its forms say": async () => {
    const { checkPage } = await load("page.mjs");
    const print = (what) => execFileSync(printPage, [what], { encoding: "utf8" });
    await checkPage(print("page"), print("policy"), JSON.parse(readFileSync(documentPath, "utf8")));
  },
};

let failed = 0;
for (const [name, body] of Object.entries(cases)) {
  try {
    await body();
    console.log(`passed: ${name}`);
  } catch (error) {
    ++failed;
    console.log(`FAILED: ${name}\n${error.stack ?? error}`);
  }
}
console.log(`[cases] ${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
