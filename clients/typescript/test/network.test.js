// Requests over real connections that end, hang and lie.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";
import { ApiError, Client, ConnectionFailed } from "tollgate";

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"id": "a"} ';
const servers = [];

after(() => {
  for (const { server, open } of servers) {
    server.close();
    for (const one of open) one.destroy();
  }
});

/** A server on loopback. `serve` has a connection whose request has come, and its number. */
async function serving(serve) {
  const open = new Set();
  const heads = [];
  const server = net.createServer((connection) => {
    open.add(connection);
    connection.on("error", () => {});
    connection.once("data", (head) => {
      heads.push(String(head));
      serve(connection, heads.length);
    });
  });
  servers.push({ server, open });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, heads };
}

const clientOf = (url, options = {}) =>
  new Client({ url, key: "tg_1", timeoutMs: 30_000, ...options, retries: { attempts: 1, pauseMs: 1, ...options.retries } });

for (const cut of [0, 5, OK.length - 1]) {
  test(`an answer that is cut after ${cut} bytes is none and asked for again`, async () => {
    const { url, heads } = await serving((connection, number) => connection.end(number === 2 ? OK : OK.slice(0, cut)));
    assert.deepEqual(await clientOf(url, { retries: { attempts: 2 } }).orders.get("A"), { id: "a" });
    assert.equal(heads.length, 2);
  });
}

test("a lost answer says that the request may have arrived, and it is not repeated", async () => {
  const { url, heads } = await serving((connection) => connection.destroy());
  const error = await clientOf(url, { retries: { attempts: 3 } }).endpoints.rotate("ep_1").catch((error) => error);
  assert.ok(error instanceof ConnectionFailed && error.mayHaveArrived, String(error));
  assert.equal(heads.length, 1);
});

test("a refused connection says that it has not", async () => {
  // Nobody listens at another of loopback's addresses while this one has the port.
  const { url } = await serving(() => {});
  const error = await clientOf(url.replace("127.0.0.1", "127.0.0.2")).orders.get("A").catch((error) => error);
  assert.ok(error instanceof ConnectionFailed && !error.mayHaveArrived, String(error));
});

test("a server that says nothing costs its time and no more", async () => {
  const { url } = await serving(() => {});
  await assert.rejects(clientOf(url, { timeoutMs: 100 }).orders.get("A"), (error) => {
    return error instanceof ConnectionFailed && error.mayHaveArrived && /in time/.test(error.message);
  });
});

test("a server that dribbles costs no more either", async () => {
  const { url } = await serving((connection) => {
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    const timer = setInterval(() => connection.write(" "), 20);
    connection.on("close", () => clearInterval(timer));
  });
  await assert.rejects(clientOf(url, { timeoutMs: 200 }).orders.get("A"), /in time/);
});

const TABLE = "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n";
const ROW = "a,b\r\n";

test("a table may take long and is handed out while it comes", async () => {
  let more;
  const { url } = await serving((connection) => {
    connection.write(TABLE);
    let left = 8;
    // Longer in all than the time-out; and nothing more comes before this was handed out.
    more = () => setTimeout(() => left-- > 0 && connection.write(ROW), 100);
    more();
  });
  let rows = "";
  for await (const part of await clientOf(url, { timeoutMs: 600 }).receipts.csv()) {
    rows += new TextDecoder().decode(part);
    more();
  }
  assert.equal(rows, ROW.repeat(8));
});

for (const [name, end] of [
  ["falls silent", () => {}],
  ["breaks off", (connection) => connection.end()],
]) {
  test(`a table that ${name} is not begun again`, async () => {
    const { url, heads } = await serving((connection) => connection.write(TABLE + ROW, () => end(connection)));
    let rows = "";
    const reading = async () => {
      const client = clientOf(url, { timeoutMs: 300, retries: { attempts: 3 } });
      for await (const part of await client.receipts.csv()) rows += new TextDecoder().decode(part);
    };
    await assert.rejects(reading(), ConnectionFailed);
    assert.deepEqual([rows, heads.length], [ROW, 1]);
  });
}

test("what fails before the first byte of a table is asked for again", async () => {
  const { url, heads } = await serving((connection, number) => {
    if (number === 1) connection.destroy();
    else if (number === 2) connection.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    else connection.end(TABLE + ROW.repeat(8));
  });
  const table = await clientOf(url, { retries: { attempts: 3 } }).receipts.csv();
  assert.equal(new TextDecoder().decode(await table.bytes()), ROW.repeat(8));
  assert.equal(heads.length, 3);
});

test("a call that waits for its answer ends when it is given up", async () => {
  const stop = new AbortController();
  const { url } = await serving(() => stop.abort(new Error("enough")));
  await assert.rejects(clientOf(url, { retries: { attempts: 9 } }).orders.get("A", { signal: stop.signal }), /enough/);
});

test("who gives up is told so, and not that the connection broke", async () => {
  const stop = new AbortController();
  const { url } = await serving(() => stop.abort());
  await assert.rejects(clientOf(url).orders.get("A", { signal: stop.signal }), { name: "AbortError" });
});

test("a redirect is not followed with the key", async () => {
  const { url, heads } = await serving((connection) =>
    connection.end("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
  );
  await assert.rejects(clientOf(url, { retries: { attempts: 3 } }).orders.get("A"), (error) => {
    return error instanceof ApiError && error.status === 302 && error.code === undefined;
  });
  assert.equal(heads.length, 1);
});

test("a stream is read as it comes and gone on with", async () => {
  const { url, heads } = await serving((connection, number) => {
    const frame = `id: ${number}\nevent: a\ndata: {"type":"a","position":${number},"data":{}}\n\n`;
    const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    connection.write(`${head}${frame.length.toString(16)}\r\n${frame}\r\n`);
    if (number === 1) connection.end();
  });
  const stream = clientOf(url).stream({ after: 0 });
  const positions = [];
  for await (const notice of stream) {
    positions.push(notice.position);
    if (positions.length === 2) stream.close();
  }
  assert.deepEqual(positions, [1, 2]);
  heads.forEach((head, at) => assert.match(head, new RegExp(`last-event-id: ${at}\r\n`, "i")));
});
