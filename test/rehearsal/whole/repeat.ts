/*
 * Rehearses many times with one seed, several at a time, and compares the fingerprints of all requests:
 *   node --import tsx test/rehearsal/whole/repeat.ts [times] [at a time] [seed]
 */
import { withAssembly } from './edited-assemblies';
import { fingerprintOf, runRehearsal } from './run-rehearsal';

async function main(): Promise<void> {
  const [times = 20, lanes = 4, seed = 1] = process.argv.slice(2).map(Number);
  await withAssembly(async (assembly) => {
    const seen = new Map<string, number>();
    let begun = 0;
    const lane = async () => {
      while (begun < times) {
        begun++;
        const run = await runRehearsal(['--assembly', assembly, '--seed', String(seed)]);
        const key = `${run.code === 0 ? 'passed' : `exit code ${run.code}`} ${fingerprintOf(run)}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
        console.log(`${[...seen.values()].reduce((a, b) => a + b)} of ${times}: ${key}`);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    const [[only] = ['nothing']] = seen;
    const same = seen.size === 1 && only.startsWith('passed');
    console.log(
      same ? `all ${times} runs passed and made the same requests` : `the runs differ: ${[...seen.keys()].join(', ')}`,
    );
    process.exitCode = same ? 0 : 1;
  });
}

void main();
