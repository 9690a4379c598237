// A shop to look at: the real binary on a fresh SQLite file, users of each role, orders in every state, and strangers
// with hostile names among them.
"use strict";

const { spawn, execFileSync } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");

const KEY = "tg_browser-0123456789-0123456789-0123456789";
const PASSWORD = "correct horse battery";
const SERVER_KEY = "server-key-of-the-browser";

// What must stand as text wherever it is shown.
const HOSTILE = [
  "<script>document.title='owned'</script>",
  "\"><img src=x onerror=\"document.title='owned'\">",
  "\u202eevil\u202c",
  "W".repeat(200),
  "{{7*7}} ${7*7} <%= 7 %>",
];

class Shop {
  static async open() {
    const shop = new Shop();
    shop.folder = fs.mkdtempSync(path.join(os.tmpdir(), "tollgate-browser-"));
    // A merchant's endpoint, which refuses everything: effects die at it.
    shop.sink = http.createServer((request, response) => {
      request.resume();
      response.writeHead(410).end("gone");
    });
    await new Promise((resolve) => shop.sink.listen(0, "127.0.0.1", resolve));
    fs.writeFileSync(
      path.join(shop.folder, "tollgate.toml"),
      `[server]
listen = "127.0.0.1:0"
[store]
url = "sqlite:${shop.folder}/tollgate.db"
[api]
bootstrap_key = "literal:${KEY}"
[receipts]
directory = "${shop.folder}/receipts"
[receipts.seller]
name = "Batik Shop"
address = "Jl. Malioboro 1"
[outgoing]
allow_networks = ["127.0.0.0/8"]
[sources.midtrans]
provider = "midtrans"
live = false
secrets = ["literal:${SERVER_KEY}"]
`,
    );
    for (const role of ["admin", "operator", "viewer"]) {
      fs.writeFileSync(path.join(shop.folder, "password"), PASSWORD);
      shop.run("users", "create", `${role}@example.com`, "--name", role, "--role", role, "--password-file",
        path.join(shop.folder, "password"));
    }
    shop.process = spawn(process.env.TOLLGATE_BINARY, ["--config", "tollgate.toml", "serve"], { cwd: shop.folder });
    shop.url = await new Promise((resolve, reject) => {
      let said = "";
      const hear = (bytes) => {
        said += bytes;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
        if (found) resolve(found[0]);
      };
      shop.process.stderr.on("data", hear);
      shop.process.stdout.on("data", hear);
      shop.process.on("exit", () => reject(new Error(`the server did not start: ${said}`)));
    });
    return shop;
  }

  run(...words) {
    return execFileSync(process.env.TOLLGATE_BINARY, ["--config", "tollgate.toml", ...words], {
      cwd: this.folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async api(method, place, body) {
    const answer = await fetch(this.url + place, {
      method,
      headers: {
        Authorization: `Bearer ${KEY}`,
        "Content-Type": "application/json",
        "Idempotency-Key": crypto.randomUUID(),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${place}: ${answer.status} ${text.slice(-700)}`);
    return text === "" ? null : JSON.parse(text);
  }

  // A webhook of Midtrans, signed as Midtrans signs.
  async webhook(reference, amount, status, more = {}) {
    const gross = `${amount}.00`;
    const signed = crypto.createHash("sha512").update(`${reference}200${gross}${SERVER_KEY}`).digest("hex");
    const answer = await fetch(`${this.url}/webhooks/midtrans`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        order_id: reference,
        transaction_id: crypto.randomUUID(),
        transaction_status: status,
        status_code: "200",
        gross_amount: gross,
        currency: "IDR",
        payment_type: "bank_transfer",
        transaction_time: "2026-01-22 10:00:00",
        signature_key: signed,
        ...more,
      }),
    });
    return answer.status;
  }

  async order(code, more = {}) {
    return this.api("POST", "/v1/orders", {
      code,
      currency: "IDR",
      lines: [{ sku: "TEA", name: "Tea", quantity: 1, unit_amount: 15000000, stocked: false }],
      customer: { name: "Dewi", email: "dewi@example.com" },
      payment: { source: "midtrans", reference: `${code}-REF` },
      ...more,
    });
  }

  // Something of everything.
  async furnish() {
    await this.api("PUT", "/v1/stock", { items: [{ sku: "BATIK-M", on_hand: 5 }, { sku: HOSTILE[0], on_hand: 1 }] });
    await this.api("PUT", "/v1/calendars/kitchen", {
      timezone: "Asia/Jakarta",
      unit: "orders",
      slot_minutes: 30,
      capacity: 10,
      weekly: [{ days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], opens: "00:00", closes: "23:30" }],
    });
    await this.api("POST", "/v1/endpoints", { events: ["*"], url: `http://127.0.0.1:${this.sink.address().port}/hook` });
    await this.order("ZVR-OPEN");
    await this.order("ZVR-PAID");
    await this.webhook("ZVR-PAID-REF", 150000, "settlement");
    await this.webhook("ZVR-PAID-REF", 150000, "settlement");
    await this.order("ZVR-GONE");
    const gone = await this.api("GET", "/v1/orders/ZVR-GONE");
    await this.api("POST", `/v1/orders/${gone.id}/cancel`, {});
    // Early: its order never comes. Unsigned: refused. Overpaid: a person must look.
    await this.webhook("ZVR-NOBODY", 150000, "settlement");
    await fetch(`${this.url}/webhooks/midtrans`, { method: "POST", body: '{"transaction_status":"settlement"}' });
    await this.order("ZVR-OVER");
    await this.webhook("ZVR-OVER-REF", 170000, "settlement");
    for (const [index, name] of HOSTILE.entries()) {
      const order = await this.order(`HOSTILE-${index}`, {
        customer: { name, email: `h${index}@example.com` },
        metadata: { [name.slice(0, 40)]: name },
      });
      await this.api("PATCH", `/v1/orders/${order.id}`, { note: name });
    }
  }

  async close() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.removeAllListeners("exit");
    this.process.once("exit", () => {});
    this.process.kill("SIGTERM");
    this.sink.close();
    this.sink.closeAllConnections();
    await Promise.race([ended, new Promise((resolve) => this.process.once("exit", resolve))]);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

module.exports = { Shop, PASSWORD, HOSTILE };
