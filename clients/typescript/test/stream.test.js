// What a listener is handed out, over connections that break.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, isRefusal, UnexpectedAnswer } from "tollgate";
import { FakeClock, FakeTollgate } from "tollgate/testing";

const notice = (position, type = "order.paid", data = {}) => ({ type, timestamp: "2026-01-22T10:00:00.000Z", position, data });

async function take(stream, count) {
  const taken = [];
  for await (const one of stream) {
    taken.push(one);
    if (taken.length === count) break;
  }
  return taken;
}

const positions = async (stream, count) => (await take(stream, count)).map((one) => one.position);

test("it goes on behind the last message", async () => {
  const fake = new FakeTollgate();
  fake.stream([notice(5), notice(9)]);
  fake.fail("GET", "/v1/stream");
  fake.refuse("GET", "/v1/stream", "overloaded");
  fake.stream([notice(12)]);
  const stream = fake.client().stream();
  assert.deepEqual(await positions(stream, 3), [5, 9, 12]);
  assert.equal(stream.position, 12);
  assert.deepEqual(fake.requests.map((request) => request.headers.get("last-event-id")), [null, "9", "9", "9"]);
  // Overloaded wants a second; by then it had failed three times.
  assert.ok(1000 <= fake.clock.sleeps[2] && fake.clock.sleeps[2] <= 2000, String(fake.clock.sleeps));
});

test("it waits longer the more often it fails and begins anew after a message", async () => {
  const fake = new FakeTollgate();
  for (let i = 0; i < 5; i++) fake.fail("GET", "/v1/stream");
  fake.stream([notice(5)]);
  fake.stream([notice(6)]);
  assert.deepEqual(await positions(fake.client().stream(), 2), [5, 6]);
  const sleeps = fake.clock.sleeps;
  assert.ok(2000 <= sleeps[4] && sleeps[4] <= 4000, String(sleeps));
  assert.ok(125 <= sleeps[5] && sleeps[5] <= 250, String(sleeps));
});

test("it begins where it is told and asks for its topics", async () => {
  const fake = new FakeTollgate();
  fake.stream([notice(8)]);
  assert.deepEqual(await positions(fake.client().stream({ after: 7, topics: ["orders", "alerts"] }), 1), [8]);
  assert.equal(fake.requests[0].headers.get("last-event-id"), "7");
  assert.equal(fake.requests[0].query.get("topics"), "orders,alerts");
});

test("a refusal that no wait can mend is thrown", async () => {
  const fake = new FakeTollgate();
  fake.refuse("GET", "/v1/stream", "scope_missing");
  await assert.rejects(take(fake.client().stream(), 1), (error) => isRefusal(error, "scope_missing"));
});

test("a reset is told", async () => {
  const fake = new FakeTollgate();
  fake.stream([notice(41, "reset", { first_position: 42 }), notice(42)]);
  const [first, second] = await take(fake.client().stream({ after: 3 }), 2);
  assert.deepEqual([first.type, first.data.first_position, second.type], ["reset", 42, "order.paid"]);
});

test("it ends when it is closed, also while it waits", async () => {
  const fake = new FakeTollgate();
  const stop = new AbortController();
  fake.stream([notice(1)]);
  const clock = new FakeClock();
  clock.sleep = async (_, signal) => {
    stop.abort();
    signal.throwIfAborted();
  };
  const client = new Client({ url: "http://tollgate.test", key: "tg_1", fetch: fake.fetch, clock });
  assert.deepEqual(await positions(client.stream({ signal: stop.signal }), 9), [1]);
  assert.deepEqual(await positions(client.stream({ signal: stop.signal }), 9), []);
});

/** What comes of bodies that are sent one after the other, and where each was asked to begin. */
async function read(...bodies) {
  const begun = [];
  const fetch = async (_, init) => {
    begun.push(init.headers["Last-Event-ID"]);
    const body = bodies.shift();
    if (body === undefined) stream.close();
    return new Response(body === undefined ? "" : ReadableStream.from(body));
  };
  const stream = new Client({ url: "http://tollgate.test", key: "tg_1", fetch, clock: new FakeClock() }).stream();
  return [await take(stream), begun];
}

const bytes = (text) => [new TextEncoder().encode(text)];

test("a bare id is no message and moves the position", async () => {
  assert.deepEqual(await read(bytes(":\nid: 7\n\n"), bytes(":\nid: 8\n\n:\n\n")), [[], [undefined, "7", "8"]]);
});

test("what was cut off is not handed out and comes again", async () => {
  const whole = 'id: 9\nevent: order.paid\ndata: {"type":"order.paid","position":9,"data":{"name":"Батик"}}\n\n';
  const { length } = new TextEncoder().encode(whole);
  for (let cut = 1; cut < length; cut++) {
    const part = new TextEncoder().encode(whole).slice(0, cut);
    const [notices, begun] = await read([...bytes("id: 8\n\n"), part], bytes(whole));
    assert.deepEqual([notices.map((one) => one.data.name), begun], [["Батик"], [undefined, "8", "9"]], String(cut));
  }
});

test("a message may come in any pieces, and lines end as on Windows", async () => {
  const whole = 'id:9\r\ndata:{"type":\r\ndata: "a", "data": {"name":"Батик"}}\r\nretry: 5\r\n\r\n';
  const pieces = Array.from(new TextEncoder().encode(whole), (byte) => Uint8Array.of(byte));
  const [notices, begun] = await read(pieces);
  assert.deepEqual([notices.map((one) => one.data.name), begun], [["Батик"], [undefined, "9"]]);
});

test("what is no message is an error", async () => {
  for (const data of ["{", "[]", "null", "{}", '{"type":3}']) {
    await assert.rejects(read(bytes(`id: 1\ndata: ${data}\n\n`)), UnexpectedAnswer, data);
  }
});
