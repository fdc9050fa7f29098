import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseLogin } from '../../image/supervisor/login';
import { SecretError, secretsManager } from '../../image/supervisor/secrets';
import { LoopbackService } from '../../rehearsal/cloud/loopback-service';
import { SecretsManager } from '../../rehearsal/cloud/secrets-manager';
import { ServiceError } from '../../rehearsal/cloud/service';
import { LOGIN_ARN } from '../../rehearsal/mlsrv/told';

const LOGIN = JSON.stringify({ username: 'ml', password: 'geheim' });

describe('Secrets Manager', () => {
  let stored: SecretsManager;
  let loopback: LoopbackService;

  beforeEach(async () => {
    stored = new SecretsManager(Date);
    loopback = await LoopbackService.start(stored.standIn);
    const environment = {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: loopback.endpoint,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await loopback.stop();
  });

  const failure = async (arn = LOGIN_ARN): Promise<string> => {
    const error: unknown = await secretsManager()
      .fetch(arn)
      .catch((it: unknown) => it);
    expect(error).toBeInstanceOf(SecretError);
    const { message } = error as SecretError;
    expect(message).toContain(arn);
    expect(message).not.toContain('geheim');
    return message;
  };

  it('gives the current version, and another one after a rotation', async () => {
    const source = secretsManager();
    const first = stored.put(LOGIN_ARN, LOGIN);
    expect(await source.fetch(LOGIN_ARN)).toEqual({ text: LOGIN, versionId: first });
    expect(await source.fetch(LOGIN_ARN)).toEqual({ text: LOGIN, versionId: first });
    const second = stored.put(LOGIN_ARN, 'ünïcödé 😀 \\ " {}');
    expect(second).not.toBe(first);
    expect(await source.fetch(LOGIN_ARN)).toEqual({ text: 'ünïcödé 😀 \\ " {}', versionId: second });
    expect(loopback.calls).toEqual(['GetSecretValue', 'GetSecretValue', 'GetSecretValue']);
  });

  it('is asked again when it throttles, fails or hangs up', async () => {
    const versionId = stored.put(LOGIN_ARN, LOGIN);
    loopback.faults.push(
      new ServiceError('ThrottlingException', 'Rate exceeded'),
      new ServiceError('InternalServiceError', 'An error occurred on the server side.', 500),
      'hang up',
    );
    expect(await secretsManager().fetch(LOGIN_ARN)).toEqual({ text: LOGIN, versionId });
    expect(loopback.calls).toHaveLength(4);
  });

  it('is given up after four attempts', async () => {
    stored.put(LOGIN_ARN, LOGIN);
    for (let index = 0; index < 4; index++)
      loopback.faults.push(new ServiceError('ThrottlingException', 'Rate exceeded'));
    expect(await failure()).toBe(`${LOGIN_ARN} could not be fetched: ThrottlingException: Rate exceeded`);
    expect(loopback.calls).toHaveLength(4);
  });

  it('does not have the secret', async () => {
    expect(await failure()).toBe(
      `${LOGIN_ARN} could not be fetched: ResourceNotFoundException: Secrets Manager can't find the specified secret. Fix: check the ARN and that the secret has a value`,
    );
    expect(loopback.calls).toHaveLength(1);
  });

  it('denies', async () => {
    loopback.faults.push(
      new ServiceError('AccessDeniedException', 'User is not authorized to perform: secretsmanager:GetSecretValue'),
    );
    expect(await failure()).toMatch(
      /AccessDeniedException: User is not authorized .*Fix: allow the role of the task secretsmanager:GetSecretValue/,
    );
  });

  it('does not hand out what is to be deleted', async () => {
    stored.put(LOGIN_ARN, LOGIN);
    stored.delete(LOGIN_ARN);
    expect(await failure()).toMatch(
      /InvalidRequestException: .* marked for deletion\. Fix: check whether it is scheduled for deletion/,
    );
  });

  it('holds bytes', async () => {
    stored.put(LOGIN_ARN, Buffer.from('geheim'));
    expect(await failure()).toBe(`${LOGIN_ARN} is a binary secret. Fix: store it as text`);
  });

  it('is not there at all', async () => {
    await loopback.stop();
    expect(await failure()).toMatch(/could not be fetched: .*ECONNREFUSED/);
    loopback = await LoopbackService.start(stored.standIn);
  });
});

describe('a login', () => {
  it('has more keys than are needed when RDS wrote it', () => {
    const text = JSON.stringify({ engine: 'mysql', host: 'db', username: 'ml', password: ' in side; {"} ', port: 1 });
    expect(() => parseLogin(LOGIN_ARN, text)).toThrow('white space at its beginning or end');
    expect(parseLogin(LOGIN_ARN, text.replaceAll('" in', '"in').replace('} "', '}"'))).toEqual({
      username: 'ml',
      password: 'in side; {"}',
    });
  });

  it.each([
    ['geheim', 'it is not JSON'],
    ['', 'it is not JSON'],
    ['null', 'it is no JSON object'],
    ['"geheim"', 'it is no JSON object'],
    ['["geheim"]', 'it has no username; it has no password'],
    ['{}', 'it has no username; it has no password'],
    ['{"username":"a"}', 'it has no password'],
    ['{"username":"","password":""}', 'username is empty; password is empty'],
    ['{"username":1,"password":null}', 'username is no text; password is no text'],
    [
      '{"username":"a","password":"geheim\\nx"}',
      'password holds a line break or NUL character, which odbc.ini cannot carry',
    ],
    ['{"username":"a","password":"geheim\\u0000"}', 'password holds a line break or NUL character'],
    ['{"username":" geheim","password":"a"}', 'username holds white space at its beginning or end'],
    ['{"username":"a","password":"geheim\\t"}', 'password holds white space at its beginning or end'],
    ['{"username":"a","password":"geheim\\ud83d"}', 'password holds half a character'],
    [`{"username":"a","password":"geheim${'x'.repeat(1_000)}"}`, 'password holds 1006 bytes, of at most 900'],
  ])('is refused if it is %j', (text, problem) => {
    const error = (() => {
      try {
        return parseLogin(LOGIN_ARN, text);
      } catch (it) {
        return it;
      }
    })();
    expect(error).toBeInstanceOf(SecretError);
    const { message } = error as SecretError;
    expect(message).toContain(`${LOGIN_ARN} is not the login of the database: ${problem}`);
    expect(message).toMatch(/Fix: store/);
    expect(message).not.toContain('geheim');
  });
});
