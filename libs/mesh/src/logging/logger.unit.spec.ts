import { describe, expect, test } from '@jest/globals';
import { runInContext, systemContext } from '../context/context.js';
import { createLogger } from './logger.js';

const written = (format: 'json' | 'lines', write: (logger: ReturnType<typeof createLogger>) => void) => {
  const out: string[] = [];
  write(createLogger({ level: 'info', format, destination: { write: (line) => void out.push(line) } }));
  return out;
};

describe('every line carries the ids of what caused it', () => {
  const context = { ...systemContext('storage'), correlationId: 'call-0001', requestId: 'request-01', logToken: 'mine' };

  test('as JSON', () => {
    const [line] = written('json', (logger) => {
      runInContext(context, () => logger.child({ service: 'storage', replica: 'here-storage' }).info({ ms: 8 }, 'Made'));
    });
    expect(JSON.parse(line!)).toMatchObject({
      level: 'info',
      service: 'storage',
      replica: 'here-storage',
      correlationId: 'call-0001',
      requestId: 'request-01',
      actor: 'system:storage',
      logToken: 'mine',
      trace: context.trace,
      ms: 8,
      msg: 'Made',
    });
  });

  test('also in what is awaited, each its own', async () => {
    const out: string[] = [];
    const logger = createLogger({ level: 'info', format: 'json', destination: { write: (line) => void out.push(line) } });
    const ids = ['one-00001', 'two-00002'];
    await Promise.all(
      ids.map((correlationId) =>
        runInContext({ ...context, correlationId }, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          logger.info(correlationId);
        }),
      ),
    );
    expect(out.map((line) => JSON.parse(line)).every(({ correlationId, msg }) => correlationId === msg)).toBe(true);
    expect(out).toHaveLength(2);
  });

  test('none outside of any', () => {
    const [line] = written('json', (logger) => logger.info('alone'));
    expect(JSON.parse(line!)).not.toHaveProperty('correlationId');
  });
});

test('secrets stay out, whatever holds them', () => {
  const canary = 'canary-9f2c';
  const out = written('json', (logger) => {
    logger.info({ password: canary, body: { token: canary }, deep: { headers: { authorization: canary } } }, 'in');
    logger.error({ err: Object.assign(new Error('refused'), { config: { apiKey: canary } }) }, 'failed');
  });
  expect(out).toHaveLength(2);
  expect(out.join('')).toContain('[secret]');
  expect(out.join('')).not.toContain(canary);
});

test('lines for people: time, level, service, message, the rest', () => {
  const [line] = written('lines', (logger) =>
    logger.child({ service: 'storage' }).warn({ ms: 8, requestId: 'r-1' }, 'It took long'),
  );
  expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}storage {6}It took long \{ms=8 requestId=r-1\}\n$/);
  const [failure] = written('lines', (logger) => logger.error({ err: new Error('broken') }, 'failed'));
  expect(failure).toMatch(/failed\nError: broken\n {4}at /);
});

test('below its level nothing is written', () => {
  expect(written('json', (logger) => logger.debug('chatter'))).toEqual([]);
});
