// Every operation of the API, as methods of nouns: `client.orders.create`.
// Made by scripts/clients of docs/openapi.json; changes are lost.

import type { Download } from "./download.js";
import type * as models from "./models.js";
import type { Caller, CallOptions, KeyedOptions, Operation, VersionOptions } from "./operation.js";
import { version } from "./operation.js";
import type { Pages } from "./pages.js";

export const listAlerts: Operation = { method: "GET", path: "/v1/alerts" };
export const listAttention: Operation = { method: "GET", path: "/v1/attention" };
export const listAudit: Operation = { method: "GET", path: "/v1/audit" };
export const listCalendars: Operation = { method: "GET", path: "/v1/calendars" };
export const removeCalendar: Operation = { method: "DELETE", path: "/v1/calendars/{name}" };
export const showCalendar: Operation = { method: "GET", path: "/v1/calendars/{name}" };
export const putCalendar: Operation = { method: "PUT", path: "/v1/calendars/{name}" };
export const listSlots: Operation = { method: "GET", path: "/v1/calendars/{name}/slots" };
export const putSlots: Operation = { method: "PUT", path: "/v1/calendars/{name}/slots" };
export const listDeliveries: Operation = { method: "GET", path: "/v1/deliveries" };
export const showDelivery: Operation = { method: "GET", path: "/v1/deliveries/{id}" };
export const verifyDelivery: Operation = { method: "POST", path: "/v1/deliveries/{id}/verify" };
export const doctor: Operation = { method: "GET", path: "/v1/doctor" };
export const listEffects: Operation = { method: "GET", path: "/v1/effects" };
export const retryEffects: Operation = { method: "POST", path: "/v1/effects/retry" };
export const showEffect: Operation = { method: "GET", path: "/v1/effects/{id}" };
export const retryEffect: Operation = { method: "POST", path: "/v1/effects/{id}/retry", keyed: true };
export const settleEffect: Operation = { method: "POST", path: "/v1/effects/{id}/settle", keyed: true };
export const listEndpoints: Operation = { method: "GET", path: "/v1/endpoints" };
export const createEndpoint: Operation = { method: "POST", path: "/v1/endpoints" };
export const deleteEndpoint: Operation = { method: "DELETE", path: "/v1/endpoints/{id}" };
export const showEndpoint: Operation = { method: "GET", path: "/v1/endpoints/{id}" };
export const changeEndpoint: Operation = { method: "PATCH", path: "/v1/endpoints/{id}" };
export const rotateSecret: Operation = { method: "POST", path: "/v1/endpoints/{id}/rotate" };
export const testEndpoint: Operation = { method: "POST", path: "/v1/endpoints/{id}/test" };
export const listErrors: Operation = { method: "GET", path: "/v1/errors" };
export const showErrorStats: Operation = { method: "GET", path: "/v1/errors/stats" };
export const listEvents: Operation = { method: "GET", path: "/v1/events" };
export const replayEvents: Operation = { method: "POST", path: "/v1/events/replay" };
export const showEvent: Operation = { method: "GET", path: "/v1/events/{id}" };
export const replayEvent: Operation = { method: "POST", path: "/v1/events/{id}/replay", keyed: true };
export const exportOrders: Operation = { method: "GET", path: "/v1/exports/orders.csv" };
export const exportPayments: Operation = { method: "GET", path: "/v1/exports/payments.csv" };
export const exportReceipts: Operation = { method: "GET", path: "/v1/exports/receipts.csv" };
export const exportRefunds: Operation = { method: "GET", path: "/v1/exports/refunds.csv" };
export const takeHold: Operation = { method: "POST", path: "/v1/holds", keyed: true };
export const showHold: Operation = { method: "GET", path: "/v1/holds/{id}" };
export const releaseHold: Operation = { method: "POST", path: "/v1/holds/{id}/release", keyed: true };
export const listInstances: Operation = { method: "GET", path: "/v1/instances" };
export const listKeys: Operation = { method: "GET", path: "/v1/keys" };
export const createKey: Operation = { method: "POST", path: "/v1/keys" };
export const revokeKey: Operation = { method: "DELETE", path: "/v1/keys/{id}" };
export const showKey: Operation = { method: "GET", path: "/v1/keys/{id}" };
export const changeKey: Operation = { method: "PATCH", path: "/v1/keys/{id}" };
export const rotateKey: Operation = { method: "POST", path: "/v1/keys/{id}/rotate" };
export const listOrders: Operation = { method: "GET", path: "/v1/orders" };
export const createOrder: Operation = { method: "POST", path: "/v1/orders", keyed: true };
export const showOrder: Operation = { method: "GET", path: "/v1/orders/{id}" };
export const changeOrder: Operation = { method: "PATCH", path: "/v1/orders/{id}", keyed: true };
export const resolveAttentionOfOrder: Operation = { method: "POST", path: "/v1/orders/{id}/attention/{code}/resolve", keyed: true };
export const cancelOrder: Operation = { method: "POST", path: "/v1/orders/{id}/cancel", keyed: true };
export const listReceiptsOfOrder: Operation = { method: "GET", path: "/v1/orders/{id}/receipts" };
export const showTimeline: Operation = { method: "GET", path: "/v1/orders/{id}/timeline" };
export const listPayments: Operation = { method: "GET", path: "/v1/payments" };
export const registerPayment: Operation = { method: "POST", path: "/v1/payments", keyed: true };
export const showPayment: Operation = { method: "GET", path: "/v1/payments/{id}" };
export const changePayment: Operation = { method: "PATCH", path: "/v1/payments/{id}", keyed: true };
export const resolveAttentionOfPayment: Operation = { method: "POST", path: "/v1/payments/{id}/attention/{code}/resolve", keyed: true };
export const capturePayment: Operation = { method: "POST", path: "/v1/payments/{id}/capture", keyed: true };
export const checkPayment: Operation = { method: "POST", path: "/v1/payments/{id}/check" };
export const listReceiptsOfPayment: Operation = { method: "GET", path: "/v1/payments/{id}/receipts" };
export const correctReceipts: Operation = { method: "POST", path: "/v1/payments/{id}/receipts/correct", keyed: true };
export const refundPayment: Operation = { method: "POST", path: "/v1/payments/{id}/refund", keyed: true };
export const listReceipts: Operation = { method: "GET", path: "/v1/receipts" };
export const tableOfReceipts: Operation = { method: "GET", path: "/v1/receipts.csv" };
export const showReceipt: Operation = { method: "GET", path: "/v1/receipts/{id}" };
export const receiptFile: Operation = { method: "GET", path: "/v1/receipts/{id}.pdf" };
export const listRefunds: Operation = { method: "GET", path: "/v1/refunds" };
export const showRefund: Operation = { method: "GET", path: "/v1/refunds/{id}" };
export const search: Operation = { method: "GET", path: "/v1/search" };
export const listSources: Operation = { method: "GET", path: "/v1/sources" };
export const showStats: Operation = { method: "GET", path: "/v1/stats" };
export const showStatsSeries: Operation = { method: "GET", path: "/v1/stats/series" };
export const listStock: Operation = { method: "GET", path: "/v1/stock" };
export const putStocks: Operation = { method: "PUT", path: "/v1/stock" };
export const removeStock: Operation = { method: "DELETE", path: "/v1/stock/{sku}" };
export const showStock: Operation = { method: "GET", path: "/v1/stock/{sku}" };
export const putStock: Operation = { method: "PUT", path: "/v1/stock/{sku}" };
export const adjustStock: Operation = { method: "POST", path: "/v1/stock/{sku}/adjust", keyed: true };
export const listAdjustments: Operation = { method: "GET", path: "/v1/stock/{sku}/adjustments" };
export const createTicket: Operation = { method: "POST", path: "/v1/stream/tickets" };
export const listUsers: Operation = { method: "GET", path: "/v1/users" };
export const createUser: Operation = { method: "POST", path: "/v1/users" };
export const deleteUser: Operation = { method: "DELETE", path: "/v1/users/{id}" };
export const showUser: Operation = { method: "GET", path: "/v1/users/{id}" };
export const changeUser: Operation = { method: "PATCH", path: "/v1/users/{id}" };
export const changePassword: Operation = { method: "POST", path: "/v1/users/{id}/password" };
export const verify: Operation = { method: "GET", path: "/v1/verify" };

