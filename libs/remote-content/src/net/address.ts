import { BlockList, isIP } from 'node:net';

/**
 * How far an address is to be trusted as the address of another repository: `public`; `private` (this machine, its networks), which only
 * a host may have for which that is configured; `never`: link-local ones, where clouds answer with credentials, and all that is no host's.
 */
export type Reach = 'public' | 'private' | 'never';

const subnets = (...all: string[]): BlockList => {
  const list = new BlockList();
  for (const one of all) {
    const [net, prefix] = one.split('/') as [string, string];
    list.addSubnet(net, Number(prefix), isIP(net) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
};

/** Of the registries of special-purpose addresses (RFC 6890, IANA), and the addresses at which clouds answer their machines. */
const NEVER = subnets(
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4', '100.100.100.200/32', '168.63.129.16/32'],
  ...['::/128', '100::/64', '2001::/23', '2001:db8::/32', '3fff::/20', '5f00::/16', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
  // Of the NAT64 of a network of one's own (RFC 8215) all but what `embedded` reads: there the IPv4 address may stand at several places.
  ...['fd00:ec2::254/128', '64:ff9b:1::/48'],
);
const PRIVATE = subnets(
  ...['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'],
  ...['::1/128', 'fc00::/7'],
);

/** Of an address in its usual form (RFC 4291, RFC 791); anything else is `never`. */
export function reachOf(address: string): Reach {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return 'never';
  const within = family === 6 ? embedded(address) : undefined;
  if (within !== undefined) return reachOf(within);
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  if (NEVER.check(address, kind)) return 'never';
  return PRIVATE.check(address, kind) ? 'private' : 'public';
}

/** The IPv4 address that an IPv6 address leads to: mapped, compatible (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056). */
function embedded(address: string): string | undefined {
  const groups = groupsOf(address);
  const at = (index: number) =>
    `${groups[index]! >> 8}.${groups[index]! & 255}.${groups[index + 1]! >> 8}.${groups[index + 1]! & 255}`;
  const begins = (...expected: number[]) => expected.every((group, index) => groups[index] === group);
  if (begins(0, 0, 0, 0, 0, 0xffff)) return at(6);
  if (begins(0, 0, 0, 0, 0, 0) && (groups[6] !== 0 || groups[7]! > 1)) return at(6);
  if (begins(0, 0, 0, 0, 0xffff, 0)) return at(6);
  if (begins(0x64, 0xff9b, 0, 0, 0, 0) || begins(0x64, 0xff9b, 1, 0, 0, 0)) return at(6);
  return groups[0] === 0x2002 ? at(1) : undefined;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, before, a, b, c, d] = dotted ?? [];
  const hex = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16);
  const text = dotted ? `${before}${hex(a!, b!)}:${hex(c!, d!)}` : address;
  const [head = '', tail] = text.split('::');
  const groups = (part: string | undefined) => (part ? part.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}
