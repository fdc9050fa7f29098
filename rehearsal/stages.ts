import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Scenarios that are played on one assembly. */
export interface StageRun {
  readonly stage: string;
  readonly scenarios: readonly string[];
}

/** What a run of one assembly says at its end. */
const ALL_HAPPENED = /^Everything that the design promises happened in (\d+) of \d+ rehearsals\.$/m;

/** No more than cores, and two: each plays in one process most of the time, and in those of its functions. */
const AT_ONCE = Math.max(1, Math.min(2, availableParallelism()));

/**
 * Plays the stages of the app, two at a time, each in a process of its own; they have nothing in common. What a stage says is printed as a whole,
 * in the order of the stages, and that of the first one at once.
 */
export async function rehearseStages(
  runs: readonly StageRun[],
  synthesize: (stage: string) => Promise<string>,
  more: readonly string[],
): Promise<number> {
  const left = runs.map((run, index) => ({ run, index }));
  const said = runs.map(() => '');
  const codes = runs.map((): number | undefined => undefined);
  let shown = 0;
  const show = (index: number, text: string) => {
    if (index === shown) process.stdout.write(text);
    else said[index] += text;
    while (shown < runs.length && codes[shown] !== undefined) {
      shown++;
      if (shown < runs.length) process.stdout.write(said[shown] ?? '');
    }
  };
  const rehearsals: number[] = [];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { run, index } = next;
      show(index, `synthesizing the stage ${run.stage} of the app ...\n`);
      const assembly = await synthesize(run.stage);
      let all = '';
      codes[index] = await play(assembly, run, more, (text) => {
        all += text;
        show(index, text);
      });
      rehearsals.push(Number(ALL_HAPPENED.exec(all)?.[1] ?? 0));
      show(index, '');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const worst = Math.max(...codes.map((code) => code ?? 2));
  const played = rehearsals.reduce((sum, it) => sum + it, 0);
  console.log(
    worst === 0
      ? `\nAll stages: everything that the design promises happened in ${played} of ${played} rehearsals.`
      : `\nThe rehearsal failed in: ${runs
          .filter((_, index) => codes[index] !== 0)
          .map(({ stage }) => stage)
          .join(', ')}`,
  );
  return worst;
}

function play(
  assembly: string,
  { scenarios }: StageRun,
  more: readonly string[],
  print: (text: string) => void,
): Promise<number> {
  const named = scenarios.flatMap((name) => ['--scenario', name]);
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] ?? '', '--assembly', assembly, ...named, ...more],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const end = () => child.kill();
  process.once('exit', end);
  child.stdout.on('data', (text: Buffer) => print(String(text)));
  return new Promise((done) =>
    child.once('close', (code) => {
      process.removeListener('exit', end);
      done(code ?? 2);
    }),
  );
}
