import { spawnSync } from 'node:child_process';

/** Why no nginx can be had on this machine; `undefined` when one can. */
export const whyNoNginx = (): string | undefined =>
  spawnSync('nginx', ['-v']).error ? 'nginx is not installed (Debian: nginx-light)' : undefined;
