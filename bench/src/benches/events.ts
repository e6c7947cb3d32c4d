import { EventDispatcher } from '../../../packages/plugin-host/src/capabilities/events/event-dispatcher.js';
import { deepFreeze } from '../../../packages/plugin-host/src/foundation/json.js';
import { DEFAULT_LIMITS } from '../../../packages/plugin-host/src/foundation/limits.js';
import { benchPlugin, noFaults } from '../bench-plugin.js';
import { type BenchResult, oursAtMost, overLimitAtMost, ratioAtMost, toResult } from '../bench-result.js';
import { type Contender, contest } from '../contest.js';
import {
  allSettled,
  awaitLoop,
  callLoop,
  contextPerHandler,
  emittery,
  eventEmitter,
  type Handler,
  handlers,
  hookableParallel,
  mittEmitter,
  timerPerHandler,
} from '../peers/event-peers.js';

const TENANT = 'acme';
const EVENT = 'risk:created';

/** Bringing events to handlers: what isolation, attribution, budgets and counting cost over calling them bare. */
export async function events(): Promise<BenchResult[]> {
  return [
    ...(await asyncHandlers(10, { loop: 1.3, emittery: 3 })),
    ...(await asyncHandlers(100, { loop: 1.3, emittery: 1.9 })),
    ...(await handlersOfOnePlugin()),
    ...(await syncHandlers(10, 2.5)),
    ...(await syncHandlers(100, 1.6)),
    ...(await payloads()),
    ...(await wholeEmits()),
    ...(await nobodyListens()),
  ];
}

const dispatcher = (): EventDispatcher => new EventDispatcher({ faults: noFaults, limits: DEFAULT_LIMITS });

/** The dispatch of an event that is stamped and frozen already; preparing it is listed apart. */
function dispatch(list: readonly Handler[], kind: Contender['kind'], plugins = list.length): Contender {
  const ours = dispatcher();
  const owners = Array.from({ length: plugins }, (_, index) => benchPlugin(TENANT, `plugin-${index}`));
  for (const [index, handler] of list.entries()) {
    const owner = owners[index % plugins];
    if (owner !== undefined) ours.subscribe(owner, EVENT, handler);
  }
  const prepared = ours.prepare(TENANT, EVENT, { riskId: 1 });
  return { kind, run: () => ours.dispatch(prepared) };
}

async function asyncHandlers(
  count: number,
  goals: { loop: number; emittery: number },
): Promise<BenchResult[]> {
  const list = handlers(count, 'async');
  const payload = Object.freeze({ riskId: 1 });
  const standings = await contest({
    ours: dispatch(list, 'async'),
    'await loop': awaitLoop(list, payload),
    'await loop again': awaitLoop(list, payload),
    allSettled: allSettled(list, payload),
    emittery: emittery(list, payload),
    'hookable, parallel': hookableParallel(list, payload),
    'context per handler': contextPerHandler(list, payload),
    'setTimeout per handler': timerPerHandler(list, payload),
  });
  const limit = 'await loop';
  const name = `event to ${count} async handlers`;
  const against = (peer: string, goal?: ReturnType<typeof ratioAtMost>) =>
    toResult(name, standings, { ours: 'ours', peer, limit, ...(goal === undefined ? {} : { goal }) });
  return [
    toResult(`A/A: ${name}`, standings, { ours: 'await loop again', peer: 'await loop' }),
    against('await loop', overLimitAtMost(goals.loop)),
    against('allSettled'),
    against('emittery', ratioAtMost(1 / goals.emittery)),
    against('hookable, parallel'),
    against('context per handler', ratioAtMost(1 / 8)),
    against('setTimeout per handler'),
  ];
}

/** Handlers of one plugin take turns, as the loop's do. */
async function handlersOfOnePlugin(): Promise<BenchResult[]> {
  const list = handlers(10, 'async');
  const standings = await contest({
    ours: dispatch(list, 'async', 1),
    'await loop': awaitLoop(list, Object.freeze({ riskId: 1 })),
  });
  return [
    toResult('event to 10 async handlers of one plugin', standings, {
      ours: 'ours',
      peer: 'await loop',
      limit: 'await loop',
    }),
  ];
}

async function syncHandlers(count: number, most: number): Promise<BenchResult[]> {
  const list = handlers(count, 'sync');
  const payload = Object.freeze({ riskId: 1 });
  const standings = await contest({
    ours: dispatch(list, 'sync'),
    'call loop': callLoop(list, payload),
    EventEmitter: eventEmitter(list, payload),
    mitt: mittEmitter(list, payload),
  });
  const name = `event to ${count} sync handlers`;
  const limit = 'call loop';
  return [
    toResult(name, standings, { ours: 'ours', peer: 'call loop', limit, goal: overLimitAtMost(most) }),
    toResult(name, standings, { ours: 'ours', peer: 'EventEmitter', limit, goal: ratioAtMost(1) }),
    toResult(name, standings, { ours: 'ours', peer: 'mitt', limit }),
  ];
}

