/** Which way a figure moved. */
export type ChangeType = 'increase' | 'decrease' | 'neutral';

/** `stats-card`: one figure (§14.2). */
export interface StatsCardData {
  readonly value: number | string;
  readonly label: string;
  /** With its sign: `+5`, `-12%`. */
  readonly change?: string;
  readonly changeType?: ChangeType;
  /** Name of an icon. */
  readonly icon?: string;
}

/** Also accepted for `stats-card`: the change as a number, which then gets its sign. */
export interface StatsCardInput extends Omit<StatsCardData, 'change'> {
  readonly change?: string | number;
}

export interface CardGridCard extends StatsCardData {
  readonly id: string;
  /** A CSS colour. */
  readonly color?: string;
}

/** `card-grid`: several figures (§14.2). */
export interface CardGridData {
  readonly cards: readonly CardGridCard[];
}

export interface CardGridCardInput extends StatsCardInput {
  readonly id: string | number;
  readonly color?: string;
}

/** Also accepted for `card-grid`. */
export interface CardGridInput {
  readonly cards: readonly CardGridCardInput[];
}

export interface ProgressItem {
  readonly label: string;
  readonly value: number;
  /** Default 100. */
  readonly max?: number;
  readonly color?: string;
}

/** `progress`: how much of something is done. */
export interface ProgressData {
  /** `multi` draws `items`, one bar each. */
  readonly style: 'circular' | 'linear' | 'gauge' | 'multi';
  readonly value: number;
  /** Default 100. */
  readonly max?: number;
  readonly label?: string;
  readonly subtitle?: string;
  readonly color?: string;
  readonly items?: readonly ProgressItem[];
}
