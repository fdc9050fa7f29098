import * as v from 'valibot';
import type { DeployedResource } from '../assembly/deployed-resource';
import type { Deployment } from '../assembly/deployment';
import type { SecretsManager } from '../cloud/secrets-manager';
import type { InvocationResult } from '../functions/function-runtime';
import { describeTaskDefinitions, read } from './descriptions';

/** The steps of a rotation, in their order (AWS Secrets Manager User Guide, "Rotation by Lambda function"). */
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

const schedule = v.object({ SecretId: v.string(), RotationLambdaARN: v.string() });

/** A secret that is rotated, and by whom. */
export interface RotatedSecret {
  readonly secretArn: string;
  readonly functionArn: string;
}

export function rotatedSecrets(deployment: Deployment): RotatedSecret[] {
  return deployment.ofType('AWS::SecretsManager::RotationSchedule').map((it: DeployedResource) => {
    const { SecretId: secretArn, RotationLambdaARN: functionArn } = read(it, schedule);
    return { secretArn, functionArn };
  });
}

/** The roles of the tasks that change passwords. */
export function rotatingRoles(deployment: Deployment): string[] {
  return describeTaskDefinitions(deployment)
    .filter(({ command }) => command === 'rotate')
    .flatMap(({ roleArns: [taskRole = ''] }) => taskRole);
}

export interface RotationsWorld {
  readonly secrets: SecretsManager;
  /** In Secrets Manager's own name. */
  invoke(functionArn: string, event: unknown, sourceArn: string): Promise<InvocationResult | undefined>;
}

/** How one go at a rotation ended. */
export interface RotationEnd {
  readonly version: string;
  /** The step that failed. */
  readonly failed?: string;
  readonly message?: string;
}

/** Secrets Manager, as far as it rotates. */
export class Rotations {
  public readonly rotated: readonly RotatedSecret[];

  constructor(
    deployment: Deployment,
    private readonly world: RotationsWorld,
  ) {
    this.rotated = rotatedSecrets(deployment);
  }

  /** The first secret that is rotated. */
  public get secret(): RotatedSecret {
    const [first] = this.rotated;
    if (!first) throw new Error('the assembly rotates no secret');
    return first;
  }

  /** @param version of a rotation that failed, which is begun again. @default - a new one */
  public async rotate(version?: string): Promise<RotationEnd> {
    const { secretArn, functionArn } = this.secret;
    const token = version ?? this.world.secrets.beginRotation(secretArn);
    for (const Step of STEPS) {
      const event = { SecretId: secretArn, ClientRequestToken: token, Step };
      const result = await this.world.invoke(functionArn, event, secretArn);
      if (result?.outcome !== 'returned') return { version: token, failed: Step, message: result?.error?.message };
    }
    return { version: token };
  }
}
