// The client: it sends requests, repeats them where that helps and harms nothing, and reads the answers.

import { Download } from "./download.js";
import { ApiError, ConnectionFailed, errorOf, UnexpectedAnswer } from "./errors.js";
import {
  type Call,
  type Caller,
  type CallOptions,
  fill,
  isRepeatable,
  type Operation,
  type QueryValue,
} from "./operation.js";
import { type Nouns, nouns } from "./operations.js";
import { type Page, Pages } from "./pages.js";
import { type Clock, mayBeRepeated, mayHaveBeenDone, type Retries, RETRIES, systemClock, waitMs } from "./retry.js";
import { unlessSilent } from "./silence.js";
import { Stream, type StreamOptions } from "./stream.js";
import { VERSION } from "./version.js";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** Where the server is: `https://tollgate.example`. */
  url: string;
  /** An API key. */
  key: string;
  /** Of each try, and a little longer than the server's own (15 000). 20 000 if absent. */
  timeoutMs?: number;
  retries?: Partial<Retries>;
  /** Sent along, for example `{ "Accept-Language": "id" }`. */
  headers?: { readonly [name: string]: string };
  /** Told of every try that is made again, for a log. */
  onRetry?: (operation: Operation, failure: Error, waitMs: number) => void;
  /** What requests are sent by; the global `fetch` if absent. */
  fetch?: Fetch;
  clock?: Clock;
}

/** What a call was answered, with what its body does not say. */
export class Answer {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly content: Uint8Array,
  ) {}

  /** The name under which the server's log speaks of it. */
  get requestId(): string | null {
    return this.headers.get("x-request-id");
  }

  /** It is the answer that an earlier request with the same Idempotency-Key got. */
  get replayed(): boolean {
    return this.headers.get("idempotency-replayed") === "true";
  }

  json<T>(): T {
    try {
      return JSON.parse(new TextDecoder().decode(this.content)) as T;
    } catch (error) {
      throw new UnexpectedAnswer(`status ${this.status} without JSON: is this a Tollgate?`, { cause: error });
    }
  }
}

/** The nouns of the API stand on it: `client.orders.create(…)`. */
export interface Client extends Nouns {}

/** A shop's own program talks to its Tollgate by this. */
export class Client implements Caller {
  readonly url: string;
  readonly #headers: { readonly [name: string]: string };
  readonly #timeoutMs: number;
  readonly #retries: Retries;
  readonly #onRetry: NonNullable<ClientOptions["onRetry"]>;
  readonly #fetch: Fetch;
  readonly #clock: Clock;

