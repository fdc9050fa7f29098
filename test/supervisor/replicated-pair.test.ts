import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplicatedPair } from '../../rehearsal/mariadb/replicated-pair';
import { temporaryFolder } from '../../rehearsal/mariadb/temporary-folder';
import { network } from '../../rehearsal/mlsrv/network';

const folder = temporaryFolder();
let pair: ReplicatedPair;

beforeAll(async () => {
  pair = await ReplicatedPair.start(network(folder.path));
});

afterAll(async () => {
  await pair.stop();
  folder.remove();
});

describe('the pair that the supervisor is tried with', () => {
  test.each(['killed', 'hung'] as const)('loses nothing that was committed when its primary is %s', async (how) => {
    const before = pair.syncs();
    for (let row = 0; row < 20; row++) pair.write(`${how} ${row}`);
    await pair.failOver(how, 100);
    expect(pair.syncs()).toBe(before + 20);
    pair.write('on the new primary');
    await pair.renewStandby();
    expect(pair.syncs()).toBe(before + 21);
  });

  test('takes a new password along', async () => {
    pair.changePassword('another');
    await pair.failOver('killed', 0);
    expect(pair.accepts('ml', 'another')).toBe(true);
    expect(pair.accepts('ml', 'wrong')).toBe(false);
  });

  test('stops a standby, too, that is still on its way', async () => {
    const renewed = pair.renewStandby().catch(() => {});
    await pair.stop();
    await renewed;
    expect(serversOf(process.pid)).toEqual([]);
  });
});

/** The database servers that a process has started and that are there. */
function serversOf(parent: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/stat`, 'latin1').startsWith(`${name} (mariadbd) S ${parent} `);
      } catch {
        return false;
      }
    });
}
