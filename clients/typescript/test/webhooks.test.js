// What is taken for a webhook of Tollgate's, and what is not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { WebhookRefused, webhooks } from "tollgate";
import { makeWebhook, NOW, SECRET } from "tollgate/testing";

/** What the server signs, checked there by a test, too. */
const VECTORS = JSON.parse(readFileSync(new URL("../../webhooks.json", import.meta.url), "utf8"));
const OTHER = `whsec_${btoa("another secret of the tests!")}`;

const made = await makeWebhook("order.paid", { id: "ord_1", name: "Батик" }, { position: 7 });

async function refused(reason, headers, body, secrets = SECRET, options = {}) {
  const error = await webhooks.verify(body, headers, secrets, { now: NOW, ...options }).then(() => undefined, (error) => error);
  assert.ok(error instanceof WebhookRefused, `${reason}: ${error}`);
  assert.equal(error.reason, reason);
}

test("what the server signs is taken", async () => {
  assert.ok(VECTORS.length >= 4);
  for (const { secrets, id, timestamp, body, signature } of VECTORS) {
    const headers = { "Webhook-Id": id, "Webhook-Timestamp": String(timestamp), "Webhook-Signature": signature };
    for (const secret of secrets) {
      const notice = await webhooks.verify(body, headers, secret, { now: timestamp });
      assert.deepEqual([notice.id, notice.type], [id, JSON.parse(body).type]);
    }
    await refused("signature_invalid", headers, body, OTHER, { now: timestamp });
  }
});

test("another library takes what is made here and makes what is taken here", async () => {
  const now = Math.floor(Date.now() / 1000);
  const { body, headers } = await makeWebhook("order.paid", { name: "Батик" }, { now });
  assert.equal(new Webhook(SECRET).verify(body, headers).data.name, "Батик");
  const signature = new Webhook(SECRET).sign("msg_1", new Date(NOW * 1000), made.body);
  const theirs = { "webhook-id": "msg_1", "webhook-timestamp": String(NOW), "webhook-signature": signature };
  assert.equal((await webhooks.verify(made.body, theirs, SECRET, { now: NOW })).position, 7);
});

test("the notice is read, of bytes or text, with headers of any kind", async () => {
  const { body, headers } = made;
  const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]));
  for (const given of [headers, upper, new Headers(headers)]) {
    for (const content of [body, new TextEncoder().encode(body)]) {
      const notice = await webhooks.verify(content, given, SECRET, { now: NOW });
      assert.deepEqual(notice, {
        type: "order.paid",
        timestamp: "2026-01-22T10:00:00.000Z",
        position: 7,
        data: { id: "ord_1", name: "Батик" },
        id: "notify:ep_test:7",
      });
    }
  }
});

test("whatever was changed is refused", async () => {
  await refused("signature_invalid", made.headers, `${made.body} `);
  await refused("signature_invalid", made.headers, "");
  for (const [name, value] of [["webhook-id", "notify:ep_test:8"], ["webhook-timestamp", String(NOW + 1)]]) {
    await refused("signature_invalid", { ...made.headers, [name]: value }, made.body);
  }
  const right = made.headers["webhook-signature"];
  for (const signature of ["v1,", "v1", ",", "v1,AAAA", `v1a${right.slice(2)}`, "v1,ключ", right.slice(0, -4)]) {
    await refused("signature_invalid", { ...made.headers, "webhook-signature": signature }, made.body);
  }
});

test("one of several signatures and secrets is enough, and none is not", async () => {
  const others = await makeWebhook("order.paid", { id: "ord_1", name: "Батик" }, { position: 7, secret: OTHER });
  const both = `${others.headers["webhook-signature"]} v2,x ${made.headers["webhook-signature"]}`;
  const headers = { ...made.headers, "webhook-signature": both };
  for (const secrets of [SECRET, OTHER, [OTHER, SECRET]]) {
    assert.equal((await webhooks.verify(made.body, headers, secrets, { now: NOW })).position, 7);
  }
  await webhooks.verify(made.body, made.headers, [OTHER, SECRET], { now: NOW });
  await refused("signature_invalid", made.headers, made.body, OTHER);
  await refused("signature_invalid", made.headers, made.body, []);
});

test("time may be off by five minutes", async () => {
  for (const off of [-300, 300]) await webhooks.verify(made.body, made.headers, SECRET, { now: NOW + off });
  for (const off of [-301, 301, 1e9]) {
    await refused("timestamp_out_of_tolerance", made.headers, made.body, SECRET, { now: NOW + off });
  }
  const strict = { now: NOW + 11, toleranceSeconds: 10 };
  await refused("timestamp_out_of_tolerance", made.headers, made.body, SECRET, strict);
  // By the clock this one is long over.
  await assert.rejects(webhooks.verify(made.body, made.headers, SECRET), WebhookRefused);
});

test("headers that are missing or no time are refused", async () => {
  for (const text of ["x", "1.5", "-1", "１", "9".repeat(400), ` ${NOW}`]) {
    await refused("timestamp_invalid", { ...made.headers, "webhook-timestamp": text }, made.body);
  }
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    for (const value of [undefined, "", []]) {
      await refused("header_missing", { ...made.headers, [name]: value }, made.body);
    }
  }
});

test("what is signed and no notice says so", async () => {
  for (const body of ["{", "[]", "null"]) {
    const signature = await webhooks.sign(SECRET, "a", NOW, new TextEncoder().encode(body));
    const headers = { "webhook-id": "a", "webhook-timestamp": String(NOW), "webhook-signature": signature };
    await refused("body_unreadable", headers, body);
  }
});

test("a secret is whsec and 24 to 64 bytes and is not shown", async () => {
  const of = (count) => `whsec_${btoa("\x07".repeat(count))}`;
  for (const secret of [of(24), of(64), of(25).replace(/=+$/, ""), ` ${of(32)}\n`]) {
    await webhooks.sign(secret, "a", 1, new Uint8Array());
  }
  for (const secret of [of(23), of(65), of(32).replace("whsec_", ""), "whsec_not base64 at all, not at all", ""]) {
    const error = await webhooks.verify(made.body, made.headers, secret).then(() => undefined, (error) => error);
    assert.ok(error instanceof TypeError && !error.message.includes("not base64"), String(error));
  }
});
