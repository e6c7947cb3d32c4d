import { BlockList, isIP, isIPv6 } from 'node:net';

/** Networks that are not the public internet (IANA's special-purpose registries), with what reaches such ones. */
const PRIVATE_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** What is not here is not given out to anybody yet. */
const PUBLIC_IPV6 = ['2000::/3'];
const PRIVATE_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** Their last 32 bits are an IPv4 address: mapped addresses, and those of NAT64. */
const CARRIES_IPV4 = ['::ffff:0:0/96', '64:ff9b::/96'];

const networks = (family: 'ipv4' | 'ipv6', subnets: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', bits] = subnet.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
};

const privateIpv4 = networks('ipv4', PRIVATE_IPV4);
const publicIpv6 = networks('ipv6', PUBLIC_IPV6);
const privateIpv6 = networks('ipv6', PRIVATE_IPV6);
const carriesIpv4 = networks('ipv6', CARRIES_IPV4);

/** Whether an IP address is one of the public internet: not this machine, its network, or a cloud's metadata service. */
export function isPublicAddress(address: string): boolean {
  if (!isIPv6(address)) return isIP(address) === 4 && !privateIpv4.check(address, 'ipv4');
  // Only addresses of one link have a zone, and those are not public.
  if (address.includes('%')) return false;
  if (carriesIpv4.check(address, 'ipv6')) return isPublicAddress(lastIpv4(address));
  return publicIpv6.check(address, 'ipv6') && !privateIpv6.check(address, 'ipv6');
}

/** Whether a host, as an address names it, is this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);

function lastIpv4(address: string): string {
  // The parser writes every address in one way: groups of hexadecimal digits, zeros left out.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group || '0', 16));
  return [high, low].flatMap((group) => [group >> 8, group & 255]).join('.');
}
