import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { ERRORS, SlipwayError, type ErrorCode } from '@slipway/contracts';
import { problemHeaders, problemOf, rawAnswer, toSlipwayError } from './problem.js';
import { statusOf } from './status.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('an error as a problem', () => {
  it.each([
    ['bad-input', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['name-taken', 409],
    ['gone', 410],
    ['too-large', 413],
    ['wrong-content-type', 415],
    ['key-reused', 422],
    ['unreachable', 503],
    ['log-unavailable', 503],
    ['no-server', 503],
    ['timed-out', 503],
    ['instance-away', 502],
    ['instance-slow', 504],
    ['internal', 500],
  ] as const)('%s is %i', (code, status) => expect(statusOf(code)).toBe(status));

  it('never has a status that says it went well', () => {
    for (const code of CODES) expect(statusOf(code)).toBeGreaterThanOrEqual(400);
  });

  it('of what a caller may not simply repeat is not 503, and of what waits for a cure is', () => {
    const retried = CODES.filter((code) => [429, 503].includes(statusOf(code)));
    for (const code of retried) expect([code, ERRORS[code].advice]).not.toEqual([code, 'refuse']);
  });

  it('has code, hint, the call’s id, and the fields that are wrong', () => {
    const fields = [{ field: 'instanceId', reason: 'must be a name' }];
    expect(problemOf(new SlipwayError('bad-input', 'instanceId: must be a name', { fields, more: 1 }), 'call-0001')).toEqual({
      type: '/api/docs#bad-input',
      title: ERRORS['bad-input'].title,
      status: 400,
      detail: 'instanceId: must be a name',
      code: 'bad-input',
      hint: ERRORS['bad-input'].hint,
      requestId: 'call-0001',
      fields,
      details: { more: 1 },
    });
  });

  it('says nothing of the inside when it is none of ours', () => {
    const problem = problemOf(toSlipwayError(new Error('password=canary at /srv/secret')), 'call-0001');
    expect(problem.code).toBe('internal');
    expect(JSON.stringify(problem)).not.toContain('canary');
  });

  it.each([
    [404, 'not-found'],
    [413, 'too-large'],
    [415, 'wrong-content-type'],
    [408, 'too-slow'],
    [400, 'bad-input'],
    [500, 'internal'],
  ])('HTTP %i of the framework is %s', (status, code) => {
    expect(toSlipwayError(new HttpException('x', status)).code).toBe(code);
    expect(toSlipwayError(Object.assign(new Error('x'), { statusCode: status })).code).toBe(code);
  });

  it('names the call as a whole where the framework refuses it', () => {
    expect(problemOf(toSlipwayError(new HttpException('no such escape', 400)), 'call-0001')).toMatchObject({
      fields: [{ field: '', reason: 'no such escape' }],
    });
  });

  it('tells when to try again, and how to authenticate', () => {
    expect(problemHeaders({ code: 'behind', requestId: 'a' })['Retry-After']).toBe('1');
    expect(problemHeaders({ code: 'bad-input', requestId: 'a' })['Retry-After']).toBeUndefined();
    expect(problemHeaders({ code: 'unauthenticated', requestId: 'a' })['WWW-Authenticate']).toMatch(/^Bearer/);
  });

  it('is a whole answer on a bare socket', () => {
    const [head, body] = rawAnswer(new SlipwayError('too-slow'), 'call-0001').split('\r\n\r\n') as [string, string];
    expect(head).toMatch(/^HTTP\/1\.1 408 /);
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toMatchObject({ code: 'too-slow', requestId: 'call-0001' });
  });
});