/** `/v1/alerts` */
export class Alerts {
  constructor(private readonly caller: Caller) {}

  /** List alerts */
  async get(options: CallOptions = {}): Promise<models.Alerts> {
    const answer = await this.caller.call(listAlerts, [], { ...options });
    return answer.json<models.Alerts>();
  }
}

/** `/v1/attention` */
export class Attention {
  constructor(private readonly caller: Caller) {}

  /** List what a person must look at */
  async get(options: CallOptions = {}): Promise<models.NeedsPerson> {
    const answer = await this.caller.call(listAttention, [], { ...options });
    return answer.json<models.NeedsPerson>();
  }
}

export interface ListAuditQuery {
  /** Changes by this key or user: its id, or its name then. */
  actor?: string;
  /** Changes by this command. */
  operation?: string;
  /** Changes of this: an id, or the name of a sku or a calendar. */
  target?: string;
  /** Changes that were made then or later. */
  since?: string;
  /** Changes that were made before then. */
  until?: string;
  /** The name of another shop than the caller's own. */
  shop?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

/** `/v1/audit` */
export class Audit {
  constructor(private readonly caller: Caller) {}

  /** List who changed what */
  list(query: ListAuditQuery = {}, options: CallOptions = {}): Pages<models.Audit> {
    return this.caller.pages(listAudit, [], { ...query }, options);
  }
}

export interface ListCalendarsQuery {
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

export interface ListSlotsQuery {
  /** Slots that start then or later; now if absent. */
  from?: string;
  /** Slots that start before then. */
  to?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

/** `/v1/calendars` */
export class Calendars {
  constructor(private readonly caller: Caller) {}

  /** List calendars */
  list(query: ListCalendarsQuery = {}, options: CallOptions = {}): Pages<models.Calendar> {
    return this.caller.pages(listCalendars, [], { ...query }, options);
  }

