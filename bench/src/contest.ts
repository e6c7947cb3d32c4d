/** One side of a contest: what it does once. A synchronous operation must return nothing to be awaited. */
export interface Contender {
  readonly kind: 'async' | 'sync';
  run(): unknown;
}

export interface ContestOptions {
  /** How often every contender gets a turn. Default 61. */
  readonly rounds?: number;
  /** How long one turn takes, in ms. Default 3. */
  readonly turnMs?: number;
}

/** What a contest measured: ns per operation, one figure per round. */
export class Standings {
  readonly #rounds: ReadonlyMap<string, readonly number[]>;

  constructor(rounds: ReadonlyMap<string, readonly number[]>) {
    this.#rounds = rounds;
  }

  /** Median ns per operation. */
  of(name: string): number {
    return median(this.#figures(name));
  }

  /** How many times as long `a` takes as `b`: the median over the rounds, each of which met the same machine. */
  ratio(a: string, b: string): number {
    const other = this.#figures(b);
    return median(this.#figures(a).map((figure, round) => figure / (other[round] ?? Number.NaN)));
  }

  #figures(name: string): readonly number[] {
    const figures = this.#rounds.get(name);
    if (figures === undefined) throw new Error(`no contender is called ${name}`);
    return figures;
  }
}

interface Side {
  readonly name: string;
  readonly contender: Contender;
  readonly count: number;
  readonly figures: number[];
}

const WARM_UP_ROUNDS = 5;

/**
 * Lets the contenders take turns, round after round, in an order that moves on by one each round: whatever else the
 * machine is doing falls on all of them alike.
 */
export async function contest(
  contenders: Readonly<Record<string, Contender>>,
  { rounds = 61, turnMs = 3 }: ContestOptions = {},
): Promise<Standings> {
  const sides: Side[] = [];
  // One by one: side by side they would time each other.
  for (const [name, contender] of Object.entries(contenders)) {
    sides.push({ name, contender, count: await operationsPerTurn(contender, turnMs), figures: [] });
  }
  globalThis.gc?.();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const side = sides[(turn + round + WARM_UP_ROUNDS) % sides.length];
      if (side === undefined) continue;
      const ns = (await turnOf(side.contender, side.count)) / side.count;
      if (round >= 0) side.figures.push(ns);
    }
  }
  return new Standings(new Map(sides.map(({ name, figures }) => [name, figures])));
}

async function operationsPerTurn(contender: Contender, turnMs: number): Promise<number> {
  let count = 16;
  while ((await turnOf(contender, count)) < turnMs * 1e6) count *= 2;
  // By now it has been compiled, and is several times as fast as it was.
  const ns = await turnOf(contender, count);
  return Math.max(1, Math.round((count * turnMs * 1e6) / ns));
}

/** ns of processor time for `count` operations: what other processes take of the machine's is not counted. */
async function turnOf({ kind, run }: Contender, count: number): Promise<number> {
  const start = process.cpuUsage();
  if (kind === 'async') for (let i = 0; i < count; i++) await run();
  else for (let i = 0; i < count; i++) run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
