import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { decide } from '../../lambda/roll-servers/core';
import { readEnvironment } from '../../lambda/roll-servers/environment';
import { Ecs } from '../../rehearsal/cloud/ecs';
import { LoopbackService } from '../../rehearsal/cloud/loopback-service';
import { SecretsManager } from '../../rehearsal/cloud/secrets-manager';
import { ServiceError } from '../../rehearsal/cloud/service';
import { WrittenLines } from '../records/written-lines';

const IDENTITY = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:identity-AbCdEf';
const PASSWORD = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:password-AbCdEf';
const SERVICE = { arn: 'arn:aws:ecs:eu-central-1:111122223333:service/Farm/Servers', name: 'Servers' };
const ENVIRONMENT = {
  MOBILINK_CLUSTER: 'Farm',
  MOBILINK_SERVICE: 'Servers',
  MOBILINK_IDENTITY_SECRETS: JSON.stringify([IDENTITY, PASSWORD]),
};

describe('servers are replaced', () => {
  const at = (deployedAt: number | undefined, ...changed: (number | undefined)[]) =>
    decide(
      { status: 'ACTIVE', deployedAt },
      changed.map((changedAt, index) => ({ arn: `secret ${index}`, changedAt })),
    );

  it('when an identity is younger than their deployment, and then never again', () => {
    expect(at(100, 99, 101)).toEqual({ kind: 'roll', changed: ['secret 1'] });
    expect(at(102, 99, 101).kind).toBe('keep');
  });

  it.each([
    ['there is no service', undefined],
    ['the service is going', { status: 'DRAINING', deployedAt: 1 }],
    ['nothing was deployed', { status: 'ACTIVE' }],
  ])('not when %s', (_why, service) => {
    expect(decide(service, [{ arn: 'secret', changedAt: 2 }]).kind).toBe('keep');
  });

  it('once for each wave of changes, whenever somebody looks', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(times, times, (changes, looks) => {
        let deployedAt = 0;
        const rolls: number[] = [];
        for (const now of [...looks, 1_001].sort((a, b) => a - b)) {
          const before = changes.filter((change) => change <= now);
          const changedAt = before.length > 0 ? Math.max(...before) : undefined;
          if (decide({ status: 'ACTIVE', deployedAt }, [{ arn: 'secret', changedAt }]).kind !== 'roll') continue;
          // A deployment begins after the look that asked for it.
          deployedAt = now + 0.5;
          rolls.push(now);
        }
        const last = Math.max(...changes);
        expect(last === 0 || deployedAt > last).toBe(true);
        expect(rolls.length).toBeLessThanOrEqual(new Set(changes).size);
      }),
    );
  });
});

describe('the function', () => {
  let now: number;
  let secrets: SecretsManager;
  let ecs: Ecs;
  let services: LoopbackService[];
  let handler: () => Promise<void>;

  beforeAll(async () => {
    now = 1_000_000;
    const clock = { now: () => now };
    secrets = new SecretsManager(clock);
    ecs = new Ecs({
      ...clock,
      accountId: '111122223333',
      region: 'eu-central-1',
      definitions: [],
      services: [SERVICE],
    });
    services = await Promise.all([LoopbackService.start(secrets.standIn), LoopbackService.start(ecs.standIn)]);
    const environment = {
      ...ENVIRONMENT,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: services[0]?.endpoint ?? '',
      AWS_ENDPOINT_URL_ECS: services[1]?.endpoint ?? '',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    vi.resetModules();
    ({ handler } = await import('../../lambda/roll-servers/handler.js'));
  });

  beforeEach(() => {
    new WrittenLines();
    now += 60_000;
  });

  afterEach(() => vi.restoreAllMocks());

  afterAll(async () => {
    vi.unstubAllEnvs();
    await Promise.all(services.map((it) => it.stop()));
  });

  it('leaves servers alone whose identities are older, or not there', async () => {
    await handler();
    expect(ecs.deployments).toEqual([]);
  });

  it('begins one deployment for a new certificate, however often it is told', async () => {
    secrets.put(IDENTITY, 'a new one');
    now += 5_000;
    await handler();
    now += 5_000;
    await handler();
    await handler();
    expect(ecs.deployments).toHaveLength(1);
    secrets.put(PASSWORD, 'a new one');
    now += 5_000;
    await handler();
    expect(ecs.deployments).toHaveLength(2);
  });

  it('fails when it may not look, so that Lambda asks again', async () => {
    services[0]?.faults.push(new ServiceError('AccessDeniedException', 'not authorized'));
    await expect(handler()).rejects.toThrow('not authorized');
  });

  it('names every variable that is wrong', () => {
    expect(() => readEnvironment({ MOBILINK_IDENTITY_SECRETS: '[]' })).toThrow(
      /roll-servers is wrong: MOBILINK_CLUSTER: is missing; MOBILINK_SERVICE: is missing; MOBILINK_IDENTITY_SECRETS: must name a secret/,
    );
  });
});
