/** What the status of an RDS instance or cluster says about its primary. */
export type StatusMeaning = 'serves' | 'out-of-service' | 'gone' | 'says-nothing';

/**
 * By the tables of the RDS User Guide, "Viewing DB instance status" and "Viewing DB cluster status". Where they say neither that the database serves nor
 * that it does not (`maintenance`, `moving-to-vpc`, `storage-full`), and for a status that is new, nothing is concluded.
 */
const SERVES = new Set([
  'available',
  'backing-up',
  'configuring-enhanced-monitoring',
  'configuring-iam-database-auth',
  'configuring-log-exports',
  'delete-precheck',
  'modifying',
  'resetting-master-credentials',
  'storage-config-upgrade',
  'storage-initialization',
  'storage-optimization',
]);

/** It will serve again without a person. */
const OUT_OF_SERVICE = new Set([
  'converting-to-vpc',
  'creating',
  'failing-over',
  'promoting',
  'rebooting',
  'renaming',
  'starting',
  'upgrading',
]);

/** There is no primary until a person acts. */
const GONE = new Set(['deleting', 'failed', 'insufficient-capacity', 'restore-error', 'stopped', 'stopping']);
const GONE_FAMILIES = ['incompatible-', 'inaccessible-encryption-'];

export function meaningOf(status: string): StatusMeaning {
  if (SERVES.has(status)) return 'serves';
  if (OUT_OF_SERVICE.has(status)) return 'out-of-service';
  return GONE.has(status) || GONE_FAMILIES.some((family) => status.startsWith(family)) ? 'gone' : 'says-nothing';
}