  /** Give a calendar up */
  async delete(name: string, options: CallOptions = {}): Promise<void> {
    await this.caller.call(removeCalendar, [name], { ...options });
  }

  /** Show a calendar */
  async get(name: string, options: CallOptions = {}): Promise<models.Calendar> {
    const answer = await this.caller.call(showCalendar, [name], { ...options });
    return answer.json<models.Calendar>();
  }

  /** Set a calendar */
  async put(name: string, body: models.CalendarBody, options: CallOptions = {}): Promise<models.Calendar> {
    const answer = await this.caller.call(putCalendar, [name], { body, ...options });
    return answer.json<models.Calendar>();
  }

  /** List the slots of a calendar */
  slots(name: string, query: ListSlotsQuery = {}, options: CallOptions = {}): Pages<models.Slot> {
    return this.caller.pages(listSlots, [name], { ...query }, options);
  }

  /** Set single slots of a calendar */
  async putSlots(name: string, body: models.SlotsBody, options: CallOptions = {}): Promise<models.Slot[]> {
    const answer = await this.caller.call(putSlots, [name], { body, ...options });
    return answer.json<{ data: models.Slot[] }>().data;
  }
}

export interface ListDeliveriesQuery {
  /** Deliveries that were judged so. */
  verdict?: "rejected" | "verified";
  /** Deliveries of this source. */
  source?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
  /** `desc`, the newest first, or `asc`, the oldest first, by the time that ids carry; `desc` if absent. */
  sort?: "asc" | "desc";
}

/** `/v1/deliveries` */
export class Deliveries {
  constructor(private readonly caller: Caller) {}

  /** List refused deliveries */
  list(query: ListDeliveriesQuery = {}, options: CallOptions = {}): Pages<models.Delivery> {
    return this.caller.pages(listDeliveries, [], { ...query }, options);
  }

  /** Show a refused delivery */
  async get(id: string, options: CallOptions = {}): Promise<models.Delivery> {
    const answer = await this.caller.call(showDelivery, [id], { ...options });
    return answer.json<models.Delivery>();
  }

  /** Judge a refused delivery again */
  async verify(id: string, options: CallOptions = {}): Promise<models.Taken> {
    const answer = await this.caller.call(verifyDelivery, [id], { ...options });
    return answer.json<models.Taken>();
  }
}

/** `/v1/doctor` */
export class Doctor {
  constructor(private readonly caller: Caller) {}

  /** Check everything around the data */
  async get(options: CallOptions = {}): Promise<models.Report> {
    const answer = await this.caller.call(doctor, [], { ...options });
    return answer.json<models.Report>();
  }
}

export interface ListEffectsQuery {
  /** Effects of any of these kinds. */
  kind?: models.EffectKind | readonly models.EffectKind[];
  /** Effects in any of these states. */
  state?: models.EffectState | readonly models.EffectState[];
  /** Effects of this order (id or code). */
  order?: string;
  /** Effects that go to this target, or to one that begins so: `notify:*`. */
  target?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
  /** `desc`, the newest first, or `asc`, the oldest first, by the time that ids carry; `desc` if absent. */
  sort?: "asc" | "desc";
}

/** `/v1/effects` */
export class Effects {
  constructor(private readonly caller: Caller) {}

  /** List effects */
  list(query: ListEffectsQuery = {}, options: CallOptions = {}): Pages<models.Effect> {
    return this.caller.pages(listEffects, [], { ...query }, options);
  }

  /** Try many effects again */
  async retryMany(body: models.RetryBody, options: CallOptions = {}): Promise<models.Retried> {
    const answer = await this.caller.call(retryEffects, [], { body, ...options });
    return answer.json<models.Retried>();
  }

  /** Show an effect */
  async get(id: string, options: CallOptions = {}): Promise<models.Effect> {
    const answer = await this.caller.call(showEffect, [id], { ...options });
    return answer.json<models.Effect>();
  }

  /** Try an effect again */
  async retry(id: string, options: KeyedOptions = {}): Promise<models.EffectHead> {
    const answer = await this.caller.call(retryEffect, [id], { ...options });
    return answer.json<models.EffectHead>();
  }

  /** Say what became of an effect */
  async settle(id: string, body: models.SettleBody, options: KeyedOptions = {}): Promise<models.EffectHead> {
    const answer = await this.caller.call(settleEffect, [id], { body, ...options });
    return answer.json<models.EffectHead>();
  }
}

export interface ListEndpointsQuery {
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

/** `/v1/endpoints` */
export class Endpoints {
  constructor(private readonly caller: Caller) {}

  /** List endpoints */
  list(query: ListEndpointsQuery = {}, options: CallOptions = {}): Pages<models.Endpoint> {
    return this.caller.pages(listEndpoints, [], { ...query }, options);
  }

  /** Create an endpoint */
  async create(body: models.EndpointBody, options: CallOptions = {}): Promise<models.Endpoint> {
    const answer = await this.caller.call(createEndpoint, [], { body, ...options });
    return answer.json<models.Endpoint>();
  }

  /** Delete an endpoint */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.caller.call(deleteEndpoint, [id], { ...options });
  }

