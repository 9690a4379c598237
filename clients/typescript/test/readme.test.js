// The examples of README.md, as they stand there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as tollgate from "tollgate";
import * as testing from "tollgate/testing";

const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/```typescript\n(.*?)```/gs)].map(([, block]) => block);

/** Runs the block that has this in it, with what its reader would have; what it imports is there already. */
async function run(begin, names) {
  const found = blocks.filter((block) => block.includes(begin));
  assert.equal(found.length, 1, begin);
  const code = found[0].replace(/^import .*$/gm, "");
  const { constructor: AsyncFunction } = async () => {};
  const given = { ...tollgate, ...testing, assert, ...names };
  await new AsyncFunction(...Object.keys(given), code)(...Object.values(given));
}

test("every block is run below", () => assert.equal(blocks.length, 5));

test("an order that is short of stock", async () => {
  const fake = new testing.FakeTollgate();
  fake.answer("PUT", "/v1/stock/BATIK-M", { sku: "BATIK-M" });
  fake.refuse("POST", "/v1/orders", "out_of_stock", { skus: [{ sku: "BATIK-M" }] });
  const printed = [];
  const Client = function () {
    return fake.client();
  };
  await run("cart-815", { Client, console: { log: (...said) => printed.push(...said) } });
  assert.equal(fake.requests[1].idempotencyKey, "cart-815");
  assert.deepEqual(printed, [[{ sku: "BATIK-M" }], "req_00000000000000000000000000"]);
});

test("a list that is read", async () => {
  const fake = new testing.FakeTollgate();
  fake.answer("GET", "/v1/orders", { data: [{ id: "ord_1" }], next_cursor: null });
  fake.answer("GET", "/v1/orders", { data: [], next_cursor: null });
  const shown = [];
  await run("client.orders.list(", { client: fake.client(), show: (order) => shown.push(order.id), cursor: "b" });
  assert.deepEqual([shown, fake.requests[1].query.get("cursor")], [["ord_1"], "b"]);
});

test("a stream that is followed", async () => {
  const fake = new testing.FakeTollgate();
  const stop = new AbortController();
  fake.stream([
    { type: "reset", timestamp: "", position: 6, data: { first_position: 7 } },
    { type: "order.paid", timestamp: "", position: 7, data: { id: "ord_1" } },
  ]);
  const done = [];
  await run("client.stream(", {
    client: fake.client(),
    signal: stop.signal,
    loadPosition: async () => 3,
    readTheListsAgain: async () => done.push("read"),
    act: async (type, data) => done.push([type, data.id]),
    savePosition: async (position) => {
      done.push(position);
      if (position === 7) stop.abort();
    },
  });
  assert.deepEqual(done, ["read", 6, ["order.paid", "ord_1"], 7]);
});

test("a webhook that is verified", async () => {
  const now = Math.floor(Date.now() / 1000);
  const { body, headers } = await testing.makeWebhook("order.paid", { id: "ord_1" }, { now });
  await run("[secret]", { body, request: { headers }, secret: testing.SECRET });
  await assert.rejects(run("[secret]", { body: "{}", request: { headers }, secret: testing.SECRET }));
});

test("a test of one's own", async () => {
  const myCheckout = (client) => client.orders.create({ currency: "IDR", lines: [] });
  await run("new FakeTollgate()", { myCheckout });
});
