// What a call can fail with.

import type { Code } from "./codes.js";

/** Whatever this package throws on purpose. */
export class TollgateError extends Error {
  override name = "TollgateError";
}

/** No answer came. With `mayHaveArrived` the request may have been done nevertheless. */
export class ConnectionFailed extends TollgateError {
  override name = "ConnectionFailed";

  constructor(
    message: string,
    readonly mayHaveArrived: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Something answered that is no Tollgate, or an answer broke this client's bounds. */
export class UnexpectedAnswer extends TollgateError {
  override name = "UnexpectedAnswer";
}

/** A place of the request that is wrong. */
export interface Place {
  /** A JSON pointer into the body, `?name` of a query parameter, or the name of a header. */
  pointer: string;
  code: string;
  detail?: string;
}

/** A problem document (RFC 9457), with the members of its code. */
export interface Problem {
  readonly code?: Code;
  readonly title?: string;
  readonly detail?: string;
  readonly retryable?: boolean;
  readonly retry_after_ms?: number | null;
  readonly new_key_required?: boolean;
  readonly request_id?: string;
  readonly errors?: readonly Place[];
  readonly [member: string]: unknown;
}

/** A refusal, as the problem document tells it. Decide by `code`. */
export class ApiError extends TollgateError {
  override name = "ApiError";
  /** What went wrong, one of docs/errors.md; absent if what refused was no Tollgate. */
  readonly code: Code | undefined;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** The refusal stays with its Idempotency-Key: only a new key can get another answer. */
  readonly newKeyRequired: boolean;
  /** The name under which the server's log speaks of it. */
  readonly requestId: string | undefined;
  readonly errors: readonly Place[];

  constructor(
    readonly status: number,
    /** The whole document: `error.problem.skus`. */
    readonly problem: Problem,
    /** Milliseconds to wait before another try. */
    readonly retryAfterMs: number | undefined,
  ) {
    super(sentence(status, problem));
    this.code = problem.code;
    this.retryable = problem.retryable ?? RETRYABLE_STATUSES.has(status);
    this.newKeyRequired = problem.new_key_required === true;
    this.requestId = problem.request_id;
    this.errors = problem.errors ?? [];
  }
}

/** Whether it is a refusal, and of one of these codes where some are named. */
export function isRefusal(error: unknown, ...codes: Code[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || (error.code !== undefined && codes.includes(error.code)));
}

/** What proxies in front answer for a while. */
const RETRYABLE_STATUSES = new Set([429, 502, 503, 504]);

/** The error that an answer says. */
export function errorOf(status: number, headers: Headers, text: string): ApiError {
  const problem = readProblem(text);
  const header = headers.get("retry-after") ?? "";
  const seconds = /^\d+$/.test(header) ? Number(header) * 1000 : undefined;
  return new ApiError(status, problem, problem.retry_after_ms ?? seconds);
}

function readProblem(text: string): Problem {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as Problem) : {};
  } catch {
    return {};
  }
}

function sentence(status: number, problem: Problem): string {
  const places = (problem.errors ?? []).map((place) => `; ${place.pointer}: ${place.detail ?? place.code}`);
  const said = problem.detail || problem.title || `HTTP status ${status}`;
  const id = problem.request_id ? ` (${problem.request_id})` : "";
  return `${status}${problem.code ? ` ${problem.code}` : ""}: ${said}${places.join("")}${id}`;
}
