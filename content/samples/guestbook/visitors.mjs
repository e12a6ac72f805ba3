import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

const COOKIE = 'visitor';
const A_YEAR_IN_SECONDS = 365 * 24 * 3600;

/** Knows visitors again by a cookie that only we can sign. */
export function openVisitors(keyFile) {
  const key = readFileSync(keyFile);
  if (key.length < 16) throw new Error(`${keyFile} holds no key`);
  const sign = (visitor) => createHmac('sha256', key).update(visitor).digest('base64url');

  return {
    /** The visitor's id; a new visitor gets one, with the answer. */
    recognise(request, response) {
      const [visitor, signature] = cookieOf(request).split('~');
      if (visitor && signature && sameText(signature, sign(visitor))) return visitor;
      const fresh = randomUUID();
      const cookie = `${COOKIE}=${fresh}~${sign(fresh)}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${A_YEAR_IN_SECONDS}`;
      response.setHeader('set-cookie', cookie);
      return fresh;
    },
  };
}

const cookieOf = (request) =>
  (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${COOKIE}=`))
    ?.slice(COOKIE.length + 1) ?? '';

function sameText(a, b) {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
