import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Frames, type Frame } from './frames.js';

const framed = ({ from, content }: Frame): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = from === 'stderr' ? 2 : 1;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
};

/** All that one output says, whatever pieces it came in. */
const saidOn = (from: Frame['from'], frames: readonly Frame[]): string =>
  Buffer.concat(frames.filter((frame) => frame.from === from).map(({ content }) => content)).toString('hex');

test('what two outputs say comes apart again, however it was cut on its way', () => {
  const frame = fc.record<Frame>({
    from: fc.constantFrom('stdout', 'stderr'),
    content: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(framed));
      const frames = new Frames();
      const got: Frame[] = [];
      for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
        const end = at + cuts[cut % cuts.length]!;
        got.push(...frames.take(bytes.subarray(at, end)));
        at = end;
      }
      for (const from of ['stdout', 'stderr'] as const) expect(saidOn(from, got)).toBe(saidOn(from, sent));
    }),
  );
});
