import { describe, expect, it } from 'vitest';
import { newPassword } from '../../lambda/rotate-login/new-password';
import type { Ports } from '../../lambda/rotate-login/ports';
import { rotate } from '../../lambda/rotate-login/rotate';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:login-AbCdEf';
const LOGIN = { username: 'mobilink', password: 'old', host: 'db', engine: 'mysql' };
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

interface Version {
  text?: string;
  stages: string[];
}

/** A secret with a rotation that has begun, and a task that does what it says. */
function bench(does: 'sets it' | 'nothing' | 'fails' = 'sets it') {
  const versions = new Map<string, Version>([
    ['v1', { text: JSON.stringify(LOGIN), stages: ['AWSCURRENT'] }],
    ['v2', { stages: ['AWSPENDING'] }],
  ]);
  const done: string[] = [];
  const ports: Ports = {
    secret: {
      stages: async () => new Map([...versions].map(([id, { stages }]) => [id, [...stages]])),
      text: async (_, id) => versions.get(id)?.text,
      current: async () => [...versions.values()].find(({ stages }) => stages.includes('AWSCURRENT'))?.text ?? '',
      putPending: async (_, id, text) => {
        done.push('put');
        versions.set(id, { text, stages: ['AWSPENDING'] });
      },
    },
    setPassword: async () => {
      done.push('task');
      if (does === 'fails') throw new Error('The rotation of the login failed: refused');
      if (does === 'nothing') return;
      versions.set('v1', { ...(versions.get('v1') as Version), stages: ['AWSPREVIOUS'] });
      versions.set('v2', { ...(versions.get('v2') as Version), stages: ['AWSCURRENT', 'AWSPENDING'] });
    },
    newPassword: () => 'new',
    told: (message) => done.push(message),
  };
  const step = (Step: (typeof STEPS)[number], version = 'v2') =>
    rotate(ports, { SecretId: SECRET, ClientRequestToken: version, Step });
  return { versions, done, step };
}

describe('a rotation', () => {
  it('makes a new password up, keeps all else of the login, and has one task make it current', async () => {
    const { versions, done, step } = bench();
    for (const name of STEPS) await step(name);
    expect(JSON.parse(versions.get('v2')?.text ?? '')).toEqual({ ...LOGIN, password: 'new' });
    expect(versions.get('v2')?.stages).toContain('AWSCURRENT');
    expect(done.filter((it) => it === 'put' || it === 'task')).toEqual(['put', 'task']);
  });

  it('can be begun again at any step: what is done is not done again', async () => {
    for (const [index] of STEPS.entries()) {
      const { done, step } = bench();
      for (const name of [...STEPS.slice(0, index + 1), ...STEPS]) await step(name);
      expect(done.filter((it) => it === 'put' || it === 'task')).toEqual(['put', 'task']);
    }
  });

  it.each(['nothing', 'fails'] as const)('whose task %s fails, and the old version stays', async (does) => {
    const { versions, step } = bench(does);
    await step('createSecret');
    await expect(step('setSecret')).rejects.toThrow(
      does === 'fails' ? 'refused' : /not made the version v2 the current/,
    );
    await expect(step('testSecret')).rejects.toThrow(/is not in force.*Fix: rotate the secret again/);
    await expect(step('finishSecret')).rejects.toThrow(/not made the version v2 the current one/);
    expect(versions.get('v1')?.stages).toEqual(['AWSCURRENT']);
  });

  it.each(['v1-unknown', 'v3'])('of a version that is not pending (%s) is refused', async (version) => {
    const { versions, step } = bench();
    versions.set('v3', { text: '{}', stages: ['AWSPREVIOUS'] });
    await expect(step('setSecret', version)).rejects.toThrow(/is not pending. Fix: rotate the secret by/);
  });

  it('of a secret that is no login is refused without a word of it', async () => {
    const { versions, step, done } = bench();
    versions.set('v1', { text: '["secret words"]', stages: ['AWSCURRENT'] });
    const error = await step('createSecret').catch((it: Error) => it.message);
    expect(error).toMatch(/is not the login of the database/);
    expect(error).not.toContain('secret words');
    expect(done).toEqual([]);
  });

  it('that is only configured has nothing to test: the pending version is empty, or the login as it is', async () => {
    const { versions, step } = bench();
    await step('testSecret');
    versions.set('v2', { text: JSON.stringify(LOGIN), stages: ['AWSPENDING'] });
    await step('testSecret');
  });
});

it('a new password is 40 letters and digits, each picked anew', () => {
  let next = 0;
  const made = newPassword((below) => next++ % below);
  expect(made).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(new Set(made).size).toBe(40);
});
