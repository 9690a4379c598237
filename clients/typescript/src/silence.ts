// How long a connection may be silent.

/** Waits for what a connection brings, and ends the connection when that is too long. */
export async function unlessSilent<T>(connection: AbortController, brought: Promise<T>, ms: number): Promise<T> {
  const silence = new DOMException("nothing came for long", "TimeoutError");
  const timer = setTimeout(() => connection.abort(silence), ms);
  try {
    return await brought;
  } finally {
    clearTimeout(timer);
  }
}