  /** Show an endpoint */
  async get(id: string, options: CallOptions = {}): Promise<models.Endpoint> {
    const answer = await this.caller.call(showEndpoint, [id], { ...options });
    return answer.json<models.Endpoint>();
  }

  /** Change an endpoint */
  async update(
    id: string,
    body?: models.EndpointChangeBody,
    options: CallOptions = {},
  ): Promise<models.Endpoint> {
    const answer = await this.caller.call(changeEndpoint, [id], { body, ...options });
    return answer.json<models.Endpoint>();
  }

  /** Make another secret for an endpoint */
  async rotate(id: string, options: CallOptions = {}): Promise<models.Endpoint> {
    const answer = await this.caller.call(rotateSecret, [id], { ...options });
    return answer.json<models.Endpoint>();
  }

  /** Send an endpoint a test */
  async test(id: string, options: CallOptions = {}): Promise<models.EndpointTest> {
    const answer = await this.caller.call(testEndpoint, [id], { ...options });
    return answer.json<models.EndpointTest>();
  }
}

export interface ListErrorsQuery {
  /**
   * This in the code, the cause, the operation, the source, a request's id or the detail, in any case of
   * letters.
   */
  search?: string;
  /** Errors with this code. */
  code?: string;
  /** Errors with this cause, which tells apart what has one code. */
  cause?: string;
  /** Errors of this level. */
  level?: "warn" | "error";
  /** Errors about this source. */
  source?: string;
  /** What came then or later. */
  since?: string;
  /** What came before then. */
  until?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

export interface ShowErrorStatsQuery {
  /** Today and the days before, in UTC, so many in all; 7 if absent. */
  days?: number;
}

/** `/v1/errors` */
export class Errors {
  constructor(private readonly caller: Caller) {}

  /** List errors */
  list(query: ListErrorsQuery = {}, options: CallOptions = {}): Pages<models.RecordedError> {
    return this.caller.pages(listErrors, [], { ...query }, options);
  }

  /** Count errors */
  async stats(query: ShowErrorStatsQuery = {}, options: CallOptions = {}): Promise<models.ErrorStats> {
    const answer = await this.caller.call(showErrorStats, [], { query: { ...query }, ...options });
    return answer.json<models.ErrorStats>();
  }
}

export interface ListEventsQuery {
  /** Events of this source. */
  source?: string;
  /** Events with this type, or with one that begins so: `transaction.*`. */
  type?: string;
  /** Events that were answered so. */
  outcome?: models.EventOutcome | readonly models.EventOutcome[];
  /** Events that stand so now. */
  state?: models.EventState | readonly models.EventState[];
  /** Events that mention this name, and wait at it or have reached what it leads to. */
  reference?: string;
  /** Events that the timeline of this order (id or code) names. */
  order?: string;
  /** Events that came then or later. */
  received_after?: string;
  /** Events with these bytes in body, type, key or a reference; letters in this case. */
  search?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
  /** `desc`, the newest first, or `asc`, the oldest first, by the time that ids carry; `desc` if absent. */
  sort?: "asc" | "desc";
}

/** `/v1/events` */
export class Events {
  constructor(private readonly caller: Caller) {}

  /** List events */
  list(query: ListEventsQuery = {}, options: CallOptions = {}): Pages<models.Event> {
    return this.caller.pages(listEvents, [], { ...query }, options);
  }

  /** Decide about many events again */
  async replayMany(body: models.ReplayBody, options: CallOptions = {}): Promise<models.Replay> {
    const answer = await this.caller.call(replayEvents, [], { body, ...options });
    return answer.json<models.Replay>();
  }

  /** Show an event */
  async get(id: string, options: CallOptions = {}): Promise<models.Event> {
    const answer = await this.caller.call(showEvent, [id], { ...options });
    return answer.json<models.Event>();
  }

  /** Decide about an event again */
  async replay(id: string, options: KeyedOptions = {}): Promise<models.Replayed> {
    const answer = await this.caller.call(replayEvent, [id], { ...options });
    return answer.json<models.Replayed>();
  }
}

export interface ExportOrdersQuery {
  /** From then on: a day in the shop's time zone, or a time; from the beginning if absent. */
  from?: string;
  /** Before then: a day in the shop's time zone, or a time; to the end if absent. */
  to?: string;
}

export interface ExportPaymentsQuery {
  /** From then on: a day in the shop's time zone, or a time; from the beginning if absent. */
  from?: string;
  /** Before then: a day in the shop's time zone, or a time; to the end if absent. */
  to?: string;
}

export interface ExportReceiptsQuery {
  /** From then on: a day in the shop's time zone, or a time; from the beginning if absent. */
  from?: string;
  /** Before then: a day in the shop's time zone, or a time; to the end if absent. */
  to?: string;
}

export interface ExportRefundsQuery {
  /** From then on: a day in the shop's time zone, or a time; from the beginning if absent. */
  from?: string;
  /** Before then: a day in the shop's time zone, or a time; to the end if absent. */
  to?: string;
}

/** `/v1/exports` */
export class Exports {
  constructor(private readonly caller: Caller) {}

