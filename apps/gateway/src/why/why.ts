import { Inject, Injectable } from '@nestjs/common';
import { SlipwayError, type Wire } from '@slipway/contracts';
import type {
  InstalledRequirementView,
  InstalledView,
  InstalledWireView,
  WhyItem,
  WhyRequest,
  WhyView,
} from '@slipway/contracts/http';
import { VIEWS } from '../http/tokens.js';
import type { Rows, ViewName, Views } from '../views/port.js';
import { chainsTo, furtherThan, type Users } from './chains.js';

/** Things that one question may mean, that are looked at above one of them, and values that a filter takes. */
const MOST_ITEMS = 20;
const MOST_USERS = 2_000;
const AT_ONCE = 100;
const PAGE = 500;

/** Tells why something is in an environment: what asked for it, in which way, and who needs it; all of one moment. */
@Injectable()
export class Why {
  constructor(@Inject(VIEWS) private readonly views: Views) {}

  /**
   * `what`: a key (`storage/shop-data`), a name, or a definition's (`guestbook`, `guestbook@1.0.0`). Throws `not-found`, and what the views
   * throw for a moment.
   */
  async of(environment: string, what: string, asOf: string | undefined): Promise<WhyView> {
    const moment = await this.views.list('resources', { limit: 1, ...(asOf !== undefined && { asOf }) });
    const then = new Moment(this.views, environment, moment.position);
    const all = await then.called(what);
    if (all.length === 0)
      throw new SlipwayError('not-found', `There is nothing called ${shown(what)} in ${shown(environment)}`, { environment });
    const items: WhyItem[] = [];
    for (const one of all.slice(0, MOST_ITEMS)) items.push(await whyOf(one, then));
    return { environment, what, items, ...(all.length > MOST_ITEMS && { more: true as const }), position: moment.position };
  }
}

const shown = (text: string): string => text.replace(/[^\x21-\x7e]/g, '?').slice(0, 128);

async function whyOf(resource: InstalledView, then: Moment): Promise<WhyItem> {
  const { users, all, more: moreUsers } = await then.above(resource.key);
  const { chains, more: moreChains } = chainsTo(resource.key, users);
  const needs = await then.needsOf(new Set(chains.flatMap((chain) => chain.map(({ from }) => from))));
  const direct = users.wiresTo(resource.key).map(({ from, requirement }) => ({ key: from, requirement }));
  const madeBy = await then.request(resource.madeBy);
  const told = chains.map(async (chain): Promise<WhyItem['chains'][number]> => {
    const root = all.get(chain[0]?.from ?? resource.key)!;
    const request = await then.request(root.madeBy);
    return {
      root: root.key,
      ...(root.instanceId !== undefined && { instanceId: root.instanceId }),
      ...(request && { request }),
      links: chain.map(({ from, requirement, to }) => {
        const need = needs.get(`${from} ${requirement}`);
        return { from, requirement, to, ...(need && { need }) };
      }),
    };
  });
  const directly = [...new Set(direct.map(({ key }) => key))];
  return {
    resource,
    ...(madeBy && { madeBy }),
    chains: await Promise.all(told),
    neededBy: { directly: direct, further: furtherThan(directly, users, resource.key) },
    ...((moreUsers || moreChains) && { more: true as const }),
  };
}

/** An environment at one moment, as far as a question needs it. */
class Moment {
  readonly #requests = new Map<string, Promise<WhyRequest | undefined>>();

  constructor(
    private readonly views: Views,
    private readonly environment: string,
    private readonly asOf: string,
  ) {}

  /** By key; else by name; else by definition. */
  async called(what: string): Promise<InstalledView[]> {
    const { environment, asOf } = this;
    if (what.includes('/')) {
      const one = await this.views.get('resources', `${environment}.${what}`, { asOf });
      return one ? [one] : [];
    }
    const named = await this.#some('resources', { name: [what] });
    if (named.length > 0) return named;
    const [name = '', version] = what.split('@', 2);
    const made = await this.#some('resources', { definition: [name] });
    return version === undefined ? made : made.filter(({ definition }) => definition.version === version);
  }

