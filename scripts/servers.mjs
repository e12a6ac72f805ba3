/**
 * What tests run against the real thing (databases, a Docker engine, an S3 store, an SSH server, what Java applications run in, what makes
 * a Debian host): brought here where that goes without asking, else their suites are skipped by name. Nothing is started by installing them, and nothing fails when they cannot be had.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { say } from './bootstrap.mjs';

/** By Debian's package: whether its programs are there. */
const SERVERS = {
  postgresql: (root) => {
    const folder = join(root, 'usr/lib/postgresql');
    const versions = existsSync(folder) ? readdirSync(folder) : [];
    return versions.some((version) => existsSync(join(folder, version, 'bin/initdb')));
  },
  'mariadb-server': (root) => existsSync(join(root, 'usr/sbin/mariadbd')),
  'docker.io': (root) => existsSync(join(root, 'usr/sbin/dockerd')) || existsSync(join(root, 'usr/bin/dockerd')),
  'ceph-mon': (root) => existsSync(join(root, 'usr/bin/ceph-mon')),
  'ceph-osd': (root) => existsSync(join(root, 'usr/bin/ceph-osd')),
  'tomcat10-common': (root) => existsSync(join(root, 'usr/share/tomcat10/bin/bootstrap.jar')),
  'libfelix-framework-java': (root) => existsSync(join(root, 'usr/share/java/org.apache.felix.framework.jar')),
  'default-jdk-headless': (root) => existsSync(join(root, 'usr/bin/javac')),
  'nginx-light': (root) => existsSync(join(root, 'usr/sbin/nginx')),
  'openssh-server': (root) => existsSync(join(root, 'usr/sbin/sshd')),
  mmdebstrap: (root) => existsSync(join(root, 'usr/bin/mmdebstrap')),
  radosgw: (root) => existsSync(join(root, 'usr/bin/radosgw')),
};

/** What tells the packages to make and start nothing (policy-rc.d: invoke-rc.d(8), pg_createcluster(1)); only while we install. */
const QUIET = {
  'usr/sbin/policy-rc.d': ['#!/bin/sh\nexit 101\n', 0o755],
  'etc/postgresql-common/createcluster.conf': ['create_main_cluster = false\n', 0o644],
};

/**
 * Installs what is missing, where we are root and there is apt-get.
 * @param {{isRoot?: boolean, root?: string, apt?: string}} options this machine's, unless a test says otherwise
 * @returns {string[]} the packages that are still missing
 */
export function bringServers({ isRoot = process.getuid?.() === 0, root = '/', apt = '/usr/bin/apt-get' } = {}) {
  const missing = () => Object.keys(SERVERS).filter((name) => !SERVERS[name](root));
  const wanted = missing();
  if (wanted.length === 0 || !isRoot || !existsSync(apt)) return wanted;
  say(`Installing ${wanted.join(', ')} for their tests (once) ...`);
  const made = Object.entries(QUIET).filter(([file]) => !existsSync(join(root, file)));
  for (const [file, [content, mode]] of made) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content, { mode });
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold'];
  spawnSync(apt, ['update', '-qq'], { env, timeout: 120_000 });
  // All at once is quicker; one by one where a release does not have all of them.
  const install = (names) => spawnSync(apt, ['install', ...options, ...names], { env, encoding: 'utf8', timeout: 600_000 });
  let { status, stderr } = install(wanted);
  if (status !== 0) for (const name of missing()) ({ stderr } = install([name]));
  if (made.some(([file]) => file === 'usr/sbin/policy-rc.d')) rmSync(join(root, 'usr/sbin/policy-rc.d'));
  const left = missing();
  if (left.length > 0) {
    const said = (stderr ?? '').trim().split('\n').at(-1);
    say(`  ${left.join(', ')} could not be installed${said ? ` (${said})` : ''}: their suites are skipped`);
  }
  return left;
}
