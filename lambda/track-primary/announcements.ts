import type { PrimaryRecord } from '../records/primary-record';
import type { Announcement } from './ports';

/** What the record has to tell and has not told yet, in the order in which it is told. */
export function announcements(record: PrimaryRecord): Announcement[] {
  const { databaseId, epoch, state, primary, previousMemberId, since, stateSince, cause } = record;
  const detail = { databaseId, epoch, state, primary, previousMemberId, since, stateSince, cause };
  const due: Announcement[] = [];
  if (record.announcedEpoch < epoch) due.push({ detailType: 'MobiLink Primary Changed', detail });
  if (state !== 'stable' && record.announcedFailover !== stateSince) {
    due.push({ detailType: 'MobiLink Failover Started', detail });
  }
  return due;
}
