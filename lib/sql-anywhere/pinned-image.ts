import { CfnParameter, Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';

/** `resolve:ssm:NAME` and `{{resolve:ssm:NAME}}`, without a version. */
const MOVING_REFERENCE = /resolve:ssm:[^:}]+(\}\}|$)/;

/**
 * What is wrong with the image of a launch template that another deployment, or another host, would read anew: then two hosts of
 * a pair could differ though nobody changed anything. Undefined for an image that stays.
 */
export function movingImage(launchTemplate: ec2.CfnLaunchTemplate): string | undefined {
  const stack = Stack.of(launchTemplate);
  const { launchTemplateData } = launchTemplate;
  const data: unknown = stack.resolve(launchTemplateData);
  const image = (data as { imageId?: unknown }).imageId;
  if (typeof image === 'string') return MOVING_REFERENCE.test(image) ? image : undefined;
  const parameter = referredParameter(stack, image);
  if (!parameter?.type.startsWith('AWS::SSM::Parameter::Value')) return undefined;
  const name = String(parameter.default ?? '');
  return /:\d+$/.test(name) ? undefined : name;
}

function referredParameter(stack: Stack, reference: unknown): CfnParameter | undefined {
  if (typeof reference !== 'object' || reference === null || !('Ref' in reference)) return undefined;
  return stack.node
    .findAll()
    .find(
      (it: IConstruct): it is CfnParameter =>
        it instanceof CfnParameter && stack.getLogicalId(it) === (reference as { Ref: unknown }).Ref,
    );
}
