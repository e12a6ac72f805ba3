import type {
  CapabilityList,
  CapabilityView,
  ContentList,
  ContentRecorded,
  ContentRefreshed,
  ContentView,
  DefinitionList,
  DefinitionRecorded,
  DefinitionSummary,
  DefinitionView,
  ShownLayer,
} from '@slipway/contracts/public';
import type { Body, Http } from './http.js';
import { part } from './rows.js';

/** Which package is meant where several layers have one of its name; the uppermost when left out. */
export interface InLayer {
  layer?: ShownLayer | undefined;
}

/** What a content package is sent as. */
export interface SentPackage {
  body: Body;
  /** `application/yaml` for one file, YAML or JSON; `application/x-tar` for a folder, also gzipped. */
  type: 'application/yaml' | 'application/json' | 'application/x-tar';
  /** Name of the file, by which problems name it. */
  file?: string;
}

/** A content package as it comes in. */
export interface PackageContent {
  body: ReadableStream<Uint8Array>;
  bytes: number;
  /** A name for its file. */
  file: string;
}

/** Content packages, in their layers. */
export class Content {
  constructor(private readonly http: Http) {}

  /** All in force, from the top of the layers down, what is not and why, and how other repositories are. */
  async list({ layer }: InLayer = {}): Promise<ContentList> {
    const ask = (cursor?: string) => this.http.items<ContentList>('/content', { query: { layer, cursor } });
    const { next, ...whole } = await ask();
    for (let cursor = next; cursor !== undefined;) {
      const page = await ask(cursor);
      whole.items.push(...page.items);
      cursor = page.next;
    }
    return whole;
  }
  get = (name: string, { layer }: InLayer = {}): Promise<ContentView> =>
    this.http.json('GET', `/content/${part(name)}`, { query: { layer } });

  /** Brings one in. What is wrong is refused whole (`content-invalid`, `layer-refuses`); the same content again changes nothing. */
  upload = (sent: SentPackage): Promise<ContentRecorded> => this.#send('POST', '/content', sent);
  /** Puts one in the place of the uploaded one of its name. */
  replace = (name: string, sent: SentPackage): Promise<ContentRecorded> => this.#send('PUT', `/content/${part(name)}`, sent);
  remove = (name: string, reason?: string): Promise<ContentRecorded> =>
    this.http.json('DELETE', `/content/${part(name)}`, { query: { reason } });

  /** Asks other repositories, all or one, what they have now; answered when what has changed is in force. */
  refresh = (delegate?: string): Promise<ContentRefreshed> =>
    this.http.json('POST', '/content/refresh', { query: { delegate }, has: 'items' });

  /** One as it can be uploaded elsewhere. */
  async package(name: string, { layer }: InLayer = {}): Promise<PackageContent> {
    const response = await this.http.call('GET', `/content/${part(name)}/package`, { query: { layer } });
    const [, file = name] = /filename="([^"/\\]+)"/.exec(response.headers.get('Content-Disposition') ?? '') ?? [];
    const bytes = Number(response.headers.get('Content-Length'));
    return { body: response.body as ReadableStream<Uint8Array>, bytes, file };
  }

  #send(method: string, path: string, { body, type, file }: SentPackage): Promise<ContentRecorded> {
    return this.http.json(method, path, { content: { body, type }, query: { file }, has: 'layer' });
  }
}

interface Page {
  limit?: number;
  cursor?: string;
}

export interface WhichDefinitions extends InLayer {
  name?: string | undefined;
}

export interface WhichCapabilities {
  namespace?: string | undefined;
  /** What must hold of its attributes (OSGi Core 8 §3.2.7): `(&(engine=sqlite)(version>=1))`. */
  filter?: string | undefined;
}

async function* eachOf<T>(ask: (page: Page) => Promise<{ items: T[]; next?: string }>): AsyncGenerator<T> {
  for (let page: Page = {}; ;) {
    const { items, next } = await ask(page);
    yield* items;
    if (next === undefined) return;
    page = { cursor: next };
  }
}

/** What there is to be installed, one by one. */
export class Definitions {
  constructor(private readonly http: Http) {}

  get = (name: string, version: string): Promise<DefinitionView> =>
    this.http.json('GET', this.#path({ name, version }), { has: 'definition' });

  /** Writes one that stands in no layer yet. What is wrong is refused (`content-invalid`, `layer-refuses`). */
  create = (definition: object): Promise<DefinitionRecorded> =>
    this.http.json('POST', '/definitions', { body: definition, has: 'layer' });
  /** Changes one that was written so. */
  update = (definition: { name: string; version: string }): Promise<DefinitionRecorded> =>
    this.http.json('PUT', this.#path(definition), { body: definition, has: 'layer' });
  delete = (name: string, version: string, reason?: string): Promise<DefinitionRecorded> =>
    this.http.json('DELETE', this.#path({ name, version }), { query: { reason }, has: 'layer' });

  /** A page of those in force. */
  list = (query: WhichDefinitions & Page = {}): Promise<DefinitionList> =>
    this.http.items('/definitions', { query: { ...query } });
  /** All pages, one definition after the other. */
  all = (which: WhichDefinitions = {}): AsyncGenerator<DefinitionSummary> => eachOf((page) => this.list({ ...which, ...page }));

  /** A page of what definitions offer to others, all, in one namespace, or what a filter matches. */
  capabilities = (query: WhichCapabilities & Page = {}): Promise<CapabilityList> =>
    this.http.items('/capabilities', { query: { ...query } });
  /** All pages, one capability after the other. */
  allCapabilities = (which: WhichCapabilities = {}): AsyncGenerator<CapabilityView> =>
    eachOf((page) => this.capabilities({ ...which, ...page }));

  #path = ({ name, version }: { name: string; version: string }): string => `/definitions/${part(name)}/${part(version)}`;
}
