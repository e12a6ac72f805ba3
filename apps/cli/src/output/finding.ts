import type { Readiness } from '@slipway/contracts/http';

/** Something that was looked at. */
export interface Finding {
  check: string;
  ok: boolean;
  found: string;
  /** What to do about it: about what is not ok, and about what works and still has something to be mended. */
  hint?: string;
}

/** Where one of several problems begins that a check gives as one reason. Elsewhere a semicolon is part of a sentence. */
const NEXT = /; (?=content: |\/|\S+ has stopped: |\S+ is being built|[a-z][a-z0-9-]*: (?:\/|It failed at ))/;

/** What to do about what the checks of a mesh say. */
const WAYS: [said: RegExp, hint: string][] = [
  [
    /carries our mark/,
    'Nobody is given it. What it may be and how to remove it: "Backup and restore" in docs/guides/operate.md.',
  ],
  [/^content: /, 'Correct what is named; until then the last good version of a package, if there was one, is used.'],
  [/has stopped: /, 'npx slipway views says how it goes on.'],
  [/is being built/, 'Wait until it is built: npx slipway views'],
];
const ELSE = 'See the logs folder in the data folder.';
const HANDLERS =
  'Mend what is named, in its file or in the configuration; npx slipway handlers says how each goes on. Nothing else waits for it.';

/** A check of the mesh's readiness. One that is ready and gives a reason has something to be mended. */
export function findingOf({ name, ready, reason }: Readiness['checks'][number]): Finding {
  if (ready && reason === undefined) return { check: name, ok: true, found: 'ready' };
  const found = reason ?? 'not ready';
  const way = WAYS.find(([said]) => said.test(found));
  return { check: name, ok: ready, found, hint: way?.[1] ?? (name === 'handlers' && ready ? HANDLERS : ELSE) };
}

/** One problem a line, then what to do. `✓` is well, `!` works and has something to be mended, `✗` does not work. */
export function describeFinding({ check, ok, found, hint }: Finding): string {
  const works = hint === undefined ? '✓' : '!';
  return [
    `${ok ? works : '✗'} ${check}: ${found.split(NEXT).join('\n    ')}`,
    ...(hint === undefined ? [] : [`    → ${hint}`]),
  ].join('\n');
}
