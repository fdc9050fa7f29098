import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { synthesizeApp } from '../../../rehearsal/synthesis';
import { type RehearsalRun, runRehearsal } from './run-rehearsal';

/*
 * Copies of the app's assembly, each with one defect that no gate finds, and the rehearsal's answer to it. As a script
 * (node --import tsx test/rehearsal/whole/edited-assemblies.ts) it shows what each of them brings up.
 */

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}

type Template = { Resources: Record<string, Resource> };

const STAGES = ['dev', 'pair', 'mirroredRemotes'] as const;
type Stage = (typeof STAGES)[number];

export interface EditedAssembly {
  readonly defect: string;
  /** What the rehearsal must say. */
  readonly says: RegExp;
  /** @default - failover */
  readonly scenario?: string;
  /** Of cdk.json. @default - dev */
  readonly stage?: Stage;
  /** The exit code; 2 for an assembly that AWS would not deploy. @default 1 */
  readonly code?: number;
  /** Changes the templates and tells whether there was something to change. */
  edit(templates: Template[]): boolean;
}

export const EDITED_ASSEMBLIES: readonly EditedAssembly[] = [
  {
    defect: 'the tracker may not describe database instances',
    says: /used and not granted: rds:DescribeDBInstances/,
    edit: (templates) => removeAction(templates, 'rds:Describe'),
  },
  {
    defect: 'the tracker may not use its table',
    says: /used and not granted: dynamodb:GetItem/,
    edit: (templates) => removeAction(templates, 'dynamodb:'),
  },
  {
    defect: 'the pattern of the rule is misspelt',
    says: /the rule leads every event of the database to the tracker: 0 of/,
    edit: (templates) =>
      change(templates, 'AWS::Events::Rule', (properties) => {
        const pattern = properties.EventPattern as { 'detail-type': string[] };
        pattern['detail-type'] = ['RDS DB Instance Evnt'];
      }),
  },
  {
    defect: 'the tracker hears nothing of blue/green deployments',
    scenario: 'blue-green',
    says: /the events of the deployment, which name no database, lead to the tracker: 0 events/,
    edit: (templates) =>
      change(templates, 'AWS::Events::Rule', (properties) => {
        const pattern = properties.EventPattern as { 'detail-type': string[] };
        if (pattern['detail-type'][0]?.includes('Blue Green'))
          pattern['detail-type'] = ['RDS Blue/Green Deployment Event'];
      }),
  },
  {
    defect: 'the schedule is gone',
    says: /the first primary is known and announced within three minutes/,
    edit: (templates) =>
      // The operator's directory names it.
      change(templates, 'AWS::SSM::Parameter', (properties) => {
        properties.Value = '{}';
      }) && remove(templates, 'AWS::Scheduler::Schedule'),
  },
  {
    defect: 'the time-out of the function is 5 s',
    says: /Task timed out after 5\.00 seconds/,
    edit: (templates) =>
      change(templates, 'AWS::Lambda::Function', (properties) => {
        if (properties.Timeout === 150) properties.Timeout = 5;
      }),
  },
  {
    defect: 'the queues have lost their policies',
    scenario: 'sync-unreachable',
    says: /nothing in the policy of \S*Dispatch\S* denies messages over plain HTTP/,
    edit: (templates) => remove(templates, 'AWS::SQS::QueuePolicy'),
  },
  {
    defect: 'nobody may send to the queues',
    scenario: 'sync-unreachable',
    says: /used and not granted: sqs:SendMessage/,
    edit: (templates) => removeAction(templates, 'sqs:SendMessage'),
  },
  {
    defect: 'a queue shows its messages again before the function has ended',
    scenario: 'sync-unreachable',
    says: /visibility timeout: 30 seconds is less than Function timeout: 60 seconds/,
    code: 2,
    edit: (templates) =>
      change(templates, 'AWS::SQS::Queue', (properties) => {
        if (properties.VisibilityTimeout) properties.VisibilityTimeout = 30;
      }),
  },
  {
    defect: 'the preparation may begin a task, and not look at it',
    scenario: 'preparation',
    says: /FAIL the first deployment goes on once one task has prepared the database/,
    edit: (templates) => removeAction(templates, 'ecs:DescribeTasks'),
  },
  {
    defect: 'the partner is never tried',
    scenario: 'sync-unreachable',
    says: /each remote ends as its story says: pair-\d+: (unreachable|not-primary)/,
    edit: (templates) => replaceText(templates, 'AWS::Scheduler::Schedule', '\\"attempts\\":3', '\\"attempts\\":1'),
  },
  {
    defect: 'the script does not ask for the role',
    scenario: 'sync-unreachable',
    says: /no remote synchronizes on a mirror: \S+: /,
    edit: (templates) => replaceText(templates, 'AWS::SSM::Document', '"require_primary"', '""'),
  },
  {
    defect: 'the script forgets -is',
    scenario: 'sync-unreachable',
    says: /each remote ends as its story says: \S+: failed/,
    edit: (templates) => replaceText(templates, 'AWS::SSM::Document', ' -is -qc', ' -qc'),
  },
  {
    defect: 'the script passes the exit code of dbmlsync on',
    scenario: 'sync-unreachable',
    says: /the script ended with 194/,
    edit: (templates) =>
      replaceText(
        templates,
        'AWS::SSM::Document',
        '"  code=$ended_with"',
        '"  code=$ended_with; if ((code != 0)); then reported=yes; exit $code; fi"',
      ),
  },
  {
    defect: 'nobody may connect to the role services',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /is let to first\.mobilink-ha\.internal:8090 by no security group/,
    edit: (templates) => removeIf(templates, 'AWS::EC2::SecurityGroupIngress', ({ FromPort }) => FromPort === 8090),
  },
  {
    defect: 'the tracker is not let out to the role services',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /is let to first\.mobilink-ha\.internal:8090 by no security group/,
    edit: (templates) => removeIf(templates, 'AWS::EC2::SecurityGroupEgress', ({ FromPort }) => FromPort === 8090),
  },
  {
    defect: 'the partners are not let to each other',
    stage: 'pair',
    scenario: 'pair-arbiter-lost',
    says: /FAIL without the arbiter the record stays stable: no-primary/,
    edit: (templates) =>
      removeIf(
        templates,
        'AWS::EC2::SecurityGroupIngress',
        (it) => it.Description === 'Mirroring between the partners',
      ),
  },
  {
    defect: 'the tracker may not lead the alias',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /used and not granted: route53:ChangeResourceRecordSets/,
    edit: (templates) => removeStatements(templates, '"CNAME"'),
  },
  {
    defect: 'the tracker may lead only another name',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /used and not granted: route53:ChangeResourceRecordSets/,
    edit: (templates) => replaceText(templates, 'AWS::IAM::Policy', '"primary.mobilink-ha.', '"secondary.mobilink-ha.'),
  },
  {
    defect: 'a host may not renew its own name',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /is not authorized to perform: route53:ChangeResourceRecordSets/,
    edit: (templates) => replaceText(templates, 'AWS::IAM::Policy', '"second.mobilink-ha.', '"first.mobilink-ha.'),
  },
  {
    defect: 'the tracker runs outside the VPC',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /wanted the name first\.mobilink-ha\.internal, which is refused/,
    edit: (templates) =>
      change(templates, 'AWS::Lambda::Function', (properties) => {
        delete properties.VpcConfig;
      }),
  },
  {
    defect: 'Lambda may not connect the tracker to the VPC',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /used and not granted: ec2:CreateNetworkInterface/,
    edit: (templates) => removeAction(templates, 'ec2:CreateNetworkInterface'),
  },
  {
    defect: 'the tracker asks for another server than the one that is there',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /FAIL the first primary is known and announced within three minutes/,
    edit: (templates) => replaceText(templates, 'AWS::Lambda::Function', 'consolidated_first', 'consolidated_frist'),
  },
  {
    defect: 'the rule listens to another pair',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /FAIL the rule leads every event of the pair to the tracker: 0 of/,
    edit: (templates) =>
      replaceText(templates, 'AWS::Events::Rule', 'MobiLink Mirror Failover', 'MobiLink Mirror Failovr'),
  },
  {
    defect: 'the links of the mirror have no liveness time-out',
    stage: 'pair',
    scenario: 'pair-planned-failover',
    says: /has no liveness time-out of consolidated_first/,
    code: 2,
    edit: (templates) => replaceText(templates, 'AWS::EC2::LaunchTemplate', ';LTO=30', ''),
  },
  {
    defect: 'the script gives dbmlsync the log folder of the other partner',
    stage: 'mirroredRemotes',
    scenario: 'mirrored-remotes-over-rds',
    says: /violation: reads the logs of another folder/,
    edit: (templates) =>
      replaceText(templates, 'AWS::SSM::Document', 'dir=$conf_LOG_FOLDER', 'dir=/data/of-the-partner'),
  },
  {
    defect: 'the script asks the alias on both hosts instead of the local partner',
    stage: 'mirroredRemotes',
    scenario: 'mirrored-remotes-over-rds',
    says: /connects to first,second:|FAIL each remote ends as its story says/,
    edit: (templates) => replaceText(templates, 'AWS::SSM::Document', 'HOST=127.0.0.1:%s', 'HOST=first,second:%s'),
  },
  {
    defect: 'the event inside the database does not commit before it calls',
    stage: 'mirroredRemotes',
    scenario: 'mirrored-remotes-over-rds',
    says: /the database refuses an event: .*BEGIN COMMIT/,
    edit: (templates) => replaceText(templates, 'AWS::SSM::Association', 'BEGIN COMMIT; CALL', 'BEGIN CALL'),
  },
  {
    defect: 'the logs of a remote are kept for less long than backups',
    stage: 'mirroredRemotes',
    scenario: 'mirrored-remotes-over-rds',
    says: /logs are kept for 7 days, but backups for 35/,
    edit: (templates) => replaceText(templates, 'AWS::SSM::Association', 'LOGS_DAYS=42', 'LOGS_DAYS=7'),
  },
  {
    defect: 'the function that registers remotes may not look at their groups',
    stage: 'mirroredRemotes',
    scenario: 'mirrored-remotes-over-rds',
    says: /used and not granted: autoscaling:DescribeAutoScalingGroups/,
    edit: (templates) => removeAction(templates, 'autoscaling:Describe'),
  },
];

