import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../lambda/track-primary/environment';
import { readTrigger } from '../../lambda/track-primary/trigger';
import { ENVIRONMENT, INSTANCE_ARN, rdsEvent } from './invocations';

describe('the environment', () => {
  it('is what the construct writes', () => {
    expect(readEnvironment(ENVIRONMENT)).toEqual({
      databaseId: 'main',
      table: 'records',
      source: { kind: 'rds-instance', instanceArn: INSTANCE_ARN, instanceIdentifier: 'consolidated' },
      eventBus: 'default',
      metricNamespace: 'MobiLinkHA',
      callsPerSecond: 1.2,
    });
  });

  it.each(['none', '0', '-1', ''])('refuses %o calls a second', (rate) => {
    expect(() => readEnvironment({ ...ENVIRONMENT, MOBILINK_RDS_CALLS_PER_SECOND: rate })).toThrow(
      'MOBILINK_RDS_CALLS_PER_SECOND',
    );
  });

  it('names everything that is missing at once', () => {
    const [first, ...others] = Object.keys(ENVIRONMENT);
    expect(() => readEnvironment({})).toThrow(`${first}: is missing`);
    for (const name of others) expect(() => readEnvironment({})).toThrow(`${name}: is missing`);
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['another kind', JSON.stringify({ kind: 'dice' }), 'MOBILINK_PRIMARY_SOURCE.kind'],
    ['no ARN', JSON.stringify({ kind: 'rds-instance', instanceArn: 'x', instanceIdentifier: 'x' }), 'must be an ARN'],
  ])('says what is wrong with the source: %s', (_what, source, words) => {
    expect(() => readEnvironment({ ...ENVIRONMENT, MOBILINK_PRIMARY_SOURCE: source })).toThrow(words);
  });
});

describe('a payload', () => {
  it('a tick carries the time that it was scheduled for', () => {
    expect(readTrigger({ kind: 'tick', scheduledAt: '2026-11-23T04:00:00Z' }, INSTANCE_ARN)).toEqual({
      kind: 'tick',
      scheduledAt: '2026-11-23T04:00:00.000Z',
    });
  });

  it.each([
    ['RDS-EVENT-0013', 'failover-began'],
    ['RDS-EVENT-0015', 'failover-completed'],
    ['RDS-EVENT-0049', 'failover-completed'],
    ['RDS-EVENT-0034', 'failover-abandoned'],
    ['RDS-EVENT-0052', 'look'],
    ['RDS-EVENT-0069', 'failover-abandoned'],
    ['RDS-EVENT-0070', 'failover-abandoned'],
    ['RDS-EVENT-0071', 'failover-completed'],
    ['RDS-EVENT-0072', 'failover-began'],
    ['RDS-EVENT-0073', 'failover-began'],
    ['RDS-EVENT-0006', 'look'],
    ['RDS-EVENT-9999', 'look'],
  ])('%s means %s', (id, meaning) => {
    expect(readTrigger(rdsEvent(id), INSTANCE_ARN)).toMatchObject({
      kind: 'event',
      hint: { meaning, eventId: id, at: Date.parse('2026-11-23T04:00:00.000Z') },
    });
  });

  it('an event without any time starts nothing', () => {
    const { Date: _date, ...detail } = rdsEvent('RDS-EVENT-0013').detail;
    const trigger = readTrigger({ ...rdsEvent('RDS-EVENT-0013'), detail }, INSTANCE_ARN);
    expect(trigger).toMatchObject({ kind: 'event', hint: { meaning: 'look' } });
  });

  it('an event of a blue/green deployment is a reason to look: it names no database', () => {
    const event = { ...rdsEvent('RDS-EVENT-0247', 'arn:aws:rds:eu-central-1:111111111111:deployment:bgd-1') };
    const trigger = readTrigger({ ...event, 'detail-type': 'RDS Blue Green Deployment Event' }, INSTANCE_ARN);
    expect(trigger).toMatchObject({ kind: 'event', hint: { meaning: 'look', eventId: 'RDS-EVENT-0247' } });
  });

  it('an event of another database is foreign', () => {
    expect(readTrigger(rdsEvent('RDS-EVENT-0013', `${INSTANCE_ARN}-2`), INSTANCE_ARN).kind).toBe('foreign');
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'Neither a tick nor an event'],
    ['null', null, 'Neither a tick nor an event'],
    ['another service', { ...rdsEvent('X'), source: 'aws.ec2' }, 'source'],
    ['a snapshot', { ...rdsEvent('X'), 'detail-type': 'RDS DB Snapshot Event' }, 'detail-type'],
    ['no resources', { ...rdsEvent('X'), resources: undefined }, 'resources'],
    ['a tick of another kind', { kind: 'tock', scheduledAt: '2026-11-23T04:00:00Z' }, 'Not a tick: kind'],
    ['a tick without its time', { kind: 'tick' }, 'scheduledAt'],
    ['a tick at no time', { kind: 'tick', scheduledAt: 'noon' }, 'scheduledAt'],
  ])('is refused, naming what is wrong: %s', (_what, payload, words) => {
    expect(() => readTrigger(payload, INSTANCE_ARN)).toThrow(words);
  });
});
