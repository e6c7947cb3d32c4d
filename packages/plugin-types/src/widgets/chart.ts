export type ChartType = 'bar' | 'line' | 'pie' | 'donut';

export interface ChartDataset {
  readonly label: string;
  /** One value per label. */
  readonly data: readonly number[];
  /** A CSS colour. Default: from the palette. */
  readonly color?: string;
}

/** `chart`: series over labels (§14.2). */
export interface ChartData {
  readonly type: ChartType;
  readonly labels: readonly string[];
  readonly datasets: readonly ChartDataset[];
}

/** One point of a chart in the other shape: a value by name, or several by the keys of `series`. */
export interface ChartPoint {
  readonly name?: string;
  readonly value?: number;
  readonly color?: string;
  readonly [field: string]: unknown;
}

export interface ChartSeries {
  /** The property of a point. */
  readonly key: string;
  readonly label?: string;
  readonly color?: string;
}

/** Also accepted for `chart`: a list of points. */
export interface PointChartData {
  readonly chartType: ChartType;
  readonly data: readonly ChartPoint[];
  /** Default: one series, `value`. */
  readonly series?: readonly ChartSeries[];
  /** The property with a point's label. Default `name`. */
  readonly xAxisKey?: string;
}