/** Synthesizes a stage of the app once and hands over its folder; removes it afterwards. */
export async function withAssembly<T>(work: (assembly: string) => Promise<T>, stage = 'dev'): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mobilink-edited-'));
  try {
    return await work(await synthesizeApp(process.cwd(), path.join(folder, 'assembly'), stage));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rehearses a copy of the assembly with the defect in it. */
export async function rehearseEdited(assembly: string, edited: EditedAssembly): Promise<RehearsalRun> {
  const copy = mkdtempSync(path.join(tmpdir(), 'mobilink-defect-'));
  try {
    cpSync(assembly, copy, { recursive: true });
    const files = readdirSync(copy).filter((name) => name.endsWith('.template.json'));
    const templates = files.map((name): Template => JSON.parse(readFileSync(path.join(copy, name), 'utf8')));
    if (!edited.edit(templates)) throw new Error(`there was nothing to edit for: ${edited.defect}`);
    for (const [index, name] of files.entries()) {
      writeFileSync(path.join(copy, name), JSON.stringify(templates[index]));
    }
    return await runRehearsal(['--assembly', copy, '--scenario', edited.scenario ?? 'failover']);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function change(templates: Template[], type: string, edit: (properties: Record<string, unknown>) => void): boolean {
  const found = templates.flatMap((template) => Object.values(template.Resources)).filter((it) => it.Type === type);
  const before = JSON.stringify(found);
  for (const resource of found) edit(resource.Properties);
  return JSON.stringify(found) !== before;
}

function remove(templates: Template[], type: string): boolean {
  return removeIf(templates, type, () => true);
}

function removeIf(
  templates: Template[],
  type: string,
  which: (properties: Record<string, unknown>) => boolean,
): boolean {
  const gone = templates.flatMap(({ Resources }) =>
    Object.keys(Resources)
      .filter((id) => Resources[id]?.Type === type && which(Resources[id].Properties))
      .map((id) => delete Resources[id]),
  );
  return gone.length > 0;
}

/** In the JSON of the properties. */
function replaceText(templates: Template[], type: string, text: string, other: string): boolean {
  return change(templates, type, (properties) => {
    Object.assign(properties, JSON.parse(JSON.stringify(properties).replaceAll(text, other)));
  });
}

/** Takes every action with this beginning out of every policy. */
function removeAction(templates: Template[], beginning: string): boolean {
  return change(templates, 'AWS::IAM::Policy', (properties) => {
    const document = properties.PolicyDocument as { Statement: { Action: string | string[] }[] };
    document.Statement = document.Statement.map((statement) => ({
      ...statement,
      Action: [statement.Action].flat().filter((action) => !action.startsWith(beginning)),
    })).filter((statement) => statement.Action.length > 0);
  });
}

/** Takes the statements that hold a text out of every policy. */
function removeStatements(templates: Template[], text: string): boolean {
  return change(templates, 'AWS::IAM::Policy', (properties) => {
    const document = properties.PolicyDocument as { Statement: unknown[] };
    document.Statement = document.Statement.filter((statement) => !JSON.stringify(statement).includes(text));
  });
}

/** All stages, each synthesized once. */
export async function withStages<T>(work: (assemblyOf: (edited: EditedAssembly) => string) => Promise<T>): Promise<T> {
  const made = new Map<string, string>();
  const next = (stages: readonly Stage[]): Promise<T> => {
    const [stage, ...rest] = stages;
    if (stage === undefined) return work((edited) => made.get(edited.stage ?? 'dev') ?? '');
    return withAssembly((assembly) => {
      made.set(stage, assembly);
      return next(rest);
    }, stage);
  };
  return next(STAGES);
}

async function show(): Promise<void> {
  await withStages(async (assemblyOf) => {
    for (const edited of EDITED_ASSEMBLIES) {
      const { code, output } = await rehearseEdited(assemblyOf(edited), edited);
      const reasons = output.split('The rehearsal failed:')[1]?.trim() ?? output.trim().split('\n').at(-1) ?? '';
      console.log(`\n${edited.defect}: exit code ${code}\n  ${reasons.replaceAll('\n', '\n  ')}`);
    }
  });
}

if (require.main === module) void show();
