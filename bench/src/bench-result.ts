import type { Standings } from './contest.js';

/** One line of `bench/results.json`. */
export interface BenchResult {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  readonly peerName: string;
  /** Ours over the peer's: below 1 we are faster. */
  readonly ratio: number;
  /** The least the work can cost, measured in the same run. */
  readonly limit?: number;
  /** Ours over the limit. */
  readonly overLimit?: number;
  /** What is aimed for, in words; absent where the line is there to compare. */
  readonly goal?: string;
  /** Whether this run reached the goal. */
  readonly met?: boolean;
  readonly node: string;
}

export interface Goal {
  readonly text: string;
  met(result: Pick<BenchResult, 'ours' | 'ratio' | 'overLimit'>): boolean;
}

/** At most `times` as long as the peer takes. */
export const ratioAtMost = (times: number): Goal => ({
  text: times < 1 ? `≥ ${round(1 / times, 2)} × faster` : `≤ ${times} × peer`,
  met: ({ ratio }) => ratio <= times,
});

/** At most `times` as long as the limit takes. */
export const overLimitAtMost = (times: number): Goal => ({
  text: `≤ ${times} × limit`,
  met: ({ overLimit }) => overLimit !== undefined && overLimit <= times,
});

/** At most this many of the result's unit. */
export const oursAtMost = (most: number, unit: string): Goal => ({
  text: `≤ ${most} ${unit}`,
  met: ({ ours }) => ours <= most,
});

export interface Comparison {
  readonly ours: string;
  readonly peer: string;
  /** The name of the contender nothing can beat. */
  readonly limit?: string;
  readonly goal?: Goal;
}

/** One line from the standings of a contest. */
export function toResult(name: string, standings: Standings, comparison: Comparison): BenchResult {
  const { ours, peer, limit, goal } = comparison;
  const figures = {
    ours: round(standings.of(ours), 1),
    peer: round(standings.of(peer), 1),
    ratio: round(standings.ratio(ours, peer), 3),
    ...(limit === undefined
      ? {}
      : { limit: round(standings.of(limit), 1), overLimit: round(standings.ratio(ours, limit), 3) }),
  };
  return {
    name,
    unit: 'ns',
    peerName: peer,
    ...figures,
    ...(goal === undefined ? {} : { goal: goal.text, met: goal.met(figures) }),
    node: process.version,
  };
}

export const round = (figure: number, digits: number): number => Number(figure.toFixed(digits));
