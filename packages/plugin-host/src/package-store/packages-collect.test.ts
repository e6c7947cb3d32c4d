import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OperationsTable } from '../postgres/schema.js';
import { PackageStoreFixture } from '../testing/package-store-fixture.js';
import type { Effects } from './effects.js';
import type { PackageStore } from './packages.js';

let fixture: PackageStoreFixture;
let store: PackageStore;

beforeAll(async () => {
  fixture = await PackageStoreFixture.open();
});
beforeEach(() => {
  store = fixture.store();
});
afterEach(() => fixture.clear());
afterAll(() => fixture.close());

describe('collecting', () => {
  const install = (tenant: string, activeSha: string, previousSha: string | null = null) =>
    fixture.db
      .insertInto('plugin_installations')
      .values({
        tenant,
        plugin_id: 'slack',
        active_sha: activeSha,
        previous_sha: previousSha,
        enabled: false,
        status: 'ok',
        trust: 'manual',
        last_error: JSON.stringify(null),
      })
      .execute();
  const operate = (
    change: Partial<Pick<OperationsTable, 'from_sha' | 'to_sha'>>,
    finished: boolean,
    tenant: string = randomUUID(),
  ) =>
    fixture.db
      .insertInto('plugin_operations')
      .values({
        id: randomUUID(),
        tenant,
        plugin_id: 'slack',
        kind: 'install',
        phase: finished ? 'done' : 'staged',
        from_sha: null,
        to_sha: null,
        ...change,
        actor: JSON.stringify({}),
        process: 'p',
        finished_at: finished ? new Date() : null,
        result: JSON.stringify(null),
      })
      .execute();

  it('keeps what an installation or an unfinished operation refers to, and drops the rest', async () => {
    const names = ['active', 'previous', 'from', 'to', 'finished', 'unused'] as const;
    const sha: Record<string, string> = {};
    for (const name of names) {
      sha[name] = (await fixture.saved({ name })).sha256;
      await store.materialise(sha[name] ?? '');
    }
    await install('acme', sha.active ?? '', sha.previous);
    await install('globex', sha.active ?? '');
    await operate({ from_sha: sha.from }, false);
    await operate({ to_sha: sha.to }, false);
    await operate({ to_sha: sha.finished }, true);

    expect(await store.collect()).toEqual({ packages: 2, folders: 2 });
    const kept = ['active', 'previous', 'from', 'to'].map((name) => sha[name]).sort();
    expect((await fixture.packages()).sort()).toEqual(kept);
    expect((await fixture.cached()).sort()).toEqual(kept);
    expect(await fixture.db.selectFrom('plugin_package_chunks').select('sha256').execute()).toHaveLength(4);
    expect(await fixture.staged()).toEqual([]);
    expect(await store.collect()).toEqual({ packages: 0, folders: 0 });
  });

  it('drops folders without a row, and what a dead process left, but nothing else', async () => {
    const { sha256 } = await fixture.saved();
    await install('acme', sha256);
    await store.materialise(sha256);
    await mkdir(join(fixture.dataDir, 'packages', 'f'.repeat(64)));
    await mkdir(join(fixture.dataDir, 'packages', 'lost+found'));
    await writeFile(join(fixture.dataDir, 'packages', 'README'), 'mine');
    const [machine] = await stagingNames();
    await mkdir(join(fixture.dataDir, '.staging', `${machine}-${process.pid}-earlier`));

    expect(await store.collect()).toEqual({ packages: 0, folders: 2 });
    expect((await fixture.cached()).sort()).toEqual([sha256, 'README', 'lost+found'].sort());
    expect(await readFile(join(fixture.dataDir, 'packages', 'README'), 'utf8')).toBe('mine');
  });

  it('finds nothing where there is nothing', async () => {
    expect(await store.collect()).toEqual({ packages: 0, folders: 0 });
  });

  it('forgets what it collected', async () => {
    const { sha256 } = await fixture.saved();
    await store.materialise(sha256);
    await store.collect();
    await expect(store.materialise(sha256)).rejects.toMatchObject({ code: 'PACKAGE_LOST' });
  });

  it('waits for a package that is being stored together with what refers to it', async () => {
    const pkg = await fixture.saved();
    let collecting: Promise<unknown> = Promise.resolve();
    await fixture.db.transaction().execute(async (transaction) => {
      await store.save(transaction, pkg);
      collecting = store.collect();
      await waitingForLock();
      await transaction
        .insertInto('plugin_installations')
        .values({
          tenant: 'acme',
          plugin_id: 'slack',
          active_sha: pkg.sha256,
          previous_sha: null,
          enabled: false,
          status: 'ok',
          trust: 'manual',
          last_error: JSON.stringify(null),
        })
        .execute();
    });
    expect(await collecting).toEqual({ packages: 0, folders: 0 });
    expect(await fixture.packages()).toEqual([pkg.sha256]);
  });

  it('and saving at the same time never lose a package that is referred to', async () => {
    const pkg = await fixture.ingest();
    for (let round = 0; round < 10; round++) {
      const tenant = `tenant-${round}`;
      await Promise.all([
        operate({ to_sha: pkg.sha256 }, false, tenant).then(() => store.save(fixture.db, pkg)),
        store.collect(),
        fixture.store().collect(),
      ]);
      expect(await fixture.packages()).toEqual([pkg.sha256]);
      await fixture.db.updateTable('plugin_operations').set({ finished_at: new Date() }).execute();
    }
  });

  /** How staging folders of this machine begin. */
  async function stagingNames(): Promise<string[]> {
    let names: string[] = [];
    const effects: Effects = {
      async step(name, run) {
        if (name === 'write') names = await fixture.staged();
        return run();
      },
    };
    const { sha256 } = await fixture.saved({ other: '' }, 'other');
    await operate({ to_sha: sha256 }, false);
    await fixture.store({ effects }).materialise(sha256);
    await rm(join(fixture.dataDir, 'packages', sha256), { recursive: true });
    return names.map((name) => name.split('-')[0] ?? '');
  }

  async function waitingForLock(): Promise<void> {
    for (;;) {
      const { rows } = await fixture.database.pool.query(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      );
      if (rows.length > 0) return;
    }
  }
});
