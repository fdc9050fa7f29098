import * as v from 'valibot';
import type { Deployment } from '../assembly/deployment';
import { parseStatement } from '../sql-anywhere/sql/statement';
import { read } from './descriptions';

const text = v.string();
const association = v.object({
  Parameters: v.optional(v.object({ Definition: v.optional(v.array(text), []) }), {}),
});

/** What is wrong with what the deployment defines in remote databases, as far as it can be seen before their hosts are there. */
export function problemsOfRemotes(deployment: Deployment): string[] {
  const longest = Math.max(0, ...backupDays(deployment));
  return deployment.ofType('AWS::SSM::Association').flatMap((it) => {
    const [encoded = ''] = read(it, association).Parameters.Definition;
    const lines = Buffer.from(encoded, 'base64').toString('utf8').split('\n');
    return lines.flatMap((line) => problemsOf(line, longest)).map((problem) => `${it.path}: ${problem}`);
  });
}

function problemsOf(line: string, longestBackup: number): string[] {
  const [, days] = /^DELETE_OLD_LOGS_DAYS=(\d+)$/.exec(line) ?? [];
  if (days !== undefined && Number(days) < longestBackup) {
    return [
      `logs are kept for ${days} days, but backups for ${longestBackup}: after a restore nothing could be sent again`,
    ];
  }
  if (!line.startsWith('EVENT=')) return [];
  try {
    const statement = parseStatement(line.slice('EVENT='.length));
    return statement.kind === 'change' && statement.change.kind === 'event' ? [] : ['an event that is none'];
  } catch (error) {
    return [`the database refuses an event: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** How long the backups of every database of the deployment are kept. */
function backupDays(deployment: Deployment): number[] {
  const instances = deployment
    .ofType('AWS::RDS::DBInstance')
    .map(({ properties }) => Number(properties.BackupRetentionPeriod ?? 0));
  const buckets = deployment.ofType('AWS::S3::Bucket').flatMap((it) => {
    const rules = read(
      it,
      v.object({
        LifecycleConfiguration: v.optional(
          v.object({
            Rules: v.array(v.object({ Prefix: v.optional(text), ExpirationInDays: v.optional(v.number()) })),
          }),
          { Rules: [] },
        ),
      }),
    ).LifecycleConfiguration.Rules;
    return rules.filter(({ Prefix }) => Prefix === 'backups/').map(({ ExpirationInDays = 0 }) => ExpirationInDays);
  });
  return [...instances, ...buckets];
}
