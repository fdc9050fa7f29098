import { wordFailure } from '../records/host-report';
import { toMoment } from '../records/names';
import type { Batch, Child, Member, OrderedRemote, Settlement } from '../records/sync-batch';
import { deadlineOf, type Run } from '../records/sync-run';
import type { HostView } from './host-view';

/** What one look at the commands of a batch saw. */
export interface Sight {
  readonly look: number;
  /** The newest that is known of each host. */
  readonly views: Readonly<Record<string, HostView>>;
  /** Hosts that no command was sent to, with the reason. */
  readonly refused: Readonly<Record<string, string>>;
  readonly now: number;
}

export interface Decision {
  /** Remotes that this look found the end of. */
  readonly settled: Readonly<Record<string, Settlement>>;
  /** Further attempts for others. */
  readonly children: readonly Child[];
  /** Whether nothing is left to look at. */
  readonly closed: boolean;
}

/** How long a pair whose primary is on its way may take. UNSOURCED: SQL Anywhere's liveness time-out is two minutes by default. */
const FIRST_RETRY_SECONDS = 30;
const LATER_RETRY_SECONDS = 120;
const LONGEST_BACK_OFF_SECONDS = 300;

type Verdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'settle'; readonly settlement: Settlement }
  | { readonly kind: 'again'; readonly why: 'elsewhere' | 'rate-exceeded'; readonly remote: OrderedRemote };

/** Decides for each remote of a batch that has no outcome yet. Pure. */
export function decide(batch: Batch, run: Run, sight: Sight): Decision {
  const moved = new Set(batch.children.flatMap(({ remotes }) => remotes.map(({ remoteName }) => remoteName)));
  const open = batch.members.filter(({ remoteName }) => !isSettled(batch, remoteName) && !moved.has(remoteName));
  const settled = new Map<string, Settlement>();
  const elsewhere: OrderedRemote[] = [];
  const tooMany: OrderedRemote[] = [];
  let waiting = 0;
  for (const member of open) {
    const verdict = judge(batch, run, member, sight);
    if (verdict.kind === 'wait') waiting++;
    else if (verdict.kind === 'settle') settled.set(member.remoteName, verdict.settlement);
    else (verdict.why === 'elsewhere' ? elsewhere : tooMany).push(verdict.remote);
  }
  const attempts = [
    { remotes: elsewhere, attempt: batch.attempt + 1, delaySeconds: retryDelay(batch.attempt) },
    // It never ran, so it is no attempt; the deadline bounds it.
    { remotes: tooMany, attempt: batch.attempt, delaySeconds: backOff(batch) },
  ];
  const children = attempts
    .filter(({ remotes }) => remotes.length > 0)
    .map((child, index) => ({
      ...child,
      batch: `${batch.batch}.${batch.children.length + index + 1}`,
      look: sight.look,
    }));
  return { settled: Object.fromEntries(settled), children, closed: waiting === 0 };
}

/** Not by looking the name up: `constructor` is found in every object. */
export function isSettled({ settled }: Batch, remoteName: string): boolean {
  return Object.hasOwn(settled, remoteName);
}

function judge(batch: Batch, run: Run, member: Member, { views, refused, now }: Sight): Verdict {
  const at = toMoment(now);
  const settle = (settlement: Omit<Settlement, 'at'>): Verdict => ({
    kind: 'settle',
    settlement: { at, ...settlement },
  });
  if (member.outcome) return settle({ outcome: member.outcome, detail: member.detail });

  const hosts = member.targets.map((host) => ({ host, said: answerOf(views[host], refused[host], batch, member) }));
  const success = hosts.find(({ said }) => said.kind === 'synchronized');
  if (success) return settle({ outcome: 'synchronized', host: success.host });
  const late = now >= deadlineOf(run);
  if (hosts.some(({ said }) => said.kind === 'open'))
    return late ? settle({ outcome: 'deadline-missed' }) : { kind: 'wait' };

  const failure = hosts.find(({ said }) => said.kind === 'failed');
  if (failure?.said.kind === 'failed') return settle({ outcome: 'failed', detail: failure.said.detail });
  if (hosts.some(({ said }) => said.kind === 'busy')) return settle({ outcome: 'busy' });

  const { targets: _targets, detail: _detail, outcome: _outcome, ...remote } = member;
  if (hosts.some(({ said }) => said.kind === 'rate-exceeded')) {
    if (now + backOff(batch) * 1000 < deadlineOf(run)) return { kind: 'again', why: 'rate-exceeded', remote };
    return settle({ outcome: 'deadline-missed', detail: 'too many commands were waiting in the account' });
  }
  const tried: Record<string, 'not-primary' | 'unreachable'> = { ...member.tried };
  const reasons: string[] = [];
  for (const { host, said } of hosts) {
    if (said.kind !== 'not-primary' && said.kind !== 'unreachable') continue;
    tried[host] = said.kind;
    if (said.detail !== undefined) reasons.push(`${host}: ${said.detail}`);
  }
  if (batch.attempt < run.attempts && now + retryDelay(batch.attempt) * 1000 < deadlineOf(run)) {
    return { kind: 'again', why: 'elsewhere', remote: { ...remote, tried } };
  }
  const detail = reasons.join('; ') || undefined;
  const everywhere = member.hosts.every((host) => tried[host] === 'not-primary');
  return settle(
    everywhere ? { outcome: 'not-primary', detail, forgetPrimary: true } : { outcome: 'unreachable', detail },
  );
}

type Answer =
  | { readonly kind: 'open' | 'synchronized' | 'busy' | 'rate-exceeded' }
  | { readonly kind: 'not-primary'; readonly detail: string | undefined }
  | { readonly kind: 'failed' | 'unreachable'; readonly detail: string };

function answerOf(view: HostView | undefined, refused: string | undefined, batch: Batch, member: Member): Answer {
  if (refused !== undefined) return { kind: 'unreachable', detail: refused };
  switch (view?.kind) {
    case undefined:
    case 'absent':
    case 'open':
      return { kind: 'open' };
    case 'undelivered':
      return { kind: 'unreachable', detail: view.status };
    case 'rate-exceeded':
      return { kind: 'rate-exceeded' };
    case 'aborted':
      return { kind: 'failed', detail: view.status };
    case 'ended':
      return reported(view, `${batch.group}/${member.remoteName}`, batch.runId);
  }
}

/** The exit codes of host/sync-remote.sh; a good one counts only with the report of this remote and run. */
function reported({ exitCode, report }: HostView & { kind: 'ended' }, remote: string, runId: string): Answer {
  // A host whose configuration cannot be read does not know its remote, and says why in its message.
  if (report && report.remote !== '' && report.remote !== remote) {
    return { kind: 'failed', detail: `the host says that it holds ${report.remote}, the registry says ${remote}` };
  }
  switch (exitCode) {
    case 0:
    case 77:
      if (report?.run === runId && report.remote === remote) return { kind: 'synchronized' };
      return { kind: 'failed', detail: `exit code ${exitCode} without a report of this run: did the script run?` };
    case 75:
      return { kind: 'not-primary', detail: report?.message };
    case 76:
      return { kind: 'busy' };
    default:
      return { kind: 'failed', detail: wordFailure(exitCode, report) };
  }
}

function retryDelay(attempt: number): number {
  return attempt === 1 ? FIRST_RETRY_SECONDS : LATER_RETRY_SECONDS;
}

/** Twice as long with each generation of the batch. */
function backOff({ batch }: Batch): number {
  const generation = batch.split('.').length;
  return Math.min(LONGEST_BACK_OFF_SECONDS, FIRST_RETRY_SECONDS * 2 ** (generation - 1));
}