  constructor(options: ClientOptions) {
    this.url = serverUrl(options.url);
    if (!/^[!-~]+$/.test(options.key)) throw new TypeError("key has characters that no API key has");
    this.#headers = {
      "User-Agent": `tollgate-typescript/${VERSION}`,
      ...options.headers,
      Authorization: `Bearer ${options.key}`,
    };
    this.#timeoutMs = options.timeoutMs ?? 20_000;
    this.#retries = { ...RETRIES, ...options.retries };
    this.#onRetry = options.onRetry ?? (() => {});
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#clock = options.clock ?? systemClock;
    Object.assign(this, nouns(this));
  }

  /** Makes one call, repeated as `retries` say under one Idempotency-Key. */
  async call(operation: Operation, path: readonly string[] = [], call: Call = {}): Promise<Answer> {
    const url = this.url + fill(operation.path, path) + queryText(call.query ?? {});
    const init = this.#request(operation, call);
    const gone = operation.method === "DELETE" ? new Answer(204, new Headers(), new Uint8Array()) : undefined;
    return await this.#tried(operation, call.signal, () => this.#once(url, init, call.signal), gone);
  }

  /** Begins to read a file. What fails before its first byte is repeated as `retries` say, and nothing after. */
  async download(operation: Operation, path: readonly string[] = [], call: Call = {}): Promise<Download> {
    const url = this.url + fill(operation.path, path) + queryText(call.query ?? {});
    const init = this.#request(operation, call);
    return await this.#tried(operation, call.signal, () => this.#begun(url, init, call.signal), undefined);
  }

  /** Does something as often as `retries` say. `gone`: what it comes to where an earlier try has deleted it. */
  async #tried<T>(
    operation: Operation,
    signal: AbortSignal | undefined,
    once: () => Promise<T>,
    gone: T | undefined,
  ): Promise<T> {
    const begun = this.#clock.now();
    let unclear = false;
    for (let failures = 1; ; failures++) {
      let failure: ApiError | ConnectionFailed;
      try {
        return await once();
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof ApiError || error instanceof ConnectionFailed)) throw error;
        failure = error;
      }
      // Its answer was lost.
      const isGone = failure instanceof ApiError && failure.code === "not_found";
      if (gone !== undefined && unclear && isGone) return gone;
      unclear ||= mayHaveBeenDone(failure);
      const wait = this.#wait(failure, failures, isRepeatable(operation), begun);
      if (wait === undefined) throw failure;
      this.#onRetry(operation, failure, wait);
      await this.#clock.sleep(wait, signal);
    }
  }

  /** The list of an operation, fetched page by page while it is read. */
  pages<T>(
    operation: Operation,
    path: readonly string[],
    query: { readonly [name: string]: QueryValue },
    options: CallOptions,
  ): Pages<T> {
    return new Pages(async (cursor) => {
      const asked = cursor === undefined ? query : { ...query, cursor };
      return (await this.call(operation, path, { query: asked, ...options })).json<Page<T>>();
    });
  }

  /**
   * What happens, as it happens: the messages behind the position `after`, or from now on. It goes on by itself
   * where a connection breaks, without gap or repeat.
   */
  stream(options: StreamOptions = {}): Stream {
    const url = `${this.url}/v1/stream${queryText({ topics: options.topics?.join(",") })}`;
    const open = async (position: number | undefined, signal: AbortSignal) => {
      const headers: { [name: string]: string } = { ...this.#headers, Accept: "text/event-stream" };
      if (position !== undefined) headers["Last-Event-ID"] = String(position);
      const response = await this.#send(url, { method: "GET", headers, redirect: "manual", signal });
      if (response.status !== 200) throw errorOf(response.status, response.headers, await response.text());
      return response;
    };
    return new Stream(open, this.#retries, this.#clock, options);
  }

  #request(operation: Operation, call: Call): RequestInit {
    const headers: { [name: string]: string } = { ...this.#headers };
    for (const [name, value] of Object.entries(call.headers ?? {})) if (value !== undefined) headers[name] = value;
    if (operation.keyed) headers["Idempotency-Key"] = call.idempotencyKey ?? crypto.randomUUID();
    // The API leads nowhere else; whoever does has not to see the key.
    const init: RequestInit = { method: operation.method, headers, redirect: "manual" };
    if (call.body !== undefined) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(call.body);
    }
    return init;
  }

  async #once(url: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Answer> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const response = await this.#send(url, { ...init, signal: either });
    let content: Uint8Array;
    try {
      content = new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      throw lost(error);
    }
    if (response.ok) return new Answer(response.status, response.headers, content);
    throw errorOf(response.status, response.headers, new TextDecoder().decode(content));
  }

  async #begun(url: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Download> {
    const connection = new AbortController();
    const either = signal ? AbortSignal.any([signal, connection.signal]) : connection.signal;
    const sent = this.#send(url, { ...init, signal: either });
    const response = await unlessSilent(connection, sent, this.#timeoutMs);
    const download = new Download(response, connection, this.#timeoutMs, signal);
    if (response.ok) return download;
    throw errorOf(response.status, response.headers, new TextDecoder().decode(await download.bytes()));
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(url, init);
    } catch (error) {
      throw lost(error);
    }
  }

  #wait(failure: ApiError | ConnectionFailed, failures: number, repeatable: boolean, begun: number) {
    if (failures >= this.#retries.attempts || !mayBeRepeated(failure, repeatable)) return undefined;
    const retryAfterMs = failure instanceof ApiError ? failure.retryAfterMs : undefined;
    const wait = waitMs(this.#retries, failures, retryAfterMs);
    return wait <= begun + this.#retries.totalMs - this.#clock.now() ? wait : undefined;
  }
}

/** The connection was never made. */
const NEVER_SENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"];

/** What it means that `fetch` has thrown. It says so by a `TypeError`, and by a `DOMException` that time is up. */
function lost(error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof DOMException)) return error;
  const code = (error.cause as { code?: string } | undefined)?.code;
  const said = error.name === "TimeoutError" ? "no answer in time" : `no answer: ${code ?? error.message}`;
  return new ConnectionFailed(said, !(code && NEVER_SENT.includes(code)), { cause: error });
}

function serverUrl(text: string): string {
  const url = new URL(text);
  if (!["http:", "https:"].includes(url.protocol) || url.search || url.hash) {
    throw new TypeError("url is not one of a server, as https://tollgate.example");
  }
  if (url.username || url.password) throw new TypeError("url has a user in it: the API key is given as `key`");
  return url.href.replace(/\/+$/, "");
}

function queryText(query: { readonly [name: string]: QueryValue }): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) asked.append(name, String(one));
  }
  return asked.size === 0 ? "" : `?${asked}`;
}
