import { wordFailure } from '../records/host-report';
import { toMoment } from '../records/names';
import type { Remote } from '../records/remote';
import type { Settlement } from '../records/sync-batch';
import type { ReportedOutcome } from './reported-outcome';

/** As much of the registry's item as a decision needs. */
export type RegisteredRemote = Pick<Remote, 'hosts' | 'lastOutcomeAt' | 'lastRunId'>;

/** What SQS, and not the sender, says of a message. */
export interface Delivery {
  /** `<unique id of the role>:<session>`; the session of a host's role is the host's id. */
  readonly senderId: string;
  /** When SQS took the message: the same however often it is delivered. */
  readonly sentAt: number;
}

export type Decision =
  /** Somebody must look: it is tried again, and ends in the dead-letter queue. */
  | { readonly kind: 'refused'; readonly reason: string; readonly fix: string }
  /** It says nothing of how the remote's sync ended. */
  | { readonly kind: 'left-aside'; readonly reason: string }
  /** It is the very outcome that the registry holds. */
  | { readonly kind: 'repeated' }
  | { readonly kind: 'outcome'; readonly settlement: Settlement };

/** The exit code of host/sync-remote.sh when a sync failed. */
const FAILED = 1;

/** What a reported outcome is to the registry. Pure. */
export function decide(remote: RegisteredRemote | undefined, reported: ReportedOutcome, delivery: Delivery): Decision {
  const host = sessionOf(delivery.senderId);
  const sender = host ?? delivery.senderId;
  if (!remote) {
    return {
      kind: 'refused',
      reason: `the registry has no remote ${reported.remote}`,
      fix: `register it, or correct REMOTE in /etc/mobilink-ha/remote.conf of ${sender}`,
    };
  }
  if (host === undefined || !remote.hosts.includes(host)) {
    return {
      kind: 'refused',
      reason: `the sender is ${sender}, and the hosts of ${reported.remote} are ${remote.hosts.join(', ')}`,
      fix: `name it among the hosts in the registry, or correct REMOTE in /etc/mobilink-ha/remote.conf of ${sender}`,
    };
  }
  const { result, run } = reported;
  if (result !== 'synchronized' && result !== 'failed') {
    return { kind: 'left-aside', reason: `${result} is no end of a run: the host tries again, or its partner does` };
  }
  // A clock that goes ahead must not hide what comes later, and a message that comes twice must say the same twice.
  const at = toMoment(Math.min(reported.endedAt, delivery.sentAt));
  if (remote.lastRunId === run && remote.lastOutcomeAt === at) return { kind: 'repeated' };
  return {
    kind: 'outcome',
    settlement:
      result === 'synchronized'
        ? { outcome: result, at, host }
        : { outcome: result, at, detail: wordFailure(FAILED, reported) },
  };
}

/** The session of a role. Users, federated ones and services of AWS have none, whatever they are called (IAM User Guide, "Unique identifiers"). */
function sessionOf(senderId: string): string | undefined {
  return /^AROA[A-Z0-9]+:(.*)$/s.exec(senderId)?.[1];
}
