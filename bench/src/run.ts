import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchResult } from './bench-result.js';
import { BENCHES } from './benches/index.js';
import { resultTable } from './result-table.js';

const RESULTS = fileURLToPath(new URL('../results.json', import.meta.url));

const HELP = `Measures the plugin host beside its peers and writes bench/results.json.

  --only NAME   run one bench (may be repeated): ${Object.keys(BENCHES).join(', ')}
  --help        show this

Ours, the peers and the least the work can cost take turns in one process, so a busy machine slows all of them
alike: read the ratios, and hold them against the A/A lines, which compare a thing with itself. A missed goal does not
change the exit code.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const names = values.only ?? Object.keys(BENCHES);
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) {
    console.error(
      `There is no bench called ${unknown.join(', ')}. There are ${Object.keys(BENCHES).join(', ')}.`,
    );
    return 1;
  }
  console.log(
    `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores\n`,
  );
  const results: BenchResult[] = [];
  for (const name of names) {
    console.log(`${name} …`);
    results.push(...((await BENCHES[name]?.()) ?? []));
  }
  console.log(`\n${resultTable(results)}`);
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  return 0;
}

process.exitCode = await main();
