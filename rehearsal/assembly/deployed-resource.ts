/** One resource of a stack as it would stand in the account. */
export interface DeployedResource {
  readonly stackName: string;
  readonly logicalId: string;
  /** The construct's path (`aws:cdk:path`), or stack and logical id where the assembly does not tell it. */
  readonly path: string;
  readonly type: string;
  readonly accountId: string;
  readonly region: string;
  /** All functions resolved: plain JSON. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** What `Ref` gives; only a label for a type that the table of attributes does not know, which no template may refer to. */
  readonly physicalId: string;
  readonly arn?: string;
  /** What `Fn::GetAtt` gives, by attribute. */
  readonly attributes: Readonly<Record<string, unknown>>;
}
