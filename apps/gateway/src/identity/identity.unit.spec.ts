import { describe, expect, it } from '@jest/globals';
import { contextOfCall, logTokenOf } from './call.js';
import { Door, isLoopback } from './door.js';
import { Guard } from './guard.js';

describe('the door', () => {
  const door = new Door('127.0.0.1', ['slipway.example', 'fd00::1']);

  it.each(['localhost:7420', '127.0.0.1', '127.0.0.1:80', '[::1]:7420', 'LOCALHOST', 'slipway.example:443', '[fd00::1]:7420'])(
    'lets in calls meant for %s',
    (host) => expect(() => door.admit({ host })).not.toThrow(),
  );

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'localhost:port',
    'localhost@evil',
    '0.0.0.0:7420',
  ])('turns away calls meant for %s (DNS rebinding)', (host) =>
    expect(() => door.admit({ host })).toThrow(expect.objectContaining({ code: 'forbidden' })),
  );

  it.each(['http://localhost:5173', 'https://slipway.example', 'http://[::1]:1'])('lets in pages of %s', (origin) =>
    expect(() => door.admit({ host: 'localhost', origin })).not.toThrow(),
  );

  it.each(['null', 'http://evil.example', 'http://localhost.evil.example', 'file:///x', 'localhost', ''])(
    'turns away pages of %s (CSRF)',
    (origin) => expect(() => door.admit({ host: 'localhost', origin })).toThrow(expect.objectContaining({ code: 'forbidden' })),
  );

  it('has no name "all addresses"', () => {
    expect(() => new Door('0.0.0.0').admit({ host: '0.0.0.0:7420' })).toThrow();
    expect(() => new Door('::').admit({ host: '[::]:7420' })).toThrow();
  });

  it('knows what only this machine can reach', () => {
    expect(['127.0.0.1', 'localhost', '::1', '127.1.2.3'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.example'].some(isLoopback)).toBe(false);
  });
});

describe('the guard', () => {
  const guard = new Guard('k'.repeat(43));
  const refused = expect.objectContaining({ code: 'unauthenticated' });

  it('knows the holder of the key as the operator', () => {
    expect(guard.actorOf(`Bearer ${'k'.repeat(43)}`)).toEqual({ id: 'operator', type: 'user' });
    expect(guard.actorOf(`bearer  ${'k'.repeat(43)}`)).toEqual({ id: 'operator', type: 'user' });
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic a2s=',
    `Bearer ${'k'.repeat(42)}`,
    `Bearer ${'k'.repeat(44)}`,
    'k'.repeat(43),
  ])('refuses %s', (authorization) => expect(() => guard.actorOf(authorization)).toThrow(refused));

  it('never repeats the key that it refuses', () => {
    expect(() => guard.actorOf('Bearer canary-key')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('canary') }),
    );
  });
});

describe('a call', () => {
  it('keeps a sane id, and gets a new one else', () => {
    expect(contextOfCall({ 'x-request-id': 'deploy-2026.1' }).correlationId).toBe('deploy-2026.1');
    for (const id of ['short', 'has space in it', 'x'.repeat(65), 'new\nline-in-it', '']) {
      expect(contextOfCall({ 'x-request-id': id }).correlationId).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('goes on with the trace that it comes in', () => {
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect(contextOfCall({ traceparent: trace }).trace).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)/);
    expect(contextOfCall({ traceparent: 'rubbish' }).trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('may carry a token of the caller’s own', () => {
    expect(logTokenOf({})).toBeUndefined();
    expect(logTokenOf({ 'x-log-token': 'order 66' })).toBe('order 66');
    for (const token of ['', 'x'.repeat(129), 'tab\there']) {
      expect(() => logTokenOf({ 'x-log-token': token })).toThrow(expect.objectContaining({ code: 'bad-input' }));
    }
  });
});
