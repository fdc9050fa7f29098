import { describe, expect, it } from 'vitest';
import { Rds } from '../../../rehearsal/cloud/rds';
import { type Call, ServiceError } from '../../../rehearsal/cloud/service';
import { ACCOUNT, database, REGION } from './database';
import { QueueClock } from './queue-clock';

const ARN = `arn:aws:rds:${REGION}:${ACCOUNT}:db`;
const caller = { functionName: 'tracker', roleArn: `arn:aws:iam::${ACCOUNT}:role/tracker`, process: 'tracker#0' };

function standIn(instances = [database('alpha'), database('beta', { engine: 'oracle-ee' })], clock = new QueueClock()) {
  const rds = new Rds(instances, clock);
  const operation = rds.standIn.operations.DescribeDBInstances;
  if (!operation) throw new Error('no such operation');
  const call = (input: object): Call => ({
    service: 'rds',
    operation: 'DescribeDBInstances',
    input: { ...input },
    caller,
  });
  return {
    rds,
    clock,
    permissions: (input: object) => operation.permissions(call(input)),
    describe: async (input: object) => (await operation.answer(call(input))) as unknown as Answer,
    refusal: async (input: object) => {
      try {
        await operation.answer(call(input));
      } catch (error) {
        if (error instanceof ServiceError) return `${error.statusCode} ${error.code}: ${error.message}`;
      }
      return 'answered';
    },
  };
}

interface Answer {
  readonly DBInstances: Record<string, unknown>[];
  readonly Marker?: string;
}

const names = ({ DBInstances }: Answer) => DBInstances.map((it) => it.DBInstanceIdentifier);

describe('DescribeDBInstances', () => {
  it.each([
    ['nothing', {}, ['alpha', 'beta']],
    ['a name', { DBInstanceIdentifier: 'alpha' }, ['alpha']],
    ['a name in capitals, which RDS folds', { DBInstanceIdentifier: 'ALPHA' }, ['alpha']],
    ['an ARN', { DBInstanceIdentifier: `${ARN}:beta` }, ['beta']],
    ['a filter by name', { Filters: [{ Name: 'db-instance-id', Values: ['beta'] }] }, ['beta']],
    ['a filter by ARN', { Filters: [{ Name: 'db-instance-id', Values: [`${ARN}:beta`, 'gamma'] }] }, ['beta']],
    ['a filter by resource', { Filters: [{ Name: 'dbi-resource-id', Values: ['db-ALPHA'] }] }, ['alpha']],
    ['a filter by engine', { Filters: [{ Name: 'engine', Values: ['oracle-ee'] }] }, ['beta']],
    [
      'two filters, which both must hold',
      {
        Filters: [
          { Name: 'engine', Values: ['mysql'] },
          { Name: 'db-instance-id', Values: ['beta'] },
        ],
      },
      [],
    ],
    ['a filter of clusters', { Filters: [{ Name: 'db-cluster-id', Values: ['alpha'] }] }, []],
  ])('finds by %s', async (_, input, expected) => {
    expect(names(await standIn().describe(input))).toEqual(expected);
  });

  it.each([
    ['a missing name', { DBInstanceIdentifier: 'Gamma' }, '404 DBInstanceNotFound: DBInstance gamma not found.'],
    [
      'a database of another account',
      { DBInstanceIdentifier: `arn:aws:rds:${REGION}:999999999999:db:alpha` },
      '404 DBInstanceNotFound: DBInstance alpha not found.',
    ],
    [
      'an unknown filter',
      { Filters: [{ Name: 'colour', Values: ['red'] }] },
      '400 InvalidParameterValue: Unrecognized filter name: colour',
    ],
    [
      'too small a page',
      { MaxRecords: 19 },
      '400 InvalidParameterValue: Invalid value 19 for MaxRecords. Must be between 20 and 100',
    ],
  ])('refuses %s', async (_, input, expected) => {
    expect(await standIn().refusal(input)).toBe(expected);
  });

  it('answers in pages', async () => {
    const many = Array.from({ length: 45 }, (_, index) => database(`db-${String(index).padStart(2, '0')}`));
    const { describe: ask } = standIn(many);
    const seen: unknown[] = [];
    let pages = 0;
    for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
      const answer = await ask({ MaxRecords: 20, Marker });
      seen.push(...names(answer));
      Marker = answer.Marker;
      pages++;
    }
    expect(pages).toBe(3);
    expect(seen).toEqual(many.map(({ identifier }) => identifier));
  });

  it('says what the API knows, whatever is so', async () => {
    const instance = database('alpha');
    const { describe: ask } = standIn([instance]);
    instance.api = { status: 'rebooting', availabilityZone: 'zone-b', secondaryZone: 'zone-a' };
    const [described] = (await ask({})).DBInstances;
    expect(described).toMatchObject({
      DBInstanceStatus: 'rebooting',
      AvailabilityZone: 'zone-b',
      SecondaryAvailabilityZone: 'zone-a',
      MultiAZ: true,
      DbiResourceId: 'db-ALPHA',
      DBInstanceArn: `${ARN}:alpha`,
      Endpoint: { Address: instance.host, Port: 3306 },
    });
  });
});

describe('permissions', () => {
  it.each([
    ['the instance that is named', { DBInstanceIdentifier: 'Alpha' }, `${ARN}:alpha`],
    ['the ARN that is named', { DBInstanceIdentifier: `${ARN}:beta` }, `${ARN}:beta`],
    ['one that is missing', { DBInstanceIdentifier: 'gamma' }, `${ARN}:gamma`],
    ['all of them, where none is named', {}, `${ARN}:*`],
  ])('are asked for %s', (_, input, resource) => {
    expect(standIn().permissions(input)).toEqual([{ action: 'rds:DescribeDBInstances', resource }]);
  });
});

describe('the API quota', () => {
  it('takes a burst of 300 and then 12 a second', async () => {
    const { describe: ask, refusal, clock } = standIn();
    for (let count = 0; count < 300; count++) await ask({});
    expect(await refusal({})).toBe('400 Throttling: Rate exceeded');
    await clock.run(1_000);
    for (let count = 0; count < 12; count++) await ask({});
    expect(await refusal({})).toBe('400 Throttling: Rate exceeded');
  });

  it('can be used up by others for a while', async () => {
    const { rds, refusal, clock } = standIn();
    rds.throttle(30_000);
    await clock.run(29_999);
    expect(await refusal({})).toBe('400 Throttling: Rate exceeded');
    await clock.run(1);
    expect(await refusal({})).toBe('answered');
  });
});

describe('the name of an endpoint', () => {
  it('lags the truth by no more than its time to live', async () => {
    const instance = database('alpha');
    const { rds, clock } = standIn([instance]);
    expect(rds.resolve(instance.host)).toEqual(['10.0.16.10']);
    instance.addresses = ['10.0.32.10'];
    await clock.run(4_999);
    expect(rds.resolve(instance.host)).toEqual(['10.0.16.10']);
    await clock.run(1);
    expect(rds.resolve(instance.host)).toEqual(['10.0.32.10']);
  });

  it('leads nowhere when no database has it', () => {
    expect(standIn().rds.resolve('elsewhere.example')).toBeUndefined();
  });
});
