import { type Delivery, decide } from './core';
import type { Ports } from './ports';
import { type ReportedOutcome, readReportedOutcome } from './reported-outcome';

export interface OutcomeMessage extends Delivery {
  readonly messageId: string;
  readonly body: string;
}

/** Records one message; false when it must come again. */
export async function record(ports: Ports, message: OutcomeMessage): Promise<boolean> {
  const { messageId, senderId: sender, body } = message;
  let reported: ReportedOutcome;
  try {
    reported = readReportedOutcome(body);
  } catch (error) {
    const fix =
      'see what the sender runs: host/sync-remote.sh writes such a line, host/exchange-with-registry.sh sends it';
    ports.metrics.refused(undefined, { messageId, sender, reason: reasonOf(error), fix });
    return false;
  }
  const { remote, run, schedule, result } = reported;
  const about = { messageId, sender, remote, run, result };
  try {
    const decision = decide(await ports.registry.read(reported), reported, message);
    switch (decision.kind) {
      case 'refused':
        ports.metrics.refused(schedule, { ...about, reason: decision.reason, fix: decision.fix });
        return false;
      case 'left-aside':
        ports.metrics.leftAside({ ...about, reason: decision.reason });
        return true;
      case 'repeated':
        return true;
      case 'outcome': {
        const { settlement } = decision;
        await ports.registry.note(reported, { runId: run, settlement, attempted: true });
        ports.metrics.recorded(schedule, settlement.outcome);
        return true;
      }
    }
  } catch (error) {
    ports.metrics.failed({ ...about, reason: reasonOf(error) });
    return false;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
}
