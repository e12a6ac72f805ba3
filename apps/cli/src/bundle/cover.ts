const COVER = '[secret]';

/** What looks like a secret in a text, and what stays of it: enough to see what it was. */
const SHAPES: [pattern: RegExp, instead: string][] = [
  // https://user:password@host (RFC 3986 §3.2.1)
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#@"']+@/gi, `$1${COVER}@`],
  // Authorization: Bearer … (RFC 6750 §2.1), Basic … (RFC 7617)
  [/\b(bearer|basic)(\s+)[\w.~+/=-]{8,}/gi, `$1$2${COVER}`],
  // RFC 7468
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^]*?-----END \1-----/g, COVER],
  // password=…, "api_key": "…", TOKEN: …; a log token is there to be seen
  [/((?:password|passwd|secret|(?<!log[-_]?)token|api[-_]?key)\\?["']?\s*[=:]\s*\\?["']?)[^\s"'\\,;&}]{8,}/gi, `$1${COVER}`],
];

/**
 * A text without what is known to be secret, and without what looks like it. Slipway writes no secret anywhere; a service may
 * have written one of its own into its log, and a person one into a reason.
 */
export function cover(text: string, known: readonly string[]): string {
  const covered = known.filter(Boolean).reduce((rest, secret) => rest.replaceAll(secret, COVER), text);
  return SHAPES.reduce((rest, [pattern, instead]) => rest.replaceAll(pattern, instead), covered);
}
