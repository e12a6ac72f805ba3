import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import {
  AptSpec,
  Capability,
  DebianPackage,
  HostSpec,
  ContainerSpec,
  ContentPackage,
  DatabaseSpec,
  HealthCheck,
  Offering,
  InstanceSpec,
  OnFailure,
  ProcessLimits,
  Requirement,
  ResourceDefinition,
  StorageSpec,
  systemClock,
  LAYERS,
  LAYER_RULES,
} from '@slipway/contracts';
import { Environment, resolve } from '@slipway/solver';
import { getMetadataStorage } from 'class-validator';
import { pino } from 'pino';
import { parse } from 'yaml';
import { compose } from './repository/compose.js';
import { ContentFolder } from './repository/content-folder.js';
import { Repository } from './repository/repository.js';

const root = join(import.meta.dirname, '../../..');
const text = await readFile(join(root, 'docs/reference/definitions.md'), 'utf8');
const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]!);
const sections = new Map(text.split(/^#+ /m).map((section) => [section.split('\n', 1)[0]!, section]));

describe('docs/reference/definitions.md', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-docs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const repositoryOf = async (contentFolder: string) => {
    const repository = new Repository({
      folder: contentFolder,
      blobs: new MemoryBlobs(),
      clock: systemClock,
      logger: pino({ level: 'silent' }),
    });
    await repository.refresh();
    return repository;
  };
  const planOf = ({ catalogue }: Repository, definition: string, instanceId = 'shop') =>
    resolve({
      query: {
        job: 'provision',
        environment: 'default',
        instanceId,
        definition,
        place: {
          guestLocation: 'local',
          location: 'here',
          provisioner: 'slipway',
          drivers: { storage: ['directory'], database: ['sqlite'], instance: ['process'] },
        },
      },
      environment: new Environment(),
      catalogue,
      guestLocations: ['local'],
      now: () => 0,
    });

  test('the smallest package works beside the samples', async () => {
    const [smallest] = blocks('yaml');
    await writeFile(join(folder, 'greetings.yaml'), smallest!);
    await writeFile(
      join(folder, 'stand-in.yaml'),
      'name: s\nversion: 1.0.0\ndefinitions: [{name: hello, version: 1.2.0, type: storage}]\n',
    );
    const repository = await repositoryOf(folder);
    expect(repository.problems).toEqual([]);
    const [, asked, part] = /npx slipway plan ada (\S+) --definition=greeting`.*here `(\S+)`/s.exec(
      sections.get('The smallest package')!,
    )!;
    expect(planOf(repository, 'greeting', asked).steps.map((step) => step.name)).toEqual([part]);
  });

  test('a wrong one is refused in the words that are shown', async () => {
    const wrong = blocks('yaml')[0]!.replace('    version: 1.0.0\n', '    version: one\n    colour: red\n');
    await writeFile(join(folder, 'greetings.yaml'), wrong);
    expect(`${(await repositoryOf(folder)).problems.join('\n')}\n`).toBe(blocks('text')[0]);
  });

  test('the layers are those that are in force, and a collision is told in the words that are shown', async () => {
    const yes = (is: boolean) => (is ? 'yes' : 'no');
    const table = LAYERS.map((layer) => {
      const { overwritable, canOverride, writable, many } = LAYER_RULES[layer];
      return `| \`${layer}\` | ${[overwritable, canOverride, writable, many].map(yes).join(' | ')} |`;
    });
    const rows = sections.get('Layers')!.match(/^\| `\w+` \| (yes|no).*?\|.*?\|.*?\|.*?\|/gm);
    expect(rows).toEqual(table);
    const mine = `${blocks('yaml')[0]}  - { name: hello, version: 1.0.0 }\n`.replace('- name: greeting', '- name: other');
    await writeFile(join(folder, 'mine.yaml'), mine);
    const local = { layer: 'local' as const, folder, blobs: new MemoryBlobs(), clock: systemClock };
    const content = new ContentFolder({ ...local, logger: pino({ level: 'silent' }) });
    await content.look();
    const uploaded = { layer: 'dynamic' as const, name: 'greetings', source: 'greetings', definitions: [] };
    const { inForce, refusals } = compose([{ ...uploaded, definitions: [{ name: 'hello', version: '1.0.0' }] }], content.entries);
    content.settle(inForce, refusals);
    const [told] = content.problems;
    expect(`${told!.replace(folder, '/etc/slipway/content').replace(/:\d+:\d+:/, ':5:5:')}\n`).toBe(blocks('text')[1]);
  });

  test('the guestbook is the one that is shipped, and becomes the steps that are shown', async () => {
    const shipped = parse(await readFile(join(root, 'content/samples/package.yaml'), 'utf8')) as ContentPackage;
    const shownAs = blocks('yaml').map((block) => parse(block) as object);
    const definitionOf = (wanted: string) => shipped.definitions.find(({ name }) => name === wanted);
    expect(shownAs).toContainEqual(definitionOf('guestbook'));
    expect(shownAs).toContainEqual({ spec: definitionOf('verdaccio')!.spec });
    const { steps } = planOf(await repositoryOf(join(root, 'content')), 'guestbook');
    const shown = steps.map(({ id, after }) => (after.length > 0 ? `${id}  after ${after.join(', ')}` : id));
    expect(`${shown.join('\n')}\n`).toBe(blocks('text')[2]);
  });

  test('the guide to offerings shows what is shipped', async () => {
    const guide = await readFile(join(root, 'docs/guides/write-an-offering.md'), 'utf8');
    const [shown] = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => parse(block!) as ResourceDefinition);
    const shipped = (parse(await readFile(join(root, 'content/samples/package.yaml'), 'utf8')) as ContentPackage).definitions;
    const guestbook = shipped.find(({ name }) => name === 'guestbook')!;
    expect(guestbook).toMatchObject({ offerings: shown!.offerings, spec: shown!.spec });
    expect(guestbook.requirements).toContainEqual(shown!.requirements![0]);
  });

  test('the explanation is the one that is given', async () => {
    await writeFile(
      join(folder, 'p.yaml'),
      'name: p\nversion: 1.0.0\ndefinitions: [{name: volume, version: 1.0.0}, {name: a, version: 1.0.0, dependencies: ["volume@^2.0.0"]}]\n',
    );
    const [{ reason, message } = { reason: '', message: '' }] = planOf(await repositoryOf(folder), 'a').unsatisfied;
    expect(`${reason}: ${message}\n`).toBe(blocks('text')[3]);
  });

  test.each([
    ['Fields of a package', [ContentPackage]],
    ['Fields of a definition', [ResourceDefinition]],
    ['A capability', [Capability]],
    ['A requirement', [Requirement]],
    ['An offering', [Offering]],
    ['Of a storage', [StorageSpec]],
    ['Of a database', [DatabaseSpec]],
    ['Of an instance', [InstanceSpec, HealthCheck, ProcessLimits]],
    ['When it fails', [OnFailure]],
    ['Of an instance as a container', [ContainerSpec]],
    ['Of a Debian host, and what goes onto it', [HostSpec, AptSpec, DebianPackage]],
  ])('%s: every field of the contract is listed', (title, classes) => {
    const listed = sections.get(title)!;
    const fields = classes.flatMap((one) =>
      getMetadataStorage()
        .getTargetValidationMetadatas(one, '', false, false)
        .map(({ propertyName }) => propertyName),
    );
    expect(fields.length).toBeGreaterThan(0);
    for (const field of new Set(fields)) expect(listed).toContain(`\`${field}\``);
  });
});
