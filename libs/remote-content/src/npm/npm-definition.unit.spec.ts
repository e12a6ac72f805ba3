import { describe, expect, it } from '@jest/globals';
import { npmDefinition, type NpmVersion } from './npm-definition.js';
import { definitionName, wantedOf } from './npm-name.js';

const one = (manifest: object, npmName = '@acme/tool'): NpmVersion => ({
  ...{ npmName, version: '1.2.3', integrity: 'sha512-x', manifest: manifest as NpmVersion['manifest'] },
});
const made = (manifest: object, npmName?: string) => npmDefinition(one(manifest, npmName), 'process', 'tool.tgz');

describe('a definition of a package of npm', () => {
  it('that can be run is an instance, which npm installs with the checksum of the registry', () => {
    expect(made({ description: 'A tool', bin: { other: 'a.js', tool: 'b.js' }, dependencies: { ms: '^2' } })).toEqual({
      ...{ name: 'acme__tool', version: '1.2.3', description: 'A tool', type: 'instance' },
      capabilities: [{ namespace: 'npm', attributes: { name: '@acme/tool', version: '1.2.3' } }],
      spec: { npm: { package: '@acme/tool', version: '1.2.3', integrity: 'sha512-x' }, command: ['tool'] },
    });
  });

  it.each<[string, object, string]>([
    ['the package', { bin: './cli.js' }, 'tool'],
    ['the package, among several', { bin: { a: 'a.js', tool: 'b.js' } }, 'tool'],
    ['the first, where none is called so', { bin: { z: 'z.js', a: 'a.js' } }, 'a'],
  ])('runs the program that is called like %s', (_what, manifest, program) => {
    expect(made(manifest)).toMatchObject({ spec: { command: [program] } });
  });

  it('that cannot be run goes into a target, and requires what it depends on', () => {
    expect(made({ dependencies: { ms: '^2.0.0', '@acme/base': '>=1 <3', any: '' } })).toEqual({
      ...{ name: 'acme__tool', version: '1.2.3', type: 'instance', driver: 'artefact', spec: { artefact: 'tool.tgz' } },
      capabilities: [{ namespace: 'npm', attributes: { name: '@acme/tool', version: '1.2.3' } }],
      requirements: [{ namespace: 'slipway.target', name: 'target', attributes: { type: 'process' } }],
      dependencies: ['ms@^2.0.0', 'acme__base@>=1 <3', 'any@*'],
    });
  });

  it.each(['git+https://example.org/a.git', 'npm:other@1.0.0', 'file:../a'])('cannot depend on %s', (range) => {
    expect(() => made({ dependencies: { a: range } })).toThrow(`depends on a@${range}, which is no range of versions`);
  });

  it.each(['../up', 'UPPER', '@scope', '@a/b/c', '', '.hidden'])('has no name where the package is called %j', (name) => {
    expect(() => definitionName(name)).toThrow('is no name of a package of npm');
  });

  it('is asked for by name, maybe with a range', () => {
    expect(['a', 'a@^1', '@acme/a', '@acme/a@>=1 <3'].map(wantedOf)).toEqual([
      { name: 'a' },
      { name: 'a', range: '^1' },
      { name: '@acme/a' },
      { name: '@acme/a', range: '>=1 <3' },
    ]);
  });
});
