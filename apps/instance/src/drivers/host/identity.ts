import { SlipwayError, type HostSpec } from '@slipway/contracts';
import type { DriverContext } from '@slipway/provisioner';
import { specInvalid } from '../../furnishing/placeholders.js';
import type { Debian } from '../../host/debian.js';

/** What a host says of itself. */
export interface HostIdentity {
  distribution: string;
  version: string;
  architecture: string;
}

const FIELDS = ['distribution', 'version', 'architecture'] as const;

/** Of os-release(5). */
export function osRelease(text: string): { distribution: string; version: string } {
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? [];
      return name === undefined ? [] : [[name, value!.replace(/^(['"])(.*)\1$/, '$2')]];
    }) as [string, string][],
  );
  return { distribution: values.get('ID') ?? 'linux', version: values.get('VERSION_ID') ?? '' };
}

/** Throws `driver-unavailable` where no Debian, or what is made like one, stands there. */
export async function identityOf(debian: Debian, { filesystem }: Pick<DriverContext, 'filesystem'>): Promise<HostIdentity> {
  const text = await filesystem.readFile(debian.path('usr/lib/os-release'));
  if (text === null || (await filesystem.stat(debian.path('usr/bin/apt-get'))) === null) {
    throw new SlipwayError(
      'driver-unavailable',
      `No Debian with apt stands at ${debian.root}: look at instances.hosts in the configuration`,
    );
  }
  const { stdout } = await debian.execOrThrow(['dpkg', '--print-architecture']);
  return { ...osRelease(text.toString('utf8')), architecture: stdout.trim() };
}

/** Throws `spec-invalid` by the field where the host is another one than its definition says. */
export function assertIs(found: HostIdentity, expected: HostSpec): void {
  for (const field of FIELDS) {
    if (expected[field] === undefined || expected[field] === found[field]) continue;
    throw specInvalid(
      `host.${field}`,
      `it is to be ${expected[field]}, and the host is ${FIELDS.map((one) => found[one]).join(' ')}`,
    );
  }
}
