// A client as a user writes it. tsc checks the types; exercise() runs it against a stand-in for the network.
import createClient from "openapi-fetch";
import type { components, paths } from "./library.js";

type Json = `${string}/${"" | "problem+"}json`;
type Book = components["schemas"]["library.v1.Book"];

const sent: { method: string; url: string; headers: Headers; body: string }[] = [];
const network = async (request: Request): Promise<Response> => {
  sent.push({ method: request.method, url: request.url, headers: request.headers, body: await request.text() });
  if (request.url.includes("missing"))
    return new Response(JSON.stringify({ title: "Not Found", status: 404, code: "NOT_FOUND", detail: "no book missing" }), {
      status: 404,
      headers: { "Content-Type": "application/problem+json" },
    });
  return new Response(JSON.stringify({ bookId: "book-1", priceCents: "1999" }), { headers: { "Content-Type": "application/json" } });
};

const client = createClient<paths, Json>({ baseUrl: "https://library.example.org", fetch: network });

const equal = (actual: unknown, expected: unknown) => {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
};

export const exercise = async (): Promise<void> => {
  const found = await client.GET("/v1/books/{book_id}", { params: { path: { book_id: "a/b c" } } });
  equal(sent.at(-1)?.url, "https://library.example.org/v1/books/a%2Fb%20c");
  const price: string | undefined = found.data?.priceCents;
  equal(price, "1999");

  const missing = await client.GET("/v1/books/{book_id}", { params: { path: { book_id: "missing" } } });
  const problem: components["schemas"]["troupe.Problem"] | components["schemas"]["google.rpc.Status"] | undefined = missing.error;
  equal(problem !== undefined && "title" in problem ? problem.code : "", "NOT_FOUND");

  await client.GET("/v1/books", {
    params: { query: { pageSize: 5, kinds: ["NOVEL", "POETRY"], "filter.author": "Ada", "filter.available": true } },
  });
  equal(
    sent.at(-1)?.url,
    "https://library.example.org/v1/books?pageSize=5&kinds=NOVEL&kinds=POETRY&filter.author=Ada&filter.available=true",
  );

  const book: Book = { title: "Emma", kind: "NOVEL", priceCents: "9007199254740993", about: [{ title: "Persuasion" }] };
  await client.POST("/v1/books", { params: { header: { "Idempotency-Key": "key-1" } }, body: book });
  equal(sent.at(-1)?.headers.get("idempotency-key"), "key-1");
  equal(sent.at(-1)?.headers.get("content-type"), "application/json");
  equal(sent.at(-1)?.body, JSON.stringify(book));

  await client.POST("/v1/books/{book_id}:move", { params: { path: { book_id: "book-1" } }, body: { shelf: 4 } });
  equal(sent.at(-1)?.url, "https://library.example.org/v1/books/book-1:move");
  equal(sent.at(-1)?.body, '{"shelf":4}');

  await client.PATCH("/v1/books/{book_id}", {
    params: { path: { book_id: "book-1" }, query: { updateMask: "title" }, header: { "If-Match": '"v1"' } },
    body: { title: "Emma" },
  });
  equal(sent.at(-1)?.url, "https://library.example.org/v1/books/book-1?updateMask=title");

  // What the contract does not say must not compile.
  // @ts-expect-error a path that no rule has
  client.GET("/v2/books").catch(() => undefined);
  // @ts-expect-error the key is required
  client.POST("/v1/books", { body: book }).catch(() => undefined);
  // @ts-expect-error 64-bit integers are strings
  const wrongNumber: Book = { priceCents: 1999 };
  // @ts-expect-error no such kind
  const wrongKind: Book = { kind: "DRAMA" };
  void [wrongNumber, wrongKind];
};
