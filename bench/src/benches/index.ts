import type { BenchResult } from '../bench-result.js';
import { context } from './context.js';
import { events } from './events.js';
import { filters } from './filters.js';
import { load } from './load.js';

/** Every bench by the name `--only` takes. A new one is a file beside these and a line here. */
export const BENCHES: Readonly<Record<string, () => Promise<BenchResult[]>>> = {
  events,
  filters,
  load,
  context,
};
