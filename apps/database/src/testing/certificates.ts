import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const openssl = (...options: string[]) => promisify(execFile)('openssl', options);

/** Files (PEM) of a new CA, and of a certificate that it gave out for `localhost`. */
export interface Certificates {
  ca: string;
  certificate: string;
  key: string;
}

/** Makes them in a folder, for a day. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const file = (name: string) => join(folder, name);
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '1'];
  const constraints = ['-addext', 'basicConstraints=critical,CA:TRUE'];
  await openssl(
    'req',
    '-x509',
    ...made,
    '-subj',
    '/CN=Test CA',
    ...constraints,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  await openssl('req', ...made.slice(0, -2), '-subj', '/CN=localhost', '-keyout', file('server.key'), '-out', file('server.csr'));
  await writeFile(file('extensions'), 'subjectAltName=DNS:localhost\n');
  const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('extensions')];
  await openssl('x509', '-req', '-days', '1', '-in', file('server.csr'), ...signed, '-out', file('server.pem'));
  return { ca: file('ca.pem'), certificate: file('server.pem'), key: file('server.key') };
}
