import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import type { AwsSettings } from './aws';
import { CommandError } from './exit-code';

/** The description of the output that names the directory (lib/operator/contract.ts). */
export const DIRECTORY_OUTPUT = 'mobilink-ha: where the operator finds the parts of this system';

const scheduleSchema = v.object({
  /** In run ids. */
  name: v.string(),
  /** As EventBridge Scheduler knows it; undefined for one of a later stack. */
  schedule: v.optional(v.string()),
  groups: v.array(v.string()),
  /** Hours between two runs, at most. */
  hourGap: v.optional(v.number()),
  deadlineSeconds: v.number(),
  timeLimitSeconds: v.number(),
  attempts: v.number(),
  profile: v.optional(v.string()),
});

const directorySchema = v.object({
  version: v.literal(1, 'was written by a newer version of this package. Fix: npx mobilink-ha@latest'),
  farm: v.object({ cluster: v.string(), service: v.string() }),
  primary: v.optional(v.object({ table: v.string(), databaseId: v.string() })),
  syncs: v.optional(
    v.object({
      registry: v.string(),
      shards: v.number(),
      runs: v.string(),
      dispatch: v.string(),
      dispatchDeadLetters: v.string(),
      collect: v.string(),
      collectDeadLetters: v.string(),
      schedules: v.array(scheduleSchema),
    }),
  ),
});

/** Where the parts of a system are. */
export type Directory = v.InferOutput<typeof directorySchema>;
export type Syncs = NonNullable<Directory['syncs']>;
export type Schedule = Syncs['schedules'][number];

/** Finds the one system of a stack, or the one whose output is named. */
export async function findDirectory(
  settings: AwsSettings,
  stackName: string,
  system: string | undefined,
): Promise<Directory> {
  const outputs = await directoryOutputs(settings, stackName);
  const names = outputs.map(({ key }) => key).join(', ');
  if (outputs.length === 0) {
    throw new CommandError(
      `The stack ${stackName} has no MobiLinkSystem. Fix: name the stack that holds it (in the app of this package NAME-STAGE-Stateless)`,
    );
  }
  const chosen = system === undefined ? outputs : outputs.filter(({ key }) => key === system);
  const [found] = chosen;
  if (!found) throw new CommandError(`--system: there is no ${system} in ${stackName}. There are: ${names}`);
  if (chosen.length > 1) {
    throw new CommandError(`The stack ${stackName} has several systems. Fix: choose one with --system: ${names}`);
  }
  const { Parameter } = await new SSMClient(settings).send(new GetParameterCommand({ Name: found.value }));
  return parseDirectory(Parameter?.Value ?? '');
}

export function parseDirectory(text: string): Directory {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(undefined, 'is not JSON'), directorySchema), text);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new CommandError(`The directory of the system cannot be read: ${v.getDotPath(issue) ?? 'it'} ${issue.message}`);
}

async function directoryOutputs(settings: AwsSettings, stackName: string) {
  const client = new CloudFormationClient(settings);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    return (Stacks[0]?.Outputs ?? [])
      .filter(({ Description }) => Description === DIRECTORY_OUTPUT)
      .map(({ OutputKey: key = '', OutputValue: value = '' }) => ({ key, value }));
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      throw new CommandError(
        `There is no stack ${stackName} in this account and Region. Fix: --stack, --region or --profile`,
      );
    }
    throw error;
  }
}
