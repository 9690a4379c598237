// When a call is made again, and after how long.

import { CODES } from "./codes.js";
import { ApiError, type ConnectionFailed } from "./errors.js";

/** The time that waits pass in; `FakeClock` of `tollgate/testing` jumps over them. */
export interface Clock {
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Waits, and rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The real one. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    }),
};

/** How often and how long one call is tried. */
export interface Retries {
  /** Tries in all; 1 never repeats. 5 if absent. */
  attempts: number;
  /** From the beginning of the first try, the time in which the last one begins. 60 000 if absent. */
  totalMs: number;
  /** The first pause, doubled at each try and never longer than `pauseMaxMs`, unless the server wants more. */
  pauseMs: number;
  pauseMaxMs: number;
}

export const RETRIES: Retries = { attempts: 5, totalMs: 60_000, pauseMs: 250, pauseMaxMs: 8_000 };

/** How long to wait after so many failures, spread so that many clients do not come at once. */
export function waitMs(retries: Retries, failures: number, retryAfterMs: number | undefined): number {
  const pause = Math.min(retries.pauseMaxMs, retries.pauseMs * 2 ** Math.min(failures - 1, 30));
  if (retryAfterMs !== undefined) return retryAfterMs + Math.random() * pause;
  return pause / 2 + (Math.random() * pause) / 2;
}

/**
 * Whether the same request, with the same key, can get another answer and does no harm. `repeatable`: doing it
 * twice is doing it once, by its Idempotency-Key or by its nature.
 */
export function mayBeRepeated(failure: ApiError | ConnectionFailed, repeatable: boolean): boolean {
  if (!(failure instanceof ApiError)) return repeatable || !failure.mayHaveArrived;
  if (!failure.retryable || failure.newKeyRequired) return false;
  // What is there now has another version than the request names: it has to be read again first.
  if (failure.code === "version_mismatch") return false;
  return repeatable || !mayHaveBeenDone(failure);
}

/**
 * Whether the request may have changed something although this is all that came back. Codes of ours say that nothing
 * was stored, but for the one that says that it is not known. What else is in front may have handed the request on,
 * whatever it calls its failure.
 */
export function mayHaveBeenDone(failure: ApiError | ConnectionFailed): boolean {
  if (!(failure instanceof ApiError)) return failure.mayHaveArrived;
  if (failure.code !== undefined && Object.hasOwn(CODES, failure.code)) return failure.code === "outcome_unknown";
  return failure.status >= 500;
}
