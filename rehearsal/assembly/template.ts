import * as v from 'valibot';
import { AssemblyError } from './assembly-error';

const anyObject = v.record(v.string(), v.unknown());

const parameter = v.object({
  Type: v.string(),
  Default: v.optional(v.union([v.string(), v.number(), v.boolean()])),
});

const resource = v.object({
  Type: v.string(),
  Properties: v.optional(anyObject, {}),
  Condition: v.optional(v.string()),
  DependsOn: v.optional(v.union([v.string(), v.array(v.string())])),
  Metadata: v.optional(anyObject, {}),
});

const output = v.object({
  Value: v.unknown(),
  Condition: v.optional(v.string()),
  Export: v.optional(v.object({ Name: v.unknown() })),
  Description: v.optional(v.string()),
});

const template = v.object({
  Parameters: v.optional(v.record(v.string(), parameter), {}),
  Conditions: v.optional(anyObject, {}),
  Mappings: v.optional(v.record(v.string(), v.record(v.string(), anyObject)), {}),
  Resources: v.optional(v.record(v.string(), resource), {}),
  Outputs: v.optional(v.record(v.string(), output), {}),
  Transform: v.optional(v.union([v.string(), v.array(v.unknown())])),
});

/** A CloudFormation template, as far as it is resolved here; Rules, for one, only guard a deployment. */
export type Template = v.InferOutput<typeof template>;
export type TemplateResource = v.InferOutput<typeof resource>;

/** Only adds functions that are resolved here (Fn::Length, Fn::ToJsonString); all others rewrite the template in AWS. */
const RESOLVABLE_TRANSFORM = 'AWS::LanguageExtensions';

export function readTemplate(content: unknown, file: string): Template {
  const result = v.safeParse(template, content);
  if (!result.success) {
    const problems = result.issues.map((it) => `${v.getDotPath(it) ?? 'template'}: ${it.message}`);
    throw new AssemblyError(`${file} is not as CloudFormation has it: ${problems.join('; ')}`);
  }
  for (const transform of [result.output.Transform ?? []].flat()) {
    if (transform !== RESOLVABLE_TRANSFORM) {
      throw new AssemblyError(
        `${file}: the transform ${JSON.stringify(transform)} rewrites the template inside AWS and cannot be resolved here`,
      );
    }
  }
  return result.output;
}
