import { defineError } from './host-error.js';

/** Installing, enabling, disabling, uninstalling, and what stands in the way. */

export const pluginNotInstalled = defineError('PLUGIN_NOT_INSTALLED', 404, {
  message: (d: { pluginId: string }) => `Plugin "${d.pluginId}" is not installed.`,
  hint: 'Install it first.',
});

export const pluginAlreadyInstalled = defineError('PLUGIN_ALREADY_INSTALLED', 409, {
  message: (d: { pluginId: string; version: string }) =>
    `Plugin "${d.pluginId}" is already installed, in version ${d.version}.`,
  hint: 'To replace it, uninstall it first; its data is kept unless you ask otherwise.',
});

export const pluginNotEnabled = defineError('PLUGIN_NOT_ENABLED', 404, {
  message: (d: { pluginId: string }) => `Plugin "${d.pluginId}" is not enabled.`,
  hint: 'An administrator can enable it.',
});

export const transitionInvalid = defineError('TRANSITION_INVALID', 409, {
  message: (d: { pluginId: string; state: string; action: string }) =>
    `Plugin "${d.pluginId}" is ${d.state}; it cannot ${d.action} now.`,
  hint: 'Look at its state and last error first.',
});

export const operationInProgress = defineError('OPERATION_IN_PROGRESS', 409, {
  message: (d: { pluginId: string; operationId?: string; kind?: string }) =>
    `Plugin "${d.pluginId}" is being changed by another operation${d.kind ? ` (${d.kind})` : ''}.`,
  hint: 'Wait for it to finish, then try again.',
});

export const hookFailed = defineError('HOOK_FAILED', 422, {
  message: (d: { pluginId: string; hook: string; reason: string }) =>
    `${d.hook} of plugin "${d.pluginId}" failed: ${d.reason}`,
  hint: 'The stack trace is in the host’s log and, once the plugin is installed, among its errors. Correct the cause, then try again.',
});

export const hookTimeout = defineError('HOOK_TIMEOUT', 504, {
  message: (d: { pluginId: string; hook: string; ms: number }) =>
    `${d.hook} of plugin "${d.pluginId}" did not finish within ${d.ms} ms.`,
  hint: 'A hook must finish: await only what it needs, and begin long work from a timer.',
});

export const hostVersionTooOld = defineError('HOST_VERSION_TOO_OLD', 409, {
  message: (d: { pluginId: string; required: string; hostVersion: string }) =>
    `Plugin "${d.pluginId}" requires version ${d.required} or higher; this is ${d.hostVersion}.`,
  hint: 'Update the application, or install an older version of the plugin.',
});

export const pluginApiUnsupported = defineError('PLUGIN_API_UNSUPPORTED', 409, {
  message: (d: { pluginId: string; required: number; supported: number }) =>
    `Plugin "${d.pluginId}" needs plugin API ${d.required}; this host offers ${d.supported}.`,
  hint: 'Update the application.',
});

export const dependencyMissing = defineError('DEPENDENCY_MISSING', 409, {
  message: (d: { pluginId: string; missing: readonly string[] }) =>
    `Plugin "${d.pluginId}" needs ${d.missing.join(', ')}, which ${d.missing.length === 1 ? 'is' : 'are'} not installed.`,
  hint: 'Install what is missing first.',
});

export const dependencyVersion = defineError('DEPENDENCY_VERSION', 409, {
  message: (d: { pluginId: string; dependency: string; range: string; version: string }) =>
    `Plugin "${d.pluginId}" needs "${d.dependency}" ${d.range}; ${d.version} is installed.`,
  hint: 'Install the dependency in a version inside that range first.',
});

export const dependencyDisabled = defineError('DEPENDENCY_DISABLED', 409, {
  message: (d: { pluginId: string; dependencies: readonly string[] }) =>
    `Plugin "${d.pluginId}" needs ${d.dependencies.join(', ')} enabled.`,
  hint: 'Enable the dependency first.',
});

export const dependencyCycle = defineError('DEPENDENCY_CYCLE', 409, {
  message: (d: { path: readonly string[] }) =>
    `The plugins depend on each other in a circle: ${d.path.join(' → ')}.`,
  hint: 'One of them must drop its dependency.',
});

export const hasDependents = defineError('HAS_DEPENDENTS', 409, {
  message: (d: { pluginId: string; dependents: readonly string[] }) =>
    `${d.dependents.join(', ')} depend${d.dependents.length === 1 ? 's' : ''} on plugin "${d.pluginId}".`,
  hint: 'Disable or uninstall those first.',
});

export const strictStartup = defineError('STRICT_STARTUP', 500, {
  message: (d: { skipped: readonly { tenant: string; pluginId: string; code: string; message: string }[] }) =>
    `The host did not start, because these plugins could not: ${d.skipped
      .map(({ tenant, pluginId, code }) => `${pluginId} of ${tenant} (${code})`)
      .join(', ')}.`,
  hint: 'Mend or disable them, or start without strictStartup.',
});
