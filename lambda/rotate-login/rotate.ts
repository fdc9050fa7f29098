import * as v from 'valibot';
import { parse } from '../door/parse';
import type { Ports } from './ports';
import type { RotationRequest } from './request';

const login = v.pipe(
  v.string(),
  v.parseJson(undefined, 'is not JSON'),
  v.looseObject({ username: v.pipe(v.string('is missing'), v.minLength(1, 'is empty')) }, 'must be a JSON object'),
);

/** Carries one step out. Each can be repeated: Secrets Manager begins a rotation that failed from its first step. */
export async function rotate(ports: Ports, request: RotationRequest): Promise<void> {
  const { SecretId, ClientRequestToken: version, Step } = request;
  const stages = (await ports.secret.stages(SecretId)).get(version);
  if (stages?.includes('AWSCURRENT')) return ports.told('the version is the current one', { ...request });
  if (!stages?.includes('AWSPENDING')) {
    throw new Error(
      `${SecretId}: the version ${version} is not pending. Fix: rotate the secret by Secrets Manager, which makes it so`,
    );
  }
  switch (Step) {
    case 'createSecret':
      return createSecret(ports, SecretId, version);
    case 'setSecret':
      await ports.setPassword();
      return requireCurrent(ports, SecretId, version);
    case 'testSecret':
      return testSecret(ports, SecretId, version);
    case 'finishSecret':
      return requireCurrent(ports, SecretId, version);
  }
}

async function createSecret({ secret, newPassword }: Ports, id: string, version: string): Promise<void> {
  if ((await secret.text(id, version)) !== undefined) return;
  // Host, port and whatever else stands beside it stays.
  const kept = parse(login, await secret.current(id), `The secret ${id} is not the login of the database`);
  await secret.putPending(id, version, JSON.stringify({ ...kept, password: newPassword() }));
}

/**
 * The task has tried the password before it made the version the current one. A pending version that nobody has set is what Secrets Manager
 * asks about when a schedule is made without a rotation: there is nothing to try then but that it is the login as it is (its text: UNSOURCED).
 */
async function testSecret({ secret }: Ports, id: string, version: string): Promise<void> {
  const text = await secret.text(id, version);
  if (text === undefined || text === (await secret.current(id))) return;
  throw new Error(`${id}: the pending password is not in force. Fix: rotate the secret again`);
}

async function requireCurrent({ secret }: Ports, id: string, version: string): Promise<void> {
  if ((await secret.stages(id)).get(version)?.includes('AWSCURRENT')) return;
  throw new Error(
    `${id}: the task has not made the version ${version} the current one. Fix: read its log, rotate again`,
  );
}
