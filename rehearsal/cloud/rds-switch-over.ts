import { lettersFrom } from '../assembly/physical-resource';
import { eventId, eventTime } from './event-bus-event';
import type { DatabaseInstance } from './rds';
import type { FailoverWorld } from './rds-failover';

/** When what happened; each moment in milliseconds since 1970. */
export interface SwitchOverCourse {
  readonly startedAt: number;
  readonly completedAt: number;
  /** When the API first names the other database under the old name. */
  readonly apiTellsAt: number;
}

/** How long the steps take, in milliseconds. */
const STEPS = {
  /** Writes are blocked "typically under a minute" (RDS User Guide, "Switching a blue/green deployment"). */
  switchOver: [15_000, 60_000],
  /** From start until the name leads to the green database: 33 s in a published trace (facts: AWS HA, 1.2). */
  addressMoves: [10_000, 40_000],
  /** From start until the API shows the green database by the blue one's name. UNSOURCED. */
  apiTells: [10_000, 60_000],
} as const;

const MESSAGES = {
  'RDS-EVENT-0247': 'Switchover from blue to green started.',
  'RDS-EVENT-0250': 'Switchover from primary source to target started.',
  'RDS-EVENT-0251': 'Switchover from primary source to target completed. Databases were renamed.',
  'RDS-EVENT-0248': 'Switchover completed on blue/green deployment.',
  'RDS-EVENT-0249': 'Switchover canceled on blue/green deployment.',
  'RDS-EVENT-0252': 'Switchover from primary source to target was canceled.',
  'RDS-EVENT-0259': 'Switchover from read replica source to target started.',
  'RDS-EVENT-0260': 'Switchover from read replica source to target completed. Databases were renamed.',
  'RDS-EVENT-0261': 'Switchover from read replica source to target was canceled.',
} as const;

/** The green database takes over the name of the blue one: another resource behind the same endpoint, in the zone where it stands. */
export function switchOver(instance: DatabaseInstance, world: FailoverWorld): SwitchOverCourse {
  const { clock, chance } = world;
  const between = (step: keyof typeof STEPS) => chance.between(STEPS[step][0], STEPS[step][1]);
  const startedAt = clock.now();
  const completedAt = startedAt + between('switchOver');
  const apiTellsAt = startedAt + between('apiTells');
  tell(instance, world, 'RDS-EVENT-0247');
  tell(instance, world, 'RDS-EVENT-0250');
  tell(instance, world, 'RDS-EVENT-0259');
  clock.at(startedAt + between('addressMoves'), 'the name leads to the green database', () => {
    const [a = '', b = '', c = ''] = (instance.addresses[0] ?? '').split('.');
    instance.addresses = [[a, b, c, '99'].join('.')];
  });
  clock.at(apiTellsAt, 'API names the green database', () => {
    instance.resourceId = `db-${lettersFrom(`${instance.arn}/green`, 26, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`;
  });
  clock.at(completedAt, 'switch-over completed', () => {
    tell(instance, world, 'RDS-EVENT-0251');
    tell(instance, world, 'RDS-EVENT-0260');
    tell(instance, world, 'RDS-EVENT-0248');
  });
  return { startedAt, completedAt, apiTellsAt };
}

/** A switch-over that runs out of its time, or finds that the green database lags: everything stays as it is. */
export function cancelSwitchOver(instance: DatabaseInstance, world: FailoverWorld): void {
  const { clock, chance } = world;
  for (const id of ['RDS-EVENT-0247', 'RDS-EVENT-0250', 'RDS-EVENT-0259'] as const) tell(instance, world, id);
  clock.at(clock.now() + chance.between(...STEPS.switchOver), 'switch-over cancelled', () => {
    for (const id of ['RDS-EVENT-0252', 'RDS-EVENT-0261', 'RDS-EVENT-0249'] as const) tell(instance, world, id);
  });
}

/** The events name the deployment, not the database. */
function tell(instance: DatabaseInstance, { clock, chance, emit }: FailoverWorld, id: keyof typeof MESSAGES): void {
  const [, partition = '', , region = '', account = ''] = instance.arn.split(':');
  const deployment = `arn:${partition}:rds:${region}:${account}:deployment:bgd-rehearsal`;
  const at = clock.now();
  emit({
    version: '0',
    id: eventId(chance),
    'detail-type': 'RDS Blue Green Deployment Event',
    source: 'aws.rds',
    account,
    time: eventTime(at),
    region,
    resources: [deployment],
    detail: {
      EventCategories: ['notification'],
      SourceType: 'BLUE_GREEN_DEPLOYMENT',
      SourceArn: deployment,
      Date: new Date(at).toISOString(),
      Message: MESSAGES[id],
      SourceIdentifier: 'bgd-rehearsal',
      EventID: id,
    },
  });
}
