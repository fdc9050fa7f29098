import type { Chance } from './chance';
import type { Clock } from './clock';
import { type CloudEvent, eventId, eventTime } from './event-bus-event';
import type { DatabaseInstance } from './rds';

export type { CloudEvent } from './event-bus-event';

/** What the course of a database needs of the world. Whoever emits decides how long an event travels, and whether it arrives. */
export interface FailoverWorld {
  readonly clock: Pick<Clock, 'now' | 'at'>;
  readonly chance: Chance;
  emit(event: CloudEvent): void;
}

/** When what happened; each moment in milliseconds since 1970. */
export interface FailoverCourse {
  readonly startedAt: number;
  readonly addressMovedAt: number;
  readonly completedAt: number;
  /** When the API first names the new primary's zone: the truth that a tracker can know. */
  readonly apiTellsAt: number;
  readonly from: string;
  readonly to: string;
}

/** A zone's time as primary. */
export interface Tenure {
  readonly zone: string;
  /** When it began to take writes; the beginning of the world for the first one. */
  readonly since: number;
  /** When the API first named it. */
  readonly toldSince: number;
}

/** RDS User Guide, "Amazon RDS event categories and event messages". */
const MESSAGES = {
  'RDS-EVENT-0004': { category: 'availability', message: 'DB instance shutdown.' },
  'RDS-EVENT-0006': { category: 'availability', message: 'DB instance restarted.' },
  'RDS-EVENT-0013': { category: 'failover', message: 'Multi-AZ instance failover started.' },
  'RDS-EVENT-0015': {
    category: 'failover',
    message: 'Multi-AZ failover to standby complete - DNS propagation may take a few minutes.',
  },
  'RDS-EVENT-0034': {
    category: 'failover',
    message: 'Abandoning user requested failover since a failover recently occurred on the database instance.',
  },
  'RDS-EVENT-0049': { category: 'failover', message: 'Multi-AZ instance failover completed.' },
} as const;

/** How long the steps take, in milliseconds. */
const STEPS = {
  /** From start to completion: RDS User Guide, "Failing over a Multi-AZ DB instance". */
  failover: [60_000, 120_000],
  /** From start until the name leads to the new primary, which is before completion. UNSOURCED. */
  addressMoves: [20_000, 50_000],
  /** From completion until the API names the new zone: "additional time for the console", the length is UNSOURCED. */
  apiLag: [5_000, 60_000],
  /** From start until the status shows it, if it does. UNSOURCED. */
  statusLag: [1_000, 10_000],
  /** A reboot without failover, from shutdown to restart. UNSOURCED. */
  reboot: [15_000, 90_000],
} as const;

/** UNSOURCED: how many of the failovers that nobody asked for show as `rebooting`; the others pass while it reads `available`. */
const SHOWN_AS_REBOOTING = 0.5;

/** A subnet of each zone: UNSOURCED, as the VPC construct of aws-cdk-lib cuts a /16 for a few zones. */
const SUBNET_STEP = 16;

/**
 * The course of a Multi-AZ failover, each step at its own time. The address moves before completion; the API's zone lags it.
 * @param options.forced asked for by `RebootDBInstance` with `ForceFailover`: the status always reads `rebooting`
 */
