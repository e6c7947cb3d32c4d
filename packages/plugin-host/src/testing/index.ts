export { type PackedPlugin, packPlugin } from './pack-plugin.js';
export { createTestDatabase, TEST_SERVER_KEY, type TestDatabase, type TestServer } from './test-database.js';
export {
  type LogLine,
  startTestHost,
  type TestAnswer,
  type TestHost,
  type TestHostOptions,
} from './test-host.js';
export { type PluginFiles, type PublishedPlugin, TestRegistry, testManifest } from './test-registry.js';
