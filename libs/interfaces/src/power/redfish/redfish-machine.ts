import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError, causeOf, type Json, type JsonObject } from '@slipway/contracts/public';
import type { Power, PowerStatus } from '../power.js';
import { RedfishApi, USUAL_LIMITS, listAt, objectAt, type RedfishAccess, type RedfishAnswer } from './redfish-api.js';

/** Where the service begins (DSP0266, "Service root"). */
const ROOT = '/redfish/v1/';

/** Of machines at one controller; that of a chassis has a dozen. */
const MOST_SYSTEMS = 64;

/** Between two looks at a machine that is to change, in ms. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;

/** `PowerState` and `Health` of Redfish (DSP0268, "Resource"), in our words. */
const POWER = new Map<Json | undefined, PowerStatus['power']>([
  ['On', 'on'],
  ['Off', 'off'],
  ['PoweringOn', 'turning-on'],
  ['PoweringOff', 'turning-off'],
]);
const HEALTH = new Map<Json | undefined, NonNullable<PowerStatus['health']>>([
  ['OK', 'ok'],
  ['Warning', 'warning'],
  ['Critical', 'critical'],
]);

/** How often a change is made that the controller refuses. */
const TRIES = 3;

/** Ways to turn a machine on and off (`ResetType`); the first that it has is taken. */
const TURNS = { on: ['On', 'ForceOn'], off: ['ForceOff'] };

/** A machine (`ComputerSystem`, DSP0268) at its controller. */
export class RedfishMachine implements Power {
  readonly #api: RedfishApi;
  #way: string | undefined;

  constructor(
    private readonly access: RedfishAccess,
    /** Its id there; needed where the controller has several. */
    private readonly system?: string,
  ) {
    this.#api = new RedfishApi(access);
  }

  async status(): Promise<PowerStatus> {
    return this.#statusOf((await this.#look()).body);
  }

  on(): Promise<void> {
    return this.#turn('on');
  }

  /** `isToldAnyway`: also where its controller says that it is off. What that was told a moment ago may not show yet. */
  async off({ isToldAnyway = false }: { isToldAnyway?: boolean } = {}): Promise<void> {
    if (isToldAnyway) await this.#tellOff();
    await this.#turn('off');
  }

  async cycle(): Promise<void> {
    await this.#turn('off');
    await this.#turn('on');
  }

  bootFromNetwork(): Promise<void> {
    return this.#override('network', { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' });
  }

  /** It starts again as it is set; nothing to do when it does. */
  bootAsSet(): Promise<void> {
    return this.#override('as-set', { BootSourceOverrideEnabled: 'Disabled' });
  }