export function failOver(
  instance: DatabaseInstance,
  world: FailoverWorld,
  options: { forced?: boolean } = {},
): FailoverCourse {
  const { clock, chance } = world;
  const between = (step: keyof typeof STEPS) => chance.between(STEPS[step][0], STEPS[step][1]);
  const { from, to } = roles(instance, clock.now());
  const startedAt = clock.now();
  const completedAt = startedAt + between('failover');
  const addressMovedAt = startedAt + between('addressMoves');
  const apiTellsAt = completedAt + between('apiLag');
  const statusAt = startedAt + between('statusLag');
  const showsStatus = chance.next() < SHOWN_AS_REBOOTING || options.forced === true;

  tell(instance, world, 'RDS-EVENT-0013');
  if (showsStatus) showRebooting(instance, world, statusAt, completedAt);
  clock.at(addressMovedAt, 'address moved', () => {
    const [old = ''] = instance.addresses;
    instance.addresses = [instance.standbyAddress ?? inNextSubnet(old)];
    instance.standbyAddress = old;
  });
  instance.tenures = [...tenuresOf(instance), { zone: to, since: completedAt, toldSince: apiTellsAt }];
  clock.at(completedAt, 'failover completed', () => {
    tell(instance, world, 'RDS-EVENT-0015');
    tell(instance, world, 'RDS-EVENT-0049');
  });
  clock.at(apiTellsAt, 'API names the new zone', () => {
    instance.api = { ...instance.api, availabilityZone: to, secondaryZone: from };
  });
  return { startedAt, addressMovedAt, completedAt, apiTellsAt, from, to };
}

/** A reboot without failover: the database is away for a while and comes back where it was. Returns when it is back. */
export function reboot(instance: DatabaseInstance, world: FailoverWorld): number {
  const startedAt = world.clock.now();
  const backAt = startedAt + world.chance.between(...STEPS.reboot);
  showRebooting(instance, world, startedAt, backAt);
  tell(instance, world, 'RDS-EVENT-0004');
  world.clock.at(backAt, 'restarted', () => tell(instance, world, 'RDS-EVENT-0006'));
  return backAt;
}

/** A failover that RDS was asked for too soon after another one: it says so and does nothing. */
export function abandonFailover(instance: DatabaseInstance, world: FailoverWorld): void {
  tell(instance, world, 'RDS-EVENT-0034');
}

/** Which zone really was primary, and since when, in order; the last is the present or the coming one. */
export function tenuresOf(instance: DatabaseInstance): readonly Tenure[] {
  const begin = Number.NEGATIVE_INFINITY;
  return instance.tenures ?? [{ zone: instance.api.availabilityZone, since: begin, toldSince: begin }];
}

/** The primary and the standby as they really are, whatever the API still says. */
function roles(instance: DatabaseInstance, now: number): { from: string; to: string } {
  const { availabilityZone, secondaryZone } = instance.api;
  if (!instance.multiAz || secondaryZone === undefined) {
    throw new Error(`${instance.identifier} has no standby to fail over to`);
  }
  const last = tenuresOf(instance).at(-1);
  if (last && last.since > now) throw new Error(`${instance.identifier} is failing over already, to ${last.zone}`);
  const from = last?.zone ?? availabilityZone;
  return { from, to: from === availabilityZone ? secondaryZone : availabilityZone };
}

function showRebooting(instance: DatabaseInstance, { clock }: FailoverWorld, from: number, until: number): void {
  const show = (status: string) => () => {
    instance.api = { ...instance.api, status };
  };
  clock.at(from, 'status rebooting', show('rebooting'));
  clock.at(until, 'status available', show('available'));
}

function inNextSubnet(address: string): string {
  const [a, b, c, d] = address.split('.').map(Number);
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error(`${address} is no IPv4 address`);
  }
  return [a, b, (c + SUBNET_STEP) % 256, d].join('.');
}

function tell(instance: DatabaseInstance, { clock, chance, emit }: FailoverWorld, id: keyof typeof MESSAGES): void {
  const [, , , region = '', account = ''] = instance.arn.split(':');
  const { category, message } = MESSAGES[id];
  const at = clock.now();
  emit({
    version: '0',
    id: eventId(chance),
    'detail-type': 'RDS DB Instance Event',
    source: 'aws.rds',
    account,
    time: eventTime(at),
    region,
    resources: [instance.arn],
    detail: {
      EventCategories: [category],
      SourceType: 'DB_INSTANCE',
      SourceArn: instance.arn,
      // Milliseconds as RDS writes them; the event's own time is in whole seconds.
      Date: new Date(at).toISOString(),
      Message: message,
      SourceIdentifier: instance.identifier,
      EventID: id,
    },
  });
}
