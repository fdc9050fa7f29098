import { afterEach, describe, expect, it } from 'vitest';
import { HostBench, shellDocument } from './host-bench';

let bench: HostBench;
afterEach(() => bench.close());

async function run(...lines: string[]) {
  bench = await HostBench.start({ document: shellDocument(...lines), roles: ['primary'] });
  const command = await bench.order('nightly@1', [0]);
  await bench.run(10);
  return bench.outcome(command);
}

describe('the script of a document', () => {
  it('runs as the agent runs it: a file for sh, in a process group and an environment of its own', async () => {
    process.env.OF_THE_REHEARSAL = 'must not be seen';
    const { output, details } = await run(
      'echo "file $(basename "$0")"',
      'read -r pid comm state ppid pgrp rest < /proc/$$/stat; [ "$pgrp" = "$pid" ] || [ "$pgrp" = "$ppid" ] && echo "own group"',
      'env | sort | cut -d = -f 1 | tr "\\n" " "',
      'echo; echo "run $SSM_RunId on $AWS_SSM_INSTANCE_ID"',
    );
    delete process.env.OF_THE_REHEARSAL;
    expect(details).toBe('Success');
    expect(output.split('\n')).toEqual([
      'file _script.sh',
      'own group',
      'AWS_SSM_INSTANCE_ID AWS_SSM_REGION_NAME HOST_FOLDER PATH PWD SSM_COMMAND_ID SSM_RunId ',
      `run nightly@1 on ${bench.host(0).id}`,
      '',
    ]);
  });

  it.each([
    ['exit 0', 'Success', 0],
    ['exit 75', 'Failed', 75],
    ['kill -SEGV $$', 'Failed', 139],
    ['no-such-program', 'Failed', 127],
  ])('that says %s ends as %s, %i', async (line, details, code) => {
    expect(await run(line)).toMatchObject({ details, code });
    expect(bench.violations).toEqual([]);
  });

  it('keeps what comes from outside in its parameter: nothing of it is shell', async () => {
    bench = await HostBench.start({ document: shellDocument('printf %s "$SSM_RunId"'), roles: ['primary'] });
    const hostile = '$(touch /tmp/x) `id` "; exit 3; \' {{ RunId }}';
    const command = await bench.order(hostile, [0]);
    await bench.run(10);
    expect(await bench.outcome(command)).toMatchObject({ code: 0, output: hostile });
  });

  it.each([194, 168])('must not end with %i, which means something else to the agent', async (code) => {
    await run(`exit ${code}`);
    expect(bench.violations).toEqual([expect.stringContaining(`the script ended with ${code}`)]);
  });

  it('must not leave anything behind that holds its output', async () => {
    const { output } = await run('sleep 300 & echo $!');
    expect(bench.violations).toEqual([expect.stringContaining('left something behind')]);
    process.kill(Number(output), 'SIGKILL');
  });
});

describe('virtual time', () => {
  it('waits for the real process, and nothing else passes meanwhile', async () => {
    bench = await HostBench.start({ document: shellDocument('sleep 0.2; echo slept'), roles: ['primary'] });
    const command = await bench.order('nightly@1', [0]);
    await bench.run(1.5);
    expect((await bench.outcome(command)).details).toBe('InProgress');
    await bench.run(1);
    expect(await bench.outcome(command)).toMatchObject({ details: 'Success', output: 'slept\n' });
  });

  it('lets scripts of many hosts run beside each other, but never more than so many', async () => {
    const line = 'log="$HOST_FOLDER/../all"; echo + >> "$log"; sleep 0.05; echo - >> "$log"; cat "$log" | tr -d "\\n"';
    const roles = Array.from({ length: 12 }, () => 'primary' as const);
    bench = await HostBench.start({ document: shellDocument(line), roles, scriptsAtOnce: 3 });
    const hosts = roles.map((_, index) => index);
    const command = await bench.order('nightly@1', hosts);
    await bench.run(10);
    const outputs = await Promise.all(hosts.map((index) => bench.outcome(command, index)));
    const longest = outputs.map(({ output }) => output).sort((a, b) => b.length - a.length)[0] ?? '';
    let running = 0;
    const counts = [...longest].map((it) => (running += it === '+' ? 1 : -1));
    expect([longest.length, Math.max(...counts)]).toEqual([24, 3]);
  });
});
