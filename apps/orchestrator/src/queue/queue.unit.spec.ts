import { describe, expect, test } from '@jest/globals';
import { Queue, type Waiter } from './queue.js';

const waiter = (id: string, owner = 'ada', priority = 0): Waiter => ({ id, owner, priority, order: id });
const filled = (...waiters: Waiter[]) => {
  const queue = new Queue<Waiter>();
  for (const one of waiters) queue.add(one);
  return queue;
};
const drained = (queue: Queue<Waiter>, mayGo: (owner: string) => boolean = () => true) => {
  const ids: string[] = [];
  for (let next = queue.next(mayGo); next; next = queue.next(mayGo)) ids.push(next.id);
  return ids;
};

describe('who goes next', () => {
  test('of one owner in the order of acceptance, however they came in', () => {
    expect(drained(filled(waiter('2'), waiter('3'), waiter('1')))).toEqual(['1', '2', '3']);
  });

  test('higher priority first', () => {
    expect(drained(filled(waiter('1'), waiter('2', 'ada', 5), waiter('3', 'ada', -5)))).toEqual(['2', '1', '3']);
  });

  test('owners take turns, however much one of them asks for', () => {
    const much = Array.from({ length: 5 }, (_, n) => waiter(`a${n}`));
    expect(drained(filled(...much, waiter('b0', 'bob'), waiter('b1', 'bob')))).toEqual([
      'a0',
      'b0',
      'a1',
      'b1',
      'a2',
      'a3',
      'a4',
    ]);
  });

  test('an owner that may not go is passed over, lower priorities too', () => {
    const queue = filled(waiter('1', 'ada', 9), waiter('2', 'bob'));
    expect(drained(queue, (owner) => owner !== 'ada')).toEqual(['2']);
    expect(queue.size).toBe(1);
  });

  test('who is added twice goes once; who was removed does not go', () => {
    const queue = filled(waiter('1'), waiter('1'), waiter('2'));
    queue.remove('2');
    queue.remove('nobody');
    expect([queue.has('1'), queue.has('2')]).toEqual([true, false]);
    expect(drained(queue)).toEqual(['1']);
  });
});