  /** Export orders */
  async ordersCsv(query: ExportOrdersQuery = {}, options: CallOptions = {}): Promise<Download> {
    return await this.caller.download(exportOrders, [], { query: { ...query }, ...options });
  }

  /** Export payments */
  async paymentsCsv(query: ExportPaymentsQuery = {}, options: CallOptions = {}): Promise<Download> {
    return await this.caller.download(exportPayments, [], { query: { ...query }, ...options });
  }

  /** Export receipts */
  async receiptsCsv(query: ExportReceiptsQuery = {}, options: CallOptions = {}): Promise<Download> {
    return await this.caller.download(exportReceipts, [], { query: { ...query }, ...options });
  }

  /** Export refunds */
  async refundsCsv(query: ExportRefundsQuery = {}, options: CallOptions = {}): Promise<Download> {
    return await this.caller.download(exportRefunds, [], { query: { ...query }, ...options });
  }
}

/** `/v1/holds` */
export class Holds {
  constructor(private readonly caller: Caller) {}

  /** Set stock and a slot aside for a cart */
  async create(body: models.HoldBody, options: KeyedOptions = {}): Promise<models.Hold> {
    const answer = await this.caller.call(takeHold, [], { body, ...options });
    return answer.json<models.Hold>();
  }

  /** Show a hold */
  async get(id: string, options: CallOptions = {}): Promise<models.Hold> {
    const answer = await this.caller.call(showHold, [id], { ...options });
    return answer.json<models.Hold>();
  }

  /** Give back what a cart has set aside */
  async release(id: string, options: KeyedOptions = {}): Promise<models.Hold> {
    const answer = await this.caller.call(releaseHold, [id], { ...options });
    return answer.json<models.Hold>();
  }
}

/** `/v1/instances` */
export class Instances {
  constructor(private readonly caller: Caller) {}

  /** List the processes that share the database */
  async list(options: CallOptions = {}): Promise<models.Instance[]> {
    const answer = await this.caller.call(listInstances, [], { ...options });
    return answer.json<{ data: models.Instance[] }>().data;
  }
}

export interface ListKeysQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

export interface RevokeKeyQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

export interface ShowKeyQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

export interface ChangeKeyQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

export interface RotateKeyQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

/** `/v1/keys` */
export class Keys {
  constructor(private readonly caller: Caller) {}

  /** List API keys */
  list(query: ListKeysQuery = {}, options: CallOptions = {}): Pages<models.Key> {
    return this.caller.pages(listKeys, [], { ...query }, options);
  }

  /** Create an API key */
  async create(body: models.KeyBody, options: CallOptions = {}): Promise<models.Key> {
    const answer = await this.caller.call(createKey, [], { body, ...options });
    return answer.json<models.Key>();
  }

  /** Revoke an API key */
  async delete(id: string, query: RevokeKeyQuery = {}, options: CallOptions = {}): Promise<void> {
    await this.caller.call(revokeKey, [id], { query: { ...query }, ...options });
  }

  /** Show an API key */
  async get(id: string, query: ShowKeyQuery = {}, options: CallOptions = {}): Promise<models.Key> {
    const answer = await this.caller.call(showKey, [id], { query: { ...query }, ...options });
    return answer.json<models.Key>();
  }

  /** Change an API key */
  async update(
    id: string,
    body?: models.KeyChangeBody,
    query: ChangeKeyQuery = {},
    options: CallOptions = {},
  ): Promise<models.Key> {
    const answer = await this.caller.call(changeKey, [id], { body, query: { ...query }, ...options });
    return answer.json<models.Key>();
  }

  /** Give an API key another secret */
  async rotate(
    id: string,
    body?: models.RotateBody,
    query: RotateKeyQuery = {},
    options: CallOptions = {},
  ): Promise<models.Key> {
    const answer = await this.caller.call(rotateKey, [id], { body, query: { ...query }, ...options });
    return answer.json<models.Key>();
  }
}

export interface ListOrdersQuery {
  /** Orders in any of these statuses. */
  status?: models.OrderStatus | readonly models.OrderStatus[];
  /** The order with this code. */
  code?: string;
  /** Orders with a payment that some source knows by this name. */
  reference?: string;
  /**
   * This in the customer's name, or this as the mail address or the telephone number, in any case of
   * letters.
   */
  customer?: string;
  /**
   * This in the code, in a payment's reference, or in the customer's name, address or number, in any case
   * and spelling of letters.
   */
  search?: string;
  /** `true`: something is open; `false`: nothing is. */
  attention?: boolean;
  /** Orders that were made then or later. */
  created_after?: string;
  /** Orders that were made before then. */
  created_before?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
  /** `desc`, the newest first, or `asc`, the oldest first, by the time that ids carry; `desc` if absent. */
  sort?: "asc" | "desc";
}

export interface ListReceiptsOfOrderQuery {
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

/** `/v1/orders` */
export class Orders {
  constructor(private readonly caller: Caller) {}

  /** List orders */
  list(query: ListOrdersQuery = {}, options: CallOptions = {}): Pages<models.Order> {
    return this.caller.pages(listOrders, [], { ...query }, options);
  }

