import { SlipwayError } from '@slipway/contracts';
import type { ResourceView } from '@slipway/contracts/http';
import { badInput } from '@slipway/mesh';

/** Where a call is passed on to. */
export interface Target {
  /** `http://127.0.0.1:20017` */
  origin: string;
  /** Path and query, as they go out. */
  path: string;
  /** Path of the resource itself, without a slash at its end. */
  base: string;
}

/** How often a part of a path is decoded to see what it may become at an instance that decodes twice. */
const DECODINGS = 4;

/** Where an instance is called: its address and its `resource-uri`. Throws `not-possible` for one that has no address. */
export function resourceOf({ name, status, desired, resourceUrl }: ResourceView): URL {
  if (status !== 'present') throw new SlipwayError('not-possible', `${name} is ${status}: there is nothing to call`);
  if (desired === 'stopped') {
    throw new SlipwayError('not-possible', `${name} is stopped; start it: npx slipway instances start ${name}`);
  }
  if (resourceUrl !== undefined) return new URL(resourceUrl);
  throw new SlipwayError('not-possible', `${name} has no address that could be called over HTTP`);
}

/**
 * The target of a call below an instance's resource. `rest` is what of the call's own URL follows `/resource`, as it came: empty,
 * or a path with a query. It stays below the resource whatever it says: `bad-input` for what could lead out of it, here or at an
 * instance that decodes more than it should (RFC 3986 §5.2.4, §6.2.2.3).
 */
export function targetOf(resource: URL, rest: string): Target {
  const at = rest.indexOf('?');
  const path = at < 0 ? rest : rest.slice(0, at);
  const query = at < 0 ? '' : rest.slice(at + 1);
  assertInside(path);
  const base = path === '' ? resource.pathname : resource.pathname.replace(/\/$/, '');
  const queries = [resource.search.slice(1), query].filter((part) => part !== '').join('&');
  return {
    origin: resource.origin,
    path: `${base}${path}${queries && `?${queries}`}`,
    base: resource.pathname.replace(/\/$/, ''),
  };
}

function assertInside(path: string): void {
  if (path !== '' && !path.startsWith('/')) throw refused('must be a path below the resource');
  if (path.startsWith('//')) throw refused('must not begin with two slashes');
  for (let text = path, round = 0; ; round += 1) {
    const wrong = wrongIn(text, round > 0 ? slashesOf(path) : undefined);
    if (wrong) throw refused(wrong);
    const decoded = decode(text);
    if (decoded === text) return;
    if (round === DECODINGS) throw refused('is encoded too often');
    text = decoded;
  }
}

/** Why a path, or what it decodes to, could lead elsewhere. `slashes`: as many it may have. */
function wrongIn(path: string, slashes?: number): string | undefined {
  if (slashes === undefined && /[ #]/.test(path)) return 'must hold no space and no #';
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return 'must hold no control character and no backslash';
  if (slashes !== undefined && slashesOf(path) !== slashes) return 'must hold no encoded slash';
  // Some servers cut path parameters off before they look for dots.
  const dots = path.split('/').some((part) => /^\.{1,2}$/.test(part.split(';', 1)[0]!));
  return dots ? 'must hold no . or .. segment' : undefined;
}

const slashesOf = (path: string): number => path.split('/').length - 1;

/** Decoded once; what is no UTF-8 stays as it is. */
const decode = (path: string): string =>
  path.replaceAll(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded.replaceAll(/%([0-7][0-9a-f])/gi, (_text, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    }
  });

const refused = (reason: string): SlipwayError => badInput([{ field: 'path', reason }]);
