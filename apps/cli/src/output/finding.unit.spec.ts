import { describe, expect, it } from '@jest/globals';
import { describeFinding, findingOf } from './finding.js';

const described = (name: string, ready: boolean, reason?: string) =>
  describeFinding(findingOf({ name, ready, ...(reason !== undefined && { reason }) })).split('\n');

describe('a finding', () => {
  it('that is well is one line', () => expect(described('log', true)).toEqual(['✓ log: ready']));

  it('that works and has something to be mended says so, one problem a line, and what to do', () => {
    const places =
      '/data/g1 carries our mark: no stream knows of it; /data/g2 carries our mark: it was given back, and is still there';
    expect(described('instance at local', true, places)).toEqual([
      '! instance at local: /data/g1 carries our mark: no stream knows of it',
      '    /data/g2 carries our mark: it was given back, and is still there',
      expect.stringMatching(/^ {4}→ .*"Backup and restore"/),
    ]);
    const content = 'content: a.yaml:1:1: must be a text; put it in quotes; content: b.yaml has no package.yaml';
    expect(described('resolver', true, content)).toEqual([
      '! resolver: content: a.yaml:1:1: must be a text; put it in quotes',
      '    content: b.yaml has no package.yaml',
      expect.stringMatching(/^ {4}→ Correct what is named/),
    ]);
    expect(described('orchestrator', true, 'Events are not relayed: no')).toContain('! orchestrator: Events are not relayed: no');
  });

  it('of handlers says where they are mended, and not that the logs be read', () => {
    const handlers = 'greeter: /h/greeter.mjs is not there; mailer: It failed at dfe.provisioned 1 (try 1 of 5): no; not today';
    expect(described('handlers', true, handlers)).toEqual([
      '! handlers: greeter: /h/greeter.mjs is not there',
      '    mailer: It failed at dfe.provisioned 1 (try 1 of 5): no; not today',
      expect.stringMatching(/^ {4}→ Mend what is named, in its file or in the configuration; npx slipway handlers/),
    ]);
  });

  it('that does not work says why, and what to do', () => {
    const views = 'requests has stopped: a; instances has stopped: b';
    expect(described('views', false, views)).toEqual([
      '✗ views: requests has stopped: a',
      '    instances has stopped: b',
      '    → npx slipway views says how it goes on.',
    ]);
    expect(described('nats', false)).toEqual(['✗ nats: not ready', '    → See the logs folder in the data folder.']);
  });
});
