import { ChangeResourceRecordSetsCommand, type ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import type { PrimaryRecord } from '../records/primary-record';
import type { AliasZone, Ports } from './ports';
import { SDK_LIMITS } from './sdk-limits';

/** Clients that cannot list two hosts look the name up again after so many seconds; RDS answers with the same TTL. */
const ALIAS_TTL = 5;

/** The name in a private zone that leads to the primary of a pair. */
export class DnsAlias implements AliasZone {
  private readonly client = new Route53Client(SDK_LIMITS);

  constructor(
    private readonly zoneId: string,
    private readonly name: string,
  ) {}

  public async point(host: string, abortSignal: AbortSignal): Promise<void> {
    const leads: ResourceRecordSet = {
      Name: this.name,
      Type: 'CNAME',
      TTL: ALIAS_TTL,
      ResourceRecords: [{ Value: host }],
    };
    await this.client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: this.zoneId,
        ChangeBatch: { Changes: [{ Action: 'UPSERT', ResourceRecordSet: leads }] },
      }),
      { abortSignal },
    );
  }
}

/**
 * How old an epoch must be before no call of an older one can be on its way: each ends with its poll, which takes 9 s. The rest is for
 * the way to Route 53 and clocks that differ. UNSOURCED.
 */
export const STRAGGLERS_END_AFTER = 30_000;

/**
 * Leads the alias to the primary of an epoch that is stable, until it is noted: at least once, whenever the function was killed. And
 * once more when the epoch is older than any call of the one before: two failovers in a row are led by two invocations, and the call of
 * the first one may arrive last.
 */
export async function pointAlias(ports: Ports, record: PrimaryRecord, signal: AbortSignal): Promise<void> {
  const now = ports.now();
  if (!ports.alias || !isDue(record, now)) return;
  await ports.alias.zone.point(record.primary.host, signal);
  await ports.alias.notes.noteAlias(record, now, signal);
}

function isDue({ state, epoch, since, aliasEpoch = 0, aliasedAt = since }: PrimaryRecord, now: number): boolean {
  if (state !== 'stable') return false;
  const settled = Date.parse(since) + STRAGGLERS_END_AFTER;
  return aliasEpoch < epoch || (now >= settled && Date.parse(aliasedAt) < settled);
}
