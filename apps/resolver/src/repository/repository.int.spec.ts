import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { SlipwayError, systemClock } from '@slipway/contracts';
import { identityOf } from '@slipway/solver';
import { pino } from 'pino';
import { Repository } from './repository.js';

describe('repository', () => {
  let root: string;
  let folder: string;
  let local: string;
  let blobs: MemoryBlobs;
  let repository: Repository;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-repository-'));
    folder = join(root, 'content');
    local = join(root, 'local');
    await mkdir(folder);
    blobs = new MemoryBlobs();
    repository = new Repository({ folder, localFolder: local, blobs, clock: systemClock, logger: pino({ level: 'silent' }) });
  });
  afterEach(() => rm(root, { recursive: true }));

  const pack = (name: string, ...definitions: string[]) =>
    `name: ${name}\nversion: 1.0.0\ndefinitions:\n${definitions.map((identity) => `  - name: ${identity.split('@')[0]}\n    version: ${identity.split('@')[1]}\n`).join('')}`;
  const put = async (path: string, text: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const identities = () => repository.catalogue.all().map(({ definition }) => identityOf(definition));
  const until = async (condition: () => boolean) => {
    for (let tries = 0; !condition(); tries++) {
      if (tries > 1000) throw new Error(`Not seen. There are ${identities().join(', ')}; ${repository.problems.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  test('takes folders with package.yaml, .yml or .json, and single files', async () => {
    await put('one/package.yaml', pack('one', 'a@1.0.0'));
    await put('two/package.yml', pack('two', 'b@1.0.0'));
    await put(
      'three/package.json',
      JSON.stringify({ name: 'three', version: '1.0.0', definitions: [{ name: 'c', version: '1.0.0' }] }),
    );
    await put('four.yaml', pack('four', 'd@1.0.0', 'd@2.0.0'));
    await put('.hidden.yaml', 'broken: [');
    await put('README.md', 'not content');
    await repository.refresh();
    expect(identities()).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0', 'd@2.0.0', 'd@1.0.0']);
    expect(repository.problems).toEqual([]);
  });

  test('refuses a package as a whole, with file, line, column, field and reason of everything that is wrong', async () => {
    await put('good.yaml', pack('good', 'a@1.0.0'));
    await put('bad/package.yaml', `${pack('bad', 'b@1.0.0', 'c@one')}    colour: red\n`);
    await repository.refresh();
    expect(identities()).toEqual(['a@1.0.0']);
    expect(repository.problems).toEqual([
      'bad/package.yaml:7:14: definitions.1.version must be a semantic version such as "1.0.0"',
      'bad/package.yaml:8:13: definitions.1.colour is not known',
    ]);
  });

  test('packs artefacts into blobs, pinned by the definition’s hash', async () => {
    const app = (command: string) =>
      `name: p\nversion: 1.0.0\ndefinitions:\n  - {name: app, version: 1.0.0, type: instance, spec: {artefact: files/app, command: [${command}]}}\n`;
    await put('p/package.yaml', app('node'));
    await put('p/files/app/server.mjs', 'one');
    await repository.refresh();
    const [first] = repository.catalogue.all();
    const blob = first!.definition.spec!.artefactBlob as { sha256: string; bytes: number };
    expect((await blobs.read(blob.sha256)).length).toBe(blob.bytes);
    expect((await blobs.read(blob.sha256)).toString()).toContain('server.mjs');
    await put('p/files/app/server.mjs', 'two, longer');
    await repository.refresh();
    const [second] = repository.catalogue.all();
    expect(second!.definition.spec!.artefactBlob).not.toEqual(blob);
    expect(second!.hash).not.toBe(first!.hash);
  });

  test.each([
    ['is not there', 'artefact: gone', /definitions\.0\.spec\.artefact gone is not there$/],
    ['leads out', 'artefact: ../outside', /artefact must be a path inside the package$/],
    ['is absolute', 'artefact: /etc', /\/etc is not there$/],
    ['is the package', 'artefact: .', /must be a folder within the package/],
    ['is a file', 'artefact: package.yaml', /package\.yaml is not a folder of the package$/],
    ['is a link to a folder', 'artefact: link', /link is not a folder of the package$/],
    ['goes through a link', 'artefact: link/outside', /is not a folder of the package$/],
    ['holds no lock for npm ci', 'artefact: app, npm: {ci: true}', /app holds no package\.json and no package-lock\.json, which/],
    ['holds a link', 'artefact: linked', /definitions\.0\.spec\.artefact passwd is a link/],
  ])('refuses an artefact that %s', async (_what, artefact, expected) => {
    await put(
      'p/package.yaml',
      `name: p\nversion: 1.0.0\ndefinitions:\n  - {name: app, version: 1.0.0, type: instance, spec: {${artefact}, command: [x]}}\n`,
    );
    await put('p/app/server.mjs', 'one');
    await mkdir(join(root, 'outside', 'outside'), { recursive: true });
    await mkdir(join(folder, 'p', 'linked'));
    await symlink(join(root, 'outside'), join(folder, 'p', 'link'));
    await symlink('/etc/passwd', join(folder, 'p', 'linked', 'passwd'));
    await repository.refresh();
    expect(identities()).toEqual([]);
    expect(repository.problems).toEqual([expect.stringMatching(expected)]);
    expect(blobs.contents.size).toBe(0);
  });

  test('an artefact needs a package that is a folder', async () => {
    await put(
      'p.yaml',
      'name: p\nversion: 1.0.0\ndefinitions:\n  - {name: app, version: 1.0.0, type: instance, spec: {artefact: x, command: [x]}}\n',
    );
    await repository.refresh();
    expect(repository.problems).toEqual([expect.stringContaining('this one is a single file')]);
  });

  test('refuses links in the content folder, folders without a package, and two package files in one', async () => {
    await put('real/package.yaml', pack('real', 'a@1.0.0'));
    await symlink(join(folder, 'real'), join(folder, 'alias'));
    await mkdir(join(folder, 'nothing'));
    await put('both/package.yaml', pack('both', 'b@1.0.0'));
    await put('both/package.json', '{}');
    await mkdir(join(folder, 'file-link'));
    await symlink(join(folder, 'real', 'package.yaml'), join(folder, 'file-link', 'package.yaml'));
    await repository.refresh();
    expect(identities()).toEqual(['a@1.0.0']);
    expect(repository.problems).toEqual([
      'alias: is a link; put the package itself here',
      'both: has package.json and package.yaml; there can be one',
      'nothing: has no package.yaml',
      'file-link/package.yaml: is a link; put the file itself here',
    ]);
  });

  test('a package that brings what another has is refused whole, and so is a second package of the same name', async () => {
    await put('a.yaml', pack('one', 'x@1.0.0'));
    await put('b.yaml', pack('two', 'y@1.0.0', 'x@1.0.0'));
    await put('c.yaml', pack('one', 'z@1.0.0'));
    await repository.refresh();
    expect(identities()).toEqual(['x@1.0.0']);
    expect(repository.problems).toEqual([
      'b.yaml:6:5: definitions.1 x@1.0.0 stands in the layer default (content package one), beside which it cannot stand again',
      'c.yaml: the layer default holds a content package one already',
    ]);
  });

  test('what one package lets go another may take at once, in whichever order they stand', async () => {
    await put('a.yaml', pack('one', 'x@1.0.0'));
    await put('b.yaml', pack('two', 'y@1.0.0'));
    await repository.refresh();
    await put('a.yaml', pack('one', 'y@1.0.0', 'z@1.0.0'));
    await put('b.yaml', pack('two', 'w@1.0.0'));
    await repository.refresh();
    expect([identities(), repository.problems]).toEqual([['w@1.0.0', 'y@1.0.0', 'z@1.0.0'], []]);
  });

  test('a folder of this machine’s own overrides; without it what it hid shows again; it need not be there', async () => {
    await put('p.yaml', pack('p', 'a@1.0.0', 'b@1.0.0'));
    await repository.refresh();
    expect([identities(), repository.problems]).toEqual([['a@1.0.0', 'b@1.0.0'], []]);
    const layers = () => repository.stack.standing('a@1.0.0').map((standing) => standing.package.layer);
    expect(layers()).toEqual(['default']);
    await put('../local/mine.yaml', pack('mine', 'a@1.0.0') + '    title: Mine\n');
    await repository.refresh();
    expect(layers()).toEqual(['local', 'default']);
    expect(repository.catalogue.get({ name: 'a', version: '1.0.0' })!.definition.title).toBe('Mine');
    await put('../local/bad.yaml', pack('bad', 'c@nothing'));
    await repository.refresh();
    expect(repository.problems).toEqual([
      expect.stringMatching(new RegExp(`^${local}/bad\\.yaml:5:14: definitions\\.0\\.version must be`)),
    ]);
    await rename(local, `${local}-away`);
    await repository.refresh();
    expect([layers(), repository.problems[0]]).toEqual([['local', 'default'], expect.stringMatching(/cannot be read: ENOENT/)]);
    await rename(`${local}-away`, local);
    await rm(join(local, 'mine.yaml'));
    await rm(join(local, 'bad.yaml'));
    await repository.refresh();
    expect([layers(), repository.problems]).toEqual([['default'], []]);
    expect(repository.catalogue.get({ name: 'a', version: '1.0.0' })!.definition.title).toBeUndefined();
  });

  test('a broken change keeps the last good version and says so, until it is mended or the package is gone', async () => {
    await put('p.yaml', pack('p', 'a@1.0.0'));
    await repository.refresh();
    await put('p.yaml', pack('p', 'a@2.0.0', 'b@nonsense'));
    await repository.refresh();
    expect(identities()).toEqual(['a@1.0.0']);
    expect(repository.problems).toEqual([expect.stringMatching(/^p\.yaml:7:14: .* \(p\.yaml stays as it was: p@1\.0\.0\)$/)]);
    await put('p.yaml', pack('p', 'a@2.0.0', 'b@1.0.0'));
    await repository.refresh();
    expect(identities()).toEqual(['a@2.0.0', 'b@1.0.0']);
    expect(repository.problems).toEqual([]);
    await rm(join(folder, 'p.yaml'));
    await repository.refresh();
    expect(identities()).toEqual([]);
  });

  test('a content folder that is away keeps what was good, and is taken up when it is back', async () => {
    await put('p.yaml', pack('p', 'a@1.0.0'));
    await repository.refresh();
    await rename(folder, `${folder}-away`);
    await repository.refresh();
    expect(identities()).toEqual(['a@1.0.0']);
    expect(repository.problems).toEqual([expect.stringContaining('cannot be read: ENOENT')]);
    await rename(`${folder}-away`, folder);
    await repository.refresh();
    expect(repository.problems).toEqual([]);
  });

  test('a package whose artefact cannot be stored just now is tried again', async () => {
    await put(
      'p/package.yaml',
      'name: p\nversion: 1.0.0\ndefinitions:\n  - {name: app, version: 1.0.0, type: instance, spec: {artefact: x, command: [x]}}\n',
    );
    await put('p/x/file', 'x');
    const { put: store } = blobs;
    blobs.put = async () => {
      throw new SlipwayError('blob-unavailable', 'disk full');
    };
    await repository.refresh();
    expect(repository.problems).toEqual(['p/package.yaml: disk full']);
    blobs.put = store;
    await repository.refresh();
    expect([identities(), repository.problems]).toEqual([['app@1.0.0'], []]);
  });

  test('changes on disk are picked up without a restart: new, changed, broken, artefact, gone, folder made anew', async () => {
    const stop = repository.watch();
    try {
      await put('p/package.yaml', pack('p', 'a@1.0.0'));
      await until(() => identities().join() === 'a@1.0.0');
      await appendFile(
        join(folder, 'p', 'package.yaml'),
        '  - {name: app, version: 1.0.0, type: instance, spec: {artefact: x, command: [x]}}\n',
      );
      await until(() => repository.problems.length === 1);
      await put('p/x/file', 'one');
      await until(() => identities().join() === 'a@1.0.0,app@1.0.0');
      const hash = repository.catalogue.get({ name: 'app', version: '1.0.0' })!.hash;
      await put('p/x/file', 'another');
      await until(() => repository.catalogue.get({ name: 'app', version: '1.0.0' })!.hash !== hash);
      await rm(folder, { recursive: true });
      await put('q.yaml', pack('q', 'b@1.0.0'));
      await until(() => identities().join() === 'b@1.0.0');
      // A folder that has never been there until now.
      await put('../local/mine.yaml', pack('mine', 'c@1.0.0'));
      await until(() => identities().join() === 'b@1.0.0,c@1.0.0');
    } finally {
      stop();
    }
  }, 120_000);
});
