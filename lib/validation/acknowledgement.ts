import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Says on the construct that owns a finding of cdk-nag why it stays. The finding's id holds the resolved resource (an ARN
 * with `Fn::ImportValue` in two stacks, with `Fn::GetStackOutput` under weak references), so it is computed when references
 * have been resolved and before the gates run: in a validation of the construct.
 */
export function acknowledge(
  owner: IConstruct,
  rule: string,
  reason: string,
  findings: () => unknown[] = () => [],
): void {
  owner.node.addValidation({
    validate: () => {
      const details = findings();
      const ids = details.length === 0 ? [rule] : details.map((detail) => `${rule}[${render(owner, detail)}]`);
      for (const id of ids) Validations.of(owner).acknowledge({ id, reason });
      return [];
    },
  });
}

function render(owner: IConstruct, detail: unknown): string {
  const resolved: unknown = Stack.of(owner).resolve(detail);
  return flatten(resolved);
}

/** cdk-nag writes an intrinsic as `<LogicalId.Attribute>` or `<LogicalId>` and joins the rest as it stands. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value !== null && typeof value === 'object') {
    if ('Ref' in value) return `<${String(value.Ref)}>`;
    if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) return `<${value['Fn::GetAtt'].join('.')}>`;
    if ('Fn::ImportValue' in value) return flatten(value['Fn::ImportValue']);
    if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
      const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
      return parts.map(flatten).join(separator);
    }
  }
  return JSON.stringify(value);
}
