// A file as it comes: a table, a receipt.

import { ConnectionFailed } from "./errors.js";
import { unlessSilent } from "./silence.js";

/**
 * The bytes of a file, handed out while they come: `for await (const part of download)`, or `bytes()` for all of
 * them. It may take as long as it wants, but not be silent for longer than the client's `timeoutMs`. One that breaks
 * off throws `ConnectionFailed` and is not begun again: what was handed out is a part of a file. Whoever does not read
 * it closes it.
 */
export class Download implements AsyncIterable<Uint8Array> {
  readonly headers: Headers;
  readonly #body: Response["body"];
  readonly #connection: AbortController;
  readonly #silenceMs: number;
  readonly #signal: AbortSignal | undefined;

  constructor(response: Response, connection: AbortController, silenceMs: number, signal: AbortSignal | undefined) {
    this.headers = response.headers;
    this.#body = response.body;
    this.#connection = connection;
    this.#silenceMs = silenceMs;
    this.#signal = signal;
  }

  /** The name under which the server's log speaks of it. */
  get requestId(): string | null {
    return this.headers.get("x-request-id");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    if (!this.#body) return;
    const reader = this.#body.getReader();
    try {
      for (;;) {
        const part = await this.#next(reader);
        if (part.done) return;
        yield part.value;
      }
    } finally {
      this.close();
    }
  }

  /** All of it. */
  async bytes(): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const part of this) parts.push(part);
    const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  close(): void {
    this.#connection.abort();
  }

  async #next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
    try {
      return await unlessSilent(this.#connection, reader.read(), this.#silenceMs);
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw new ConnectionFailed(`the file broke off: ${error}`, true, { cause: error });
    }
  }
}
