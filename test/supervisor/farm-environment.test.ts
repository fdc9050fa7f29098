import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { expect, it } from 'vitest';
import { parseConfiguration } from '../../image/supervisor/configuration';
import { ConsolidatedRdsInstance, MobiLinkImage, MobiLinkServerFarm } from '../../lib';
import { LOGIN_ARN } from '../../rehearsal/mlsrv/told';
import { MACHINE } from './surroundings';

it('the image understands what the farm tells it', () => {
  const stack = new Stack(new App(), 'Test', { env: { account: '111111111111', region: 'eu-central-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc');
  new MobiLinkServerFarm(stack, 'Farm', {
    vpc,
    database: new ConsolidatedRdsInstance(stack, 'Consolidated', { vpc }),
    image: MobiLinkImage.fromEcrRepository(ecr.Repository.fromRepositoryName(stack, 'Image', 'mobilink'), {
      tag: '17',
    }),
    workers: 10,
  });
  const [task] = Object.values(Template.fromStack(stack).findResources('AWS::ECS::TaskDefinition'));
  const told = task?.Properties.ContainerDefinitions[0].Environment as { Name: string; Value: unknown }[];
  const environment = Object.fromEntries(told.map(({ Name, Value }) => [Name, resolved(Value)]));
  const configuration = parseConfiguration({ ...environment, MOBILINK_LOGIN_SECRET_ARN: LOGIN_ARN }, MACHINE);
  expect(configuration).toMatchObject({
    engine: { name: 'mysql' },
    dsn: { SERVER: 'a-value', PORT: '3306', DATABASE: 'mobilink', SSLMODE: 'VERIFY_IDENTITY' },
    streams: [{ protocol: 'tcpip', port: 2439 }],
    healthPort: 8439,
    workers: 10,
    metrics: { namespace: 'MobiLinkHA', farm: expect.stringContaining('Farm') },
  });
});

/** What CloudFormation would put there, as far as it matters. */
function resolved(value: unknown): string {
  if (typeof value === 'string') return value;
  const joined = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  return joined ? joined[1].map(resolved).join(joined[0]) : 'a-value';
}
