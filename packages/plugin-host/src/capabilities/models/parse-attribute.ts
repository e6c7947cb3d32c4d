import type { ModelDataType, ReferentialAction } from '@verifywise/plugin-types';
import { modelInvalid } from '../../foundation/errors/index.js';
import { toColumnValue, ValueRefused } from './column-value.js';
import type { Column, ColumnDefault, Reference } from './model-definition.js';
import { requireColumnName } from './model-names.js';
import { ownProperties } from './own-properties.js';

/** How many sizes each type may have in parentheses. */
const TYPES: Readonly<Record<ModelDataType, number>> = {
  STRING: 1,
  TEXT: 0,
  INTEGER: 0,
  BIGINT: 0,
  FLOAT: 0,
  DOUBLE: 0,
  DECIMAL: 2,
  BOOLEAN: 0,
  DATE: 0,
  DATEONLY: 0,
  JSON: 0,
  JSONB: 0,
  UUID: 0,
  ENUM: 0,
};

const ACTIONS: readonly string[] = ['CASCADE', 'SET NULL', 'SET DEFAULT', 'RESTRICT', 'NO ACTION'];

const OPTIONS = [
  'type',
  'allowNull',
  'defaultValue',
  'primaryKey',
  'autoIncrement',
  'unique',
  'values',
  'references',
  'onDelete',
  'onUpdate',
] as const;
type Options = Partial<Record<(typeof OPTIONS)[number], unknown>>;

const CALLS: Readonly<Record<string, 'now' | 'uuid'>> = {
  NOW: 'now',
  'NOW()': 'now',
  CURRENT_TIMESTAMP: 'now',
  UUIDV1: 'uuid',
  UUIDV4: 'uuid',
  'GEN_RANDOM_UUID()': 'uuid',
};

/** Reads one attribute of a definition (§22.5). `refuse` makes an error of what is wrong with it. */
class AttributeReader {
  readonly #model: string;
  readonly #name: string;
  readonly #options: Options;

  constructor(model: string, name: string, options: Options) {
    this.#model = model;
    this.#name = name;
    this.#options = options;
  }

  column(): Column {
    const { type, size } = this.#type();
    const values = this.#values(type);
    const primaryKey = this.#flag('primaryKey', false);
    const autoIncrement = this.#flag('autoIncrement', false);
    if (autoIncrement && type !== 'INTEGER' && type !== 'BIGINT') {
      throw this.#refuse('autoIncrement', 'only INTEGER and BIGINT count');
    }
    if (autoIncrement && (this.#options.defaultValue ?? null) !== null) {
      throw this.#refuse('defaultValue', 'what counts has no default');
    }
    const allowNull = this.#flag('allowNull', true) && !primaryKey && !autoIncrement;
    const given = this.#default({ name: this.#name, type, ...(values && { values }) });
    const references = this.#references(allowNull);
    return {
      name: this.#name,
      type,
      ...(size.length > 0 && { size }),
      allowNull,
      primaryKey,
      autoIncrement,
      unique: this.#flag('unique', false),
      ...(values && { values }),
      ...(given && { default: given }),
      ...(references && { references }),
    };
  }

  #type(): { type: ModelDataType; size: readonly number[] } {
    const given = this.#options.type;
    const parts =
      typeof given === 'string'
        ? /^([A-Za-z]+)(?:\(\s*(\d{1,8})(?:\s*,\s*(\d{1,8}))?\s*\))?$/.exec(given)
        : null;
    const name = parts?.[1]?.toUpperCase() ?? '';
    if (!Object.hasOwn(TYPES, name)) {
      throw this.#refuse('type', `${JSON.stringify(given)} is none of ${Object.keys(TYPES).join(', ')}`);
    }
    const type = name as ModelDataType;
    const size = (parts ?? []).slice(2).flatMap((digits) => (digits === undefined ? [] : [Number(digits)]));
    const [first = 1, second = 0] = size;
    const largest = type === 'STRING' ? 10_485_760 : 1_000;
    if (size.length > TYPES[type] || first < 1 || first > largest || second > first) {
      throw this.#refuse('type', `${JSON.stringify(given)} is not a size ${type} can have`);
    }
    return { type, size };
  }

