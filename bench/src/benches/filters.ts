import { FilterPipeline } from '../../../packages/plugin-host/src/capabilities/filters/filter-pipeline.js';
import { DEFAULT_LIMITS } from '../../../packages/plugin-host/src/foundation/limits.js';
import { benchPlugin, noFaults } from '../bench-plugin.js';
import { type BenchResult, overLimitAtMost, toResult } from '../bench-result.js';
import { type Contender, contest } from '../contest.js';
import {
  awaitFilters,
  type Filter,
  type FilterValue,
  filters as filterList,
  hookable,
  tapable,
} from '../peers/filter-peers.js';

const TENANT = 'acme';
const FILTER = 'risk:before_save';

/** Sending a value through filters of ten plugins, failures contained, against a bare `await` of each. */
export async function filters(): Promise<BenchResult[]> {
  return [...(await chain('async', 1.2)), ...(await chain('sync', 0.3))];
}

function pipeline(list: readonly Filter[], start: FilterValue): Contender {
  const ours = new FilterPipeline({ faults: noFaults, limits: DEFAULT_LIMITS });
  for (const [index, filter] of list.entries())
    ours.add(benchPlugin(TENANT, `plugin-${index}`), FILTER, filter, 10);
  return { kind: 'async', run: () => ours.apply(TENANT, FILTER, start) };
}

async function chain(kind: Contender['kind'], most: number): Promise<BenchResult[]> {
  const list = filterList(10, kind);
  const start: FilterValue = Object.freeze({ score: 0 });
  const limit = 'await loop';
  const standings = await contest({
    ours: pipeline(list, start),
    'await loop': awaitFilters(list, start),
    'await loop again': awaitFilters(list, start),
    tapable: tapable(list, kind, start),
    hookable: hookable(list, start),
  });
  const name = `filter of 10 ${kind} handlers`;
  return [
    toResult(`A/A: ${name}`, standings, { ours: 'await loop again', peer: 'await loop' }),
    toResult(name, standings, { ours: 'ours', peer: 'await loop', limit, goal: overLimitAtMost(most) }),
    toResult(name, standings, { ours: 'ours', peer: 'tapable', limit }),
    toResult(name, standings, { ours: 'ours', peer: 'hookable', limit }),
  ];
}
