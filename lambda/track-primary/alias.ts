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
 * Leads the alias to the primary of an epoch that is stable, until it is noted: at least once, whenever the function was killed. A
 * record that has moved on meanwhile says that another invocation may have led the alias on before this one led it back; then nothing
 * counts as noted and the next poll writes it again.
 */
export async function pointAlias({ alias }: Ports, record: PrimaryRecord, signal: AbortSignal): Promise<void> {
  if (!alias || record.state !== 'stable' || (record.aliasEpoch ?? 0) >= record.epoch) return;
  await alias.zone.point(record.primary.host, signal);
  if (!(await alias.notes.noteAlias(record, signal))) await alias.notes.forgetAlias(signal);
}
