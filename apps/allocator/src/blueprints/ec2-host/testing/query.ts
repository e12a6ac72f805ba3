/** What an action of EC2's Query API is given: a form, with names such as `Filter.1.Value.2`. */
export class Query {
  readonly #form: URLSearchParams;

  constructor(body: string) {
    this.#form = new URLSearchParams(body);
  }

  get(name: string): string | undefined {
    return this.#form.get(name) ?? undefined;
  }

  /** `InstanceId.1`, `InstanceId.2`, … */
  list(name: string): string[] {
    return this.#numbered(name, (at) => this.get(at));
  }

  /** `Filter.1.Name`, `Filter.1.Value.1`, … */
  filters(): { name: string; values: string[] }[] {
    return this.#numbered('Filter', (at) => {
      const name = this.get(`${at}.Name`);
      return name === undefined ? undefined : { name, values: this.list(`${at}.Value`) };
    });
  }

  /** Tags of one type of what is made. */
  tags(resourceType: string): Record<string, string> {
    const specifications = this.#numbered('TagSpecification', (at) => {
      const type = this.get(`${at}.ResourceType`);
      const tag = (one: string) =>
        this.get(`${one}.Key`) === undefined ? undefined : [this.get(`${one}.Key`)!, this.get(`${one}.Value`)!];
      return type === undefined ? undefined : { type, tags: this.#numbered(`${at}.Tag`, tag) };
    });
    return Object.fromEntries(specifications.filter(({ type }) => type === resourceType).flatMap(({ tags }) => tags)) as Record<
      string,
      string
    >;
  }

  /** All of it but some, in one text that is the same for the same. */
  without(...names: string[]): string {
    return JSON.stringify([...this.#form].filter(([name]) => !names.includes(name)).toSorted());
  }

  #numbered<T>(name: string, of: (at: string) => T | undefined): T[] {
    const found: T[] = [];
    for (let number = 1; ; number += 1) {
      const one = of(`${name}.${number}`);
      if (one === undefined) return found;
      found.push(one);
    }
  }
}

/** What an answer consists of; `undefined` is left out, a list is of `item`s. */
export type Answer = string | number | undefined | readonly Answer[] | { readonly [name: string]: Answer };

/** As XML, below an element. */
export function xml(name: string, value: Answer): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `<${name}>${value.map((one: Answer) => xml('item', one)).join('')}</${name}>`;
  if (typeof value === 'object')
    return `<${name}>${Object.entries(value)
      .map(([inner, one]) => xml(inner, one as Answer))
      .join('')}</${name}>`;
  const text = String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<${name}>${text}</${name}>`;
}
