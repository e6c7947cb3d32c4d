import { defineError } from './host-error.js';

/** Fetching registries and packages. */

export const urlNotAllowed = defineError('URL_NOT_ALLOWED', 400, {
  message: (d: { url: string; reason: string }) => `Packages may not be fetched from ${d.url}: ${d.reason}`,
  hint: 'Use a release on github.com, or have the host add the address to registry.allowedHosts.',
});

export const allowedHostInvalid = defineError('ALLOWED_HOST_INVALID', 500, {
  message: (d: { host: string }) => `registry.allowedHosts holds "${d.host}", which is not a host.`,
  hint: 'Write host or host:port, such as packages.example.com or 127.0.0.1:8080, without https:// and path.',
});

export const downloadFailed = defineError('DOWNLOAD_FAILED', 502, {
  message: (d: { url: string; reason: string }) => `${d.url} could not be fetched: ${d.reason}`,
  hint: 'Check that the address is right and reachable from the host, then try again.',
});

export const downloadTimeout = defineError('DOWNLOAD_TIMEOUT', 504, {
  message: (d: { url: string; ms: number }) => `${d.url} did not answer within ${d.ms} ms.`,
  hint: 'Try again; if it stays slow, check the network between the host and the server.',
});

export const downloadTooLarge = defineError('DOWNLOAD_TOO_LARGE', 502, {
  message: (d: { url: string; limit: number }) => `${d.url} is larger than the ${d.limit} bytes allowed.`,
  hint: 'A package may be 50 MB. Leave out what the plugin does not need.',
});

export const registryUnavailable = defineError('REGISTRY_UNAVAILABLE', 502, {
  message: (d: { url: string; reason: string }) => `The registry ${d.url} is not available: ${d.reason}`,
  hint: 'Installed plugins go on working. Check the registry address, or try again later.',
});

export const registryInvalid = defineError('REGISTRY_INVALID', 502, {
  message: (d: { url: string; reason: string }) => `The registry ${d.url} is not a registry: ${d.reason}`,
  hint: 'It must be JSON with version, generated and plugins.',
});

export const registryNotConfigured = defineError('REGISTRY_NOT_CONFIGURED', 404, {
  message: (_: object) => 'This host has no registry.',
  hint: 'Set registry.url when the host is created.',
});

export const marketplacePluginNotFound = defineError('MARKETPLACE_PLUGIN_NOT_FOUND', 404, {
  message: (d: { pluginId: string }) => `The registry has no plugin "${d.pluginId}".`,
  hint: 'Check the id, or refresh the registry.',
});
