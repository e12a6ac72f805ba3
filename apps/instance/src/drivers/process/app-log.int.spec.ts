import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { localFilesystem } from '@slipway/interfaces';
import { LOG_PART, type LogFrom } from '@slipway/provisioner';
import { AppLog } from './app-log.js';

describe('what an app says', () => {
  let home: string;
  let log: AppLog;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'slipway-app-log-'));
    mkdirSync(join(home, 'log'));
    log = new AppLog(localFilesystem(), home);
  });
  afterEach(() => rmSync(home, { recursive: true }));
  const file = (name: string) => join(home, 'log', name);
  const say = (text: string) => appendFileSync(file('app.log'), text);
  /** As the supervisor does it. */
  const rotate = () => renameSync(file('app.log'), file('app.1.log'));
  /** All parts until there is no more. */
  const read = async (from: LogFrom) => {
    const parts: string[] = [];
    for (let at = from; ;) {
      const { content, after, more, gap } = await log.read(at);
      parts.push(`${gap ? '(gap)' : ''}${Buffer.from(content).toString()}`);
      if (!more) return { text: parts.join(''), parts: parts.length, after };
      at = { after };
    }
  };

  test.each([
    [0, ''],
    [1, 'five\n'],
    [2, 'four\nfive\n'],
    [4, 'two\nthree\nfour\nfive\n'],
    [5, 'one\ntwo\nthree\nfour\nfive\n'],
    [99, 'one\ntwo\nthree\nfour\nfive\n'],
  ])('its last %i lines, over both files, wherever the first was cut off', async (tail, text) => {
    for (const cut of ['one\ntwo\nth', 'one\ntwo\n', 'one\ntwo\nthree', 'one\ntwo\nthree\nfour\nfive\n']) {
      writeFileSync(file('app.1.log'), cut);
      writeFileSync(file('app.log'), 'one\ntwo\nthree\nfour\nfive\n'.slice(cut.length));
      expect([cut, (await read({ tail })).text]).toEqual([cut, text]);
    }
  });

  test('a last line that is not ended yet is one too', async () => {
    say('one\ntwo');
    expect((await read({ tail: 1 })).text).toBe('two');
  });

  test('goes on where it ended, over a rotation, with nothing twice and nothing left out', async () => {
    let { after } = await read({ tail: 0 });
    const heard: string[] = [];
    const hear = async () => {
      const news = await read({ after });
      after = news.after;
      heard.push(news.text);
    };
    await hear();
    say('one\n');
    await hear();
    say('two\n');
    rotate();
    await hear();
    say('three\n');
    await hear();
    rotate();
    say('four\n');
    await hear();
    expect(heard).toEqual(['', 'one\n', 'two\n', 'three\n', 'four\n']);
  });

  test('who was away for two rotations is told that something is not kept any more', async () => {
    say('one\n');
    const { after } = await read({ tail: 0 });
    say('lost\n');
    rotate();
    say('two\n');
    rotate();
    say('three\n');
    expect((await read({ after })).text).toBe('(gap)two\nthree\n');
  });

  test('comes in parts that fit into a message, and any bytes as they are', async () => {
    const bytes = Buffer.alloc(3 * LOG_PART + 7, 'é\u0000€\n');
    writeFileSync(file('app.log'), bytes);
    const parts: Uint8Array[] = [];
    for (let part = await log.read({ tail: 1e9 }); ; part = await log.read({ after: part.after })) {
      expect(part.content.length).toBeLessThanOrEqual(LOG_PART);
      parts.push(part.content);
      if (!part.more) break;
    }
    expect([parts.length, Buffer.concat(parts).equals(bytes)]).toEqual([4, true]);
  });

  test('before anything was said there is nothing, and then all of it', async () => {
    const { after, text } = await read({ tail: 10 });
    say('one\n');
    expect([text, (await read({ after })).text]).toEqual(['', 'one\n']);
  });

  test.each(['', 'x', '../../etc/passwd@0', 'none@-1'])(
    'the hostile place %j is the beginning of what is kept',
    async (after) => {
      say('one\n');
      expect((await read({ after })).text).toBe('one\n');
    },
  );
});
