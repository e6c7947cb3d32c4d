import type { Permission } from '@verifywise/plugin-types';
import { defineError, HostError } from './host-error.js';

/** What a running plugin can run into. */

/** Thrown by a member of the context the manifest did not ask permission for (§6.1). The plugin stays enabled. */
export class PermissionDeniedError extends HostError {
  override readonly name = 'PermissionDeniedError';
}

export const permissionDenied = defineError(
  'PERMISSION_DENIED',
  403,
  {
    message: (d: { pluginId: string; member: string; required: readonly Permission[] }) =>
      `Plugin "${d.pluginId}" may not use ${d.member}: its manifest does not declare ${d.required.join(' or ')}.`,
    hint: (d) => `Add "${d.required[0]}" to the manifest's permissions.`,
  },
  PermissionDeniedError,
);

export const contextRevoked = defineError('CONTEXT_REVOKED', 409, {
  message: (d: { pluginId: string; member: string }) =>
    `${d.member} was called after plugin "${d.pluginId}" was unloaded.`,
  hint: 'A timer or promise outlived the plugin. Clear it in onDisable or onUnload.',
});

export const pluginTimeout = defineError('PLUGIN_TIMEOUT', 504, {
  message: (d: { pluginId: string; callback: string; ms: number }) =>
    `${d.callback} of plugin "${d.pluginId}" did not finish within ${d.ms} ms.`,
  hint: 'Answer sooner: check that every path answers, and begin long work without awaiting it.',
});

export const pluginFailed = defineError('PLUGIN_ERROR', 500, {
  message: (d: { pluginId: string; callback: string }) => `${d.callback} of plugin "${d.pluginId}" failed.`,
  hint: 'The plugin’s errors have the details.',
});

export const eventRecursion = defineError('EVENT_RECURSION', 500, {
  message: (d: { event: string; depth: number }) => `Event ${d.event} was emitted ${d.depth} events deep.`,
  hint: 'Handlers emit events that trigger each other. Break the circle.',
});

export const payloadInvalid = defineError('PAYLOAD_INVALID', 400, {
  message: (d: { event: string; reason: string }) =>
    `The payload of ${d.event} cannot be delivered: ${d.reason}`,
  hint: 'Emit what JSON can hold; objects may define toJSON.',
});

export const handlerInvalid = defineError('HANDLER_INVALID', 400, {
  message: (d: { member: string; reason: string }) => `${d.member}: ${d.reason}`,
  hint: 'Pass a name and a function.',
});

export const uiExtensionsInvalid = defineError('UI_EXTENSIONS_INVALID', 422, {
  message: (d: { pluginId: string; problems: readonly string[] }) =>
    `uiExtensions of plugin "${d.pluginId}": ${d.problems.join('; ')}.`,
  hint: 'What is named is not shown. Correct it in the plugin’s code, or leave it out.',
});

export const filterRecursion = defineError('FILTER_RECURSION', 500, {
  message: (d: { filter: string; depth: number }) =>
    `Filter ${d.filter} was applied ${d.depth} filters deep.`,
  hint: 'Filters apply filters that lead back to them. Break the circle.',
});

export const filterResultMissing = defineError('FILTER_RESULT_MISSING', 500, {
  message: (d: { pluginId: string; filter: string }) =>
    `Filter ${d.filter} of plugin "${d.pluginId}" returned nothing.`,
  hint: 'Return the value to go on with, changed or not.',
});
