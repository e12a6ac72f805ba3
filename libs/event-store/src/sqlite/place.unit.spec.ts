import { describe, expect, it } from '@jest/globals';
import { refuseNetworkFolder } from './place.js';

describe('the place of the embedded log', () => {
  it.each([
    ['NFS', 0x6969],
    ['CIFS', 0xff534d42],
    ['SMB2', -0x1acb2be],
    ['9P', 0x01021997],
  ])('is not on %s', (name, type) => {
    const refused = expect.objectContaining({ code: 'config-invalid', details: { field: 'dataFolder', reason: `on ${name}` } });
    expect(() => refuseNetworkFolder('/data', type)).toThrow(refused);
  });

  it.each([
    ['ext4', 0xef53],
    ['XFS', 0x58465342],
    ['btrfs', 0x9123683e],
    ['tmpfs', 0x01021994],
    ['overlay', 0x794c7630],
  ])('may be on %s', (_, type) => {
    expect(() => refuseNetworkFolder('/data', type)).not.toThrow();
  });
});
