export interface ListItem {
  readonly id: string;
  readonly title: string;
  /** Name of an icon. */
  readonly icon?: string;
  /** Where a click leads. */
  readonly url?: string;
  readonly description?: string;
  readonly status?: string;
  /** ISO 8601. */
  readonly timestamp?: string;
}

/** `list`: items with icons (§14.2). */
export interface ListData {
  readonly items: readonly ListItem[];
  /** How many there are in all. Default: as many as are sent. */
  readonly total?: number;
}

/** Also accepted for `list`: ids as numbers. */
export interface ListInput extends Omit<ListData, 'items'> {
  readonly items: readonly (Omit<ListItem, 'id'> & { readonly id: string | number })[];
}

export type TableCell = string | number | boolean | null;

/** `table`: columns by title, a row as a list of cells (§14.2). */
export interface TableData {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableCell[])[];
  readonly total?: number;
}

export interface TableColumn {
  /** The property of a row. */
  readonly key: string;
  readonly label: string;
  /** In pixels, or a CSS length. */
  readonly width?: number | string;
}

/** Also accepted for `table`: columns by key, a row as an object. */
export interface KeyedTableData {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly total?: number;
}

export type AlertSeverity = 'critical' | 'error' | 'warning' | 'info' | 'success';

export interface Alert {
  readonly id: string;
  readonly title: string;
  readonly message: string;
  readonly severity: AlertSeverity;
  readonly actionLabel?: string;
  /** Where the action leads. Without it there is none. */
  readonly actionUrl?: string;
}

/** `alerts`: what needs attention (§14.2). */
export interface AlertsData {
  readonly alerts: readonly Alert[];
}
