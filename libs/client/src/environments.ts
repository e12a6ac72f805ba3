import type {
  Accepted,
  Adopted,
  Drift,
  EnvironmentView,
  InstalledCapabilityView,
  InstalledRequirementView,
  InstalledView,
  InstalledWireView,
  WhyView,
} from '@slipway/contracts/public';
import type { Http } from './http.js';
import { Lists, Rows, part } from './rows.js';

/**
 * What is installed in one environment, what that offers and needs, and how it is wired. `filter` in a list's filter: what must hold of a
 * row, as a filter of OSGi Core 8 §3.2.7.
 */
export class Inside {
  readonly resources: Lists<InstalledView>;
  readonly capabilities: Lists<InstalledCapabilityView>;
  readonly requirements: Lists<InstalledRequirementView>;
  readonly wires: Lists<InstalledWireView>;

  constructor(
    private readonly http: Http,
    private readonly path: string,
  ) {
    this.resources = new Lists(http, `${path}/resources`);
    this.capabilities = new Lists(http, `${path}/capabilities`);
    this.requirements = new Lists(http, `${path}/requirements`);
    this.wires = new Lists(http, `${path}/wires`);
  }

  /** Why something is there, and who needs it. `what`: a key (`storage/shop-data`), a name, or a definition. */
  why = (what: string, options: { asOf?: string; atLeast?: string } = {}): Promise<WhyView> =>
    this.http.json('GET', `${this.path}/why`, { query: { what, ...options }, has: 'items' });
}

/** Environments, what is in one, and the pausing of all dispatching in it. */
export class Environments extends Rows<EnvironmentView> {
  in = (name: string): Inside => new Inside(this.http, `${this.path}/${part(name)}`);
  pause = (name: string, reason?: string): Promise<Accepted> =>
    this.http.json('POST', `/environments/${part(name)}/pause`, { body: { ...(reason && { reason }) } });
  resume = (name: string, reason?: string): Promise<Accepted> =>
    this.http.json('POST', `/environments/${part(name)}/resume`, { body: { ...(reason && { reason }) } });
  /** How it is other than the log says; changes nothing, and takes its time. `ignore`: what is not counted, beside what is configured. */
  drift(name: string, options: { instanceId?: string; ignore?: string[] } = {}): Promise<Drift> {
    return this.http.json('GET', `/environments/${part(name)}/drift`, { query: options });
  }
  /** Takes what was found of a resource into the log. `key` and `seen` as its drift says. */
  adopt(name: string, found: { key: string; seen: string; reason?: string }): Promise<Adopted> {
    return this.http.json('POST', `/environments/${part(name)}/adopt`, { body: found });
  }
}
