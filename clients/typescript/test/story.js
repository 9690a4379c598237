// One day of a shop against the real server, over connections that break. `scripts/test-clients` starts it.
//
// The server is at TOLLGATE_URL and has the source `midtrans`; TOLLGATE_BINARY with TOLLGATE_CONFIG sends webhooks.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { Client, isRefusal, operations, WebhookRefused, webhooks } from "tollgate";
import { FaultProxy } from "./proxy.js";

const { TOLLGATE_URL: url, TOLLGATE_API_KEY: key, TOLLGATE_BINARY, TOLLGATE_CONFIG } = process.env;

/** How long anything may take before the story fails. */
const PATIENCE_MS = 30_000;

const SHIRT = "TS-SHIRT/M #2";

const client = new Client({ url, key });
const proxy = await FaultProxy.before(url);
const through = new Client({ url: proxy.url, key });

const orderOf = (code, reference, { source = "midtrans", quantity = 1 } = {}) => ({
  code,
  currency: "IDR",
  lines: [{ sku: SHIRT, name: "Батик", quantity, unit_amount: 7_500_000 }],
  payment: { source, reference },
});

/** What the provider sends when its customer has paid. */
async function pay(reference) {
  const command = ["--config", TOLLGATE_CONFIG, "send", "midtrans", "--reference", reference, "--amount", "7500000"];
  await promisify(execFile)(TOLLGATE_BINARY, [...command, "--to", `${url}/webhooks/midtrans`], { timeout: PATIENCE_MS });
}

async function refusal(promise, code) {
  const error = await promise.then(() => assert.fail(`it was not ${code}`), (error) => error);
  assert.ok(isRefusal(error, code), String(error));
  return error;
}

/** What comes in one after the other, for whoever waits for it. */
class Inbox {
  #waiting = [];
  #came = new EventEmitter();

  put(one) {
    this.#waiting.push(one);
    this.#came.emit("one");
  }

  async next() {
    if (this.#waiting.length === 0) await once(this.#came, "one", { signal: AbortSignal.timeout(PATIENCE_MS) });
    return this.#waiting.shift();
  }
}

/** A stream that is read beside the story. */
class Listener {
  heard = [];
  #inbox = new Inbox();

  constructor(from) {
    this.stream = from.stream({ after: 0 });
    this.over = this.#listen();
  }

  async #listen() {
    for await (const notice of this.stream) this.#inbox.put(notice);
  }

  /** The next message of this type about an order of this code; what comes before it is heard too. */
  async until(type, code) {
    for (;;) {
      const notice = await this.#inbox.next();
      this.heard.push(notice);
      if (notice.type === type && notice.data.code === code) return notice;
    }
  }
}

/** A shop's endpoint on loopback: it keeps what it is sent and answers 204. */
async function receiver() {
  const inbox = new Inbox();
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    inbox.put({ body: Buffer.concat(parts), headers: request.headers });
    response.writeHead(204).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { inbox, server, url: `http://127.0.0.1:${server.address().port}/hook` };
}

async function stockIsPut() {
  const put = await client.stock.put(SHIRT, { on_hand: 5 });
  assert.deepEqual([put.sku, put.available, put.version], [SHIRT, 5, 1]);
  const moved = await refusal(client.stock.put(SHIRT, { on_hand: 6 }, { ifMatch: 7 }), "version_mismatch");
  assert.equal(moved.problem.version, 1);
  assert.equal((await client.stock.put(SHIRT, { on_hand: 6 }, { ifMatch: 1 })).version, 2);
}

async function anOrderWhoseAnswerIsLostIsOneOrder() {
  proxy.loseNextAnswer();
  const order = await through.orders.create(orderOf("TS-1", "TS-1-77"), { idempotencyKey: "ts-cart-1" });
  assert.deepEqual([proxy.lost, order.status], [1, "awaiting_payment"]);
  const listed = await client.orders.list({ code: "TS-1" }).toArray();
  assert.deepEqual(listed.map((one) => one.id), [order.id]);
  assert.equal((await client.stock.get(SHIRT)).held, 1);
  const call = { body: orderOf("TS-1", "TS-1-77"), idempotencyKey: "ts-cart-1" };
  const again = await client.call(operations.createOrder, [], call);
  assert.deepEqual([again.status, again.replayed, again.json()], [201, true, order]);
  assert.match(again.requestId, /^req_/);
  return order;
}

