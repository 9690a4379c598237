// What Tollgate tells, over the stream and to endpoints: the same body.

/** Something that happened. */
export interface Notice {
  /** `order.paid`, and so on; `reset` on a stream that cannot go on without a gap: read the lists again. */
  readonly type: string;
  readonly timestamp: string;
  /** Its place in the order of all that happened in the shop; absent where it has none. */
  readonly position?: number;
  /** The object as GET gave it when it was decided. */
  readonly data: { readonly [member: string]: unknown };
  /** The `webhook-id`, the same however often it is sent; absent on a stream. */
  readonly id?: string;
}

/** The notice that a body is; throws if it is none. */
export function readNotice(text: string, id?: string): Notice {
  const read: unknown = JSON.parse(text);
  const { type, timestamp, position, data } = (read ?? {}) as { [member: string]: unknown };
  if (typeof type !== "string") throw new SyntaxError("it is no notice: it has no type");
  return {
    type,
    timestamp: typeof timestamp === "string" ? timestamp : "",
    ...(typeof position === "number" ? { position } : {}),
    data: typeof data === "object" && data !== null ? (data as Notice["data"]) : {},
    ...(id === undefined ? {} : { id }),
  };
}
