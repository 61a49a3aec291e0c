// The shop, seen by clients of the JavaScript world: grpc-js with reflection only, the validators of its OpenAPI
// document, and a client that openapi-typescript and openapi-fetch make of that document.
//   node run.mjs PACKAGES_FOLDER SHOP_PROGRAM
// Ends with `[cases] N passed, M failed`.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { installPackages } from "../../actors/openapi/clients/packages.mjs";
import { ReflectedClient } from "./reflection.mjs";
import { startShop } from "./shop.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [packagesFolder, program] = process.argv.slice(2).map((argument) => resolve(argument));
installPackages(packagesFolder);
const folder = join(packagesFolder, "shop"); // below it, so that its files find the packages
mkdirSync(folder, { recursive: true });
for (const name of ["client.ts", "tsconfig.json"]) copyFileSync(join(here, name), join(folder, name));
copyFileSync(join(here, "../../actors/openapi/clients/examples.mjs"), join(folder, "examples.mjs"));
const packages = createRequire(join(packagesFolder, "package.json"));
const load = (path) => import(pathToFileURL(path));
const run = (name, ...rest) => {
  try {
    return execFileSync(join(packagesFolder, "node_modules", ".bin", name), rest, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${name} ${rest.join(" ")}\n${error.stdout}\n${error.stderr}`);
  }
};
const check = (condition, text) => {
  if (!condition) throw new Error(text);
};
const equal = (actual, expected) => check(JSON.stringify(actual) === JSON.stringify(expected), `${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
const all = async (stream) => {
  const out = [];
  for await (const each of stream) out.push(each);
  return out;
};
const refused = (promise) =>
  promise.then(
    (value) => check(false, `it succeeded: ${JSON.stringify(value)}`),
    (error) => error,
  );

const shop = await startShop(program);
const base = `http://127.0.0.1:${shop.http}`;
const reflected = new ReflectedClient(`127.0.0.1:${shop.grpc}`, packages);
const { status, Metadata } = packages("@grpc/grpc-js");
const documentPath = join(folder, "openapi.json");
const document = await (await fetch(`${base}/openapi.json`)).json();
writeFileSync(documentPath, JSON.stringify(document));

const card = (number) => ({ card: { number, expiry: "12/40" } });
const order = (orderId, productId = "hamlet", payment = card("4242424242424242")) => ({ order_id: orderId, customer_id: "ada", items: [{ product_id: productId, quantity: 2 }], payment });

const cases = {
  "reflection lists the services": async () => {
    const services = await reflected.services();
    for (const name of ["shop.Catalog", "shop.Inventory", "shop.Orders", "shop.Payments", "grpc.health.v1.Health"]) check(services.includes(name), `no ${name} in ${services}`);
  },
  "an order is placed and read": async () => {
    const placed = await reflected.unary("/shop.Orders/Place", order("js-1"));
    equal([placed.state, placed.total.minor_units], ["CONFIRMED", 1998]);
    equal(await reflected.unary("/shop.Orders/Get", { order_id: "js-1" }), placed);
  },
  "an order is followed": async () => {
    await reflected.unary("/shop.Orders/Place", { ...order("js-2"), delivery: "EXPRESS" });
    const events = await all(await reflected.start("/shop.Orders/Watch", { order_id: "js-2" }));
    equal(
      events.map((event) => event.kind),
      ["ORDER_RECEIVED", "GOODS_RESERVED", "PAYMENT_TAKEN", "ORDER_CONFIRMED", "ORDER_SHIPPED"],
    );
  },
  "products are imported as a stream": async () => {
    const { stream, answer } = await reflected.start("/shop.Catalog/Import");
    for (let number = 0; number < 200; ++number) stream.write({ product_id: `js-${number}`, name: "x", category: "MUSIC", price: { currency_code: "EUR", minor_units: 5 } });
    stream.end();
    equal((await answer).created, 200);
  },
  "stock is adjusted in both directions at once": async () => {
    const stream = await reflected.start("/shop.Inventory/Adjust");
    const answers = [];
    stream.write({ product_id: "chess", delta: 1 });
    for await (const each of stream) {
      answers.push(each.level.available);
      if (answers.length === 5) stream.end();
      else stream.write({ product_id: "chess", delta: 1 });
    }
    equal(answers, [100001, 100002, 100003, 100004, 100005]);
  },
  "an error has its details": async () => {
    const error = await refused(reflected.unary("/shop.Orders/Place", order("js-3", "hamlet", card("4000000000000002"))));
    equal([error.code, error.details], [status.FAILED_PRECONDITION, "the bank has declined the card"]);
    const [bytes] = error.metadata.get("grpc-status-details-bin");
    check(bytes.includes("CARD_DECLINED"), "no ErrorInfo");
  },
  "metadata and a deadline go along": async () => {
    const metadata = new Metadata();
    metadata.set("idempotency-key", "js-key");
    metadata.set("x-raw-bin", Buffer.from([0, 255, 10]));
    equal((await reflected.unary("/shop.Orders/Place", order(""), { metadata })).order_id, "js-key");
    const late = await reflected.start("/shop.Inventory/WatchStock", { product_ids: ["chess"] }, { deadline: Date.now() + 300 });
    equal((await refused(all(late))).code, status.DEADLINE_EXCEEDED);
  },
  "a stream is cancelled": async () => {
    const watch = await reflected.start("/shop.Inventory/WatchStock", { product_ids: ["chess"] });
    const error = await refused(
      (async () => {
        for await (const level of watch) {
          equal(level.product_id, "chess");
          watch.cancel();
        }
      })(),
    );
    equal(error.code, status.CANCELLED);
  },
  "@redocly/cli finds no error": () => {
    const report = JSON.parse(run("redocly", "lint", "--extends", "recommended", "--format", "json", documentPath));
    check(report.totals.errors === 0, JSON.stringify(report.problems, null, 2));
  },
  "@seriousme/openapi-schema-validator accepts the document as 3.1": async () => {
    const { Validator } = await load(packages.resolve("@seriousme/openapi-schema-validator"));
    const validator = new Validator();
    const outcome = await validator.validate(document);
    check(outcome.valid && validator.version === "3.1", JSON.stringify(outcome.errors, null, 2));
  },
  "every example is valid against its schema": async () => {
    const { checkExamples } = await load(join(folder, "examples.mjs"));
    const { examples, problems } = checkExamples(document);
    check(problems.length === 0, problems.join("\n"));
    check(examples > 20, `only ${examples} examples were found`);
  },
  "a client of openapi-typescript and openapi-fetch type-checks in strict mode, and runs": async () => {
    run("openapi-typescript", documentPath, "-o", "shop.d.ts");
    run("tsc", "-p", "tsconfig.json");
    const { exercise } = await load(join(folder, "out", "client.js"));
    await exercise(base);
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
reflected.close();
await shop.stop();
console.log(`[cases] ${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
