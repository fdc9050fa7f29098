import { SDK_LIMITS } from '../door/sdk-limits';
import { OutcomeWriter } from '../records/outcome-writer';
import type { Batch, Settlement } from '../records/sync-batch';
import type { Remotes } from './ports';

/** The registry's view of each remote: its latest outcome, whichever schedule ran. The ledger holds them all. */
export class RemoteOutcomes implements Remotes {
  private readonly writer: OutcomeWriter;

  constructor(table: string) {
    this.writer = new OutcomeWriter(table, SDK_LIMITS);
  }

  public async note(batch: Batch, remoteName: string, settlement: Settlement): Promise<void> {
    const { runId, group, shard } = batch;
    await this.writer.note(
      { group, shard, remoteName },
      { runId, settlement, attempted: isAttempted(batch, remoteName) },
    );
  }
}

function isAttempted({ members }: Batch, name: string): boolean {
  return members.some(({ remoteName, targets }) => remoteName === name && targets.length > 0);
}
