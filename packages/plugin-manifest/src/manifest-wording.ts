import { MANIFEST_SCHEMA, REGISTRY_SCHEMA } from '@verifywise/plugin-types';
import { isPluginId } from './naming.js';
import type { PatternWording, Wording } from './schema-issues.js';

const { pluginId, version, webUrl, configSchema } = MANIFEST_SCHEMA.definitions;
const { location, entry } = REGISTRY_SCHEMA.definitions;

const webUrlWording = {
  message: 'must be an http or https address',
  hint: 'Such as https://example.com/docs.',
};

const fileWording = {
  message: 'must name a file of the package',
  hint: 'Write a relative path with forward slashes, such as index.js.',
};

/** `Slack_Notifications` → `slack-notifications`, if that makes an id. */
function toPluginId(text: string): string | undefined {
  const id = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+|-$/g, '');
  return isPluginId(id) ? id : undefined;
}

/** What the schemas' patterns and formats mean, in words. */
export const MANIFEST_WORDING: PatternWording = new Map<string, Wording>([
  [
    pluginId.pattern,
    {
      message: 'must be lower-case words joined by single hyphens',
      hint: 'Start with a letter; use a-z, 0-9 and single hyphens, such as slack-notifications.',
      suggest: toPluginId,
    },
  ],
  [
    version.pattern,
    { message: 'must be a version, X.Y or X.Y.Z', hint: 'Such as 1.2.0; a prerelease is 1.2.0-beta.1.' },
  ],
  [webUrl.pattern, webUrlWording],
  [webUrl.format, webUrlWording],
  [
    configSchema.propertyNames.pattern,
    {
      message: 'must have a name of letters, digits and underscores',
      hint: 'Start with a letter, use 64 characters at most, such as webhookUrl.',
    },
  ],
  [MANIFEST_SCHEMA.properties.main.pattern, fileWording],
  [
    location.pattern,
    {
      message: 'must be an http, https or file address, or one relative to the registry',
      hint: 'Such as https://github.com/owner/repository/releases/download/tag/file.zip.',
    },
  ],
  [
    entry.properties.checksum.pattern,
    { message: 'must be sha256: followed by 64 lower-case hexadecimal digits' },
  ],
]);
