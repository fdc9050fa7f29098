import { Names } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { TrackedDatabase } from '../primary/tracked-database';
import type { SyncMonitoringProps } from './sync-monitoring-props';

interface SavedQuery {
  readonly name: string;
  readonly logGroups: logs.ILogGroup[];
  /** In the order in which CloudWatch Logs Insights carries them out. */
  readonly lines: string[];
}

/** The last look of the tracker that knew an answer. Its metrics stand in the same line, so no further one is written. */
export function whoIsPrimary({ databaseId }: TrackedDatabase): string[] {
  return [
    `filter DatabaseId = "${databaseId}" and ispresent(since)`,
    'fields state, primary, zone, since, epoch',
    'sort @timestamp desc',
    'limit 1',
  ];
}

const NEWEST = ['sort @timestamp desc', 'limit 200'];

/** Queries that the runbooks name, in a folder of the console of CloudWatch Logs Insights. They cost nothing until one is run. */
export function saveQueries(scope: Construct, { tracker, farm, dispatcher }: SyncMonitoringProps): void {
  const folder = Names.uniqueResourceName(scope, { maxLength: 100, separator: '-' });
  const queries: { readonly [id: string]: SavedQuery } = {
    ...(tracker && {
      WhoIsPrimary: { name: 'who is primary', logGroups: [tracker.logGroup], lines: whoIsPrimary(tracker) },
      Failovers: {
        name: 'failovers',
        logGroups: [tracker.logGroup],
        lines: [
          'filter message in ["a new primary", "a new state", "an event of the database", "the source gave no answer"]',
          'fields @timestamp, message, epoch, state, primary.memberId, cause, reason',
          ...NEWEST,
        ],
      },
    }),
    ServerErrors: {
      name: 'errors of the servers',
      logGroups: [farm.logGroup],
      lines: ['filter @message like /^[EW]\\. /', 'fields @timestamp, @logStream, @message', ...NEWEST],
    },
    ServerLife: {
      name: 'what the supervisors did',
      logGroups: [farm.logGroup],
      lines: ['filter ispresent(event)', 'fields @timestamp, @logStream, event, detail', ...NEWEST],
    },
    ...(dispatcher && {
      Runs: {
        name: 'runs',
        logGroups: dispatcher._logGroups,
        lines: [
          'filter message in ["a run is ordered", "a run has finished", "a run is skipped"]',
          'fields @timestamp, message, runId, reason, counts.remotes, counts.synchronized, counts.failed, counts.unreachable, counts.notPrimary, counts.deadlineMissed, counts.busy, counts.paused',
          ...NEWEST,
        ],
      },
      SyncTrouble: {
        name: 'trouble with syncs',
        logGroups: dispatcher._logGroups,
        lines: [
          'filter level in ["WARN", "ERROR"]',
          'fields @timestamp, message, runId, reason, error.message',
          ...NEWEST,
        ],
      },
    }),
  };
  for (const [id, { name, logGroups, lines }] of Object.entries(queries)) {
    new logs.CfnQueryDefinition(scope, `Query${id}`, {
      name: `${folder}/${name}`,
      logGroupNames: logGroups.map(({ logGroupName }) => logGroupName),
      queryString: lines.join('\n| '),
    });
  }
}