  /** All that need something, directly and further away, and how they are wired to it. */
  async above(key: string): Promise<{ users: Users; all: Map<string, InstalledView>; more: boolean }> {
    const wires = new Map<string, Wire[]>();
    const reached = new Set([key]);
    let next = [key];
    while (next.length > 0 && reached.size <= MOST_USERS) {
      const found = await this.#all('wires', 'to', next);
      for (const wire of found) wires.set(wire.to, [...(wires.get(wire.to) ?? []), wireOf(wire)]);
      next = [...new Set(found.map(({ from }) => from))].filter((from) => !reached.has(from));
      for (const from of next) reached.add(from);
    }
    const { environment, asOf } = this;
    const all = new Map<string, InstalledView>();
    for (const one of reached) {
      const resource = await this.views.get('resources', `${environment}.${one}`, { asOf });
      if (resource) all.set(one, resource);
    }
    const users: Users = {
      wiresTo: (to) => (wires.get(to) ?? []).filter(({ from }) => all.has(from)),
      // What an abstract definition brings is called otherwise than what was asked for, and nothing is wired to it.
      isRoot: (one) => all.get(one)?.instanceId === all.get(one)?.name || users.wiresTo(one).length === 0,
    };
    return { users, all, more: next.length > 0 };
  }

  /** What these need, by `<key> <requirement>`. */
  async needsOf(keys: ReadonlySet<string>): Promise<Map<string, WhyItem['chains'][number]['links'][number]['need']>> {
    const rows = await this.#all('requirements', 'resource', [...keys]);
    return new Map(rows.map((row) => [`${row.resource} ${row.name}`, needOf(row)]));
  }

  /** Who asked, when; undefined where that is not kept. */
  request(id: string): Promise<WhyRequest | undefined> {
    const known = this.#requests.get(id) ?? this.#read(id);
    this.#requests.set(id, known);
    return known;
  }

  async #read(id: string): Promise<WhyRequest | undefined> {
    const view = await this.views.get('requests', id, { asOf: this.asOf });
    if (!view) return undefined;
    const { job, instanceId, definition, owner, actor, acceptedAt } = view;
    return { id, job, instanceId, ...(definition !== undefined && { definition }), owner, actor, acceptedAt };
  }

  /** One more than is told at most. */
  async #some<Name extends ViewName>(view: Name, filter: Record<string, string[]>): Promise<Rows[Name][]> {
    const { environment, asOf } = this;
    const whole = { environment: [environment], ...filter };
    return (await this.views.list(view, { filter: whole, limit: MOST_ITEMS + 1, asOf })).items;
  }

  /** All rows where a field is one of these. */
  async #all<Name extends 'wires' | 'requirements'>(view: Name, field: string, values: readonly string[]): Promise<Rows[Name][]> {
    const { environment, asOf } = this;
    const rows: Rows[Name][] = [];
    for (let from = 0; from < values.length; from += AT_ONCE) {
      const filter = { environment: [environment], [field]: values.slice(from, from + AT_ONCE) };
      for (let cursor: string | undefined; ;) {
        const page = await this.views.list(view, { filter, limit: PAGE, asOf, ...(cursor !== undefined && { cursor }) });
        rows.push(...page.items);
        if (page.next === undefined || rows.length > MOST_USERS) break;
        cursor = page.next;
      }
    }
    return rows;
  }
}

const wireOf = ({ from, requirement, to }: InstalledWireView): Wire => ({ from, requirement, to });

function needOf(row: InstalledRequirementView) {
  const { environment: _in, resource: _of, definition: _made, wiredTo: _to, since: _since, position: _at, ...need } = row;
  return need;
}
