import { describe, expect, it } from 'vitest';
import { isLoopback, isPublicAddress } from './public-address.js';

describe('a public address', () => {
  it.each([
    '140.82.121.4',
    '185.199.108.133',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '223.255.255.255',
    '2606:50c0:8000::153',
    '2a00:1450:4001:82a::200e',
    '::ffff:140.82.121.4',
    '::ffff:8c52:7904',
    '64:ff9b::8c52:7904',
    '64:ff9b::140.82.121.4',
  ])('is %s', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['a private network', '10.0.0.1'],
    ['a private network', '172.16.0.1'],
    ['a private network', '172.31.255.255'],
    ['a private network', '192.168.1.1'],
    ['a carrier’s network', '100.64.0.1'],
    ['cloud metadata', '169.254.169.254'],
    ['cloud metadata', '100.100.100.200'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.7'],
    ['documentation', '203.0.113.7'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['loopback', '::1'],
    ['nothing', '::'],
    ['link-local', 'fe80::1'],
    ['link-local with its zone', 'fe80::1%eth0'],
    ['a public one with a zone', '2606:50c0:8000::153%eth0'],
    ['a private network', 'fd00::1'],
    ['cloud metadata', 'fd00:ec2::254'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped loopback', '::ffff:7f00:1'],
    ['mapped metadata', '::FFFF:A9FE:A9FE'],
    ['mapped nothing', '::ffff:0:0'],
    ['loopback through NAT64', '64:ff9b::7f00:1'],
    ['metadata through NAT64', '64:ff9b::169.254.169.254'],
    ['an old way to carry IPv4', '::7f00:1'],
    ['a name', 'github.com'],
    ['nothing at all', ''],
    ['a number', '2130706433'],
  ])('is not %s: %s', (_, address) => expect(isPublicAddress(address)).toBe(false));
});

describe('this machine', () => {
  it.each(['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    'localhost.example.com',
    'example.com',
    '127.0.0.1.example.com',
    '128.0.0.1',
    '[::]',
    '0.0.0.0',
    '',
  ])('is not %s', (host) => expect(isLoopback(host)).toBe(false));
});
