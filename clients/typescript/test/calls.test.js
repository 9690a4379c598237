// What a call does when it is refused, is not answered, or is made twice.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { inspect } from "node:util";
import { ApiError, Client, ConnectionFailed, isRefusal, operations, UnexpectedAnswer, VERSION } from "tollgate";
import { FakeTollgate } from "tollgate/testing";

const ORDER = { currency: "IDR", lines: [{ sku: "BATIK-M", quantity: 2, unit_amount: 7_500_000 }] };
const ROTATE = "/v1/endpoints/ep_1/rotate";

let fake;
let client;

beforeEach(() => {
  fake = new FakeTollgate();
  client = fake.client();
});

afterEach(() => assert.deepEqual(fake.left(), []));

async function refusal(promise, code) {
  const error = await promise.then(() => assert.fail("it was not refused"), (error) => error);
  assert.ok(isRefusal(error, code), inspect(error));
  return error;
}

test("a key is made and kept over every try of one call", async () => {
  fake.refuse("POST", "/v1/orders", "unavailable");
  fake.refuse("POST", "/v1/orders", "outcome_unknown");
  fake.fail("POST", "/v1/orders");
  fake.answer("POST", "/v1/orders", { id: "ord_1" }, { status: 201 });
  assert.equal((await client.orders.create(ORDER)).id, "ord_1");
  const keys = new Set(fake.requests.map((request) => request.idempotencyKey));
  assert.deepEqual([fake.requests.length, keys.size], [4, 1]);
  assert.ok([...keys][0].length >= 32);
  for (const request of fake.requests) assert.deepEqual(request.json, ORDER);
});

test("every call has a key of its own unless one is given", async () => {
  for (let i = 0; i < 3; i++) fake.answer("POST", "/v1/orders", { id: "ord_1" }, { status: 201 });
  await client.orders.create(ORDER);
  await client.orders.create(ORDER);
  await client.orders.create(ORDER, { idempotencyKey: "cart-7" });
  const [first, second, third] = fake.requests.map((request) => request.idempotencyKey);
  assert.notEqual(first, second);
  assert.equal(third, "cart-7");
});

test("a request says whose it is, of the version that was packed", async () => {
  fake.answer("GET", "/v1/orders/A", { id: "ord_1" });
  await client.orders.get("A");
  assert.equal(fake.requests[0].headers.get("user-agent"), `tollgate-typescript/${VERSION}`);
  const packed = new URL("../package.json", import.meta.resolve("tollgate"));
  assert.equal(JSON.parse(readFileSync(packed, "utf8")).version, VERSION);
});

test("reading sends no key", async () => {
  fake.answer("GET", "/v1/orders/A", { id: "ord_1" });
  await client.orders.get("A");
  assert.equal(fake.requests[0].idempotencyKey, null);
  assert.equal(fake.requests[0].headers.get("authorization"), "Bearer tg_test");
});

