import type { Fault } from '../cloud/wire-faults';
import { untilTracked } from './promises';
import { HOUR, MINUTE, type Scenario, SECOND } from './scenario';
import { outcomesOf } from './sync-promises';
import { callsOf, fire, runIdOf, type SyncStage, toldOf, withFleet } from './sync-stage';

/** Each run of the story takes another of so many calls. */
const STRIDE = 4;
const KINDS = ['kill-before', 'kill-after', 'drop-after'] as const;

export const syncKilled: Scenario = {
  name: 'sync-killed',
  story:
    'One remote synchronizes again and again; each time a function is killed before or after another of its calls, or hears no answer.',
  needs: 'a sync schedule',
  onDemand: 'it plays each fourth call, with `--runs 12` each fault at each call; the tests do',
  quiet: true,
  expects: ['the environment died', 'ECONNRESET', 'socket hang up', 'Task timed out'],
  async play(stage) {
    const { world, checks } = stage;
    await untilTracked(stage);
    const on = await withFleet(stage, { singles: 1, pairs: 0 });
    const usual = await run(on, undefined);
    const broken: string[] = [];
    let runs = 0;
    // Twelve seeds in a row are each fault at each call.
    for (let call = world.seed % STRIDE; call < usual.calls; call += STRIDE) {
      const kind = KINDS[(call + Math.floor(world.seed / STRIDE)) % KINDS.length] ?? 'kill-before';
      const { held, struck } = await run(on, { kind, call });
      runs++;
      if (!held || !struck) broken.push(`${kind} at call ${call}${struck ? '' : ' never happened'}`);
    }
    checks.promise(
      'the run goes on wherever a function is killed or hears no answer',
      usual.held && broken.length === 0,
      broken.length === 0 ? `${usual.calls} calls, ${runs} runs` : broken.slice(0, 5).join('; '),
    );
    const complaints = on.fleet.complaints();
    checks.promise('no host complains', complaints.length === 0, complaints.slice(0, 2).join('; ') || 'none does');
    checks.measure('calls of the shortest run', usual.calls, 'count');
    // The schedule's own slot may have begun just now.
    const end = world.clock.now() + HOUR / 2;
    while (world.queues.sqs.backlog().length > 0 && world.clock.now() < end) await world.clock.run(MINUTE);
    const backlog = world.queues.sqs.backlog();
    checks.promise(
      'no message is left',
      backlog.length === 0,
      backlog.map(({ arn, messages }) => `${messages} in ${arn}`).join(', ') || 'every queue is empty',
    );
  },
};

/** One run with one fault; whether it came to its end, the remote in one outcome. */
async function run(on: SyncStage, fault: { kind: (typeof KINDS)[number]; call: number } | undefined) {
  const { world, syncs } = on;
  const slot = Math.floor(world.clock.now() / SECOND) * SECOND;
  const runId = runIdOf(on, slot);
  const names = [syncs.dispatchFunction, syncs.collectFunction];
  let calls = 0;
  const strike: Fault = {
    matches: ({ caller }) => names.includes(caller.functionName) && calls++ === fault?.call,
    effect: { kind: fault?.kind ?? 'drop-after' },
  };
  world.wire.faults.push(strike);
  fire(on, slot);
  const announced = () => toldOf(on, runId).length > 0;
  const end = world.clock.now() + HOUR;
  while (!announced() && world.clock.now() < end) await world.clock.run(30 * SECOND);
  // What still follows the announcement, and what a killed function left for its message to do again.
  await world.clock.run((fault ? 8 : 2) * MINUTE);
  world.wire.faults.splice(world.wire.faults.indexOf(strike), 1);
  const outcomes = await outcomesOf(on, runId);
  const good = [...outcomes.values()].flat();
  // The schedule's own slot on the hour stands for one that was killed before it was begun.
  const skipped = toldOf(on, runId).some((it) => it.skipped === 'superseded');
  return {
    calls: callsOf(on, slot).length,
    struck: fault === undefined || calls > fault.call,
    held: announced() && (skipped ? good.length === 0 : good.length === 1 && good[0] === 'synchronized'),
  };
}
