import { describe, expect, it } from '@jest/globals';
import { Lineage, isAfter, isPosition, nextEpoch, startOf } from './position.js';

describe('positions', () => {
  const lineage = new Lineage('log', [
    { epoch: 1, after: 0n },
    { epoch: 1_800_000_000, after: 100n },
    { epoch: 1_800_000_500, after: 50n },
  ]);
  const old = new Lineage('log', [{ epoch: 1, after: 0n }]);
  const middle = new Lineage('log', [
    { epoch: 1, after: 0n },
    { epoch: 1_800_000_000, after: 100n },
  ]);

  it('are <logId>.<epoch>.<20 digits>, and compare as strings, over epochs too', () => {
    expect(old.position(7)).toBe('log.0000000001.00000000000000000007');
    expect(old.position(2n ** 62n)).toBe('log.0000000001.04611686018427387904');
    expect(old.position(9) < old.position(10)).toBe(true);
    expect(old.position(999) < middle.position(1)).toBe(true);
    expect(startOf({ logId: 'log', epoch: 1 })).toBe(old.position(0));
  });

  it('lie behind one another by their number where both hold: one of before a restore too', () => {
    expect(isAfter(lineage.position(7), old.position(7))).toBe(false);
    expect(isAfter(lineage.position(8), old.position(7))).toBe(true);
    expect(isAfter(old.position(9), lineage.position(8))).toBe(true);
    for (const text of [old.position(7), lineage.position(7)]) expect(isPosition(text)).toBe(true);
    for (const text of ['', 'rubbish', 'log.1.7', `${old.position(7)}0`, `.${old.position(7)}`])
      expect(isPosition(text)).toBe(false);
  });

  it('of an older epoch hold as far as both epochs have the same events', () => {
    expect(lineage.number(lineage.position(60))).toBe(60n);
    expect(lineage.number(middle.position(50))).toBe(50n);
    expect(() => lineage.number(middle.position(51))).toThrow(expect.objectContaining({ code: 'gone' }));
    expect(lineage.number(old.position(50))).toBe(50n);
    expect(() => lineage.number(old.position(101))).toThrow(expect.objectContaining({ code: 'gone' }));
  });

  it('of the first epoch that a second restore left behind are gone, although the first restore had kept them', () => {
    expect(() => lineage.number(old.position(80))).toThrow(expect.objectContaining({ code: 'gone' }));
  });

  it('of an epoch that began elsewhere, or of another log, are gone', () => {
    expect(() => middle.number('log.1800000123.00000000000000000007')).toThrow(expect.objectContaining({ code: 'gone' }));
    expect(() => middle.number('other.0000000001.00000000000000000007')).toThrow(expect.objectContaining({ code: 'gone' }));
    expect(() => middle.number('7')).toThrow(expect.objectContaining({ code: 'bad-input' }));
  });

  it('never share an epoch: the next one is at least the second it begins in, and always greater', () => {
    expect(nextEpoch(1, 1_800_000_000_999)).toBe(1_800_000_000);
    expect(nextEpoch(1_800_000_000, 1_800_000_000_000)).toBe(1_800_000_001);
    expect(nextEpoch(1_800_000_000, 0)).toBe(1_800_000_001);
  });
});
