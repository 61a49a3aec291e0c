// A client as a user writes it, from types that openapi-typescript made of the shop's own /openapi.json.
import createClient from "openapi-fetch";
import type { components, paths } from "./shop.js";

type Json = `${string}/${"" | "problem+"}json`;
type Order = components["schemas"]["shop.Order"];

const equal = (actual: unknown, expected: unknown) => {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`);
};

export const exercise = async (baseUrl: string): Promise<void> => {
  const client = createClient<paths, Json>({ baseUrl });

  const product = await client.GET("/v1/products/{product_id}", { params: { path: { product_id: "tartuffe" } } });
  const price: string | undefined = product.data?.price?.minorUnits;
  equal(price, "1450");

  const page = await client.GET("/v1/products", { params: { query: { pageSize: 2, category: "BOOKS" } } });
  equal(page.data?.products?.length, 2);
  equal(page.data?.products?.[0]?.productId, "faust");

  const placed = await client.POST("/v1/orders", {
    body: {
      orderId: "typed-1",
      customerId: "ada",
      items: [{ productId: "tartuffe", quantity: 2 }],
      payment: { card: { number: "4242424242424242", expiry: "12/40" } },
      delivery: "STANDARD",
    },
  });
  const order: Order | undefined = placed.data;
  equal(order?.state, "CONFIRMED");
  equal(order?.total?.minorUnits, "2900");

  const read = await client.GET("/v1/orders/{order_id}", { params: { path: { order_id: "typed-1" } } });
  equal(JSON.stringify(read.data), JSON.stringify(placed.data));

  const refused = await client.POST("/v1/orders", {
    body: {
      orderId: "typed-2",
      customerId: "ada",
      items: [{ productId: "curtain", quantity: 1 }],
      payment: { invoice: { email: "ada@example.org" } },
    },
  });
  equal(refused.response.status, 400);
  const problem: components["schemas"]["troupe.Problem"] | components["schemas"]["google.rpc.Status"] | undefined = refused.error;
  equal(problem !== undefined && "title" in problem ? problem.code : "", "FAILED_PRECONDITION");

  const changed = await client.PATCH("/v1/products/{product_id}", {
    params: { path: { product_id: "tartuffe" }, header: { "If-Match": product.response.headers.get("etag") ?? "" } },
    body: { description: "Still there." },
  });
  equal(changed.data?.description, "Still there.");

  const cancelled = await client.POST("/v1/orders/{order_id}:cancel", {
    params: { path: { order_id: "typed-1" } },
    body: { reason: "changed my mind" },
  });
  equal(cancelled.data?.state, "CANCELLED");

  // What the contract does not say must not compile.
  // @ts-expect-error no such path
  client.GET("/v1/customers").catch(() => undefined);
  // @ts-expect-error 64-bit integers are strings
  const wrongNumber: components["schemas"]["shop.Money"] = { currencyCode: "EUR", minorUnits: 1450 };
  // @ts-expect-error no such state
  const wrongState: Order = { state: "LOST" };
  void [wrongNumber, wrongState];
};