  #values(type: ModelDataType): readonly string[] | undefined {
    const { values } = this.#options;
    if (type !== 'ENUM') {
      if (values !== undefined) throw this.#refuse('values', 'only an ENUM has values');
      return undefined;
    }
    const list: readonly unknown[] = Array.isArray(values) ? [...values] : [];
    const texts = list.filter((value) => typeof value === 'string');
    if (list.length === 0 || texts.length !== list.length) {
      throw this.#refuse('values', 'an ENUM needs an array of texts');
    }
    if (new Set(texts).size !== texts.length) throw this.#refuse('values', 'one of them occurs twice');
    if (texts.some((value) => value.includes('\0') || /\p{Surrogate}/u.test(value))) {
      throw this.#refuse('values', 'one of them cannot be stored as text');
    }
    return texts;
  }

  #default(column: {
    name: string;
    type: ModelDataType;
    values?: readonly string[];
  }): ColumnDefault | undefined {
    const { defaultValue } = this.#options;
    if (defaultValue === undefined || defaultValue === null) return undefined;
    if (typeof defaultValue === 'function') {
      throw this.#refuse('defaultValue', "a function cannot be stored; 'NOW' and 'UUIDV4' are known by name");
    }
    if (typeof defaultValue === 'string') {
      const call = CALLS[defaultValue.toUpperCase()];
      if (call === 'now' && (column.type === 'DATE' || column.type === 'DATEONLY')) return { call };
      if (call === 'uuid' && column.type === 'UUID') return { call };
    }
    try {
      return { text: String(toColumnValue(column, defaultValue)) };
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      throw this.#refuse('defaultValue', error.message);
    }
  }

  #references(allowNull: boolean): Reference | undefined {
    const { references } = this.#options;
    const actions = {
      onDelete: this.#action('onDelete', allowNull),
      onUpdate: this.#action('onUpdate', allowNull),
    };
    if (references === undefined) {
      if (actions.onDelete || actions.onUpdate)
        throw this.#refuse('references', 'onDelete and onUpdate need it');
      return undefined;
    }
    const members = Object.fromEntries(ownProperties(references) ?? []);
    const { model, key = 'id', ...more } = members;
    if (Object.keys(more).length > 0) {
      throw this.#refuse('references', `${Object.keys(more).join(', ')} is not part of it`);
    }
    return {
      model: requireColumnName(this.#model, `${this.#name}.references.model`, model),
      key: requireColumnName(this.#model, `${this.#name}.references.key`, key),
      ...(actions.onDelete && { onDelete: actions.onDelete }),
      ...(actions.onUpdate && { onUpdate: actions.onUpdate }),
    };
  }

  #action(option: 'onDelete' | 'onUpdate', allowNull: boolean): ReferentialAction | undefined {
    const given = this.#options[option];
    if (given === undefined) return undefined;
    const action = typeof given === 'string' ? given.toUpperCase() : '';
    if (!ACTIONS.includes(action)) {
      throw this.#refuse(
        option,
        `${JSON.stringify(given) ?? String(given)} is none of ${ACTIONS.join(', ')}`,
      );
    }
    if (action === 'SET NULL' && !allowNull) throw this.#refuse(option, 'SET NULL needs allowNull');
    return action as ReferentialAction;
  }

  #flag(option: 'allowNull' | 'primaryKey' | 'autoIncrement' | 'unique', otherwise: boolean): boolean {
    const given = this.#options[option];
    if (given === undefined) return otherwise;
    if (typeof given !== 'boolean') throw this.#refuse(option, 'it is neither true nor false');
    return given;
  }

  #refuse(option: string, reason: string) {
    return modelInvalid({ model: this.#model, field: `${this.#name}.${option}`, reason });
  }
}

/** @throws MODEL_INVALID naming the attribute and option, IDENTIFIER_TOO_LONG */
export function parseAttribute(model: string, name: string, definition: unknown): Column {
  requireColumnName(model, name, name);
  const options = ownProperties(definition);
  if (!options) throw modelInvalid({ model, field: name, reason: 'an attribute is an object with a type' });
  const unknown = options.find(([option]) => !(OPTIONS as readonly string[]).includes(option));
  if (unknown) {
    throw modelInvalid({ model, field: `${name}.${unknown[0]}`, reason: 'there is no such option' });
  }
  return new AttributeReader(model, name, Object.fromEntries(options)).column();
}
