import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Filesystem } from '@slipway/interfaces';
import type { DriverContext, Identity } from '@slipway/provisioner';

/** Who holds a number: a generation of an instance. `attempt` tells its makers apart where two work on it at once. */
export interface Claimant {
  holder: string;
  generation: number;
  attempt: string;
}

/** What of the place's an instance claims: folders below the root. */
const CLAIMED = ['ports', 'users'] as const;

/** `<environment>.<name>` and generation: who a claim is for. */
export const holderOf = ({ resource, generation }: Identity): Omit<Claimant, 'attempt'> => ({
  holder: `${resource.environment}.${resource.name}`,
  generation,
});

/** Others need a moment to step back; one that never does has died, or holds the number. */
const LOOKS = 20;
const LOOK_AGAIN_MS = 10;

const CLAIM = /^(\d+)@([^@]+)@g(\d+)@([^@]+)$/;

/**
 * Numbers (ports, user ids) of which each belongs to one instance. A claim is a file `<number>@<holder>@g<n>@<attempt>`.
 *
 * C1. A claim counts only after its maker, having made it, has looked and found no other living one on the same number. So of
 *     two at once at most one counts. Who finds another steps back and takes another number; only the first of them in the
 *     order of names looks again for a while, so that not all step back.
 * C2. A claim is removed by its maker, by the destroy of its generation, or by anybody once that generation's tombstone
 *     stands. Nobody can remove another's by mistake, because the name says whose it is.
 * C3. Once a generation stands, its folder says which attempt's claims count; all others of it go, also of attempts that died.
 */
export class Claims {
  constructor(
    private readonly files: Filesystem,
    private readonly root: string,
    private readonly kind: (typeof CLAIMED)[number],
  ) {}

  /**
   * The first candidate that is free and usable, this generation's earlier claims before all others; undefined when none is.
   * `scratch`: a folder of this attempt's own, where a claim is written before it gets its name, so that a crash leaves nothing
   * half written among the claims.
   */
  async take(
    claimant: Claimant,
    scratch: string,
    candidates: Iterable<number>,
    usable: (number: number) => Promise<boolean>,
  ): Promise<number | undefined> {
    await this.files.mkdir(join(this.root, this.kind), { mode: 0o700 });
    const names = await this.#list();
    const own = names.filter((claim) => isOf(claim, claimant)).map((claim) => claim.number);
    const taken = new Set(names.filter((claim) => !isOf(claim, claimant)).map((claim) => claim.number));
    for (const number of concat(own, candidates)) {
      if (taken.has(number) && (await this.#heldByOthers(number, claimant))) continue;
      await this.#write(number, claimant, scratch);
      if ((await this.#prevails(number, claimant)) && (await usable(number))) return number;
      await this.files.remove(this.#path(number, claimant));
    }
    return undefined;
  }

  /** Gives back all of a generation, or all of one attempt of it; whether there were any. */
  async release(claimant: Omit<Claimant, 'attempt'> & { attempt?: string }): Promise<boolean> {
    const own = (await this.#list()).filter(
      (claim) => isOf(claim, claimant) && (claimant.attempt === undefined || claim.attempt === claimant.attempt),
    );
    for (const claim of own) await this.files.remove(this.#path(claim.number, claim));
    return own.length > 0;
  }

  /** Gives back all of a generation but what this attempt of it has claimed (C3). */
  async keepOnly(claimant: Claimant): Promise<void> {
    const others = (await this.#list()).filter((claim) => isOf(claim, claimant) && claim.attempt !== claimant.attempt);
    for (const claim of others) await this.files.remove(this.#path(claim.number, claim));
  }

  /** Whether anybody living holds a number. */
  held(number: number): Promise<boolean> {
    return this.#heldByOthers(number, { holder: '', generation: 0 });
  }

  async #heldByOthers(number: number, claimant: Omit<Claimant, 'attempt'>): Promise<boolean> {
    return (await this.#othersOn(number, claimant)).length > 0;
  }

  /** The living claims of others on a number; dead ones go. */
  async #othersOn(number: number, claimant: Omit<Claimant, 'attempt'>): Promise<Claimant[]> {
    const others: Claimant[] = [];
    for (const claim of await this.#list()) {
      if (claim.number !== number || isOf(claim, claimant)) continue;
      if (await this.#isDestroyed(claim)) await this.files.remove(this.#path(number, claim));
      else others.push(claim);
    }
    return others;
  }

  async #prevails(number: number, claimant: Claimant): Promise<boolean> {
    const name = this.#path(number, claimant);
    for (let look = 0; look < LOOKS; look++) {
      const others = await this.#othersOn(number, claimant);
      if (others.length === 0) return true;
      if (others.some((other) => this.#path(number, other) < name)) return false;
      await sleep(LOOK_AGAIN_MS);
    }
    return false;
  }

  /** Its tombstone is a file under the generation's name (GenerationFolder, G2). */
  async #isDestroyed({ holder, generation }: Claimant): Promise<boolean> {
    return (await this.files.stat(join(this.root, holder, `g${generation}`)))?.type === 'file';
  }

  async #write(number: number, claimant: Claimant, scratch: string): Promise<void> {
    const file = join(scratch, 'claim');
    await this.files.writeFile(file, `${JSON.stringify(claimant)}\n`, { mode: 0o600 });
    await this.files.rename(file, this.#path(number, claimant));
  }

  async #list(): Promise<(Claimant & { number: number })[]> {
    const claims = (await this.files.list(join(this.root, this.kind))).map((name) => CLAIM.exec(name));
    return claims
      .filter((match) => match !== null)
      .map(([, number, holder, generation, attempt]) => ({
        number: Number(number),
        holder: holder!,
        generation: Number(generation),
        attempt: attempt!,
      }));
  }

  #path(number: number, { holder, generation, attempt }: Claimant): string {
    return join(this.root, this.kind, `${number}@${holder}@g${generation}@${attempt}`);
  }
}

/** Gives back all that a generation has claimed, or one attempt of it. */
export async function releaseClaims(
  { filesystem, root }: Pick<DriverContext, 'filesystem' | 'root'>,
  claimant: Omit<Claimant, 'attempt'> & { attempt?: string },
): Promise<void> {
  for (const kind of CLAIMED) await new Claims(filesystem, root, kind).release(claimant);
}

/** Gives back all that a generation has claimed but for one attempt of it (C3). */
export async function keepOnlyClaims(
  { filesystem, root }: Pick<DriverContext, 'filesystem' | 'root'>,
  claimant: Claimant,
): Promise<void> {
  for (const kind of CLAIMED) await new Claims(filesystem, root, kind).keepOnly(claimant);
}

const isOf = (claim: Claimant, of: Omit<Claimant, 'attempt'>): boolean =>
  claim.holder === of.holder && claim.generation === of.generation;

function* concat<T>(first: Iterable<T>, second: Iterable<T>): Generator<T> {
  yield* first;
  yield* second;
}
