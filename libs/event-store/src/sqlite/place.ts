import { statfsSync } from 'node:fs';
import { SlipwayError } from '@slipway/contracts';

/** Linux's numbers (statfs(2)) of file systems that other machines share: SQLite's WAL needs memory that all writers share. */
const NETWORK: Record<number, string> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9P',
  0x5346414f: 'AFS',
  0x73757245: 'Coda',
  0x00c36400: 'Ceph',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
};

/** Throws `config-invalid` for a folder on a network file system. `type` is that of the folder when left out. */
export function refuseNetworkFolder(folder: string, type: number = statfsSync(folder).type): void {
  const name = NETWORK[type >>> 0];
  if (!name) return;
  throw new SlipwayError(
    'config-invalid',
    `${folder} is on ${name}: the embedded log needs a disk of this machine. Choose another data folder, or use KurrentDB`,
    { field: 'dataFolder', reason: `on ${name}` },
  );
}
