import { SlipwayError, type JsonObject, type ResourceRef } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { CallerFiles } from '../../server/caller-files.js';
import type { Admission, Content, Engine, Generation, Standing } from '../../server/engine.js';
import { schemaRefused } from '../../server/server-driver.js';
import { readDump, writeDump } from './dump.js';
import { PostgresError, asFailure, passwordLine, psql, type Access } from './psql.js';
import { scramVerifier } from '@slipway/interfaces';
import * as statements from './statements.js';

/** Other than PostgreSQL's own default, `postgres`, only where the configuration says so. */
export interface PostgresServer {
  mesh: string;
  /** As the role that may make roles and databases. */
  admin: Access;
  /** The database that our rows are in. */
  books: string;
  /** Where those who use databases reach it. */
  reachedAt: { host: string; port: number };
  /** Folder for password files, ours alone. */
  passwords: string;
}

const UNDEFINED_OBJECT = '42704';
/** A name is taken: found by a check, or by the index when two come at once. */
const TAKEN = ['42P04', '23505'];
/** Still in use: somebody has come in between. */
const IN_USE = ['2BP01', '55006'];
const CLEAR_TRIES = 20;
/** Classes of SQLSTATE that are not the statement's fault: connection, resources, operator, system. */
const NOT_ITS_FAULT = /^(08|53|57|58|XX)/;

/** Nothing that a role has made in its database is found in place of the server's own. */
const OWN_NAMES_ONLY = { search_path: 'pg_catalog', client_min_messages: 'error' };

/** {@link Engine} on PostgreSQL from 13 on (DROP DATABASE … WITH (FORCE)). */
export class PostgresEngine implements Engine {
  constructor(
    private readonly server: PostgresServer,
    private readonly context: DriverContext,
  ) {}

  async reserve(generation: Generation, { password, connections }: Admission): Promise<'building' | 'made'> {
    const { mesh } = this.server;
    const answer = await this.#decide(statements.reserve(mesh, generation, scramVerifier(password), connections));
    return answer as 'building' | 'made';
  }

  async admit(generation: Generation, { password, connections }: Admission): Promise<void> {
    await this.#decide(statements.admit(this.server.mesh, generation, scramVerifier(password), connections));
  }

  async build(generation: Generation, { schema = '', dump }: Content, { password }: Admission): Promise<void> {
    const filled = await this.#filled(generation);
    if (filled && dump === undefined) await this.#admin(statements.drop(generation));
    await this.#create(generation);
    // Somebody else was faster, and it may be in use already.
    if ((await this.#decide(statements.openDatabase(this.server.mesh, generation))) === 'made') return;
    if (filled && dump !== undefined) return;
    await this.#asRole(generation, password, async (access) => {
      const { name } = generation;
      try {
        if (dump !== undefined) return await this.#restore(access, dump, generation);
        await psql(this.context, access, { database: name }, statements.runSchema(generation, schema));
      } catch (error) {
        const itsFault = error instanceof PostgresError && error.code !== undefined && !NOT_ITS_FAULT.test(error.code);
        throw itsFault ? schemaRefused(error.message) : asFailure(error);
      }
    });
  }

  dump(generation: Generation, password: string, file: string): Promise<void> {
    return this.#asRole(generation, password, (access) => writeDump(this.context, access, generation.name, file));
  }

