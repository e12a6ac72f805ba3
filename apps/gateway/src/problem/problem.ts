import { HttpException } from '@nestjs/common';
import { ERRORS, SlipwayError, badInput, type ErrorCode } from '@slipway/contracts';
import type { Problem } from '@slipway/contracts/http';
import { statusOf } from './status.js';

/** Seconds after which a caller may try again what advises to retry. */
export const RETRY_AFTER_SECONDS = 1;

/** Any thrown value as one of our errors. What is not ours says nothing of the inside. */
export function toSlipwayError(error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  if (error instanceof HttpException) return fromHttp(error.getStatus(), error.message);
  const { statusCode, message } = (error ?? {}) as { statusCode?: number; message?: string };
  if (typeof statusCode === 'number' && statusCode < 500) return fromHttp(statusCode, String(message));
  return new SlipwayError('internal');
}

/** Refusals of Fastify and Nest, which know HTTP's numbers only. */
function fromHttp(status: number, message: string): SlipwayError {
  const code = codeOf(status);
  if (code === 'bad-input') return badInput([{ field: '', reason: message }]);
  return code === 'internal' ? new SlipwayError(code) : new SlipwayError(code, message);
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 404:
    case 405:
      return 'not-found';
    case 408:
      return 'too-slow';
    case 413:
    case 414:
    case 431:
      return 'too-large';
    case 415:
      return 'wrong-content-type';
    case 503:
      return 'shutting-down';
    default:
      return status < 500 ? 'bad-input' : 'internal';
  }
}

/** RFC 9457 problem details of an error, for the call with this correlation id. */
export function problemOf(error: SlipwayError, requestId: string): Problem {
  const { fields, ...details } = error.details ?? {};
  return {
    type: `/api/docs#${error.code}`,
    title: ERRORS[error.code].title,
    status: statusOf(error.code),
    detail: error.message,
    code: error.code,
    hint: ERRORS[error.code].hint,
    requestId,
    ...(fields !== undefined && { fields: fields as unknown as Problem['fields'] }),
    ...(Object.keys(details).length > 0 && { details }),
  };
}

/** Headers of a problem's answer. */
export function problemHeaders({ code, requestId }: Pick<Problem, 'code' | 'requestId'>): Record<string, string> {
  return {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    ...(code === 'unauthenticated' && { 'WWW-Authenticate': 'Bearer realm="slipway"' }),
    ...(([408, 429, 503].includes(statusOf(code)) || code === 'lease-unavailable') && {
      'Retry-After': String(RETRY_AFTER_SECONDS),
    }),
  };
}

/** A whole HTTP/1.1 answer, for sockets that never became a call: malformed requests, refused upgrades. */
export function rawAnswer(error: SlipwayError, requestId: string): string {
  const problem = problemOf(error, requestId);
  const body = JSON.stringify(problem);
  const headers = { ...problemHeaders(problem), 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${problem.code}\r\n${lines.join('')}\r\n${body}`;
}
