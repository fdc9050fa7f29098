import type { PrimaryRecord } from '../records/primary-record';
import type { Announcement } from './ports';

/**
 * What the record has to tell and has not told yet, in the order in which it happened. A failover that is over before anybody could
 * announce it is still announced: its beginning stays in the record.
 */
export function announcements(record: PrimaryRecord): Announcement[] {
  const { databaseId, epoch, state, primary, previousMemberId, since, stateSince, failoverSince, cause } = record;
  const detail = { databaseId, epoch, state, primary, previousMemberId, since, stateSince, failoverSince, cause };
  const due: Announcement[] = [];
  if (failoverSince !== undefined && record.announcedFailover !== failoverSince) {
    due.push({ detailType: 'MobiLink Failover Started', detail });
  }
  if (record.announcedEpoch < epoch) due.push({ detailType: 'MobiLink Primary Changed', detail });
  return due;
}
