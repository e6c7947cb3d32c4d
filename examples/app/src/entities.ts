import { PluginFilter } from '@verifywise/plugin-types';
import type { Entity } from './entity.js';

const TEXT_LIMIT = 500;

/** The value, `undefined` where there is none and none is needed, or what is wrong. */
function readText(
  body: Record<string, unknown>,
  field: string,
  required: boolean,
): { text?: string; wrong?: string } {
  const value = body[field];
  if (value === undefined || value === null) return required ? { wrong: `${field} is required.` } : {};
  if (typeof value !== 'string' || value.trim() === '')
    return { wrong: `${field} must be a text that is not empty.` };
  if (value.length > TEXT_LIMIT) return { wrong: `${field} may have ${TEXT_LIMIT} characters.` };
  if (value.includes('\0')) return { wrong: `${field} may not hold a NUL character.` };
  return { text: value };
}

export const PROJECT: Entity<'projects'> = {
  table: 'projects',
  name: 'project',
  filter: PluginFilter.PROJECT_BEFORE_SAVE,
  read: (body, isNew) => {
    const name = readText(body, 'name', isNew);
    const description = readText(body, 'description', false);
    return (
      name.wrong ??
      description.wrong ?? {
        ...(name.text === undefined ? {} : { name: name.text }),
        ...(description.text === undefined ? {} : { description: description.text }),
      }
    );
  },
};

export const RISK: Entity<'risks'> = {
  table: 'risks',
  name: 'risk',
  filter: PluginFilter.RISK_BEFORE_SAVE,
  read: (body, isNew) => {
    const title = readText(body, 'title', isNew);
    const severity = readText(body, 'severity', isNew);
    const { projectId } = body;
    if (projectId !== undefined && projectId !== null && !Number.isInteger(projectId)) {
      return 'projectId must be a whole number.';
    }
    return (
      title.wrong ??
      severity.wrong ?? {
        ...(title.text === undefined ? {} : { title: title.text }),
        ...(severity.text === undefined ? {} : { severity: severity.text }),
        ...(projectId === undefined ? {} : { projectId }),
      }
    );
  },
};
