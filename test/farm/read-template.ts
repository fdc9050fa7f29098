import type { Template } from 'aws-cdk-lib/assertions';

export function environmentIn(template: Template): { [name: string]: unknown } {
  const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
  const pairs: { Name: string; Value: unknown }[] = task?.Properties.ContainerDefinitions[0].Environment;
  return Object.fromEntries(pairs.map(({ Name, Value }) => [Name, Value]));
}

export function attributesIn(template: Template): { [key: string]: unknown }[] {
  return Object.values(template.findResources('AWS::ElasticLoadBalancingV2::TargetGroup')).map((group) =>
    Object.fromEntries(
      group.Properties.TargetGroupAttributes.map((each: { Key: string; Value: unknown }) => [each.Key, each.Value]),
    ),
  );
}

export function statementsOf(template: Template, role: string): { Action: unknown; Resource: unknown }[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    JSON.stringify(Properties.Roles).includes(role),
  );
  return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}
