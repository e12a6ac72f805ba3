import { randomBytes } from 'node:crypto';
import { SlipwayError, type JsonObject, type ResourceRef } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { CallerFiles } from '../../server/caller-files.js';
import type { Admission, Content, Engine, Generation, Standing } from '../../server/engine.js';
import { schemaRefused } from '../../server/server-driver.js';
import { MariadbError, asFailure, dumpInto, mariadb, nativeHash, optionsFor, runFile, type Access } from './client.js';
import { ownDefiners } from './definers.js';
import * as statements from './statements.js';

export interface MariadbServer {
  mesh: string;
  /** Folder of the client's programs. */
  programs: string;
  /** How the client reaches it, as its option file says it: `host` and `port`, or `socket`; `ssl-ca`. */
  address: Record<string, string | number | undefined>;
  /** Who may make databases and users. */
  admin: Access;
  /** Where those who use databases reach it. */
  reachedAt: { host: string; port: number };
  caFile?: string;
  /** Folder for option files, ours alone. */
  passwords: string;
}

/** Classes of SQLSTATE that are not the statement's fault; a lost connection is told as HY000. */
const NOT_ITS_FAULT = /^(08|53|57|58)/;
const LOST = /^(Lost connection|Server has gone away|Can't connect|Connection was killed)/i;
const WHOLE = '-- Dump completed';

/**
 * {@link Engine} on MariaDB from 10.5 on (comments of databases). Its DDL can't be taken back, so each attempt builds in a
 * database of its own; the one that the row names in the end is the resource's.
 */
export class MariadbEngine implements Engine {
  /** The database of this attempt. */
  #base: string | undefined;

  constructor(
    private readonly server: MariadbServer,
    private readonly context: DriverContext,
  ) {}

  async reserve(generation: Generation, { password, connections }: Admission): Promise<'building' | 'made'> {
    const { mesh, caFile } = this.server;
    const asked = statements.reserve(mesh, generation, nativeHash(password), connections, caFile !== undefined);
    return (await this.#decide(asked)) as 'building' | 'made';
  }

  async admit(generation: Generation, { password, connections }: Admission): Promise<void> {
    const { mesh, caFile } = this.server;
    await this.#decide(statements.admit(mesh, generation, nativeHash(password), connections, caFile !== undefined));
  }

  async build(generation: Generation, { schema = '', dump }: Content, { password }: Admission): Promise<void> {
    const base = `${generation.name}_${randomBytes(4).toString('hex')}`;
    if ((await this.#decide(statements.begin(this.server.mesh, generation, base))) === 'made') return;
    this.#base = base;
    try {
      await this.#asUser(generation, password, (access) =>
        dump === undefined ? this.#runSchema(access, base, schema) : this.#restore(access, base, dump, generation),
      );
    } catch (error) {
      await this.#decide(statements.discard(generation, base)).catch(() => {});
      throw error;
    }
  }

  async complete(generation: Generation): Promise<'made' | 'found'> {
    return (await this.#decide(statements.complete(this.server.mesh, generation, this.#base ?? ''))) as 'made' | 'found';
  }

  async sweep(generation: Generation): Promise<void> {
    await this.#accessFiles.removeOlder(generation);
    await this.#discardAttempts(generation);
  }

  async bury(generation: Generation): Promise<'destroyed' | 'absent'> {
    const known = await this.#decide(statements.bury(this.server.mesh, generation));
    return known === 'building' || known === 'made' ? 'destroyed' : 'absent';
  }

  async clear(generation: Generation): Promise<boolean> {
    await this.#accessFiles.removeAll(generation);
    const was = (await this.#ask(statements.there(generation))) === '1';
    if (was) await this.#ask(statements.endConnections(generation));
    await this.#discardAttempts(generation);
    if (was) await this.#ask(statements.dropUser(generation));
    return was;
  }

  async standing(generation: Generation): Promise<Standing> {
    const remains = (await this.#ask(statements.there(generation))) === '1';
    const [state] = (await this.#known(generation)).split(' ');
    if (!state && remains) throw foreign(`user or database ${generation.name} carries no mark of ours`);
    return { state: (state || 'absent') as Standing['state'], remains };
  }

  async look(generation: Generation): Promise<JsonObject> {
    const base = await this.#madeIn(generation);
    const said = base === undefined ? '' : await this.#ask(statements.look(generation, base));
    return said === '' ? { exists: false } : { exists: true, ...(JSON.parse(said) as JsonObject) };
  }

  async marks(): Promise<{ resource: ResourceRef; generation: number; name: string }[]> {
    if ((await this.#ask(statements.KEPT)) !== '1') return [];
    const said = await this.#ask(statements.marks(this.server.mesh));
    return said
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { environment, name, generation, called } = JSON.parse(line) as Record<string, string>;
        const resource: ResourceRef = { environment: environment!, kind: 'database', name: name! };
        return { resource, generation: Number(generation), name: called! };
      });
  }

  async outputs(generation: Generation): Promise<JsonObject> {
    const { host, port } = this.server.reachedAt;
    const { caFile } = this.server;
    const database = (await this.#madeIn(generation)) ?? '';
    return {
      engine: 'mariadb',
      host,
      port,
      database,
      user: generation.name,
      url: `mariadb://${generation.name}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`,
      tls: caFile !== undefined,
      ...(caFile !== undefined && { caFile }),
    };
  }

  async dump(generation: Generation, password: string, file: string): Promise<void> {
    const base = await this.#madeIn(generation);
    try {
      await this.#asUser(generation, password, (access) => dumpInto(this.context, access, file, base!));
    } catch (error) {
      throw asFailure(error);
    }
  }

  async #runSchema(access: Access, base: string, schema: string): Promise<void> {
    if (schema.trim() === '') return;
    try {
      await mariadb(this.context, access, schema, base);
    } catch (error) {
      throw isItsFault(error) ? schemaRefused(error.message) : asFailure(error);
    }
  }

  async #restore(access: Access, base: string, file: string, { name }: Generation): Promise<void> {
    const { filesystem, command } = this.context;
    const end = await command.execOrThrow(['tail', '--bytes=100', file]);
    if (!end.stdout.includes(WHOLE)) throw invalid('it does not end as a dump of MariaDB does');
    const own = `${file}.own`;
    try {
      await filesystem.writeFile(own, ownDefiners(await filesystem.openRead(file), name), { mode: 0o600 });
      await runFile(this.context, access, own, base);
    } catch (error) {
      throw isItsFault(error) ? invalid(error.message) : asFailure(error);
    } finally {
      await filesystem.remove(own);
    }
  }

  async #known(generation: Generation): Promise<string> {
    if ((await this.#ask(statements.KEPT)) !== '1') return '';
    return this.#ask(statements.known(this.server.mesh, generation));
  }

  async #madeIn(generation: Generation): Promise<string | undefined> {
    return (await this.#known(generation)).split(' ')[1];
  }

  /** All but the one that it was made in. */
  async #discardAttempts(generation: Generation): Promise<void> {
    const bases = (await this.#ask(statements.attempts(generation))).split('\n').filter((base) => base !== '');
    for (const base of bases) await this.#decide(statements.discard(generation, base));
  }

  /** Runs statements of ours that decide; our own refusals as what they are. */
  async #decide(decision: string): Promise<string> {
    try {
      return await mariadb(this.context, this.server.admin, decision);
    } catch (error) {
      if (error instanceof MariadbError && error.state === statements.OVER)
        throw new SlipwayError('generation-old', error.message);
      if (error instanceof MariadbError && error.state === statements.FOREIGN) throw foreign(error.message);
      throw asFailure(error);
    }
  }

  async #ask(question: string): Promise<string> {
    try {
      return await mariadb(this.context, this.server.admin, question);
    } catch (error) {
      throw asFailure(error);
    }
  }

  #asUser<T>(generation: Generation, password: string, work: (access: Access) => Promise<T>): Promise<T> {
    const { programs, address } = this.server;
    return this.#accessFiles.with(generation, optionsFor({ ...address, user: generation.name, password }), (optionFile) =>
      work({ programs, optionFile }),
    );
  }

  get #accessFiles(): CallerFiles {
    return new CallerFiles(this.context.filesystem, this.server.passwords);
  }
}

const isItsFault = (error: unknown): error is MariadbError =>
  error instanceof MariadbError && !NOT_ITS_FAULT.test(error.state ?? '') && !LOST.test(error.message);

const foreign = (message: string): SlipwayError => new SlipwayError('foreign', message);
const invalid = (reason: string): SlipwayError =>
  new SlipwayError('archive-invalid', `The dump is refused: ${reason}`, { reason });
