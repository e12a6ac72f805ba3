/** `deploy/test/compose.yaml`: what it says fits together, and with the configuration of the profile test. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { SERVICES } from '@slipway/contracts';
import { loadConfig } from '@slipway/mesh';
import { root } from '@slipway/testing';
import { parse } from 'yaml';

interface Service {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  secrets?: string[];
  network_mode?: string;
  restart?: string;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}

const folder = join(root, 'deploy/test');
const file = join(folder, 'compose.yaml');
const compose = parse(readFileSync(file, 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
  secrets: Record<string, { file: string }>;
};
const { services } = compose;
const mesh = Object.entries(services).filter(([, { image }]) => image === 'slipway:test');
const config = loadConfig({ profile: 'test', env: { SLIPWAY_PROFILE: 'test', ...mesh[0]![1].environment } });

const temporary = mkdtempSync(join(tmpdir(), 'slipway-compose-'));
afterAll(() => rmSync(temporary, { recursive: true }));

describe('the Compose file of the profile test', () => {
  test('runs NATS, KurrentDB and every service of the mesh, each once', () => {
    expect(Object.keys(services).toSorted()).toEqual([...SERVICES, 'nats', 'kurrentdb'].toSorted());
    for (const [name, { command, build, environment, restart }] of mesh) {
      expect(command).toEqual([name]);
      expect(existsSync(join(folder, build!.context, build!.dockerfile))).toBe(true);
      expect(environment).toMatchObject({ SLIPWAY_PROFILE: 'test' });
      expect(restart).toBe('on-failure');
    }
    const { Cmd, main } = imageOf(readFileSync(join(root, 'docker/Dockerfile'), 'utf8'));
    expect(Cmd.split(',').toSorted()).toEqual([...SERVICES].toSorted());
    expect(existsSync(join(root, main.replace('/dist/', '/src/').replace(/\.js$/, '.ts')))).toBe(true);
  });

  test('the mesh finds the log and the courier by the names of their containers, and waits until they are well', () => {
    expect(new URL(config.eventLog.replace('kurrentdb:', 'http:'))).toMatchObject({ hostname: 'kurrentdb', port: '2113' });
    expect(new URL(config.nats.url!)).toMatchObject({ hostname: 'nats', port: '4222' });
    for (const name of ['nats', 'kurrentdb', 'gateway'])
      expect(services[name]!.healthcheck!.test.join(' ')).toMatch(/127\.0\.0\.1/);
    for (const [, { depends_on }] of mesh) {
      expect(depends_on).toEqual({ nats: { condition: 'service_healthy' }, kurrentdb: { condition: 'service_healthy' } });
    }
    expect(services['kurrentdb']!.environment).toMatchObject({ KURRENTDB_INSECURE: 'true' });
    expect(config.eventLog).toContain('tls=false');
  });

  test('keeps on volumes what has to be kept, where the configuration says', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!));
    const named = mounted.filter((volume) => !volume.startsWith('.'));
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    for (const path of mounted.filter((volume) => volume.startsWith('.'))) expect(existsSync(join(folder, path))).toBe(true);
    for (const [, { volumes }] of mesh) expect(volumes).toEqual([`slipway:${config.dataFolder}`]);
  });

  test('the token of NATS is a file for each who needs it, and stands in no argument and no variable', () => {
    expect(config.nats.tokenFile).toBe('/run/secrets/nats-token');
    for (const [name, { secrets }] of Object.entries(services)) {
      expect([name, secrets ?? []]).toEqual([name, name === 'kurrentdb' ? [] : ['nats-token']]);
    }
    const token = compose.secrets['nats-token']!.file.replace(/^\$\{.*:-(.*)\}$/, '$1');
    const ignored = spawnSync('git', ['check-ignore', '--no-index', '--quiet', join('deploy/test', token)], { cwd: root });
    expect(ignored.status).toBe(0);
    // Nor does it get into the image, which is made of the whole folder.
    const left = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    expect(left).toContain(join('deploy/test', token));
    expect(JSON.stringify(services)).not.toMatch(/--auth|token=/);
  });

  test('only the door and the log are published, on loopback; images are of one version', () => {
    const published = Object.entries(services).flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([
      ['kurrentdb', '127.0.0.1:${KURRENTDB_PORT:-2113}:2113'],
      ['gateway', `127.0.0.1:\${SLIPWAY_PORT:-${config.gateway.port}}:${config.gateway.port}`],
    ]);
    expect(config.gateway.allowedHosts).toEqual(expect.arrayContaining(['sml_pe_gw', 'gateway']));
    for (const name of ['nats', 'kurrentdb']) expect(services[name]!.image).toMatch(/:\d+\.\d+[^:]*$/);
  });

  test('what listens on loopback stands where the gateway is', () => {
    for (const name of ['instance', 'database']) expect(services[name]!.network_mode).toBe('service:gateway');
  });

  const server = process.env.SLIPWAY_NATS_SERVER ?? 'nats-server';
  const noServer = spawnSync(server, ['--version']).error !== undefined;
  (noServer ? test.skip : test)(`NATS takes its configuration${noServer ? ' (skipped: no nats-server here)' : ''}`, () => {
    const env = { PATH: process.env.PATH, NATS_TOKEN: 'secret' };
    const checked = (text: string) => {
      const path = join(temporary, 'nats.conf');
      writeFileSync(path, text);
      return spawnSync(server, ['--config', path, '-t'], { env, encoding: 'utf8' });
    };
    const text = readFileSync(join(folder, 'nats.conf'), 'utf8');
    expect(checked(text)).toMatchObject({ status: 0, stderr: expect.stringContaining('is valid') });
    expect(checked(`${text}\njetstream { store: 1 }`).status).not.toBe(0);
  });

  const client = [['docker', 'compose'], ['docker-compose']].find(
    ([program, ...args]) => spawnSync(program!, [...args, 'version']).status === 0,
  );
  (client ? test : test.skip)(`a Compose client takes it${client ? '' : ' (skipped: no docker compose here)'}`, () => {
    const token = join(temporary, 'token');
    writeFileSync(token, 'secret');
    const [program, ...args] = client!;
    const env = { PATH: process.env.PATH, HOME: temporary, SLIPWAY_NATS_TOKEN: token, SLIPWAY_PORT: '8000' };
    const said = execFileSync(program!, [...args, '--file', file, 'config'], { env, encoding: 'utf8' });
    const resolved = parse(said) as typeof compose;
    expect(Object.keys(resolved.services).toSorted()).toEqual(Object.keys(services).toSorted());
    expect(JSON.stringify(resolved.services['gateway']!.ports)).toMatch(/127\.0\.0\.1.*8000|8000.*127\.0\.0\.1/);
    expect(resolved.secrets['nats-token']!.file).toBe(token);
  });
});

/** The services and the program that the image starts. */
function imageOf(dockerfile: string): { Cmd: string; main: string } {
  const [, Cmd = ''] = /^CMD \["([^"]+)"\]/m.exec(dockerfile) ?? [];
  const [, main = ''] = /^ENTRYPOINT .*"(apps\/[^"]+)"\]/m.exec(dockerfile) ?? [];
  return { Cmd, main };
}
