// Stand-ins for the tests of your own program: no server, no waiting.
//
//     const fake = new FakeTollgate();
//     fake.refuse("POST", "/v1/orders", "unavailable");
//     fake.answer("POST", "/v1/orders", { id: "ord_1", status: "paid" }, { status: 201 });
//     const order = await fake.client().orders.create({ currency: "IDR", lines: [] });
//     fake.requests[0].idempotencyKey === fake.requests[1].idempotencyKey

import { Client, type ClientOptions } from "./client.js";
import { type Code, CODES } from "./codes.js";
import { ConnectionFailed } from "./errors.js";
import type { Notice } from "./notice.js";
import type { Clock } from "./retry.js";
import { sign } from "./webhooks.js";

/** A secret as Tollgate makes them, that signs nothing outside of tests. */
export const SECRET = "whsec_dGhlIHNlY3JldCBvZiB0ZXN0cyBhbmQgb2Ygbm90aGluZyE=";

/** 2026-01-22T10:00:00Z, in seconds. */
export const NOW = 1_769_076_000;

/** A clock that stands still, and jumps over what is waited for. */
export class FakeClock implements Clock {
  /** Every wait, in milliseconds. */
  readonly sleeps: number[] = [];

  constructor(private nowMs = NOW * 1000) {}

  now(): number {
    return this.nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    this.nowMs += ms;
  }
}

/** A request that was made. */
export class Seen {
  constructor(
    readonly method: string,
    /** As it was sent, percent-encoded, without the query. */
    readonly path: string,
    readonly query: URLSearchParams,
    readonly headers: Headers,
    readonly body: string | undefined,
  ) {}

  get json(): unknown {
    return this.body === undefined ? undefined : JSON.parse(this.body);
  }

  get idempotencyKey(): string | null {
    return this.headers.get("idempotency-key");
  }
}

export interface AnswerOptions {
  status?: number;
  headers?: { readonly [name: string]: string };
}

const REFUSALS_THAT_STAY: readonly number[] = [404, 409, 422];

/** Answers as it was told, each thing once, and remembers what it was asked. */
export class FakeTollgate {
  readonly requests: Seen[] = [];
  readonly clock = new FakeClock();
  readonly #script = new Map<string, (() => Response)[]>();

  /** A client that speaks to this and waits by its clock. */
  client(options: Omit<Partial<ClientOptions>, "fetch" | "clock"> = {}): Client {
    return new Client({ url: "http://tollgate.test", key: "tg_test", ...options, fetch: this.fetch, clock: this.clock });
  }

  /** The next such request is answered with this: a text or bytes as they are, anything else as JSON. */
  answer(method: string, path: string, body?: unknown, options: AnswerOptions = {}): void {
    const { status = 200, headers = {} } = options;
    const isContent = body === undefined || typeof body === "string" || body instanceof Uint8Array;
    const content = isContent ? (body as BodyInit | undefined) : JSON.stringify(body);
    this.#next(method, path, () => new Response(status === 204 ? null : (content ?? null), { status, headers }));
  }

  /** The next such request is refused as the server does with this code, with members of the code. */
  refuse(method: string, path: string, code: Code, members: { readonly [member: string]: unknown } = {}): void {
    const [status, retryAfterMs] = CODES[code];
    const problem = {
      type: `/docs/errors#${code}`,
      title: code.replaceAll("_", " "),
      status,
      detail: code.replaceAll("_", " "),
      code,
      retryable: retryAfterMs !== null,
      retry_after_ms: retryAfterMs,
      new_key_required: REFUSALS_THAT_STAY.includes(status) && ["POST", "PATCH"].includes(method),
      request_id: "req_00000000000000000000000000",
      ...members,
    };
    const headers: { [name: string]: string } = { "content-type": "application/problem+json" };
    if (retryAfterMs !== null) headers["retry-after"] = String(Math.ceil(retryAfterMs / 1000));
    this.#next(method, path, () => new Response(JSON.stringify(problem), { status, headers }));
  }

  /** The next such request gets no answer. */
  fail(method: string, path: string, options: { mayHaveArrived?: boolean } = {}): void {
    this.#next(method, path, () => {
      throw new ConnectionFailed("the test wants it so", options.mayHaveArrived ?? true);
    });
  }

  /** The next listener is sent these, and then cut off. */
  stream(notices: readonly Notice[]): void {
    const frames = notices.map((one) => `id: ${one.position}\nevent: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`);
    this.#next("GET", "/v1/stream", () => new Response(frames.join("")));
  }

  /** What was told and never asked for; a test may want it empty. */
  left(): string[] {
    return [...this.#script].flatMap(([named, told]) => told.map(() => named));
  }

  /** As the global one does. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const method = init.method ?? "GET";
    const body = typeof init.body === "string" ? init.body : undefined;
    this.requests.push(new Seen(method, pathname, searchParams, new Headers(init.headers), body));
    const told = this.#script.get(`${method} ${decodeURIComponent(pathname)}`)?.shift();
    if (!told) throw new FakeIsUntold(`nobody told the fake what to answer to ${method} ${pathname}`);
    return told();
  };

  #next(method: string, path: string, make: () => Response): void {
    const named = `${method} ${decodeURIComponent(path)}`;
    this.#script.set(named, [...(this.#script.get(named) ?? []), make]);
  }
}

/** The program asked something that its test has no answer for. */
export class FakeIsUntold extends Error {
  override name = "FakeIsUntold";
}

export interface WebhookOptions {
  position?: number;
  secret?: string;
  /** Seconds since 1970. */
  now?: number;
  id?: string;
}

/** Body and headers of a signed webhook, as Tollgate sends it. Verify it with `{ now: NOW }`. */
export async function makeWebhook(
  type: string,
  data: { readonly [member: string]: unknown },
  options: WebhookOptions = {},
): Promise<{ body: string; headers: { [name: string]: string } }> {
  const { position = 1, secret = SECRET, now = NOW } = options;
  const id = options.id ?? `notify:ep_test:${position}`;
  const body = JSON.stringify({ type, timestamp: "2026-01-22T10:00:00.000Z", position, data });
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(now),
    "webhook-signature": await sign(secret, id, now, new TextEncoder().encode(body)),
  };
  return { body, headers };
}
