import { MANIFEST_SCHEMA, REGISTRY_SCHEMA } from '@verifywise/plugin-types';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { minimalManifest, specificationJson } from '../test/specification.js';

/** As a CI job would use the published schemas: another Ajv, as strict as it gets. */
const strict = () => addFormats.default(new Ajv({ strict: true, strictTypes: true, allErrors: true }));
const valid = (schema: object, value: unknown) => strict().validate(schema, value);

describe('MANIFEST_SCHEMA', () => {
  it('is a schema that any strict validator takes', () => {
    expect(strict().validateSchema(MANIFEST_SCHEMA)).toBe(true);
    expect(strict().validateSchema(REGISTRY_SCHEMA)).toBe(true);
    expect(JSON.parse(JSON.stringify(MANIFEST_SCHEMA))).toEqual(MANIFEST_SCHEMA);
  });

  it.each(['§4 Plugin Manifest', 'Appendix C manifest.json'])('accepts the manifest of %s', (heading) => {
    expect(valid(MANIFEST_SCHEMA, JSON.parse(specificationJson(heading)))).toBe(true);
  });

  it('accepts the configuration of §7.1', () => {
    expect(
      valid(MANIFEST_SCHEMA, minimalManifest(JSON.parse(specificationJson('§7.1 Configuration Schema')))),
    ).toBe(true);
  });

  it.each<[string, object]>([
    ['an unknown field', { custom: 1 }],
    ['an author as text', { author: 'A' }],
    ['an unknown permission', { permissions: ['config:raed'] }],
    ['a setting of type select', { config: { a: { type: 'select', options: [] } } }],
    ['an option of another type', { config: { a: { type: 'number', pattern: 'x' } } }],
    ['a default on a secret', { config: { a: { type: 'string', secret: true, default: 'x' } } }],
    ['a list without items', { config: { a: { type: 'array' } } }],
    ['minCoreVersion', { compatibility: { minCoreVersion: '1.0.0' } }],
  ])('asks for the strict form: refuses %s', (_, changes) => {
    expect(valid(MANIFEST_SCHEMA, minimalManifest())).toBe(true);
    expect(valid(MANIFEST_SCHEMA, minimalManifest(changes))).toBe(false);
  });
});

describe('REGISTRY_SCHEMA', () => {
  const written = JSON.parse(specificationJson('§8.3 Registry Format'));
  const withChecksum = (checksum: string) => ({ ...written, plugins: [{ ...written.plugins[0], checksum }] });

  it('accepts the registry of §8.3 with a whole checksum, and only then', () => {
    expect(valid(REGISTRY_SCHEMA, withChecksum(`sha256:${'a'.repeat(64)}`))).toBe(true);
    expect(valid(REGISTRY_SCHEMA, written)).toBe(false);
  });
});