  /** Create an order */
  async create(body: models.OrderBody, options: KeyedOptions = {}): Promise<models.Order> {
    const answer = await this.caller.call(createOrder, [], { body, ...options });
    return answer.json<models.Order>();
  }

  /** Show an order */
  async get(id: string, options: CallOptions = {}): Promise<models.Order> {
    const answer = await this.caller.call(showOrder, [id], { ...options });
    return answer.json<models.Order>();
  }

  /** Change what is kept with an order */
  async update(
    id: string,
    body?: models.OrderChangeBody,
    options: KeyedOptions & VersionOptions = {},
  ): Promise<models.Order> {
    const answer = await this.caller.call(
      changeOrder,
      [id],
      { body, headers: { "If-Match": version(options.ifMatch) }, ...options },
    );
    return answer.json<models.Order>();
  }

  /** Say that a person has looked at an order */
  async resolveAttention(
    id: string,
    code: string,
    body?: models.ResolveBody,
    options: KeyedOptions = {},
  ): Promise<models.Order> {
    const answer = await this.caller.call(resolveAttentionOfOrder, [id, code], { body, ...options });
    return answer.json<models.Order>();
  }

  /** Cancel an order */
  async cancel(id: string, options: KeyedOptions = {}): Promise<models.Order> {
    const answer = await this.caller.call(cancelOrder, [id], { ...options });
    return answer.json<models.Order>();
  }

  /** List the receipts of an order */
  receipts(
    id: string,
    query: ListReceiptsOfOrderQuery = {},
    options: CallOptions = {},
  ): Pages<models.Receipt> {
    return this.caller.pages(listReceiptsOfOrder, [id], { ...query }, options);
  }

  /** Show what happened to an order */
  async timeline(id: string, options: CallOptions = {}): Promise<models.Timeline> {
    const answer = await this.caller.call(showTimeline, [id], { ...options });
    return answer.json<models.Timeline>();
  }
}

export interface ListPaymentsQuery {
  /** Payments that some source knows by this name. */
  reference?: string;
  /** Payments in any of these statuses. */
  status?: models.PaymentStatus | readonly models.PaymentStatus[];
  /** Payments that a person must look at, themselves or their order; or, with `false`, need not. */
  attention?: boolean;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
  /** `desc`, the newest first, or `asc`, the oldest first, by the time that ids carry; `desc` if absent. */
  sort?: "asc" | "desc";
}

export interface ListReceiptsOfPaymentQuery {
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

/** `/v1/payments` */
export class Payments {
  constructor(private readonly caller: Caller) {}

  /** List payments */
  list(query: ListPaymentsQuery = {}, options: CallOptions = {}): Pages<models.Payment> {
    return this.caller.pages(listPayments, [], { ...query }, options);
  }

  /** Register a payment */
  async create(body: models.PaymentBody, options: KeyedOptions = {}): Promise<models.Payment> {
    const answer = await this.caller.call(registerPayment, [], { body, ...options });
    return answer.json<models.Payment>();
  }

  /** Show a payment */
  async get(id: string, options: CallOptions = {}): Promise<models.Payment> {
    const answer = await this.caller.call(showPayment, [id], { ...options });
    return answer.json<models.Payment>();
  }

  /** Change what is kept with a payment */
  async update(
    id: string,
    body?: models.PaymentChangeBody,
    options: KeyedOptions = {},
  ): Promise<models.Payment> {
    const answer = await this.caller.call(changePayment, [id], { body, ...options });
    return answer.json<models.Payment>();
  }

  /** Say that a person has looked at a payment */
  async resolveAttention(
    id: string,
    code: string,
    body?: models.ResolveBody,
    options: KeyedOptions = {},
  ): Promise<models.Payment> {
    const answer = await this.caller.call(resolveAttentionOfPayment, [id, code], { body, ...options });
    return answer.json<models.Payment>();
  }

  /** Record money that came by hand */
  async capture(id: string, body: models.CaptureBody, options: KeyedOptions = {}): Promise<models.Payment> {
    const answer = await this.caller.call(capturePayment, [id], { body, ...options });
    return answer.json<models.Payment>();
  }

  /** Ask the provider about a payment now */
  async check(id: string, options: CallOptions = {}): Promise<models.Checked> {
    const answer = await this.caller.call(checkPayment, [id], { ...options });
    return answer.json<models.Checked>();
  }

  /** List the receipts of a payment */
  receipts(
    id: string,
    query: ListReceiptsOfPaymentQuery = {},
    options: CallOptions = {},
  ): Pages<models.Receipt> {
    return this.caller.pages(listReceiptsOfPayment, [id], { ...query }, options);
  }

  /** Issue the receipts that a payment's ledger lacks */
  async correctReceipts(id: string, options: KeyedOptions = {}): Promise<models.Payment> {
    const answer = await this.caller.call(correctReceipts, [id], { ...options });
    return answer.json<models.Payment>();
  }

