import { createContext } from '../../../packages/plugin-host/src/context/create-context.js';
import { Guard } from '../../../packages/plugin-host/src/context/guard.js';
import { benchPlugin, noFaults } from '../bench-plugin.js';
import { type BenchResult, overLimitAtMost, ratioAtMost, toResult } from '../bench-result.js';
import { type Contender, contest } from '../contest.js';

/** One call is too short to time; the figures are of this many. */
const CALLS = 1000;

interface Config {
  get(key: string): unknown;
}

/** Calling a member of the context through its guard, against the bare call and against guarding by a Proxy. */
export async function context(): Promise<BenchResult[]> {
  let calls = 0;
  const bare: Config = { get: (key) => (calls += key.length) };
  const instance = benchPlugin('acme', 'bench');
  const guard = new Guard({
    key: instance.key,
    declared: ['config:read'],
    mode: 'enforce',
    faults: noFaults,
  });
  const none = () => ({});
  const guarded: Config = createContext(instance, guard, {
    db: none,
    config: () => bare,
    metadata: none,
    models: none,
    logger: none,
    events: none,
    filters: none,
    peers: none,
  }).config;
  const granted = new Set(['config:read']);
  const proxied = new Proxy(bare, {
    get: (target, member, receiver) => {
      if (!granted.has('config:read')) throw new Error('denied');
      const value: unknown = Reflect.get(target, member, receiver);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const standings = await contest({
    bare: calling(bare),
    'bare again': calling(bare),
    ours: calling(guarded),
    Proxy: calling(proxied),
  });
  const name = `${CALLS} guarded calls`;
  return [
    toResult(`A/A: ${name}`, standings, { ours: 'bare again', peer: 'bare' }),
    toResult(name, standings, { ours: 'ours', peer: 'bare', limit: 'bare', goal: overLimitAtMost(3) }),
    toResult(name, standings, { ours: 'ours', peer: 'Proxy', goal: ratioAtMost(1 / 20) }),
  ];
}

const calling = (config: Config): Contender => ({
  kind: 'sync',
  run: () => {
    for (let n = 0; n < CALLS; n++) config.get('channel');
  },
});
