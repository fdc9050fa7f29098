import { lettersFrom, type PhysicalResource, type ResourceType } from '../physical-resource';

const ownId = (_: PhysicalResource, id: string) => id;
const ownArn = ownId;

/** Port of an engine where the template names none [RDS API reference, CreateDBInstance, Port]. */
const DEFAULT_PORTS: readonly [engine: RegExp, port: string][] = [
  [/^(mysql|mariadb|aurora-mysql|aurora)$/, '3306'],
  [/^(postgres|aurora-postgresql)$/, '5432'],
  [/^(custom-)?oracle-/, '1521'],
  [/^(custom-)?sqlserver-/, '1433'],
  [/^db2-/, '50000'],
];

function databasePort(it: PhysicalResource): string | undefined {
  const given = it.text('Port');
  if (given !== undefined) return given;
  const engine = it.text('Engine') ?? '';
  return DEFAULT_PORTS.find(([pattern]) => pattern.test(engine))?.[1];
}

/** All databases of an account and Region share one part of their endpoints' names. */
function databaseHost(it: PhysicalResource, label: string): string {
  const { accountId, region } = it.environment;
  const shared = `c${lettersFrom(`${accountId}/${region}/rds`, 11)}`;
  return `${label}${shared}.${region}.rds.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** `dbi` and `cluster` resource ids are 26 capitals and digits. */
const databaseResourceId = (prefix: string) => (it: PhysicalResource) =>
  `${prefix}-${it.letters(26, prefix, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`;

const managedMasterSecret = (it: PhysicalResource, kind: string) =>
  String(it.properties.ManageMasterUserPassword) === 'true'
    ? it.arn('secretsmanager', `secret:rds!${kind}-${it.uuid('master')}-${secretSuffix(it)}`)
    : undefined;

const secretSuffix = (it: PhysicalResource) =>
  it.letters(6, 'secret', 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');

const rdsGroup = (property: string): ResourceType => ({ physicalId: (it) => it.name(property, 255, true) });

const tableArn = (it: PhysicalResource, id: string) => it.arn('dynamodb', `table/${id}`);

const table: ResourceType = {
  physicalId: (it) => it.name('TableName', 255),
  arn: tableArn,
  attributes: {
    Arn: tableArn,
    // The label of a stream is the time at which it was switched on; a rehearsal has one, whatever its clock says.
    StreamArn: (it, id) =>
      it.properties.StreamSpecification ? `${tableArn(it, id)}/stream/2026-01-01T00:00:00.000` : undefined,
  },
};

const bucketArn = (it: PhysicalResource, id: string) => it.arn('s3', id, { region: '', accountId: '' });

export const DATA: Readonly<Record<string, ResourceType>> = {
  'AWS::RDS::DBInstance': {
    // RDS keeps identifiers in lower case, whatever the template wrote.
    physicalId: (it) => it.name('DBInstanceIdentifier', 63, true),
    arn: (it, id) => it.arn('rds', `db:${id}`),
    attributes: {
      'Endpoint.Address': (it, id) => databaseHost(it, `${id}.`),
      'Endpoint.Port': databasePort,
      'Endpoint.HostedZoneId': (it) => `Z${it.letters(13, 'zone').toUpperCase()}`,
      DbiResourceId: databaseResourceId('db'),
      DBInstanceArn: (it, id) => it.arn('rds', `db:${id}`),
      'MasterUserSecret.SecretArn': (it) => managedMasterSecret(it, 'db'),
    },
  },
  'AWS::RDS::DBCluster': {
    physicalId: (it) => it.name('DBClusterIdentifier', 63, true),
    arn: (it, id) => it.arn('rds', `cluster:${id}`),
    attributes: {
      'Endpoint.Address': (it, id) => databaseHost(it, `${id}.cluster-`),
      'ReadEndpoint.Address': (it, id) => databaseHost(it, `${id}.cluster-ro-`),
      'Endpoint.Port': databasePort,
      DBClusterArn: (it, id) => it.arn('rds', `cluster:${id}`),
      DBClusterResourceId: databaseResourceId('cluster'),
      'MasterUserSecret.SecretArn': (it) => managedMasterSecret(it, 'cluster'),
    },
  },
  'AWS::RDS::DBParameterGroup': rdsGroup('DBParameterGroupName'),
  'AWS::RDS::DBClusterParameterGroup': rdsGroup('DBClusterParameterGroupName'),
  'AWS::RDS::DBSubnetGroup': rdsGroup('DBSubnetGroupName'),
  'AWS::RDS::OptionGroup': rdsGroup('OptionGroupName'),
  'AWS::RDS::EventSubscription': rdsGroup('SubscriptionName'),
  'AWS::SecretsManager::Secret': {
    physicalId: (it) =>
      it.arn(
        'secretsmanager',
        `secret:${it.text('Name') ?? `${it.logicalId}-${it.letters(12, 'name')}`}-${secretSuffix(it)}`,
      ),
    arn: ownArn,
    attributes: { Id: ownArn },
  },
  'AWS::SecretsManager::SecretTargetAttachment': { physicalId: (it) => it.required('SecretId'), arn: ownArn },
  'AWS::SecretsManager::RotationSchedule': { physicalId: (it) => it.required('SecretId'), arn: ownArn },
  'AWS::SecretsManager::ResourcePolicy': { physicalId: (it) => it.required('SecretId') },
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::S3::Bucket': {
    physicalId: (it) => it.name('BucketName', 63, true),
    arn: bucketArn,
    attributes: {
      Arn: bucketArn,
      DomainName: (_, id) => `${id}.s3.amazonaws.com`,
      RegionalDomainName: (it, id) => `${id}.s3.${it.environment.region}.amazonaws.com`,
    },
  },
  'AWS::KMS::Key': {
    physicalId: (it) => it.uuid(),
    arn: (it, id) => it.arn('kms', `key/${id}`),
    attributes: { Arn: (it, id) => it.arn('kms', `key/${id}`), KeyId: ownId },
  },
  'AWS::KMS::Alias': {
    physicalId: (it) => it.required('AliasName'),
    arn: (it, id) => it.arn('kms', id),
  },
  'AWS::SSM::Parameter': {
    physicalId: (it) => it.name('Name', 1011),
    arn: (it, id) => it.arn('ssm', `parameter/${id.replace(/^\//, '')}`),
    attributes: { Type: (it) => it.text('Type'), Value: (it) => it.text('Value') },
  },
  'AWS::SSM::Document': {
    physicalId: (it) => it.name('Name', 128),
    arn: (it, id) => it.arn('ssm', `document/${id}`),
  },
};
