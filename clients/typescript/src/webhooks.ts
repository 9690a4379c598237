// Verifies what Tollgate sends to your endpoint, by the Standard Webhooks scheme.

import { TollgateError } from "./errors.js";
import { type Notice, readNotice } from "./notice.js";

/** A webhook whose time is further off is refused: it may be one that was sent before, by somebody else. */
export const TOLERANCE_SECONDS = 300;

export type WebhookReason =
  | "header_missing"
  | "timestamp_invalid"
  | "timestamp_out_of_tolerance"
  | "signature_invalid"
  | "body_unreadable";

/** It is not proven that Tollgate sent this. Answer 401, and do nothing. */
export class WebhookRefused extends TollgateError {
  override name = "WebhookRefused";

  constructor(
    readonly reason: WebhookReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Headers as `fetch` has them, or as Node's `http` does. */
export type WebhookHeaders = Headers | { readonly [name: string]: string | readonly string[] | undefined };

export interface VerifyOptions {
  toleranceSeconds?: number;
  /** Seconds since 1970; the clock's if absent. */
  now?: number;
}

/**
 * The notice that a webhook brings, once its signature and time are right; else it throws `WebhookRefused`.
 *
 * `body` is what came, before any parsing. `secrets` is the endpoint's `whsec_…`, or several: one of them has to
 * check.
 */
export async function verify(
  body: Uint8Array | string,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  options: VerifyOptions = {},
): Promise<Notice> {
  const keys = (typeof secrets === "string" ? [secrets] : secrets).map(keyOf);
  const content = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const [id, sent, signatures] = ["id", "timestamp", "signature"].map((part) => header(headers, `webhook-${part}`)) as [
    string,
    string,
    string,
  ];
  if (!/^\d{1,15}$/.test(sent)) {
    throw new WebhookRefused("timestamp_invalid", "webhook-timestamp is no number of seconds since 1970");
  }
  const off = (options.now ?? Date.now() / 1000) - Number(sent);
  if (Math.abs(off) > (options.toleranceSeconds ?? TOLERANCE_SECONDS)) {
    const said = `webhook-timestamp is ${Math.round(off)} seconds off: check the clock`;
    throw new WebhookRefused("timestamp_out_of_tolerance", said);
  }
  if (!(await isSigned(keys, signedBytes(id, sent, content), signatures))) {
    const said = "no signature is of this secret over this body: were its bytes kept as they came?";
    throw new WebhookRefused("signature_invalid", said);
  }
  try {
    return readNotice(new TextDecoder().decode(content), id);
  } catch (error) {
    throw new WebhookRefused("body_unreadable", `it is signed, but ${error}`, { cause: error });
  }
}

/** The signature of one secret, `v1,…`. */
export async function sign(secret: string, id: string, timestamp: number, body: Uint8Array): Promise<string> {
  const key = await importKey(keyOf(secret), "sign");
  const made = await crypto.subtle.sign("HMAC", key, signedBytes(id, String(timestamp), body));
  return `v1,${btoa(String.fromCharCode(...new Uint8Array(made)))}`;
}

/** Every pair is compared, in constant time, so that nothing is told by how long it takes. */
async function isSigned(keys: readonly Bytes[], content: Bytes, signatures: string): Promise<boolean> {
  let good = false;
  for (const key of keys) {
    const imported = await importKey(key, "verify");
    for (const signature of signatures.split(" ")) {
      const [scheme, text] = signature.split(",");
      const bytes = scheme === "v1" ? fromBase64(text ?? "") : undefined;
      if (bytes && (await crypto.subtle.verify("HMAC", imported, bytes, content))) good = true;
    }
  }
  return good;
}

type Bytes = Uint8Array<ArrayBuffer>;

function importKey(key: Bytes, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [usage]);
}

function signedBytes(id: string, timestamp: string, body: Uint8Array): Bytes {
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

function header(headers: WebhookHeaders, name: string): string {
  const found =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const value = typeof found === "string" ? found : found?.[0];
  if (!value) throw new WebhookRefused("header_missing", `the header ${name} is missing`);
  return value;
}

/** The bytes of a secret, which is not shown where it is wrong. */
function keyOf(secret: string): Bytes {
  const text = secret.trim();
  const key = text.startsWith("whsec_") ? fromBase64(text.slice("whsec_".length).replace(/=+$/, "")) : undefined;
  if (!key || key.length < 24 || key.length > 64) {
    throw new TypeError("the secret is not whsec_ and the base64 of 24 to 64 bytes");
  }
  return key;
}

function fromBase64(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
