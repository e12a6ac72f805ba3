/** The servers that drivers keep data on, as their users and their operators reach them. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { JsonObject } from '@slipway/contracts';
import { whyNoS3Store, type TestS3Store } from '@slipway/interfaces/testing';
import { openSecrets, type SecretRef } from '@slipway/secrets';

/** What keeps data for an instance: reached by the outputs of what was made of it, and looked through by whoever runs it. */
export interface Keeper {
  /** The driver, and what instances require by that name. */
  name: string;
  kind: 'storage' | 'database';
  /** Why it can't be had here. */
  missing: string | undefined;
  schema?: string;
  write(outputs: JsonObject, text: string): Promise<void>;
  read(outputs: JsonObject): Promise<string>;
  /** What it keeps for instances. */
  kept(): Promise<string[]>;
}

const POSTGRES = '/usr/lib/postgresql';
const hasPostgres =
  existsSync(POSTGRES) && readdirSync(POSTGRES).some((version) => existsSync(join(POSTGRES, version, 'bin/initdb')));
const run = promisify(execFile);

/** The keepers of a mesh with this data folder. `store`: where the driver s3 makes buckets. */
export function keepersOf(data: () => string, store: () => TestS3Store): Keeper[] {
  const revealed = async (ref: unknown): Promise<string> => {
    const secrets = await openSecrets({ folder: join(data(), 'secrets'), keyFile: join(data(), 'secrets.key') });
    return secrets.read(ref as SecretRef);
  };
  /** Of a server that the driver has started: its folder, and what opens it. */
  const serverOf = async (driver: string) => {
    const home = join(data(), 'places/local/database', driver, 'server');
    if (!existsSync(home)) return undefined;
    const { port, superuser } = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8')) as JsonObject;
    return { home, port: String(port), password: await revealed(superuser) };
  };

  const psql = async (env: Record<string, string>, sql: string) => {
    const line = ['-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1', '-c', sql];
    return (await run('psql', line, { env: { PATH: process.env['PATH'], ...env } })).stdout.trim();
  };
  const asOwnerOf = async ({ host, port, database, user, password }: JsonObject) => ({
    ...{ PGHOST: String(host), PGPORT: String(port), PGDATABASE: String(database), PGUSER: String(user) },
    PGPASSWORD: await revealed(password),
  });
  const postgres: Keeper = {
    name: 'postgres',
    kind: 'database',
    missing: hasPostgres ? undefined : 'PostgreSQL is not installed: apt-get install postgresql',
    schema: 'CREATE TABLE entry (text text NOT NULL);',
    write: async (outputs, text) => void (await psql(await asOwnerOf(outputs), `INSERT INTO entry VALUES ('${text}')`)),
    read: async (outputs) => psql(await asOwnerOf(outputs), 'SELECT text FROM entry'),
    async kept() {
      const server = await serverOf('postgres');
      if (!server) return [];
      const { home, port, password } = server;
      const env = { PGHOST: join(home, 'run'), PGPORT: port, PGDATABASE: 'postgres', PGUSER: 'slipway', PGPASSWORD: password };
      const names = `SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'default%'
        UNION SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'default%'`;
      return linesOf(await psql(env, names));
    },
  };

  const mariadb = async (where: string[], password: string, sql: string) => {
    const line = ['--no-defaults', ...where, '--batch', '--skip-column-names', '--execute', sql];
    return (await run('mariadb', line, { env: { PATH: process.env['PATH'], MYSQL_PWD: password } })).stdout.trim();
  };
  const inDatabase = async ({ host, port, database, user, password }: JsonObject, sql: string) => {
    const where = [`--host=${String(host)}`, `--port=${String(port)}`, '--protocol=tcp', '--skip-ssl'];
    return mariadb([...where, `--user=${String(user)}`, `--database=${String(database)}`], await revealed(password), sql);
  };
  const maria: Keeper = {
    name: 'mariadb',
    kind: 'database',
    missing: existsSync('/usr/sbin/mariadbd') ? undefined : 'MariaDB is not installed: apt-get install mariadb-server',
    schema: 'CREATE TABLE entry (text varchar(100) NOT NULL);',
    write: async (outputs, text) => void (await inDatabase(outputs, `INSERT INTO entry VALUES ('${text}')`)),
    read: async (outputs) => inDatabase(outputs, 'SELECT text FROM entry'),
    async kept() {
      const server = await serverOf('mariadb');
      if (!server) return [];
      const where = [`--socket=${join(server.home, 'run/mariadb.sock')}`, '--user=slipway'];
      const names = `SELECT CONCAT('schema ', SCHEMA_NAME) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'default%'
        UNION SELECT CONCAT('user ', User) FROM mysql.user WHERE User LIKE 'default%'`;
      return linesOf(await mariadb(where, server.password, names));
    },
  };

  const bucketAs = (accessKeyId: unknown, secretAccessKey: string) =>
    new S3Client({
      ...{ endpoint: store().endpoint, region: 'us-east-1', forcePathStyle: true },
      credentials: { accessKeyId: String(accessKeyId), secretAccessKey },
    });
  const asUserOf = async ({ accessKeyId, secretAccessKey }: JsonObject) => bucketAs(accessKeyId, await revealed(secretAccessKey));
  const s3: Keeper = {
    name: 's3',
    kind: 'storage',
    missing: whyNoS3Store(),
    async write(outputs, text) {
      const client = await asUserOf(outputs);
      await client.send(new PutObjectCommand({ Bucket: String(outputs['bucket']), Key: 'deep/entry', Body: text }));
    },
    async read(outputs) {
      const client = await asUserOf(outputs);
      const object = new GetObjectCommand({ Bucket: String(outputs['bucket']), Key: 'deep/entry' });
      const found = await client.send(object).catch((error: Error) => {
        if (error.name === 'NoSuchKey') return undefined;
        throw error;
      });
      return (await found?.Body?.transformToString()) ?? '';
    },
    async kept() {
      const { Buckets = [] } = await bucketAs(store().accessKeyId, store().secretAccessKey).send(new ListBucketsCommand({}));
      return Buckets.map(({ Name }) => `bucket ${Name}`);
    },
  };
  return [postgres, maria, s3];
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');
