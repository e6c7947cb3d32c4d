import { describe, expect, it } from 'vitest';
import { UrlPolicy, type UrlPolicyOptions, withoutLogin } from './url-policy.js';

const allows = (url: string, options: UrlPolicyOptions = {}): boolean => {
  try {
    new UrlPolicy(options).parse(url);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'URL_NOT_ALLOWED', status: 400 });
    return false;
  }
};
const refusal = (url: string, options: UrlPolicyOptions = {}): string => {
  try {
    new UrlPolicy(options).parse(url);
  } catch (error) {
    return (error as Error).message;
  }
  return 'allowed';
};

describe('packages', () => {
  it.each([
    'https://github.com/bluewave-labs/verifywise-apps/releases/download/x/x.zip',
    'https://raw.githubusercontent.com/bluewave-labs/x/main/x.zip',
    'https://objects.githubusercontent.com/x?X-Amz-Signature=abc',
    'https://release-assets.githubusercontent.com/x',
    'https://GitHub.COM/x',
    'https://github.com:443/x',
    'https://github%2ecom/x',
  ])('may come from %s', (url) => expect(allows(url)).toBe(true));

  it.each([
    ['another host after a login', 'https://github.com@evil.example/x'],
    ['another host after a login and password', 'https://github.com:x@evil.example/x'],
    ['a login', 'https://user@github.com/x'],
    ['a login and password', 'https://user:secret@github.com/x'],
    ['an empty user with a password', 'https://:secret@github.com/x'],
    ['a longer name that begins alike', 'https://github.com.evil.example/x'],
    ['a name that ends alike', 'https://evilgithub.com/x'],
    ['a name that ends alike', 'https://evilgithubusercontent.com/x'],
    ['a sub-domain that is nobody’s', 'https://x.github.com/x'],
    ['the suffix alone', 'https://githubusercontent.com/x'],
    ['the suffix after an empty label', 'https://.githubusercontent.com/x'],
    ['a sub-domain of a sub-domain', 'https://a.b.githubusercontent.com/x'],
    ['a trailing dot', 'https://github.com./x'],
    ['a trailing dot', 'https://raw.githubusercontent.com./x'],
    ['a Cyrillic і', 'https://gіthub.com/x'],
    ['its punycode', 'https://xn--gthub-5ue.com/x'],
    ['another port', 'https://github.com:8443/x'],
    ['the port of http', 'https://github.com:80/x'],
    ['plain http', 'http://github.com/x'],
    ['plain http on the port of https', 'http://github.com:443/x'],
    ['a backslash', 'https://evil.example\\@github.com/x'],
    ['a host in the query', 'https://evil.example/?https://github.com/'],
    ['a host in the fragment', 'https://evil.example/#@github.com/'],
    ['a control character', 'https://evil.example\t.github.com.evil.example/x'],
    ['this machine', 'https://localhost/x'],
    ['this machine as a number', 'https://2130706433/x'],
    ['this machine in hex', 'https://0x7f.1/x'],
    ['this machine in octal', 'https://0177.0.0.1/x'],
    ['this machine in IPv6', 'https://[::1]/x'],
    ['this machine as a mapped address', 'https://[::ffff:127.0.0.1]/x'],
    ['metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:application/zip;base64,UEsFBg=='],
    ['ftp', 'ftp://github.com/x'],
    ['blob', 'blob:https://github.com/x'],
    ['a script', 'javascript:alert(1)'],
    ['no scheme', '//github.com/x'],
    ['no host', '/x.zip'],
    ['nothing', ''],
    ['an impossible host', 'https://github.com:99999/x'],
  ])('may not come from %s: %s', (_, url) => expect(allows(url)).toBe(false));

  it('are refused with the reason, and without what was to stay secret', () => {
    expect(refusal('https://user:hunter2@github.com/x')).toMatch(/a login is not accepted/);
    expect(refusal('https://user:hunter2@github.com/x')).not.toMatch(/hunter2|user/);
    expect(refusal('http://github.com/x')).toMatch(/only https/);
    expect(refusal('https://github.com:8443/x')).toMatch(/port 8443/);
    expect(refusal('https://evil.example/x')).toMatch(/evil\.example is not an allowed host/);
    expect(refusal('nonsense')).toMatch(/not an absolute address/);
  });
});

