import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireFiles, Skipped } from './skipped.js';

const VERSIONS = '/usr/lib/postgresql';

/** A PostgreSQL of its own, reached by its socket alone, in which a place is a row and a lease one `UPDATE` of it. */
export class PostgresPlaces {
  readonly #folder = mkdtempSync(join(tmpdir(), 'slipway-bench-postgres-'));
  readonly #programs: string;
  /** PostgreSQL refuses to run as root. */
  readonly #user: { uid?: number; gid?: number };

  constructor() {
    requireFiles({ [VERSIONS]: 'postgresql', '/usr/bin/pgbench': 'postgresql' });
    const [newest] = readdirSync(VERSIONS).toSorted((one, other) => Number(other) - Number(one));
    this.#programs = join(VERSIONS, newest!, 'bin');
    this.#user = process.getuid?.() === 0 ? userNamed('postgres') : {};
    const { uid, gid } = this.#user;
    if (uid !== undefined && gid !== undefined) chownSync(this.#folder, uid, gid);
    const data = join(this.#folder, 'data');
    this.#run('initdb', ['--auth=trust', '--username=bench', '--encoding=UTF8', '--locale=C.UTF-8', `--pgdata=${data}`]);
    const settings = `-c listen_addresses='' -c unix_socket_directories='${this.#folder}' -c synchronous_commit=on -c fsync=on -c shared_buffers=256MB`;
    this.#run('pg_ctl', [
      'start',
      '--wait',
      '--silent',
      `--pgdata=${data}`,
      `--log=${join(this.#folder, 'log')}`,
      `--options=${settings}`,
    ]);
  }

  /** Leases a second of so many clients at once; each lease is one statement and one transaction. */
  rate(clients: number, leases: number): number {
    this.#sql(`DROP TABLE IF EXISTS places; CREATE TABLE places (id int PRIMARY KEY, owner text, until timestamptz);
      INSERT INTO places SELECT n FROM generate_series(1, ${leases * 2}) n;
      CREATE INDEX free ON places (id) WHERE owner IS NULL; VACUUM ANALYZE places; CHECKPOINT`);
    const each = Math.ceil(leases / clients);
    const script = `UPDATE places SET owner = 'owner-' || :client_id, until = now() + interval '30 minutes' WHERE id =
      (SELECT id FROM places WHERE owner IS NULL LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id;`.replaceAll('\n', ' ');
    const told = this.#run(
      'pgbench',
      [
        '--no-vacuum',
        '--file=-',
        '--protocol=prepared',
        `--client=${clients}`,
        '--jobs=2',
        `--transactions=${each}`,
        ...this.#where(),
      ],
      script,
    );
    const [, rate] = /^tps = ([\d.]+)/m.exec(told) ?? [];
    const [[taken]] = [this.#sql('SELECT count(*) FROM places WHERE owner IS NOT NULL').trim().split('\n')];
    if (rate === undefined || Number(taken) !== each * clients) throw new Error(`pgbench leased ${taken}: ${told}`);
    return Number(rate);
  }

  stop(): void {
    this.#run('pg_ctl', ['stop', '--mode=immediate', '--silent', `--pgdata=${join(this.#folder, 'data')}`]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #sql(text: string): string {
    return text
      .split(';')
      .map((one) => this.#run('psql', ['--quiet', '--tuples-only', '--no-align', ...this.#where(), `--command=${one}`]))
      .join('');
  }

  #where(): string[] {
    return [`--host=${this.#folder}`, '--username=bench', 'postgres'];
  }

  #run(program: string, given: readonly string[], input = ''): string {
    const run = spawnSync(join(this.#programs, program), given, {
      ...{ ...this.#user, input, encoding: 'utf8', cwd: this.#folder },
      stdio: program === 'pg_ctl' ? 'ignore' : 'pipe',
    });
    if (run.status !== 0) throw new Error(`${program} ended with ${run.status}: ${run.stderr}`);
    return run.stdout ?? '';
  }
}

function userNamed(name: string): { uid: number; gid: number } {
  try {
    const id = (what: string) => Number(execFileSync('id', [what, name], { encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    throw new Skipped(`no user ${name} here, and PostgreSQL does not run as root`);
  }
}
