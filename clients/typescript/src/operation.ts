// What is known of an operation of the API: its path, and what repeating it does.

import type { Answer } from "./client.js";
import type { Download } from "./download.js";
import type { Pages } from "./pages.js";

export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its parameters: `/v1/orders/{id}`. */
  readonly path: string;
  /** It keeps its answer under an Idempotency-Key, which is made if none is given. */
  readonly keyed?: boolean;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, and its waits. */
  signal?: AbortSignal;
}

/** What a call takes that is kept under an Idempotency-Key. */
export interface KeyedOptions extends CallOptions {
  /** One of your own, that lasts longer than this call: the same one again is the same request. */
  idempotencyKey?: string;
}

/** What a call takes that changes a version. */
export interface VersionOptions extends CallOptions {
  /** It is done only if this is the version still, else it is refused as `version_mismatch`. */
  ifMatch?: number;
}

export type QueryValue = string | number | boolean | readonly string[] | undefined;

/** A whole call. */
export interface Call extends KeyedOptions {
  query?: { readonly [name: string]: QueryValue };
  body?: unknown;
  headers?: { readonly [name: string]: string | undefined };
}

/** What the nouns call by: the client. */
export interface Caller {
  call(operation: Operation, path: readonly string[], call: Call): Promise<Answer>;
  download(operation: Operation, path: readonly string[], call: Call): Promise<Download>;
  pages<T>(
    operation: Operation,
    path: readonly string[],
    query: { readonly [name: string]: QueryValue },
    options: CallOptions,
  ): Pages<T>;
}

/** Whether doing it twice is doing it once. */
export function isRepeatable(operation: Operation): boolean {
  return operation.keyed === true || operation.method !== "POST";
}

/** The path with its parameters filled in, each percent-encoded as one segment. */
export function fill(path: string, values: readonly string[]): string {
  let next = 0;
  return path.replace(/\{\w+\}/g, () => {
    const value = values[next++] ?? "";
    // They would name another path: the list, or the one above.
    if (value === "" || value === "." || value === "..") {
      throw new TypeError(`${JSON.stringify(value)} names nothing in ${path}`);
    }
    return encodeURIComponent(value);
  });
}

/** A version, as `If-Match` has it. */
export function version(number: number | undefined): string | undefined {
  return number === undefined ? undefined : `"${number}"`;
}