  /** Give money back */
  async refund(id: string, body: models.RefundBody, options: KeyedOptions = {}): Promise<models.Refund> {
    const answer = await this.caller.call(refundPayment, [id], { body, ...options });
    return answer.json<models.Refund>();
  }
}

export interface ListReceiptsQuery {
  /** Receipts that were issued then or later: a day in the shop's time zone, or a time. */
  from?: string;
  /** Receipts that were issued before then: a day in the shop's time zone, or a time. */
  to?: string;
  /** Receipts of any of these kinds. */
  kind?: "sale" | "refund" | "reversal" | readonly ("sale" | "refund" | "reversal")[];
  /** The receipt with this number. */
  number?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
  /** `desc`, the newest first, or `asc`, the oldest first, by the time that ids carry; `desc` if absent. */
  sort?: "asc" | "desc";
}

export interface TableOfReceiptsQuery {
  /** Receipts that were issued then or later: a day in the shop's time zone, or a time. */
  from?: string;
  /** Receipts that were issued before then: a day in the shop's time zone, or a time. */
  to?: string;
  /** Receipts of any of these kinds. */
  kind?: "sale" | "refund" | "reversal" | readonly ("sale" | "refund" | "reversal")[];
}

/** `/v1/receipts` */
export class Receipts {
  constructor(private readonly caller: Caller) {}

  /** List receipts */
  list(query: ListReceiptsQuery = {}, options: CallOptions = {}): Pages<models.Receipt> {
    return this.caller.pages(listReceipts, [], { ...query }, options);
  }

  /** Get receipts as a table */
  async csv(query: TableOfReceiptsQuery = {}, options: CallOptions = {}): Promise<Download> {
    return await this.caller.download(tableOfReceipts, [], { query: { ...query }, ...options });
  }

  /** Show a receipt */
  async get(id: string, options: CallOptions = {}): Promise<models.Receipt> {
    const answer = await this.caller.call(showReceipt, [id], { ...options });
    return answer.json<models.Receipt>();
  }

  /** Get a receipt's file */
  async pdf(id: string, options: CallOptions = {}): Promise<Download> {
    return await this.caller.download(receiptFile, [id], { ...options });
  }
}

export interface ListRefundsQuery {
  /** The payment's id. */
  payment: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

/** `/v1/refunds` */
export class Refunds {
  constructor(private readonly caller: Caller) {}

  /** List the refunds of a payment */
  list(query: ListRefundsQuery, options: CallOptions = {}): Pages<models.Refund> {
    return this.caller.pages(listRefunds, [], { ...query }, options);
  }

  /** Show a refund */
  async get(id: string, options: CallOptions = {}): Promise<models.Refund> {
    const answer = await this.caller.call(showRefund, [id], { ...options });
    return answer.json<models.Refund>();
  }
}

export interface SearchQuery {
  /**
   * Words that all are to be found: beginnings of codes, references, provider's ids, receipts' numbers,
   * mail addresses and words of names, or a whole id.
   */
  q: string;
  /** How many hits a page has at most; 20 if absent. */
  limit?: number;
}

/** `/v1/search` */
export class Search {
  constructor(private readonly caller: Caller) {}

  /** Search */
  list(query: SearchQuery, options: CallOptions = {}): Pages<models.Hit> {
    return this.caller.pages(search, [], { ...query }, options);
  }
}

/** `/v1/sources` */
export class Sources {
  constructor(private readonly caller: Caller) {}

  /** List sources */
  list(options: CallOptions = {}): Pages<models.Source> {
    return this.caller.pages(listSources, [], {}, options);
  }
}

export interface ShowStatsSeriesQuery {
  /** Today and the days before, in the shop's time zone, so many in all; 7 if absent. */
  days?: number;
}

/** `/v1/stats` */
export class Stats {
  constructor(private readonly caller: Caller) {}

  /** Show a shop's figures */
  async get(options: CallOptions = {}): Promise<models.Stats> {
    const answer = await this.caller.call(showStats, [], { ...options });
    return answer.json<models.Stats>();
  }

  /** Show a shop's figures over time */
  async series(query: ShowStatsSeriesQuery = {}, options: CallOptions = {}): Promise<models.StatsSeries> {
    const answer = await this.caller.call(showStatsSeries, [], { query: { ...query }, ...options });
    return answer.json<models.StatsSeries>();
  }
}

export interface ListStockQuery {
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

export interface ListAdjustmentsQuery {
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

/** `/v1/stock` */
export class Stock {
  constructor(private readonly caller: Caller) {}

  /** List stock */
  list(query: ListStockQuery = {}, options: CallOptions = {}): Pages<models.Stock> {
    return this.caller.pages(listStock, [], { ...query }, options);
  }

  /** Set the stock of several skus */
  async putMany(body: models.StocksBody, options: CallOptions = {}): Promise<models.Stock[]> {
    const answer = await this.caller.call(putStocks, [], { body, ...options });
    return answer.json<{ data: models.Stock[] }>().data;
  }

  /** Stock a sku no more */
  async delete(sku: string, options: CallOptions = {}): Promise<void> {
    await this.caller.call(removeStock, [sku], { ...options });
  }

  /** Show the stock of a sku */
  async get(sku: string, options: CallOptions = {}): Promise<models.Stock> {
    const answer = await this.caller.call(showStock, [sku], { ...options });
    return answer.json<models.Stock>();
  }

