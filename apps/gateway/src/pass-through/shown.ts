/** Where an instance is, and where its callers see it. */
export interface Shown {
  /** `http://127.0.0.1:20017` */
  origin: string;
  /** Path of the instance's resource, without a slash at its end. */
  base: string;
  /** Path and query of this call at the instance. */
  path: string;
  /** `https://slipway.example`: as the caller called us. */
  gateway: string;
  /** `/api/v1/instances/shop/resource`: it stands for `base`. */
  prefix: string;
}

/**
 * A reference of an answer (`Location`, RFC 9110 §10.2.2) as it leads to the same thing through the gateway. What is not below the
 * instance's resource cannot be reached through it, and is named by its own address; what is elsewhere stays as it is.
 */
export function shownReference(reference: string, { origin, base, path, gateway, prefix }: Shown): string {
  let url: URL;
  try {
    url = new URL(reference, `${origin}${path}`);
  } catch {
    return reference;
  }
  // An instance that heeds X-Forwarded-Host names us, and with X-Forwarded-Prefix also the path.
  if (url.origin !== origin && url.origin !== gateway) return reference;
  const rest = `${url.search}${url.hash}`;
  if (isBelow(url.pathname, prefix)) return `${url.pathname}${rest}`;
  if (isBelow(url.pathname, base)) return `${prefix}${url.pathname.slice(base.length)}${rest}`;
  return `${origin}${url.pathname}${rest}`;
}

/** A cookie of an instance (RFC 6265 §4.1): sent back to that instance alone, although all of them share our origin. */
export function confinedCookie(cookie: string, { base, prefix }: Shown): string {
  const [pair, ...attributes] = cookie.split(';');
  let path = '';
  const kept: string[] = [];
  for (const attribute of attributes) {
    const [name, ...value] = attribute.split('=');
    const known = name!.trim().toLowerCase();
    if (known === 'path') path = value.join('=').trim();
    else if (known !== 'domain') kept.push(attribute);
  }
  const below = isBelow(path, base)
    ? path.slice(base.length).replace(/\/$/, '')
    : isBelow(path, prefix)
      ? path.slice(prefix.length)
      : '';
  return [pair, ...kept, ` Path=${prefix}${below}`].join(';');
}

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