async function whatIsRefusedSaysWhy(order) {
  const exists = await refusal(client.orders.create(orderOf("TS-1", "TS-1-78")), "already_exists");
  assert.equal(exists.problem.id, order.id);
  const short = await refusal(client.orders.create(orderOf("TS-2", "TS-2-77", { quantity: 99 })), "out_of_stock");
  assert.deepEqual(short.problem.skus, [{ sku: SHIRT, available: 5, requested: 99 }]);
  assert.deepEqual([short.errors[0].pointer, short.newKeyRequired], ["/lines/0/sku", true]);
  const wrong = await refusal(client.orders.create({ currency: "IDR", lines: [], colour: "red" }), "request_invalid");
  assert.deepEqual(wrong.errors.map((place) => place.pointer), ["/colour"]);
  await refusal(new Client({ url, key: "tg_nobody" }).orders.get("TS-1"), "key_invalid");
  await refusal(client.orders.get("TS-99"), "not_found");
}

async function theStreamGoesOnWhereItWasCut(listener) {
  await pay("TS-1-77");
  const paid = await listener.until("order.paid", "TS-1");
  assert.equal(paid.data.total_amount, 7_500_000);
  proxy.cut();
  await client.orders.create(orderOf("TS-3", "TS-3-77"));
  await pay("TS-3-77");
  const last = await listener.until("order.paid", "TS-3");
  const heard = listener.heard.map((notice) => notice.position);
  const whole = [];
  for await (const notice of client.stream({ after: 0 })) {
    whole.push(notice.position);
    if (notice.position === last.position) break;
  }
  assert.deepEqual(heard, whole);
  assert.deepEqual(heard, [...new Set(heard)].sort((a, b) => a - b));
}

async function theEndpointIsTold(endpoint, inbox) {
  const { id, secret } = endpoint;
  for (const codes = new Set(); codes.size < 2; ) {
    const { body, headers } = await inbox.next();
    const notice = await webhooks.verify(body, headers, secret);
    assert.deepEqual([notice.type, notice.id], ["order.paid", headers["webhook-id"]]);
    new Webhook(secret).verify(body, headers);
    await assert.rejects(webhooks.verify(`${body} `, headers, secret), WebhookRefused);
    if (["TS-1", "TS-3"].includes(notice.data.code)) codes.add(notice.data.code);
  }
  const renewed = await client.endpoints.rotate(id);
  assert.equal((await client.endpoints.test(id)).status, 204);
  const { body, headers } = await inbox.next();
  for (const one of [secret, renewed.secret]) {
    assert.equal((await webhooks.verify(body, headers, one)).type, "endpoint.test");
  }
}

async function listsGoOnToTheirEnd() {
  const names = ["TS-0", "TS-1", "TS-2", "TS-3", "TS-4"];
  await client.stock.putMany({ items: names.map((sku) => ({ sku, on_hand: 1 })) });
  const stock = (await client.stock.list({ limit: 2 }).toArray()).map((one) => one.sku);
  assert.deepEqual(stock.filter((sku) => names.includes(sku)), names);
  assert.equal(new Set(stock).size, stock.length);
  const orders = await client.orders.list({ search: "TS-", sort: "asc", limit: 1 }).toArray();
  assert.deepEqual(orders.map((order) => order.code), ["TS-1", "TS-3"]);
}

async function moneyGoesBack(listener) {
  const order = await client.orders.create(orderOf("TS-4", "TS-4-cash", { source: "manual" }));
  const payment = order.payments[0].id;
  await client.payments.capture(payment, { amount: 7_500_000, note: "cash" });
  await listener.until("order.completed", "TS-4");
  const refund = await client.payments.refund(payment, { amount: 500_000, reason: "scratched" });
  assert.equal((await client.refunds.get(refund.id)).state, "succeeded");
  const receipts = await client.orders.receipts("TS-4").toArray();
  assert.deepEqual(receipts.map((receipt) => receipt.kind).sort(), ["refund", "sale"]);
  const file = await client.receipts.pdf(receipts.find((receipt) => receipt.kind === "sale").id);
  const pdf = await file.bytes();
  assert.equal(new TextDecoder().decode(pdf.slice(0, 4)), "%PDF");
  assert.match(new TextDecoder().decode(await (await client.receipts.csv()).bytes()), /TS-4/);
  const timeline = await client.orders.timeline("TS-4");
  assert.ok(timeline.data.some((entry) => entry.kind === "order.completed"));
}

test("a day of a shop", { timeout: 4 * PATIENCE_MS }, async () => {
  const { inbox, server, url: hook } = await receiver();
  const endpoint = await client.endpoints.create({ url: hook, events: ["order.paid"] });
  const listener = new Listener(through);
  try {
    await stockIsPut();
    await whatIsRefusedSaysWhy(await anOrderWhoseAnswerIsLostIsOneOrder());
    await theStreamGoesOnWhereItWasCut(listener);
    await theEndpointIsTold(endpoint, inbox);
    await listsGoOnToTheirEnd();
    await moneyGoesBack(listener);
  } finally {
    listener.stream.close();
    await listener.over;
    await client.endpoints.delete(endpoint.id);
    server.close();
    server.closeAllConnections();
    proxy.close();
  }
});
