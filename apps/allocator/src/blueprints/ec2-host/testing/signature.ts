import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Who may ask. */
export interface Signer {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/ec2\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
/** How far its clock may be from ours, in ms. */
const SKEW = 15 * 60_000;

/** EC2's code of what is wrong with the signature of a request (AWS Signature Version 4); `undefined` when nothing is. */
export function wrongWith({ method, url, headers }: IncomingMessage, body: Buffer, signer: Signer): string | undefined {
  const [, keyId, day, region, signed = '', signature] = FORM.exec(headers.authorization ?? '') ?? [];
  if (keyId === undefined || day === undefined) return 'MissingAuthenticationToken';
  if (keyId !== signer.accessKeyId || region !== signer.region) return 'AuthFailure';
  const at = String(headers['x-amz-date']);
  const [, year, month, date, time] = /^(\d{4})(\d\d)(\d\d)T(\d{6})Z$/.exec(at) ?? [];
  const asked = Date.parse(`${year}-${month}-${date}T${time?.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`);
  if (!(Math.abs(Date.now() - asked) < SKEW) || !at.startsWith(day)) return 'RequestExpired';
  const lines = signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, url, '', lines.join(''), signed, sha256(body)].join('\n');
  const scope = `${day}/${region}/ec2/aws4_request`;
  const key = [day, region, 'ec2', 'aws4_request'].reduce<Buffer>(
    (from, part) => hmac(from, part),
    Buffer.from(`AWS4${signer.secretAccessKey}`),
  );
  const right = hmac(key, ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n')).toString('hex');
  return right === signature ? undefined : 'SignatureDoesNotMatch';
}

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
