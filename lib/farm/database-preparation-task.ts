import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { BoundScript } from './bound-script';
import { createOneOffTask, type OneOffTask, type OneOffTaskProps } from './one-off-task';

export interface PreparationTaskProps
  extends Pick<
    OneOffTaskProps,
    'imageUri' | 'executionRole' | 'mobiLinkLogin' | 'environment' | 'scratch' | 'logGroup'
  > {
  readonly setUp: boolean;
  readonly scripts: BoundScript[];
}

/** The least pair of Fargate with 2 GiB, which dbisql's Java runtime is content with. UNSOURCED */
const SIZE = { cpu: '1024', memory: '2048' };

/** One preparation as a Fargate task. It may read what is applied, which servers may not. */
export function createPreparationTask(scope: Construct, props: PreparationTaskProps): OneOffTask {
  const { scripts, setUp, ...common } = props;
  const told = { setUp: setUp ? 'run' : 'never', scripts: scripts.map(({ objectArn, ...script }) => script) };
  const task = createOneOffTask(scope, {
    ...common,
    command: 'prepare',
    container: 'Prepare',
    description: 'What the preparation of a consolidated database may do',
    size: SIZE,
    told: { MOBILINK_PREPARATION: Stack.of(scope).toJsonString(told) },
    stopTimeout: 120,
  });
  if (scripts.length > 0) {
    const resources = [...new Set(scripts.map(({ objectArn }) => objectArn))];
    task.role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources }));
  }
  return task;
}