  async #override(wanted: PowerStatus['nextBoot'], boot: JsonObject): Promise<void> {
    const isSo = ({ nextBoot }: PowerStatus) => nextBoot === wanted;
    await this.#change(isSo, async ({ body, etag }) => {
      const possible = listAt(objectAt(body, 'Boot'), 'BootSourceOverrideTarget@Redfish.AllowableValues');
      const target = boot['BootSourceOverrideTarget'];
      if (target !== undefined && possible.length > 0 && !possible.includes(target))
        throw await this.#cannot('boot from the network', possible);
      await this.#api.patch(await this.#found(), { Boot: boot }, `boot ${wanted}`, etag);
    });
    await this.#until(isSo, `boot ${wanted}`);
  }

  async #turn(to: 'on' | 'off'): Promise<void> {
    const isBegun = ({ power }: PowerStatus) => power === to || power === `turning-${to}`;
    await this.#change(isBegun, ({ body }) => this.#reset(body, to));
    await this.#until(({ power }) => power === to, `turn ${to}`);
  }

  /** Some controllers refuse to turn off what is off, or do not offer it then. */
  async #tellOff(): Promise<void> {
    const { body } = await this.#look();
    await this.#reset(body, 'off').catch((error: unknown) => {
      if (!isRefusal(error) && causeOf(error).code !== 'not-possible') throw error;
    });
  }

  /**
   * Changes it unless it is so. Of two that want the same at once the slower is refused: what he wants is so by then, or he tries again with
   * what he finds.
   */
  async #change(isSo: (found: PowerStatus) => boolean, change: (found: RedfishAnswer) => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const found = await this.#look();
      if (isSo(await this.#statusOf(found.body))) return;
      try {
        await change(found);
        return;
      } catch (error) {
        if (!isRefusal(error) || tries === TRIES) throw error;
      }
    }
  }

  async #reset(system: JsonObject, to: 'on' | 'off'): Promise<void> {
    const action = objectAt(objectAt(system, 'Actions'), '#ComputerSystem.Reset');
    const possible = listAt(action, 'ResetType@Redfish.AllowableValues');
    // One that does not say what it can is asked for what all of them can.
    const how = possible.length === 0 ? TURNS[to][0] : TURNS[to].find((one) => possible.includes(one));
    if (how === undefined) throw await this.#cannot(`turn ${to}`, possible);
    const way = this.#api.wayFrom(action['target'], `turn ${to} the machine`);
    await this.#api.post(way, { ResetType: how }, `turn ${to}`);
  }

  /** Looks until it is so. */
  async #until(isSo: (found: PowerStatus) => boolean, what: string): Promise<void> {
    const { changesWithinMs } = { ...USUAL_LIMITS, ...this.access.limits };
    const end = performance.now() + changesWithinMs;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      const found = await this.status();
      if (isSo(found)) return;
      if (performance.now() >= end) {
        throw new SlipwayError(
          'driver-failed',
          `${this.#api.name} has taken that it is to ${what}, and after ${changesWithinMs / 1_000} s power is ${found.power} and it boots ${found.nextBoot}`,
        );
      }
      const { signal } = this.access;
      await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  async #look(): Promise<RedfishAnswer> {
    return this.#api.get(await this.#found());
  }

  /** Where the machine is at its controller. */
  async #found(): Promise<string> {
    return (this.#way ??= await this.#find());
  }

  async #find(): Promise<string> {
    const root = await this.#api.get(ROOT);
    const systems = this.#api.wayFrom(objectAt(root.body, 'Systems')['@odata.id'], 'its machines');
    const { body } = await this.#api.get(systems);
    const ways = listAt(body, 'Members')
      .slice(0, MOST_SYSTEMS)
      .map((member) => this.#api.wayFrom((member as JsonObject | null)?.['@odata.id'], 'one of its machines'));
    const ids = ways.map((way) => way.replace(/\/$/, '').split('/').at(-1)!);
    const only = ways.length === 1 ? ways[0] : undefined;
    const way = this.system === undefined ? only : ways[ids.indexOf(this.system)];
    if (way !== undefined) return way;
    const has = ids.length === 0 ? 'no machine' : `${ids.length} machines (${await this.#api.quoted(ids.join(', '))})`;
    const meant = this.system === undefined ? 'which of them is meant is not said' : `none of them is ${this.system}`;
    throw new SlipwayError('config-invalid', `${this.#api.name} has ${has}: ${meant} (attributes.system)`, {
      field: 'attributes.system',
    });
  }

  async #cannot(what: string, possible: readonly Json[]): Promise<SlipwayError> {
    const listed = await this.#api.quoted(possible.map(String).join(', '));
    return new SlipwayError('not-possible', `${this.#api.name} cannot ${what}; it can ${listed}`);
  }

  async #statusOf(system: JsonObject): Promise<PowerStatus> {
    const { BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target } = objectAt(system, 'Boot');
    const health = HEALTH.get(objectAt(system, 'Status')['Health']);
    const cores = whole(objectAt(system, 'ProcessorSummary')['CoreCount']);
    const gib = objectAt(system, 'MemorySummary')['TotalSystemMemoryGiB'];
    const memoryMiB = typeof gib === 'number' ? whole(Math.round(gib * 1_024)) : undefined;
    return {
      power: POWER.get(system['PowerState']) ?? 'unknown',
      nextBoot: enabled === 'Once' && (target === 'Pxe' || target === 'UefiHttp') ? 'network' : 'as-set',
      ...(health && { health }),
      ...(await this.#named('manufacturer', system['Manufacturer'])),
      ...(await this.#named('model', system['Model'])),
      ...(await this.#named('serialNumber', system['SerialNumber'])),
      ...(cores !== undefined && { cores }),
      ...(memoryMiB !== undefined && { memoryMiB }),
    };
  }

  /** A short text under a name; nothing where it is none. */
  async #named(name: string, value: Json | undefined): Promise<Record<string, string>> {
    const text = typeof value === 'string' ? await this.#api.quoted(value) : '';
    return text === '' ? {} : { [name]: text };
  }
}

/** Whether a controller has understood, and does not do it (the class 4xx of HTTP). */
function isRefusal(error: unknown): boolean {
  const status = error instanceof SlipwayError && error.code === 'driver-failed' ? Number(error.details?.['status']) : 0;
  return status >= 400 && status < 500;
}

const whole = (value: Json | undefined): number | undefined =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
