import type { Page } from '@slipway/contracts/public';
import type { Http } from './http.js';

/** Of a list: equal values by field, sort, page, moment. See the REST reference for each list's fields. */
export interface ListOptions {
  filter?: Record<string, string | string[] | undefined>;
  sort?: string;
  limit?: number;
  cursor?: string;
  /** A time (ISO 8601) or a position. */
  asOf?: string;
}

const query = ({ filter, ...rest }: ListOptions = {}) => ({ ...filter, ...rest });
/** A part of a path. */
export const part = encodeURIComponent;

/** One kind of rows that can be listed. */
export class Lists<T> {
  constructor(
    protected readonly http: Http,
    protected readonly path: string,
  ) {}
  list(options?: ListOptions): Promise<Page<T>> {
    return this.http.items(this.path, { query: query(options) });
  }
  /** All pages, one row after the other, all of the moment of the first. */
  async *all(options: ListOptions = {}): AsyncGenerator<T> {
    for (let cursor = options.cursor; ;) {
      const page = await this.list({ ...options, ...(cursor && { cursor }) });
      yield* page.items;
      if (!page.next) return;
      cursor = page.next;
    }
  }
}

/** One kind of rows that can be listed and looked at. */
export class Rows<T> extends Lists<T> {
  /** `asOf`: as it was at a time or position; `atLeast`: not before what stands at that position can be seen. */
  get(id: string, options: { asOf?: string; atLeast?: string } = {}): Promise<T> {
    return this.http.json('GET', `${this.path}/${part(id)}`, { query: options });
  }
}