test("a refusal says what the problem document says and is not repeated", async () => {
  const skus = [{ sku: "BATIK-M", available: 1, requested: 2 }];
  const errors = [{ pointer: "/lines/0/sku", code: "out_of_stock" }];
  fake.refuse("POST", "/v1/orders", "out_of_stock", { skus, errors });
  const error = await refusal(client.orders.create(ORDER), "out_of_stock");
  assert.deepEqual([error.status, error.problem.skus, error.errors], [409, skus, errors]);
  assert.deepEqual([error.newKeyRequired, error.retryable, error.retryAfterMs], [true, false, undefined]);
  assert.match(error.requestId, /^req_/);
  assert.match(error.message, /409 out_of_stock: .*\/lines\/0\/sku: out_of_stock \(req_/);
  assert.equal(fake.requests.length, 1);
});

test("what stays with its key is not repeated under it", async () => {
  fake.refuse("POST", "/v1/orders", "unavailable", { new_key_required: true });
  await refusal(client.orders.create(ORDER), "unavailable");
  assert.deepEqual(fake.clock.sleeps, []);
});

test("a version that has moved is read again by the caller", async () => {
  fake.refuse("PUT", "/v1/stock/A", "version_mismatch", { version: 5 });
  const error = await refusal(client.stock.put("A", { on_hand: 1 }, { ifMatch: 4 }), "version_mismatch");
  assert.equal(error.problem.version, 5);
  assert.equal(fake.requests[0].headers.get("if-match"), '"4"');
});

test("the server says how long to wait and nobody comes earlier", async () => {
  fake.refuse("GET", "/v1/orders/A", "provider_unavailable");
  fake.answer("GET", "/v1/orders/A", "busy", { status: 503, headers: { "Retry-After": "3" } });
  fake.answer("GET", "/v1/orders/A", { id: "ord_1" });
  await client.orders.get("A");
  const [first, second] = fake.clock.sleeps;
  assert.ok(5000 <= first && first <= 5250, String(first));
  assert.ok(3000 <= second && second <= 3500, String(second));
});

test("pauses grow and have a bound", async () => {
  const retries = { attempts: 9, pauseMs: 500, pauseMaxMs: 4000 };
  for (let i = 0; i < 8; i++) fake.fail("GET", "/v1/orders/A");
  fake.answer("GET", "/v1/orders/A", { id: "ord_1" });
  await fake.client({ retries }).orders.get("A");
  [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000].forEach((most, index) => {
    const slept = fake.clock.sleeps[index];
    assert.ok(most / 2 <= slept && slept <= most, `${index}: ${slept}`);
  });
  assert.ok(new Set(fake.clock.sleeps.slice(3)).size > 1);
});

test("tries are counted and told", async () => {
  for (let i = 0; i < 3; i++) fake.refuse("GET", "/v1/orders/A", "overloaded");
  const told = [];
  const onRetry = (operation, failure, waitMs) => told.push([operation.path, failure.code, waitMs >= 1000]);
  await refusal(fake.client({ retries: { attempts: 3 }, onRetry }).orders.get("A"), "overloaded");
  assert.deepEqual(told, Array(2).fill(["/v1/orders/{id}", "overloaded", true]));
});

test("nothing is waited for that comes after the end", async () => {
  for (let i = 0; i < 2; i++) fake.refuse("GET", "/v1/orders/A", "overloaded", { retry_after_ms: 40_000 });
  await refusal(fake.client({ retries: { attempts: 9, totalMs: 60_000 } }).orders.get("A"), "overloaded");
  assert.equal(fake.clock.sleeps.length, 1);
});

for (const [name, tell] of [
  ["lost", () => fake.fail("POST", ROTATE)],
  ["unknown", () => fake.refuse("POST", ROTATE, "outcome_unknown")],
  ["a proxy's", () => fake.answer("POST", ROTATE, "bad gateway", { status: 502 })],
  ["a proxy's code", () => fake.answer("POST", ROTATE, { code: "upstream_reset" }, { status: 503 })],
]) {
  test(`what may have been done and keeps no answer is not done again: ${name}`, async () => {
    tell();
    await assert.rejects(client.endpoints.rotate("ep_1"));
    assert.deepEqual([fake.requests.length, fake.requests[0].idempotencyKey], [1, null]);
  });
}

for (const [name, tell] of [
  ["never sent", () => fake.fail("POST", ROTATE, { mayHaveArrived: false })],
  ["stored nothing", () => fake.refuse("POST", ROTATE, "unavailable")],
  ["too many", () => fake.answer("POST", ROTATE, "slower", { status: 429 })],
]) {
  test(`what was not done is done: ${name}`, async () => {
    tell();
    fake.answer("POST", ROTATE, { id: "ep_1" });
    await client.endpoints.rotate("ep_1");
  });
}

for (const [name, tell] of [
  ["lost", () => fake.fail("DELETE", "/v1/stock/A")],
  ["unknown", () => fake.refuse("DELETE", "/v1/stock/A", "outcome_unknown")],
  ["a proxy's", () => fake.answer("DELETE", "/v1/stock/A", "time-out", { status: 504 })],
  ["a proxy's code", () => fake.answer("DELETE", "/v1/stock/A", { code: "upstream_reset" }, { status: 503 })],
]) {
  test(`what is gone after a lost answer was deleted: ${name}`, async () => {
    tell();
    fake.refuse("DELETE", "/v1/stock/A", "not_found");
    await client.stock.delete("A");
  });
}

for (const [name, tell] of [
  ["never sent", () => fake.fail("DELETE", "/v1/stock/A", { mayHaveArrived: false })],
  ["stored nothing", () => fake.refuse("DELETE", "/v1/stock/A", "unavailable")],
  ["too many", () => fake.answer("DELETE", "/v1/stock/A", "slower", { status: 429 })],
]) {
  test(`what was never there is not found: ${name}`, async () => {
    tell();
    fake.refuse("DELETE", "/v1/stock/A", "not_found");
    await refusal(client.stock.delete("A"), "not_found");
  });
}

for (const [name, path] of [
  ["SHIRT/M #2", "/v1/stock/SHIRT%2FM%20%232"],
  ["a?b%2F", "/v1/stock/a%3Fb%252F"],
  ["Батик", "/v1/stock/%D0%91%D0%B0%D1%82%D0%B8%D0%BA"],
]) {
  test(`a name is one segment whatever is in it: ${name}`, async () => {
    fake.answer("GET", path, { sku: name });
    await client.stock.get(name);
    assert.equal(fake.requests[0].path, path);
  });
}

test("what would name another path is not sent", async () => {
  for (const name of ["", ".", ".."]) await assert.rejects(client.stock.get(name), TypeError);
  assert.deepEqual(fake.requests, []);
});

test("a query says what was asked and no more", async () => {
  fake.answer("GET", "/v1/orders", { data: [], next_cursor: null });
  const query = { status: ["paid", "completed"], code: "A&B", limit: 2, attention: false, search: undefined };
  assert.deepEqual(await client.orders.list(query).toArray(), []);
  assert.equal(String(fake.requests[0].query), "status=paid&status=completed&code=A%26B&limit=2&attention=false");
});

test("a server may live below a path", async () => {
  fake.answer("GET", "/shop/v1/orders/A", { id: "ord_1" });
  await new Client({ url: "https://example.org/shop/", key: "tg_1", fetch: fake.fetch }).orders.get("A");
});

test("an answer that is no JSON is no Tollgate's", async () => {
  fake.answer("GET", "/v1/orders/A", "<html>");
  await assert.rejects(client.orders.get("A"), UnexpectedAnswer);
});

test("a URL that is none is refused at once", () => {
  for (const url of ["tollgate.example", "ftp://x", "http://", "http://u:p@x", "http://x?a=1", "http://x#a"]) {
    assert.throws(() => new Client({ url, key: "tg_1" }), TypeError, url);
  }
});

test("the key is shown nowhere", async () => {
  const { fetch, clock } = fake;
  const secretive = new Client({ url: "http://tollgate.test", key: "tg_secret", fetch, clock });
  fake.refuse("GET", "/v1/orders/A", "key_invalid");
  const error = await refusal(secretive.orders.get("A"), "key_invalid");
  const shown = [secretive, error].map((one) => inspect(one, { depth: 9, showHidden: true })).join();
  assert.doesNotMatch(shown + JSON.stringify(error), /tg_secret/);
  assert.throws(() => new Client({ url: "http://x", key: "tg_secret\n" }), (error) => !/tg_secret/.test(error.message));
});

test("a list goes on to its end over empty pages with the whole query, as it is read", async () => {
  const page = (numbers, next_cursor) => ({ data: numbers.map((number) => ({ id: `ord_${number}` })), next_cursor });
  fake.answer("GET", "/v1/orders", page([1, 2], "b"));
  fake.answer("GET", "/v1/orders", page([], "c"));
  fake.answer("GET", "/v1/orders", page([3], null));
  const orders = client.orders.list({ status: "paid" })[Symbol.asyncIterator]();
  assert.equal(fake.requests.length, 0);
  const ids = [(await orders.next()).value.id, (await orders.next()).value.id];
  assert.equal(fake.requests.length, 1);
  ids.push((await orders.next()).value.id);
  assert.deepEqual([ids, (await orders.next()).done], [["ord_1", "ord_2", "ord_3"], true]);
  const asked = fake.requests.map((request) => String(request.query));
  assert.deepEqual(asked, ["status=paid", "status=paid&cursor=b", "status=paid&cursor=c"]);
});

test("pages can be turned by hand", async () => {
  fake.answer("GET", "/v1/orders", { data: [{ id: "ord_1" }], next_cursor: "b" });
  fake.answer("GET", "/v1/orders", { data: [], next_cursor: null });
  const orders = client.orders.list();
  const { next_cursor } = await orders.page();
  assert.deepEqual((await orders.page(next_cursor)).data, []);
  assert.equal(fake.requests[1].query.get("cursor"), "b");
});

test("an answer says whether it is a repetition", async () => {
  const headers = { "Idempotency-Replayed": "true", "X-Request-Id": "req_7" };
  fake.answer("POST", "/v1/orders", { id: "ord_1" }, { status: 201, headers });
  const answer = await client.call(operations.createOrder, [], { body: ORDER, idempotencyKey: "k" });
  assert.deepEqual([answer.status, answer.replayed, answer.requestId], [201, true, "req_7"]);
});

test("a call that is given up ends at once and is not repeated", async () => {
  const stop = new AbortController();
  fake.refuse("GET", "/v1/orders/A", "unavailable");
  const onRetry = () => stop.abort(new Error("enough"));
  await assert.rejects(fake.client({ onRetry }).orders.get("A", { signal: stop.signal }), /enough/);
  assert.equal(fake.requests.length, 1);
});

test("what nobody told the fake is the test's own mistake, and no lost connection", async () => {
  await assert.rejects(client.orders.get("A"), (error) => !(error instanceof ConnectionFailed || error instanceof ApiError));
  assert.equal(fake.requests.length, 1);
});