/** About 1 kB as JSON. */
const risk = () => ({
  id: 42,
  title: 'Backups of customer data are not encrypted',
  description: 'Nightly backups are written to a bucket without encryption at rest. '.repeat(8),
  status: 'open',
  severity: 'Major',
  likelihood: 'Possible',
  ownerId: 7,
  projectId: 12,
  categories: ['privacy', 'security', 'operations'],
  score: { inherent: 16, residual: 6.5 },
  mitigation: { plan: 'Encrypt the buckets, then rewrite what is in them.', progress: 30, approver: null },
  archived: false,
});

async function payloads(): Promise<BenchResult[]> {
  const ours = dispatcher();
  const plain = { riskId: 42, projectId: 12, risk: risk() };
  const dated = { ...plain, risk: { ...risk(), createdAt: new Date(), updatedAt: new Date() } };
  const kilobytes = JSON.stringify(plain).length / 1000;
  const viaJson = (payload: object): Contender => ({
    kind: 'sync',
    run: () =>
      deepFreeze({
        ...JSON.parse(JSON.stringify(payload)),
        tenant: TENANT,
        timestamp: new Date(),
        triggeredBy: { userId: 0 },
      }),
  });
  const prepare = (payload: object): Contender => ({
    kind: 'sync',
    run: () => ours.prepare(TENANT, EVENT, payload),
  });
  const standings = await contest({
    'ours, plain': prepare(plain),
    'JSON and deep freeze, plain': viaJson(plain),
    'ours, dated': prepare(dated),
    'JSON and deep freeze, dated': viaJson(dated),
  });
  return [
    toResult('payload of 1 kB prepared', standings, {
      ours: 'ours, plain',
      peer: 'JSON and deep freeze, plain',
      goal: oursAtMost(Math.round(3000 * kilobytes), 'ns'),
    }),
    toResult('payload of 1 kB with 2 dates prepared', standings, {
      ours: 'ours, dated',
      peer: 'JSON and deep freeze, dated',
    }),
  ];
}

/** Prepared and dispatched. The peer copies the payload for each handler, as isolation without freezing needs. */
async function wholeEmits(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const count of [10, 100]) {
    const list = handlers(count, 'async');
    const ours = dispatcher();
    for (const [index, handler] of list.entries()) {
      ours.subscribe(benchPlugin(TENANT, `plugin-${index}`), EVENT, handler);
    }
    const payload = { riskId: 42, projectId: 12, risk: risk() };
    const standings = await contest({
      ours: { kind: 'async', run: () => ours.emit(TENANT, EVENT, payload) },
      'a copy per handler': {
        kind: 'async',
        run: () => Promise.allSettled(list.map((handler) => handler(JSON.parse(JSON.stringify(payload))))),
      },
      'await loop': awaitLoop(list, payload),
    });
    results.push(
      toResult(`emit of 1 kB to ${count} async handlers, all in all`, standings, {
        ours: 'ours',
        peer: 'a copy per handler',
        limit: 'await loop',
      }),
    );
  }
  return results;
}

/** Nobody in the tenant, that is: in every second tenant somebody does. */
async function nobodyListens(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  const payload = { riskId: 1 };
  for (const tenants of [1, 100, 10_000]) {
    const ours = dispatcher();
    const lookUp = new Map<string, object>();
    const silent: string[] = [];
    for (let i = 0; i < tenants; i++) {
      silent.push(`tenant-${2 * i}`);
      ours.subscribe(benchPlugin(`tenant-${2 * i}`, 'plugin'), 'risk:deleted', () => {});
      ours.subscribe(benchPlugin(`tenant-${2 * i + 1}`, 'plugin'), EVENT, () => {});
      lookUp.set(`tenant-${2 * i + 1}`, {});
    }
    const [first = ''] = silent;
    // Going through all of them measures the processor's cache as much as anything: read it beside the look-up.
    let next = 0;
    const inTurn = (): string => {
      next = next + 1 === silent.length ? 0 : next + 1;
      return silent[next] ?? '';
    };
    const sync = (run: () => unknown): Contender => ({ kind: 'sync', run });
    const standings = await contest({
      ours: sync(() => ours.emit(first, EVENT, payload)),
      'a look-up by tenant': sync(() => lookUp.get(first)),
      EventEmitter: eventEmitter([], payload),
      'ours, in turn': sync(() => ours.emit(inTurn(), EVENT, payload)),
      'a look-up by tenant, in turn': sync(() => lookUp.get(inTurn())),
    });
    const name = `event nobody listens to, 1 of ${tenants.toLocaleString('en')} tenants`;
    results.push(
      toResult(name, standings, {
        ours: 'ours',
        peer: 'EventEmitter',
        limit: 'a look-up by tenant',
        goal: oursAtMost(50, 'ns'),
      }),
    );
    if (tenants > 1) {
      results.push(
        toResult(`${name} in turn`, standings, {
          ours: 'ours, in turn',
          peer: 'a look-up by tenant, in turn',
        }),
      );
    }
  }
  return results;
}
