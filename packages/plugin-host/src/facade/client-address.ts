import { isIPv4 } from 'node:net';

const MAPPED = /^::ffff:/i;

/** An IPv4 client of a dual-stack socket is the same client: `::ffff:10.0.0.1` becomes `10.0.0.1`. */
export function normalizeAddress(address: string): string {
  const plain = address.replace(MAPPED, '');
  return isIPv4(plain) ? plain : address;
}
