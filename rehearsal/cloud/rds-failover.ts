import type { Chance } from './chance';
import type { Clock } from './clock';
import type { DatabaseInstance } from './rds';

/** An event as EventBridge delivers it. */
export interface CloudEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: string[];
  readonly detail: Record<string, unknown>;
}

/** When what happened; each moment in milliseconds since 1970. */
export interface FailoverCourse {
  readonly startedAt: number;
  readonly addressMovedAt: number;
  readonly completedAt: number;
  /** When the API first names the new primary's zone: the truth that a tracker can know. */
  readonly apiTellsAt: number;
}

/** RDS User Guide, "Amazon RDS event categories and event messages". */
const MESSAGES: Record<string, { category: string; message: string }> = {
  'RDS-EVENT-0013': { category: 'failover', message: 'Multi-AZ instance failover started.' },
  'RDS-EVENT-0015': {
    category: 'failover',
    message: 'Multi-AZ failover to standby complete - DNS propagation may take a few minutes.',
  },
  'RDS-EVENT-0049': { category: 'failover', message: 'Multi-AZ instance failover completed.' },
};

/**
 * The course of a Multi-AZ failover, each step at its own time: 60 to 120 s from start to completion (RDS User Guide, "Failing over a
 * Multi-AZ DB instance"). The address moves before completion; the API's zone lags it ("additional time for the console"). Half of
 * the failovers pass while the status reads `available`, the others as `rebooting`. The shares and the lag are UNSOURCED.
 */
export function failOver(
  instance: DatabaseInstance,
  world: { clock: Clock; chance: Chance; emit(event: CloudEvent): void },
): FailoverCourse {
  const { clock, chance } = world;
  const startedAt = clock.now();
  const completedAt = startedAt + chance.between(60_000, 120_000);
  const addressMovedAt = startedAt + chance.between(20_000, 50_000);
  const apiTellsAt = completedAt + chance.between(5_000, 60_000);
  const { availabilityZone: from, secondaryZone: to = from } = instance.api;
  const showsStatus = chance.next() < 0.5;

  const tell = (id: string) => world.emit(rdsEvent(instance, id, clock.now(), chance));
  tell('RDS-EVENT-0013');
  if (showsStatus) {
    clock.at(startedAt + chance.between(1_000, 10_000), 'status rebooting', () => {
      instance.api = { ...instance.api, status: 'rebooting' };
    });
    clock.at(completedAt, 'status available', () => {
      instance.api = { ...instance.api, status: 'available' };
    });
  }
  const moved = [`10.40.${chance.between(0, 255)}.${chance.between(4, 250)}`];
  clock.at(addressMovedAt, 'address moved', () => {
    instance.addresses = moved;
  });
  clock.at(completedAt, 'failover completed', () => {
    tell('RDS-EVENT-0015');
    tell('RDS-EVENT-0049');
  });
  clock.at(apiTellsAt, 'API names the new zone', () => {
    instance.api = { ...instance.api, availabilityZone: to, secondaryZone: from };
  });
  return { startedAt, addressMovedAt, completedAt, apiTellsAt };
}

function rdsEvent(instance: DatabaseInstance, id: string, at: number, chance: Chance): CloudEvent {
  const [, , , region = '', account = ''] = instance.arn.split(':');
  const { category = 'notification', message = '' } = MESSAGES[id] ?? {};
  const time = new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  const random = () => chance.between(0, 0xffff).toString(16).padStart(4, '0');
  return {
    version: '0',
    id: `${random()}${random()}-${random()}-4${random().slice(1)}-a${random().slice(1)}-${random()}${random()}${random()}`,
    'detail-type': 'RDS DB Instance Event',
    source: 'aws.rds',
    account,
    time,
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
  };
}
