import { SlipwayError, causeOf, type ErrorCode } from '@slipway/contracts';

/** What is meant by what EC2 answers (its API reference, "Error codes"); the first that fits counts. */
const MEANINGS: readonly { of: RegExp; code: ErrorCode; means: string }[] = [
  { of: /^(RequestLimitExceeded|Throttling\w*)$/, code: 'too-busy', means: 'it was asked too often; it is tried again later' },
  {
    of: /^Insufficient\w*Capacity$/,
    code: 'lease-unavailable',
    means: 'there is no room for such an instance there now; another type of instance or another subnet may have some',
  },
  {
    of: /LimitExceeded$|^MaxSpotInstanceCountExceeded$/,
    code: 'lease-unavailable',
    means: 'the account has as much of it as it may; give some back, or have its quota raised',
  },
  {
    of: /^(UnauthorizedOperation|Blocked|OptInRequired|PendingVerification)$/,
    code: 'forbidden',
    means: 'the access key may not do that; its owner can allow it',
  },
  {
    of: /^(AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch|MissingAuthenticationToken|UnrecognizedClientException)$/,
    code: 'forbidden',
    means: 'the access key is not known there; look at accessKeyId and secretKeyFile',
  },
  {
    of: /^(Invalid|Missing|Unknown|Unsupported|VPC|IdempotentParameterMismatch)/,
    code: 'config-invalid',
    means: 'something that the options or attributes name is not there or not possible',
  },
];
/** What only an administrator can read, and only by another call. */
const ENCODED = /\s*Encoded authorization failure message:.*/s;

/** The code of EC2's own that an error carries; `undefined` where EC2 has not answered. */
const ec2Code = (error: unknown): string | undefined => {
  const { $metadata, name } = error as { $metadata?: { httpStatusCode?: number }; name?: string };
  return $metadata?.httpStatusCode === undefined ? undefined : name;
};

/** What EC2 has refused, or that it was not reached, as our own error. `details.ec2`: its code. */
export function refusal(error: unknown, action: string, region: string): SlipwayError {
  const { message } = causeOf(error);
  const code = ec2Code(error);
  if (code === undefined)
    return new SlipwayError('driver-failed', `EC2 in ${region} was not reached for ${action}: ${message}`, {}, { cause: error });
  const meaning = MEANINGS.find(({ of }) => of.test(code));
  const said = `${code}: ${message.replace(ENCODED, '').replace(/\.$/, '')}`;
  const why = meaning === undefined ? '' : `: ${meaning.means}`;
  return new SlipwayError(
    meaning?.code ?? 'driver-failed',
    `EC2 in ${region} refuses ${action}${why} (${said})`,
    { ec2: code, action },
    { cause: error },
  );
}
