import { defineError } from './host-error.js';

/** Configuration and secrets. */

export interface ConfigIssueDetail {
  readonly field: string;
  readonly message: string;
}

export const configInvalid = defineError('CONFIG_INVALID', 422, {
  message: (d: { issues: readonly ConfigIssueDetail[] }) =>
    `settings validation failed: ${d.issues.map((issue) => `${issue.field}: ${issue.message}`).join('; ')}`,
  hint: 'Nothing was saved. Correct the fields named and save again.',
});

export const configRequired = defineError('CONFIG_REQUIRED', 409, {
  message: (d: { pluginId: string; missing: readonly string[] }) =>
    `Plugin "${d.pluginId}" cannot be enabled until it is configured: ${d.missing.join(', ')}.`,
  hint: 'Fill in the settings named, then enable it.',
});

export const configKeyUnknown = defineError('CONFIG_KEY_UNKNOWN', 422, {
  message: (d: { pluginId: string; key: string }) => `Plugin "${d.pluginId}" has no setting "${d.key}".`,
  hint: 'Declare it in the manifest’s config.',
});

export const configConflict = defineError('CONFIG_CONFLICT', 412, {
  message: (d: { pluginId: string }) =>
    `The configuration of "${d.pluginId}" was changed by someone else meanwhile.`,
  hint: 'Load it again, then repeat the change.',
});

export const secretsKeyMissing = defineError('SECRETS_KEY_MISSING', 503, {
  message: (_: object) => 'Secrets cannot be stored: the host has no secrets key.',
  hint: 'Set PLUGIN_SECRETS_KEY to 32 random bytes as 64 hexadecimal or 44 base64 characters.',
});

export const secretsKeyInvalid = defineError('SECRETS_KEY_INVALID', 500, {
  message: (d: { reason: string }) => `The secrets key is not valid: ${d.reason}`,
  hint: 'It must be 32 bytes, written as 64 hexadecimal or 44 base64 characters. `openssl rand -hex 32` makes one.',
});

export const secretsKeyMismatch = defineError('SECRETS_KEY_MISMATCH', 500, {
  message: (_: object) => 'The secrets in this database were encrypted with another key.',
  hint: 'Start with the key they were encrypted with, or add it to the previous keys.',
});

export const secretCorrupt = defineError('SECRET_CORRUPT', 500, {
  message: (d: { pluginId: string; field: string }) =>
    `The secret "${d.field}" of plugin "${d.pluginId}" cannot be decrypted.`,
  hint: 'It was damaged, or moved from another field, plugin or tenant. Enter it again.',
});

export const optionInvalid = defineError('OPTION_INVALID', 500, {
  message: (d: { option: string; reason: string }) => `createPluginHost: ${d.option} ${d.reason}.`,
  hint: 'docs/embedding.md lists every option and what it takes.',
});
