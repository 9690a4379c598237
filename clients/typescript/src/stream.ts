// The live stream: Server-Sent Events, gone on with where a connection broke.

import { ApiError, ConnectionFailed, UnexpectedAnswer } from "./errors.js";
import { type Notice, readNotice } from "./notice.js";
import { type Clock, type Retries, waitMs } from "./retry.js";
import { unlessSilent } from "./silence.js";

export type Topic = "orders" | "payments" | "events" | "effects" | "alerts";

export interface StreamOptions {
  /** All of them if absent. */
  topics?: readonly Topic[];
  /** The position to go on from: the messages behind it come first. From now on if absent. */
  after?: number;
  /** Ends it. */
  signal?: AbortSignal;
}

type Open = (position: number | undefined, signal: AbortSignal) => Promise<Response>;

/** The server sends a comment every 15 seconds; a connection that says nothing for longer is dead. */
const SILENCE_MS = 45_000;

/** A longer message is none of ours. */
const CHARACTERS_MAX = 8 * 1024 * 1024;

/**
 * What happens, for `for await`. What cannot be mended by trying again (a key without the scope `read`) is
 * thrown. A `reset` is handed out like a message: then some were missed.
 */
export class Stream implements AsyncIterable<Notice> {
  /**
   * The position up to which all has been handed out. Keep it once you have acted on the message, and give it as
   * `after` the next time; it moves also where nothing of your topics happens.
   */
  position: number | undefined;
  readonly #open: Open;
  readonly #retries: Retries;
  readonly #clock: Clock;
  readonly #end = new AbortController();

  constructor(open: Open, retries: Retries, clock: Clock, options: StreamOptions) {
    this.#open = open;
    this.#retries = retries;
    this.#clock = clock;
    this.position = options.after;
    options.signal?.addEventListener("abort", () => this.close(), { once: true });
    if (options.signal?.aborted) this.close();
  }

  /** Ends it: whoever waits for a message sees the end. */
  close(): void {
    this.#end.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Notice, void, undefined> {
    for (let failures = 0; !this.#end.signal.aborted; ) {
      const connection = new AbortController();
      const abort = () => connection.abort();
      this.#end.signal.addEventListener("abort", abort, { once: true });
      let retryAfterMs: number | undefined;
      try {
        const response = await unlessSilent(connection, this.#open(this.position, connection.signal), SILENCE_MS);
        for await (const notice of this.#read(response, connection)) {
          failures = 0;
          if (notice) yield notice;
        }
      } catch (error) {
        if (this.#end.signal.aborted) return;
        const isRefused = error instanceof ApiError;
        if (!(isRefused && error.retryable) && !(error instanceof ConnectionFailed)) throw error;
        retryAfterMs = isRefused ? error.retryAfterMs : undefined;
      } finally {
        this.#end.signal.removeEventListener("abort", abort);
        connection.abort();
      }
      await this.#pause(++failures, retryAfterMs);
    }
  }

  async #pause(failures: number, retryAfterMs: number | undefined): Promise<void> {
    try {
      await this.#clock.sleep(waitMs(this.#retries, failures, retryAfterMs), this.#end.signal);
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }

  /** Notices as they come, and nothing for a bare id: the connection lives. */
  async *#read(response: Response, connection: AbortController): AsyncGenerator<Notice | undefined, void, undefined> {
    let data: string[] = [];
    let position = this.position;
    for await (const line of lines(response, connection)) {
      const [name, value] = field(line);
      if (line === "") {
        const isAlive = position !== this.position || data.length > 0;
        this.position = position;
        const text = data.join("\n");
        data = [];
        if (text) yield notice(text);
        else if (isAlive) yield undefined;
      } else if (name === "id" && /^\d+$/.test(value)) position = Number(value);
      else if (name === "data") data.push(value);
    }
  }
}

function field(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

function notice(text: string): Notice {
  try {
    return readNotice(text);
  } catch (error) {
    throw new UnexpectedAnswer(`a message of the stream cannot be read: ${error}`, { cause: error });
  }
}

/** The lines as they come. What is cut in the middle of a line is left out. */
async function* lines(response: Response, connection: AbortController): AsyncGenerator<string, void, undefined> {
  if (!response.body) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    let part: ReadableStreamReadResult<Uint8Array>;
    try {
      part = await unlessSilent(connection, reader.read(), SILENCE_MS);
    } catch (error) {
      throw new ConnectionFailed(`the stream broke: ${error}`, false, { cause: error });
    }
    if (part.done) return;
    const found = (rest + decoder.decode(part.value, { stream: true })).split("\n");
    rest = found.pop() ?? "";
    if (rest.length > CHARACTERS_MAX) throw new UnexpectedAnswer("a line of the stream is too long");
    for (const line of found) yield line.replace(/\r$/, "");
  }
}