describe('hosts that were added', () => {
  const on = (...allowedHosts: string[]) => ({ allowedHosts });

  it.each<[string, string]>([
    ['packages.example.com', 'https://packages.example.com/x.zip'],
    ['packages.example.com', 'http://packages.example.com/x.zip'],
    ['packages.example.com', 'https://packages.example.com:8443/x.zip'],
    ['packages.example.com:8443', 'https://packages.example.com:8443/x.zip'],
    ['packages.example.com:443', 'https://packages.example.com/x.zip'],
    ['packages.example.com:080', 'http://packages.example.com/x.zip'],
    [' Packages.EXAMPLE.com ', 'https://packages.example.com/x.zip'],
    ['bücher.example', 'https://xn--bcher-kva.example/x.zip'],
    ['xn--bcher-kva.example', 'https://bücher.example/x.zip'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080/x.zip'],
    ['127.0.0.1', 'http://0x7f.1:1234/x.zip'],
    ['localhost', 'http://localhost:3000/x.zip'],
    ['[::1]:8080', 'http://[0:0:0:0:0:0:0:1]:8080/x.zip'],
    ['*.example.com', 'https://a.example.com/x.zip'],
    ['*.example.com', 'https://b.a.example.com/x.zip'],
    ['*.example.com:8443', 'https://a.example.com:8443/x.zip'],
  ])('%s lets %s through', (host, url) => expect(allows(url, on(host))).toBe(true));

  it.each<[string, string]>([
    ['packages.example.com:8443', 'https://packages.example.com/x.zip'],
    ['packages.example.com:8443', 'https://packages.example.com:8444/x.zip'],
    ['packages.example.com:443', 'http://packages.example.com/x.zip'],
    ['packages.example.com', 'https://user@packages.example.com/x.zip'],
    ['packages.example.com', 'https://example.com/x.zip'],
    ['packages.example.com', 'https://packages.example.com./x.zip'],
    ['packages.example.com', 'https://a.packages.example.com/x.zip'],
    ['packages.example.com', 'ftp://packages.example.com/x.zip'],
    ['*.example.com', 'https://example.com/x.zip'],
    ['*.example.com', 'https://evilexample.com/x.zip'],
    ['127.0.0.1', 'http://127.0.0.2/x.zip'],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/x.zip'],
    ['localhost', 'http://127.0.0.1/x.zip'],
  ])('%s does not let %s through', (host, url) => expect(allows(url, on(host))).toBe(false));

  it('stand beside GitHub', () => {
    expect(allows('https://github.com/x', on('packages.example.com'))).toBe(true);
  });

  it('may be left blank, as an empty variable split at commas is', () => {
    expect(allows('https://github.com/x', on('', ' '))).toBe(true);
  });

  it.each([
    'https://packages.example.com',
    'packages.example.com/x',
    'user@packages.example.com',
    'a b',
    '*',
    '*.',
    'exa*mple.com',
    '::1',
    'host:',
    'host:port',
    '[::1',
    '?',
  ])('are told apart from what is no host: %j', (host) => {
    expect(() => new UrlPolicy(on(host))).toThrow(
      expect.objectContaining({ code: 'ALLOWED_HOST_INVALID', details: { host } }),
    );
  });

  it('alone may lead elsewhere than to the public internet', () => {
    const policy = new UrlPolicy(on('127.0.0.1:8080', '*.intra.example'));
    expect(policy.mustBePublic(new URL('https://github.com/x'))).toBe(true);
    expect(policy.mustBePublic(new URL('http://127.0.0.1:8080/x'))).toBe(false);
    expect(policy.mustBePublic(new URL('http://127.0.0.1:8081/x'))).toBe(true);
    expect(policy.mustBePublic(new URL('https://packages.intra.example/x'))).toBe(false);
    expect(new UrlPolicy(on('github.com')).mustBePublic(new URL('https://github.com/x'))).toBe(false);
  });
});

describe('files', () => {
  const beneath = (registry: string) => ({ registryUrl: new URL(registry) });
  const registry = beneath('file:///srv/registry/registry.json');

  it.each([
    'file:///srv/registry/x.zip',
    'file:///srv/registry/packages/x%20y.zip',
    'file:///srv/registry/a/../x.zip',
    'FILE:///srv/registry/x.zip',
    'file://localhost/srv/registry/x.zip',
  ])('may be read beneath a registry that is a file: %s', (url) => expect(allows(url, registry)).toBe(true));

  it.each([
    'file:///etc/passwd',
    'file:///srv/registry/../secret',
    'file:///srv/registry/%2e%2e/secret',
    'file:///srv/registry/.%2E/secret',
    'file:///srv/registry/..\\secret',
    'file:///srv/registry/..%2fsecret',
    'file:///srv/registry/..%2Fsecret',
    'file:///srv/registry/..%5csecret',
    'file:///srv/registry/x%00.zip',
    'file:///srv/registry-other/x.zip',
    'file:///srv/registry',
    'file:///srv/REGISTRY/x.zip',
    'file://host/srv/registry/x.zip',
    'file:x.zip',
  ])('may not be read elsewhere: %s', (url) => expect(allows(url, registry)).toBe(false));

  it('may not be read where the registry is not one', () => {
    const web = beneath('https://raw.githubusercontent.com/x/registry.json');
    expect(allows('file:///srv/registry/x.zip', web)).toBe(false);
    expect(allows('file:///srv/registry/x.zip')).toBe(false);
  });
});

describe('an address that is shown', () => {
  it('has lost its login, and nothing else', () => {
    const url = new URL('https://user:hunter2@host.example:8443/path?query#fragment');
    expect(withoutLogin(url)).toBe('https://host.example:8443/path?query#fragment');
    expect(url.username).toBe('user');
  });
});
