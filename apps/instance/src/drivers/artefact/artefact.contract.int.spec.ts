import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';
import { jarOf } from '@slipway/artefacts/testing';
import { placeArtefact } from '@slipway/artefacts/rules';
import { driverContract } from '@slipway/provisioner/testing';
import { contractDriver } from './testing/contract-driver.js';

const JAR = jarOf({}, { 'A.class': 'x'.repeat(10_000) });

/** WildFly's modules have all there is: an artefact, and a small file beside it. */
const facts = { kind: 'jar', file: 'lib-1.0.jar', name: 'org.example.lib', version: '1.0' } as const;
const placed = placeArtefact('wildfly', { artefact: facts, shared: true });

driverContract('artefact', contractDriver, {
  module: new URL('../../../dist/drivers/artefact/testing/contract-driver.js', import.meta.url).href,
  make: 'contractDriver',
  prepare: async (place) => {
    const folder = join(place.folder, 'target');
    mkdirSync(folder, { recursive: true });
    const { blobs } = await place.context();
    const placement = { target: 'wildfly', ...('placement' in placed && placed.placement) };
    const artefactBlob = { ...(await blobs.put(JAR)) };
    return {
      spec: JSON.parse(JSON.stringify({ artefactBlob, artefactFacts: facts, placement })),
      inputs: { target: { folder } },
    };
  },
  works: async ({ outputs }) => {
    const file = String(outputs['file']);
    expect(file).toMatch(/\/modules\/org\/example\/lib\/1\.0\/lib-1\.0\.jar$/);
    expect(readFileSync(file).equals(JAR)).toBe(true);
    expect(readFileSync(join(dirname(file), 'module.xml'), 'utf8')).toContain('name="org.example.lib:1.0"');
  },
  gone: async ({ outputs }) => {
    expect(() => statSync(dirname(String(outputs['file'])))).toThrow(/ENOENT|ENOTDIR/);
  },
  stopped: async ({ outputs }) => {
    expect(() => statSync(String(outputs['file']))).toThrow(/ENOENT|ENOTDIR/);
  },
  byHand: [
    {
      what: 'its file is taken out of the target',
      change: async ({ outputs }) => rmSync(String(outputs['file'])),
      drift: 'stopped',
      fields: ['running'],
    },
  ],
  points: 1,
  simulated: 3,
});
