import {
  type DashboardWidgetDeclaration,
  type Plugin,
  type PluginPage,
  WIDGET_TEMPLATES,
} from '@verifywise/plugin-types';

/** What a plugin's code declares in `uiExtensions`, sorted into what can be shown and what cannot. */
export interface DeclaredUi {
  readonly dashboardWidgets: readonly DashboardWidgetDeclaration[];
  readonly page: PluginPage | undefined;
  /** What is left out and why, e.g. `dashboardWidgets[2].title is missing`. */
  readonly problems: readonly string[];
}

/** What the manifest's schema says of its `ui` (§13.3) has to hold for code as well, which no schema has seen. */
export function readDeclaredUi({ uiExtensions }: Plugin): DeclaredUi {
  const problems: string[] = [];
  const isShown = (value: unknown, place: string, check: (fields: Fields) => string | undefined): boolean => {
    const problem = isFields(value) ? check(value) : ' is not an object';
    if (problem !== undefined) problems.push(`${place}${problem}`);
    return problem === undefined;
  };
  const declared: unknown = uiExtensions?.dashboardWidgets ?? [];
  if (!Array.isArray(declared)) problems.push('dashboardWidgets is not an array');
  const dashboardWidgets = (Array.isArray(declared) ? declared : []).filter((widget, index) =>
    isShown(widget, `dashboardWidgets[${index}]`, widgetProblem),
  );
  const page = uiExtensions?.page ?? undefined;
  const hasPage = page !== undefined && isShown(page, 'page', pageProblem);
  return { dashboardWidgets, page: hasPage ? page : undefined, problems };
}

type Fields = Readonly<Record<string, unknown>>;

function widgetProblem(widget: Fields): string | undefined {
  return (
    textProblem(widget, 'widgetId') ??
    textProblem(widget, 'title') ??
    textProblem(widget, 'template') ??
    ((WIDGET_TEMPLATES as readonly unknown[]).includes(widget.template)
      ? undefined
      : `.template is not one of ${WIDGET_TEMPLATES.join(', ')}`) ??
    endpointProblem(widget)
  );
}

const pageProblem = (page: Fields): string | undefined =>
  textProblem(page, 'title') ??
  ((page.endpoint ?? undefined) === undefined ? undefined : endpointProblem(page));

const endpointProblem = (fields: Fields): string | undefined =>
  textProblem(fields, 'endpoint') ??
  (String(fields.endpoint).startsWith('/') ? undefined : '.endpoint does not begin with "/"');

function textProblem(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return `.${name} is missing`;
  return typeof value === 'string' ? undefined : `.${name} is not a string`;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
