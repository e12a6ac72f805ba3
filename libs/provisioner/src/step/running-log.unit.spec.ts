import { describe, expect, test } from '@jest/globals';
import { VirtualClock } from '@slipway/mesh/testing';
import { RunningLog } from './running-log.js';

describe('the log of a running step', () => {
  test('gives each line its time', async () => {
    const clock = new VirtualClock();
    const log = new RunningLog(clock);
    expect(log.empty).toBe(true);
    log.add('one');
    await clock.pass(1_500);
    log.add('two');
    expect(log.text()).toBe('2030-01-01T00:00:00.000Z one\n2030-01-01T00:00:01.500Z two\n');
  });

  test('keeps beginning and end of a log without end, says how much is left out, and stays bounded', () => {
    const log = new RunningLog(new VirtualClock());
    const count = 300_000;
    for (let line = 1; line <= count; line += 1) log.add(`line ${line} ${'x'.repeat(40)}`);
    const text = log.text();
    expect(text.length).toBeLessThan(7 * 1024 * 1024);
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toContain(' line 1 ');
    expect(lines.at(-1)).toContain(` line ${count} `);
    const gap = lines.findIndex((line) => line.startsWith('...'));
    expect(lines[gap]).toBe(`... ${count - (lines.length - 1)} lines left out ...`);
  });
});
