import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { ownDefiners } from './definers.js';

const DUMP = [
  '/*!50013 DEFINER=`old``one`@`%` SQL SECURITY DEFINER */',
  'CREATE DEFINER=`old``one`@`%` PROCEDURE `p`() SELECT 1',
  "INSERT INTO `a` VALUES ('DEFINER=`old``one`@`%` stays');",
  `INSERT INTO \`a\` VALUES ('${'long '.repeat(300_000)}');`,
  'short',
  '',
].join('\n');

async function through(pieces: number): Promise<string> {
  const bytes = Buffer.from(DUMP);
  const cut = Array.from({ length: Math.ceil(bytes.length / pieces) }, (_, n) => bytes.subarray(n * pieces, (n + 1) * pieces));
  const out: Buffer[] = [];
  for await (const piece of ownDefiners(Readable.from(cut, { objectMode: false }), 'new')) out.push(piece as Buffer);
  return Buffer.concat(out).toString();
}

test.each([7, 41, 65_536, 10_000_000])(
  'what a dump makes is made in its new user’s name, its data stay: in pieces of %i bytes',
  async (pieces) => {
    const [view, procedure, ...rest] = DUMP.split('\n');
    const own = [view, procedure].map((line) => line!.replace('`old``one`@`%`', '`new`@`%`'));
    expect((await through(pieces)) === [...own, ...rest].join('\n')).toBe(true);
  },
);
