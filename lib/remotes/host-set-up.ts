import { Duration, Fn, Stack } from 'aws-cdk-lib';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { InsideSchedule } from './inside-schedule';
import type { IRemoteRegistry } from './remote-registry';
import { SetUpDocument } from './set-up-document';
import { syncEvents } from './sync-events';
import type { SyncOutcomes } from './sync-outcomes';

/** Tags that a host must carry, each with one of the values. */
export interface HostTag {
  readonly key: string;
  readonly values: string[];
}

export interface HostSetUpProps {
  readonly tags: HostTag[];
  /** Settings of `remote.conf`; undefined where its owner writes it. Values may be tokens. */
  readonly configuration?: { readonly [key: string]: string | undefined };
  readonly schedules: InsideSchedule[];
  readonly registry: IRemoteRegistry;
  /** Where outcomes of inside schedules go. */
  readonly outcomes?: SyncOutcomes;
  /** Further lines of what is defined in the database. */
  readonly definition: string[];
  /** For how long a deployment waits until the hosts are set up; undefined: it does not wait. */
  readonly waitFor?: Duration;
  readonly maxConcurrency: string;
  readonly maxErrors: string;
}

/** After a failover the new primary is asked to define what the old one could not, at the latest after this time. UNSOURCED. */
const REPEAT = Duration.minutes(30);

/** Sets up the hosts with some tags, now, when they are replaced, when something changes, and each half hour to mend what was lost. */
export class HostSetUp extends Construct {
  public readonly association: ssm.CfnAssociation;

  constructor(scope: Construct, id: string, props: HostSetUpProps) {
    super(scope, id);
    const document = SetUpDocument.of(this);
    this.association = new ssm.CfnAssociation(this, 'Association', {
      name: document.documentName,
      targets: props.tags.map(({ key, values }) => ({ key: `tag:${key}`, values })),
      parameters: {
        Configuration: [encoded(props.configuration ? settings(props.configuration) : [])],
        Registry: [encoded(this.registrySettings(props))],
        Schedules: [encoded(props.schedules.map((schedule) => schedule._line()))],
        Definition: [
          encoded([...props.definition, ...syncEvents(props.schedules).map((statement) => `EVENT=${statement}`)]),
        ],
        Scripts: [document.scriptsHash],
      },
      scheduleExpression: `rate(${REPEAT.toMinutes()} minutes)`,
      applyOnlyAtCronInterval: false,
      complianceSeverity: 'HIGH',
      maxConcurrency: props.maxConcurrency,
      maxErrors: props.maxErrors,
      waitForSuccessTimeoutSeconds: props.waitFor?.toSeconds(),
    });
  }

  /** What a host must know to report outcomes and to hear of a pause; nothing where no sync is started inside. */
  private registrySettings({ registry, outcomes, schedules }: HostSetUpProps): string[] {
    if (schedules.length === 0 || !outcomes) return [];
    return settings({
      REGION: Stack.of(this).region,
      TABLE: registry.table.tableName,
      SHARDS: String(registry.shards),
      OUTCOME_QUEUE: outcomes.queue.queueUrl,
    });
  }
}

function settings(values: { readonly [key: string]: string | undefined }): string[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
}

/** By CloudFormation, so that the template shows what it says, and tokens can stand in it. */
function encoded(lines: string[]): string {
  return lines.length === 0 ? '' : Fn.base64(`${lines.join('\n')}\n`);
}
