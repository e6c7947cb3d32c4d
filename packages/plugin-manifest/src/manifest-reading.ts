import { type ManifestIssue, pointerTo } from './issue.js';
import { isObject, type JsonObject } from './json-document.js';

/** A manifest as it was written, brought to the strict form. */
interface ManifestReading {
  readonly value: JsonObject;
  /** What was not in the strict form. */
  readonly warnings: readonly ManifestIssue[];
  /** Pointers in `value` → where it stood in what was written, for the paths of issues. */
  readonly moved: ReadonlyMap<string, string>;
}

/** Notes what is not in the strict form while it is brought there. */
export class ReadingNotes {
  readonly warnings: ManifestIssue[] = [];
  readonly moved = new Map<string, string>();

  warn(path: string, message: string, hint: string): void {
    this.warnings.push({ path, message, hint });
  }

  /** The value of `from` now stands at `to`; both are keys of what `parent` points to. */
  move(parent: string, from: string, to: string): void {
    this.moved.set(pointerTo(parent, to), pointerTo(parent, from));
  }
}

/**
 * Brings the forms met in practice to the strict one: an author as text, no tags, `minCoreVersion`, settings
 * of type `select`, widgets with `id`. What is of the wrong type stays as it is, for the schema to report.
 */
export function readManifest(written: JsonObject): ManifestReading {
  const notes = new ReadingNotes();
  const value: JsonObject = { ...written };
  if (typeof value.author === 'string') value.author = readAuthor(value.author, '', notes);
  if (value.tags === undefined) {
    value.tags = [];
    notes.warn('/tags', 'is required', 'Add "tags": [].');
  }
  if (isObject(value.compatibility)) value.compatibility = readCompatibility(value.compatibility, '', notes);
  if (isObject(value.config)) value.config = readFields(value.config, '/config', notes);
  if (isObject(value.ui)) value.ui = readUi(value.ui, value.name, notes);
  return { value, warnings: notes.warnings, moved: notes.moved };
}

/** `Name <email> (url)`, as npm writes it; name alone in most cases. */
export function readAuthor(written: string, parent: string, notes: ReadingNotes): JsonObject {
  notes.warn(`${parent}/author`, 'must be an object', `Write {"name": ${JSON.stringify(written)}}.`);
  const url = /\((https?:\/\/[^()\s]+)\)\s*$/.exec(written)?.[1];
  const name = written.split(/[<(]/, 1)[0]?.trim() ?? '';
  return url === undefined ? { name } : { name, url };
}

export function readCompatibility(written: JsonObject, parent: string, notes: ReadingNotes): JsonObject {
  if (written.minCoreVersion === undefined) return written;
  const { minCoreVersion, ...rest } = written;
  const path = `${parent}/compatibility`;
  notes.warn(`${path}/minCoreVersion`, 'is an older name of minVersion', 'Rename it to "minVersion".');
  if (rest.minVersion !== undefined) return rest;
  notes.move(path, 'minCoreVersion', 'minVersion');
  return { ...rest, minVersion: minCoreVersion };
}

function readFields(fields: JsonObject, path: string, notes: ReadingNotes): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, readField(field, pointerTo(path, key), notes)]),
  );
}

function readField(written: unknown, path: string, notes: ReadingNotes): unknown {
  if (!isObject(written)) return written;
  if (written.type === 'select') return readSelect(written, path, notes);
  const field = { ...written };
  if (field.items !== undefined) field.items = readField(field.items, `${path}/items`, notes);
  if (isObject(field.properties))
    field.properties = readFields(field.properties, `${path}/properties`, notes);
  return field;
}

function readSelect(written: JsonObject, path: string, notes: ReadingNotes): JsonObject {
  notes.warn(
    `${path}/type`,
    '"select" is not a type',
    'Write "type": "string" and name the choices in "enum".',
  );
  const { options, ...rest } = written;
  if (options === undefined) return { ...rest, type: 'string' };
  notes.move(path, 'options', 'enum');
  // Choices are met as plain strings and as {value, label}.
  const choices = Array.isArray(options)
    ? options.map((option) => (isObject(option) && 'value' in option ? option.value : option))
    : options;
  return { ...rest, type: 'string', enum: choices };
}

function readUi(written: JsonObject, name: unknown, notes: ReadingNotes): JsonObject {
  const ui = { ...written };
  if (Array.isArray(ui.dashboardWidgets)) {
    ui.dashboardWidgets = ui.dashboardWidgets.map((widget, index) => readWidget(widget, index, notes));
  }
  if (isObject(ui.page) && ui.page.title === undefined && typeof name === 'string') {
    ui.page = { ...ui.page, title: name };
    notes.warn('/ui/page/title', 'is required', 'Give the page a title; the plugin’s name is used.');
  }
  return ui;
}

function readWidget(widget: unknown, index: number, notes: ReadingNotes): unknown {
  if (!isObject(widget) || widget.id === undefined || widget.widgetId !== undefined) return widget;
  const path = `/ui/dashboardWidgets/${index}`;
  const { id, ...rest } = widget;
  notes.warn(`${path}/id`, 'is an older name of widgetId', 'Rename it to "widgetId".');
  notes.move(path, 'id', 'widgetId');
  return { ...rest, widgetId: id };
}

/** The issue at the place where what it is about was written. */
export function whereWritten<T extends ManifestIssue>(issue: T, moved: ReadonlyMap<string, string>): T {
  for (const [to, from] of moved) {
    if (issue.path === to || issue.path.startsWith(`${to}/`)) {
      return { ...issue, path: from + issue.path.slice(to.length) };
    }
  }
  return issue;
}
