import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { MobiLinkStream } from '../../lib';
import { build, farmland, identity } from './farm-fixture';
import { statementsOf } from './read-template';

describe('a new certificate', () => {
  it('replaces the servers by a deployment: told by an event, and looked for each hour', () => {
    const land = farmland();
    const streams = [
      MobiLinkStream.tls({ identity: identity(land.stack), identityPassword: identity(land.stack, 'Password') }),
      MobiLinkStream.https({ identity: identity(land.stack, 'Other') }),
    ];
    const { template } = build({ streams }, land);
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 hour)',
      EventPattern: {
        source: ['aws.secretsmanager'],
        detail: Match.objectLike({
          eventName: ['PutSecretValue', 'RotationSucceeded', 'UpdateSecret', 'UpdateSecretVersionStage'],
          $or: [
            { requestParameters: { secretId: Match.arrayWith([{ Ref: Match.stringLikeRegexp('^Identity') }]) } },
            { additionalEventData: { SecretId: Match.arrayWith([{ Ref: Match.stringLikeRegexp('^Other') }]) } },
          ],
        }),
      },
    });
    const statements = statementsOf(template, 'RollServersRole').map(({ Action }) => Action);
    expect(statements).toEqual([
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      ['ecs:DescribeServices', 'ecs:UpdateService'],
      'secretsmanager:DescribeSecret',
    ]);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          MOBILINK_SERVICE: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FarmService'), 'Name'] },
        }),
      },
    });
  });

  it('is nobody’s business where no stream has one', () => {
    const { template } = build();
    expect(JSON.stringify(template.toJSON())).not.toContain('RollServers');
  });
});
