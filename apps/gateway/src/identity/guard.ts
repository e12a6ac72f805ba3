import { hash, timingSafeEqual } from 'node:crypto';
import { SlipwayError, type Actor } from '@slipway/contracts';

/** Who holds the gateway's key. */
const OPERATOR: Actor = Object.freeze({ id: 'operator', type: 'user' });

const BEARER = /^Bearer +([\x21-\x7e]{1,4096})$/i;
const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

/**
 * Says who somebody is, for REST and WebSocket alike: the one place that accounts will stand behind. Today there is one
 * key, and its holder is the operator. Compared by digests in constant time.
 */
export class Guard {
  readonly #expected: Buffer;

  constructor(key: string) {
    this.#expected = digest(key);
  }

  /** The actor of an `Authorization` header (RFC 6750 §2.1). Throws `unauthenticated`. */
  actorOf(authorization: string | undefined): Actor {
    if (authorization === undefined) throw new SlipwayError('unauthenticated', 'The call carries no key');
    const key = BEARER.exec(authorization)?.[1];
    if (key === undefined) throw new SlipwayError('unauthenticated', 'The Authorization header is not "Bearer <key>"');
    return this.actorOfKey(key);
  }

  /** The actor of a key. Throws `unauthenticated`. */
  actorOfKey(key: string): Actor {
    if (!timingSafeEqual(digest(key), this.#expected)) throw new SlipwayError('unauthenticated', 'The key is not the right one');
    return OPERATOR;
  }
}
