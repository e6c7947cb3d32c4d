import { type ConfigValidator, createConfigValidator } from '@verifywise/plugin-manifest';
import type { ConfigSchema } from '@verifywise/plugin-types';

/** Schemas whose validator is kept. Compiling one takes about half a millisecond; tenants of one plugin share it. */
const MAX_VALIDATORS = 500;

/** The validators of the schemas in use. */
export class ConfigValidators {
  readonly #validators = new Map<string, ConfigValidator>();

  of(schema: ConfigSchema): ConfigValidator {
    const text = JSON.stringify(schema);
    const known = this.#validators.get(text);
    if (known) return known;
    const validator = createConfigValidator(schema);
    if (this.#validators.size >= MAX_VALIDATORS) {
      const oldest = this.#validators.keys().next().value;
      if (oldest !== undefined) this.#validators.delete(oldest);
    }
    this.#validators.set(text, validator);
    return validator;
  }
}