  async complete(generation: Generation): Promise<'made' | 'found'> {
    return (await this.#decide(statements.complete(this.server.mesh, generation))) as 'made' | 'found';
  }

  /** The database itself is one for all attempts. */
  async sweep(generation: Generation): Promise<void> {
    await this.#accessFiles.removeOlder(generation);
  }

  async bury(generation: Generation): Promise<'destroyed' | 'absent'> {
    const known = await this.#decide(statements.bury(this.server.mesh, generation));
    return known === 'building' || known === 'made' ? 'destroyed' : 'absent';
  }

  async clear(generation: Generation): Promise<boolean> {
    await this.#accessFiles.removeAll(generation);
    for (let tries = 1, there = false; ; tries += 1) {
      try {
        return (await this.#admin(statements.clear(generation))) === 't' || there;
      } catch (error) {
        const again = error instanceof PostgresError && error.code !== undefined && IN_USE.includes(error.code);
        if (!again || tries === CLEAR_TRIES) throw asFailure(error);
        there = true;
      }
    }
  }

  async standing(generation: Generation): Promise<Standing> {
    const said = await this.#admin(statements.standing(this.server.mesh, generation));
    const [state, there] = [said.replace(/\n?[tf]$/, ''), said.endsWith('t')];
    if (state === '' && there) throw foreign(`role or database ${generation.name} carries no mark of ours`);
    return { state: (state || 'absent') as Standing['state'], remains: there };
  }

  async look(generation: Generation): Promise<JsonObject> {
    const said = await this.#admin(statements.look(generation));
    if (said === '') return { exists: false };
    const schema = await this.#admin(statements.SCHEMA_HASH, generation.name);
    return { ...(JSON.parse(said) as JsonObject), schema };
  }

  async marks(): Promise<{ resource: ResourceRef; generation: number; name: string }[]> {
    const said = await this.#admin(statements.marks(this.server.mesh));
    return said
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { environment, name, generation, called } = JSON.parse(line) as Record<string, string>;
        return {
          resource: { environment: environment!, kind: 'database', name: name! },
          generation: Number(generation),
          name: called!,
        };
      });
  }

  async outputs({ name }: Generation): Promise<JsonObject> {
    const { host, port } = this.server.reachedAt;
    const { caFile } = this.server.admin;
    return {
      engine: 'postgres',
      host,
      port,
      database: name,
      user: name,
      url: `postgres://${name}@${host.includes(':') ? `[${host}]` : host}:${port}/${name}`,
      tls: caFile !== undefined,
      ...(caFile !== undefined && { caFile }),
    };
  }

  async #restore(access: Access, dump: string, generation: Generation): Promise<void> {
    try {
      await readDump(this.context, access, dump, generation.name);
    } catch (error) {
      // The pg_restore of another attempt may still run: then ours waits for it, and meets what it has made.
      if (!(await this.#filled(generation))) throw error;
    }
  }

  /** A dump is read in one transaction, so a database with anything in it that is not noted as done has one, whole. */
  async #filled(generation: Generation): Promise<boolean> {
    return (await this.#admin(statements.filled(generation))) === 't';
  }

  async #create(generation: Generation): Promise<void> {
    try {
      await this.#admin(statements.createDatabase(generation));
    } catch (error) {
      const code = error instanceof PostgresError ? error.code : undefined;
      if (code === UNDEFINED_OBJECT) throw new SlipwayError('generation-old', `Role ${generation.name} is gone`);
      if (code === undefined || !TAKEN.includes(code)) throw asFailure(error);
    }
  }

  /** Runs statements of ours that decide; our own refusals as what they are. */
  async #decide(decision: string): Promise<string> {
    try {
      return await this.#admin(decision);
    } catch (error) {
      if (error instanceof PostgresError && error.code === statements.OVER)
        throw new SlipwayError('generation-old', error.message);
      if (error instanceof PostgresError && error.code === statements.FOREIGN) throw foreign(error.message);
      throw asFailure(error);
    }
  }

  #admin(sql: string, database: string = this.server.books): Promise<string> {
    return psql(this.context, this.server.admin, { database, options: OWN_NAMES_ONLY }, sql);
  }

  #asRole<T>(generation: Generation, password: string, work: (access: Access) => Promise<T>): Promise<T> {
    const { admin } = this.server;
    const { name } = generation;
    return this.#accessFiles.with(generation, passwordLine(name, password), (passwordFile) =>
      work({ ...admin, user: name, passwordFile }),
    );
  }

  get #accessFiles(): CallerFiles {
    return new CallerFiles(this.context.filesystem, this.server.passwords);
  }
}

const foreign = (message: string): SlipwayError => new SlipwayError('foreign', message);
