import { type App, type Stack, Tags } from 'aws-cdk-lib';
import { RemotesStack } from './remotes-stack';
import { readStageConfiguration } from './stage-configuration';
import { StatefulStack } from './stateful-stack';
import { StatelessStack } from './stateless-stack';

/** The stacks of the stage that the context asks for. */
export function compose(app: App): Stack[] {
  const stage = readStageConfiguration(app.node);
  const env = stage.region ? { account: stage.account, region: stage.region } : undefined;
  const prefix = `${stage.name}-${stage.stageName}`;

  const stateful = new StatefulStack(app, `${prefix}-Stateful`, {
    env,
    stage,
    terminationProtection: stage.protected,
    description: 'MobiLink: network, consolidated database and registry of remotes',
  });
  const stateless = new StatelessStack(app, `${prefix}-Stateless`, {
    env,
    stage,
    vpc: stateful.vpc,
    database: stateful.database,
    registry: stateful.registry,
    alarmTopic: stateful.alarmTopic,
    systemName: prefix,
    description: 'MobiLink: server farm, primary tracker and scheduled syncs',
  });

  const stacks: Stack[] = [stateful, stateless];
  if (stage.remotes.length > 0) {
    stacks.push(
      new RemotesStack(app, `${prefix}-Remotes`, {
        env,
        stage,
        vpc: stateful.vpc,
        database: stateful.database,
        registry: stateful.registry,
        system: stateless.system,
        systemName: prefix,
        terminationProtection: stage.protected,
        description: 'MobiLink: remote databases on EC2',
      }),
    );
  }
  for (const stack of stacks) {
    Tags.of(stack).add('mobilink-ha:system', prefix);
    Tags.of(stack).add('mobilink-ha:stage', stage.stageName);
    for (const [key, value] of Object.entries(stage.tags)) Tags.of(stack).add(key, value);
  }
  return stacks;
}
