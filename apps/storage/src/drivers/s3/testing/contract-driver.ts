import { s3Driver } from '../s3.js';

/** The driver as the contract suite runs it in child processes: the store stands in the module's address. */
export const contractDriver = (address = import.meta.url) => {
  const { searchParams } = new URL(address);
  const said = (name: string) => searchParams.get(name)!;
  return s3Driver({
    mesh: 'contract',
    endpoint: said('endpoint'),
    region: 'us-east-1',
    accessKeyId: said('accessKeyId'),
    secretKeyFile: said('secretKeyFile'),
    credentials: said('credentials') as 'radosgw' | 'shared',
  });
};
