import type { Batch } from '../records/sync-batch';
import { commentOf } from '../records/sync-batch';
import type { Command } from '../records/sync-messages';
import { deadlineOf, type Run } from '../records/sync-run';
import { MOST_HOSTS } from './plan-batch';
import type { Ports, SendResult } from './ports';

/** What has been sent of a batch, and which hosts cannot be commanded. */
export interface Sent {
  readonly sent: Command[];
  readonly refused: Record<string, string>;
}

export type Sending =
  | ({ readonly kind: 'complete' } & Sent)
  /** Systems Manager throttles, or the invocation is about to end. */
  | ({ readonly kind: 'throttled' | 'out-of-time' } & Sent)
  | { readonly kind: 'unknown'; readonly reason: string };

/** SSM API Reference, SendCommand, "TimeoutSeconds": 30 at least. */
const LEAST_DELIVERY_SECONDS = 30;
/** One call is given this long, and what follows it must still be written down. */
export const ENOUGH_FOR_ONE_COMMAND = 15_000;

interface Part {
  readonly profile: string | undefined;
  readonly hosts: string[];
}

/**
 * Commands the hosts of a batch that have not been commanded yet. One host that Systems Manager does not know fails the whole
 * call: then those that the answer names are left out, or the list is halved until the bad host is alone.
 */
export async function sendCommands(ports: Ports, run: Run, batch: Batch, before: Sent): Promise<Sending> {
  const sent = [...before.sent];
  const refused = { ...before.refused };
  const parts = open(batch, sent, refused);
  for (let part = parts.shift(); part; part = parts.shift()) {
    if (ports.remaining() < ENOUGH_FOR_ONE_COMMAND) return { kind: 'out-of-time', sent, refused };
    const result = await send(ports, run, batch, part);
    switch (result.kind) {
      case 'sent':
        sent.push({ commandId: result.commandId, hosts: part.hosts });
        break;
      case 'refused':
        parts.unshift(...without(part, result, refused));
        break;
      case 'throttled':
        return { kind: 'throttled', sent, refused };
      case 'unknown':
        return result;
    }
  }
  return { kind: 'complete', sent, refused };
}

/** The hosts that are left, one part a profile, since a command has one set of parameters. */
function open({ members }: Batch, sent: readonly Command[], refused: Record<string, string>): Part[] {
  const done = new Set([...sent.flatMap(({ hosts }) => hosts), ...Object.keys(refused)]);
  const parts = new Map<string | undefined, string[]>();
  for (const { profile, targets } of members) {
    const hosts = targets.filter((host) => !done.has(host));
    if (hosts.length > 0) parts.set(profile, [...(parts.get(profile) ?? []), ...hosts]);
  }
  // A further attempt asks all hosts of its remotes, so they may be more than one command takes.
  return [...parts].flatMap(([profile, hosts]) =>
    Array.from({ length: Math.ceil(hosts.length / MOST_HOSTS) }, (_, index) => ({
      profile,
      hosts: hosts.slice(index * MOST_HOSTS, (index + 1) * MOST_HOSTS),
    })),
  );
}

function send(ports: Ports, run: Run, batch: Batch, { profile, hosts }: Part): Promise<SendResult> {
  const left = Math.floor((deadlineOf(run) - ports.now()) / 1000);
  return ports.commands.send({
    runId: batch.runId,
    hosts,
    profile,
    comment: commentOf(batch),
    timeLimitSeconds: run.timeLimitSeconds,
    deliverySeconds: Math.max(LEAST_DELIVERY_SECONDS, Math.min(ports.commands.deliveryTimeoutSeconds, left)),
  });
}

function without(
  { profile, hosts }: Part,
  { hosts: named, reason }: { hosts: string[]; reason: string },
  refused: Record<string, string>,
): Part[] {
  const bad = hosts.length === 1 ? hosts : hosts.filter((host) => named.includes(host));
  for (const host of bad) refused[host] = reason;
  const rest = hosts.filter((host) => !bad.includes(host));
  if (bad.length > 0) return rest.length === 0 ? [] : [{ profile, hosts: rest }];
  const half = Math.ceil(rest.length / 2);
  return [
    { profile, hosts: rest.slice(0, half) },
    { profile, hosts: rest.slice(half) },
  ];
}
