// What the types of the package allow and what they do not; compiled and never run.

import { ApiError, Client, isRefusal, type models, type Notice, operations, webhooks } from "tollgate";
import { FakeTollgate } from "tollgate/testing";

export async function shop(client: Client, signal: AbortSignal): Promise<string[]> {
  const body: models.OrderBody = { currency: "IDR", lines: [{ sku: "A", quantity: 1, unit_amount: 5 }] };
  const order: models.Order = await client.orders.create(body, { idempotencyKey: "cart-1", signal });
  const status: models.OrderStatus = order.status;
  await client.stock.put("A", { on_hand: 3 }, { ifMatch: order.version });
  await client.orders.update(order.id, { note: null, customer: { name: "Dewi" } });
  const bytes: Uint8Array = await (await client.receipts.pdf("rcp_1")).bytes();
  await client.endpoints.delete("ep_1");
  for await (const one of client.orders.list({ status: ["paid", "completed"], limit: 5 })) one.code satisfies string;
  for await (const notice of client.stream({ topics: ["orders"], after: 7, signal })) notice satisfies Notice;
  const answer = await client.call(operations.createOrder, [], { body });
  answer.json<models.Order>().id satisfies string;
  return [status, String(bytes.length)];
}

export async function wrong(client: Client): Promise<void> {
  // @ts-expect-error: a line has no colour.
  await client.orders.create({ currency: "IDR", lines: [{ sku: "A", quantity: 1, unit_amount: 5, colour: "red" }] });
  // @ts-expect-error: an order has a currency.
  await client.orders.create({ lines: [] });
  // @ts-expect-error: no order has this status.
  client.orders.list({ status: "payed" });
  // @ts-expect-error: a key of its own is for what keeps its answer.
  await client.orders.get("A", { idempotencyKey: "k" });
  // @ts-expect-error: a refund says how much.
  await client.payments.refund("pay_1", {});
  // @ts-expect-error: no code is called so.
  isRefusal(new Error("x"), "out_of_stocks");
}

export function refused(error: unknown): string | undefined {
  if (isRefusal(error, "out_of_stock")) return error satisfies ApiError && error.requestId;
  return undefined;
}

export async function received(body: Uint8Array, headers: Headers, nodes: { [name: string]: string | string[] | undefined }) {
  const first = await webhooks.verify(body, headers, "whsec_");
  const second = await webhooks.verify("text", nodes, ["whsec_", "whsec_"], { toleranceSeconds: 60 });
  return [first.position, second.data["id"]];
}

export const client: Client = new FakeTollgate().client({ retries: { attempts: 2 } });
