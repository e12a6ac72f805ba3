import { expect, test } from '@jest/globals';
import { policiesIn } from './policy.js';
import { upgradableIn } from '../../host/upgradable.js';

test('what apt says of packages: installed, candidate, and every version that a source has', () => {
  const said = `openssl:
  Installed: 3.0.15-1~deb12u1
  Candidate: 3.0.16-1~deb12u1
  Version table:
     3.0.16-1~deb12u1 500
        500 http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
 *** 3.0.15-1~deb12u1 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
local:
  Installed: 1.0
  Candidate: 1.0
  Version table:
 *** 1.0 100
        100 /var/lib/dpkg/status
virtual:
  Installed: (none)
  Candidate: (none)
  Version table:
`;
  expect(Object.fromEntries(policiesIn(said))).toEqual({
    openssl: { installed: '3.0.15-1~deb12u1', candidate: '3.0.16-1~deb12u1', versions: ['3.0.16-1~deb12u1', '3.0.15-1~deb12u1'] },
    local: { installed: '1.0', candidate: '1.0', versions: [] },
    virtual: { installed: null, candidate: null, versions: [] },
  });
});

test('what apt would upgrade, and whether that comes from security updates', () => {
  const lines = [
    'Reading package lists...',
    'Inst libssl3 [3.0.15-1] (3.0.16-1 Debian:12.10/stable, Debian-Security:12/stable-security [amd64])',
    'Inst tzdata [2024a-0] (2025b-0 Debian:12.11/stable [all])',
    'Inst brand-new (1.0 Debian:12.11/stable [all])',
    'Conf libssl3 (3.0.16-1 Debian:12.10/stable [amd64])',
  ];
  expect(upgradableIn(lines)).toEqual([
    { name: 'libssl3', installed: '3.0.15-1', available: '3.0.16-1', security: true },
    { name: 'tzdata', installed: '2024a-0', available: '2025b-0', security: false },
  ]);
});
