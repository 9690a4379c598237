// Lists, page by page.

/** One page. It may be empty and not the last: a filter that looks through much ends its pages early. */
export interface Page<T> {
  readonly data: readonly T[];
  /** `null` on the last one. */
  readonly next_cursor: string | null;
}

/** A list: iterate over it for all that is in it, or over `pages()`. Each iteration asks anew. */
export class Pages<T> implements AsyncIterable<T> {
  constructor(private readonly fetchPage: (cursor: string | undefined) => Promise<Page<T>>) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page.data;
  }

  /** The pages, from the beginning or from the `next_cursor` of an earlier one. */
  async *pages(cursor?: string): AsyncGenerator<Page<T>, void, undefined> {
    for (let at: string | undefined | null = cursor; at !== null; ) {
      const page: Page<T> = await this.fetchPage(at);
      yield page;
      at = page.next_cursor;
    }
  }

  /** One page alone: the first one, or the one at `cursor`. */
  page(cursor?: string): Promise<Page<T>> {
    return this.fetchPage(cursor);
  }

  /** All that is in it, in one array. */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const one of this) all.push(one);
    return all;
  }
}
