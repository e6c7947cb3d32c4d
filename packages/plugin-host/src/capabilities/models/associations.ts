import type { AssociationType } from '@verifywise/plugin-types';
import { modelInvalid, modelNotFound, modelQueryInvalid } from '../../foundation/errors/index.js';
import type { Association, ModelDefinition } from './model-definition.js';
import { lowerFirst, requireColumnName, requireModelName } from './model-names.js';
import { ownProperties } from './own-properties.js';
import type { RowSource } from './row-source.js';

const TYPES: readonly AssociationType[] = ['belongsTo', 'hasOne', 'hasMany', 'belongsToMany'];
const OPTIONS: readonly string[] = ['foreignKey', 'as', 'through', 'otherKey'];

/**
 * Reads what `associate` was given. Without options the foreign key is `userId` for `User`, and the other side is
 * found under the target's name.
 *
 * @throws MODEL_INVALID, IDENTIFIER_TOO_LONG
 */
export function parseAssociation(
  definition: ModelDefinition,
  given: { type: unknown; target: unknown; options: unknown },
): Association {
  const model = definition.name;
  const refuse = (field: string, reason: string) =>
    modelInvalid({ model, field: `associate.${field}`, reason });
  const type = TYPES.find((name) => name === given.type);
  if (!type) throw refuse('type', `${JSON.stringify(given.type) ?? 'that'} is none of ${TYPES.join(', ')}`);
  const target = requireModelName(given.target);
  const members = given.options === undefined ? [] : ownProperties(given.options);
  if (!members) throw refuse('options', 'it is not an object');
  const unknown = members.find(([option]) => !OPTIONS.includes(option));
  if (unknown) throw refuse(unknown[0], 'there is no such option');
  const options = Object.fromEntries(members);
  const named = (option: string, otherwise: string): string =>
    requireColumnName(model, `associate.${option}`, options[option] ?? otherwise);
  const as = named('as', target);
  if (definition.columns.some((column) => column.name === as)) throw refuse('as', `${as} is an attribute`);
  const owner = type === 'belongsTo' ? target : model;
  const association = { type, target, as, foreignKey: named('foreignKey', `${lowerFirst(owner)}Id`) };
  if (type !== 'belongsToMany') return association;
  if (options.through === undefined) throw refuse('through', 'the model in between is missing');
  return {
    ...association,
    through: requireModelName(options.through),
    otherKey: named('otherKey', `${lowerFirst(target)}Id`),
  };
}

/** How the rows of one model find those of another. */
export interface Link {
  readonly many: boolean;
  readonly target: RowSource;
  /** The column of the model itself, and that of the target, or of `through`, which is equal to it. */
  readonly from: string;
  readonly to: string;
  readonly through?: { readonly source: RowSource; readonly from: string; readonly to: string };
}

/**
 * Finds both ends of an association.
 *
 * @throws MODEL_NOT_FOUND, MODEL_INVALID where a key is not an attribute
 */
export function resolveLink(
  source: Pick<RowSource, 'name' | 'columns' | 'primaryKey'>,
  association: Association,
  find: (model: string) => RowSource | undefined,
): Link {
  const model = source.name;
  const need = (name: string): RowSource => {
    const found = find(name);
    if (!found) throw modelNotFound({ model: name });
    return found;
  };
  const key = (of: Pick<RowSource, 'name' | 'primaryKey'>): string => {
    const [name, ...more] = of.primaryKey;
    if (name === undefined || more.length > 0) {
      throw modelInvalid({ model, field: association.as, reason: `${of.name} has no key of one attribute` });
    }
    return name;
  };
  const attribute = (of: Pick<RowSource, 'name' | 'columns'>, name: string): string => {
    if (of.columns.some((column) => column.name === name)) return name;
    throw modelInvalid({ model, field: association.as, reason: `${of.name} has no attribute ${name}` });
  };
  const { type, foreignKey, through, otherKey = '' } = association;
  const target = need(association.target);
  if (type === 'belongsTo') {
    return { many: false, target, from: attribute(source, foreignKey), to: key(target) };
  }
  if (through === undefined) {
    return { many: type === 'hasMany', target, from: key(source), to: attribute(target, foreignKey) };
  }
  const between = need(through);
  if (!between.local)
    throw modelInvalid({ model, field: association.as, reason: `${through} is not the plugin's` });
  return {
    many: true,
    target,
    from: key(source),
    to: key(target),
    through: {
      source: between,
      from: attribute(between, foreignKey),
      to: attribute(between, otherKey),
    },
  };
}

/**
 * The association an `include` means: by its `as`, or by the name of the model where there is one to it.
 *
 * @throws MODEL_QUERY_INVALID
 */
export function requireAssociation(
  model: string,
  associations: readonly Association[],
  { model: name, as }: { model: unknown; as?: unknown },
): Association {
  const candidates = associations.filter((association) =>
    as === undefined
      ? association.as === name || association.target === name
      : association.as === as && (association.target === name || association.as === name),
  );
  const exact = candidates.filter((association) => association.as === (as ?? name));
  const [found, ...more] = exact.length > 0 ? exact : candidates;
  const refuse = (reason: string) => modelQueryInvalid({ model, field: 'include', reason });
  if (!found) throw refuse(`nothing is associated as ${JSON.stringify(as ?? name) ?? 'that'}`);
  if (more.length > 0) throw refuse(`several associations lead to ${String(name)}: say which with "as"`);
  return found;
}
