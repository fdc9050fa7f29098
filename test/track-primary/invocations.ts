/** What the function is given: by the construct, by EventBridge Scheduler, by RDS. */

export const INSTANCE_ARN = 'arn:aws:rds:eu-central-1:111122223333:db:consolidated';

export const ENVIRONMENT = {
  MOBILINK_DATABASE_ID: 'main',
  MOBILINK_PRIMARY_TABLE: 'records',
  MOBILINK_PRIMARY_SOURCE: JSON.stringify({
    kind: 'rds-instance',
    instanceArn: INSTANCE_ARN,
    instanceIdentifier: 'consolidated',
  }),
  MOBILINK_EVENT_BUS: 'default',
  MOBILINK_METRIC_NAMESPACE: 'MobiLinkHA',
};

/** In the shape of the samples of the RDS User Guide, "Overview of events for Amazon RDS". */
export function rdsEvent(id: string, arn = INSTANCE_ARN, date = '2026-11-23T04:00:00.000Z') {
  return {
    source: 'aws.rds',
    'detail-type': 'RDS DB Instance Event',
    resources: [arn],
    detail: {
      EventCategories: ['failover'],
      SourceType: 'DB_INSTANCE',
      SourceArn: arn,
      Date: date,
      Message: 'A message.',
      SourceIdentifier: 'consolidated',
      EventID: id,
    },
  };
}