  /** Set the stock of a sku */
  async put(sku: string, body: models.StockBody, options: VersionOptions = {}): Promise<models.Stock> {
    const answer = await this.caller.call(
      putStock,
      [sku],
      { body, headers: { "If-Match": version(options.ifMatch) }, ...options },
    );
    return answer.json<models.Stock>();
  }

  /** Add units of a sku, or take some away */
  async adjust(sku: string, body: models.AdjustBody, options: KeyedOptions = {}): Promise<models.Stock> {
    const answer = await this.caller.call(adjustStock, [sku], { body, ...options });
    return answer.json<models.Stock>();
  }

  /** List why there is as much of a sku as there is */
  adjustments(
    sku: string,
    query: ListAdjustmentsQuery = {},
    options: CallOptions = {},
  ): Pages<models.Adjustment> {
    return this.caller.pages(listAdjustments, [sku], { ...query }, options);
  }
}

/** `/v1/streams` */
export class Streams {
  constructor(private readonly caller: Caller) {}

  /** Create a ticket for the stream */
  async tickets(body?: models.TicketBody, options: CallOptions = {}): Promise<models.Ticket> {
    const answer = await this.caller.call(createTicket, [], { body, ...options });
    return answer.json<models.Ticket>();
  }
}

export interface ListUsersQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
  /** How many items a page has at most; 50 if absent. */
  limit?: number;
}

export interface DeleteUserQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

export interface ShowUserQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

export interface ChangeUserQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

export interface ChangePasswordQuery {
  /** The name of another shop than the caller's own. */
  shop?: string;
}

/** `/v1/users` */
export class Users {
  constructor(private readonly caller: Caller) {}

  /** List users */
  list(query: ListUsersQuery = {}, options: CallOptions = {}): Pages<models.User> {
    return this.caller.pages(listUsers, [], { ...query }, options);
  }

  /** Create a user */
  async create(body: models.UserBody, options: CallOptions = {}): Promise<models.User> {
    const answer = await this.caller.call(createUser, [], { body, ...options });
    return answer.json<models.User>();
  }

  /** Delete a user */
  async delete(id: string, query: DeleteUserQuery = {}, options: CallOptions = {}): Promise<void> {
    await this.caller.call(deleteUser, [id], { query: { ...query }, ...options });
  }

  /** Show a user */
  async get(id: string, query: ShowUserQuery = {}, options: CallOptions = {}): Promise<models.User> {
    const answer = await this.caller.call(showUser, [id], { query: { ...query }, ...options });
    return answer.json<models.User>();
  }

  /** Change a user */
  async update(
    id: string,
    body?: models.UserChangeBody,
    query: ChangeUserQuery = {},
    options: CallOptions = {},
  ): Promise<models.User> {
    const answer = await this.caller.call(changeUser, [id], { body, query: { ...query }, ...options });
    return answer.json<models.User>();
  }

  /** Change a user's password */
  async password(
    id: string,
    body: models.PasswordBody,
    query: ChangePasswordQuery = {},
    options: CallOptions = {},
  ): Promise<void> {
    await this.caller.call(changePassword, [id], { body, query: { ...query }, ...options });
  }
}

/** `/v1/verify` */
export class Verify {
  constructor(private readonly caller: Caller) {}

  /** Check every invariant of the data */
  async get(options: CallOptions = {}): Promise<models.Report> {
    const answer = await this.caller.call(verify, [], { ...options });
    return answer.json<models.Report>();
  }
}

/** What a client has. */
export interface Nouns {
  readonly alerts: Alerts;
  readonly attention: Attention;
  readonly audit: Audit;
  readonly calendars: Calendars;
  readonly deliveries: Deliveries;
  readonly doctor: Doctor;
  readonly effects: Effects;
  readonly endpoints: Endpoints;
  readonly errors: Errors;
  readonly events: Events;
  readonly exports: Exports;
  readonly holds: Holds;
  readonly instances: Instances;
  readonly keys: Keys;
  readonly orders: Orders;
  readonly payments: Payments;
  readonly receipts: Receipts;
  readonly refunds: Refunds;
  readonly search: Search;
  readonly sources: Sources;
  readonly stats: Stats;
  readonly stock: Stock;
  readonly streams: Streams;
  readonly users: Users;
  readonly verify: Verify;
}

export function nouns(caller: Caller): Nouns {
  return {
    alerts: new Alerts(caller),
    attention: new Attention(caller),
    audit: new Audit(caller),
    calendars: new Calendars(caller),
    deliveries: new Deliveries(caller),
    doctor: new Doctor(caller),
    effects: new Effects(caller),
    endpoints: new Endpoints(caller),
    errors: new Errors(caller),
    events: new Events(caller),
    exports: new Exports(caller),
    holds: new Holds(caller),
    instances: new Instances(caller),
    keys: new Keys(caller),
    orders: new Orders(caller),
    payments: new Payments(caller),
    receipts: new Receipts(caller),
    refunds: new Refunds(caller),
    search: new Search(caller),
    sources: new Sources(caller),
    stats: new Stats(caller),
    stock: new Stock(caller),
    streams: new Streams(caller),
    users: new Users(caller),
    verify: new Verify(caller),
  };
}
