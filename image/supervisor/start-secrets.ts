import type { Configuration } from './configuration';
import { type Login, parseLogin } from './login';
import { SecretError, type SecretSource } from './secrets';
import { faultOfIdentityPassword } from './server-options';
import type { Stream } from './stream';

/** The certificate of one stream. */
export interface FetchedIdentity {
  readonly port: number;
  readonly pem: string;
  readonly password?: string;
}

/** Everything secret that a start needs. */
export interface StartSecrets {
  readonly login: Login;
  /** The version of the login. */
  readonly secretVersion: string;
  readonly identities: readonly FetchedIdentity[];
}

/** Fetches them all at once; throws one {@link SecretError} that names every secret that cannot be used. */
export async function fetchSecrets(
  { engine, loginSecretArn, streams }: Pick<Configuration, 'engine' | 'loginSecretArn' | 'streams'>,
  secrets: SecretSource,
): Promise<StartSecrets> {
  const encrypted = streams.filter(({ identitySecretArn }) => identitySecretArn !== undefined);
  const fetchLogin = async () => {
    const { text, versionId } = await secrets.fetch(loginSecretArn);
    const login = parseLogin(loginSecretArn, text);
    const fault = engine.login.fault?.(login);
    if (fault !== undefined) throw new SecretError(`${loginSecretArn}: ${fault}. Fix: give the login another one`);
    return { login, secretVersion: versionId };
  };
  const fetchIdentities = () => allOrEveryReason(encrypted.map((stream) => fetchIdentity(stream, secrets)));
  const [login, identities] = await Promise.allSettled([fetchLogin(), fetchIdentities()]);
  if (login.status === 'rejected' || identities.status === 'rejected') throw together([login, identities]);
  return { ...login.value, identities: identities.value };
}

async function fetchIdentity(stream: Stream, secrets: SecretSource): Promise<FetchedIdentity> {
  const { port, identitySecretArn = '', identityPasswordSecretArn } = stream;
  const fetchPem = async () => {
    const { text } = await secrets.fetch(identitySecretArn);
    if (!isIdentity(text)) {
      throw new SecretError(
        `${identitySecretArn} is no identity. Fix: store certificate chain and private key in PEM, one after the other`,
      );
    }
    return text;
  };
  const fetchPassword = async (arn: string) => {
    const { text } = await secrets.fetch(arn);
    const fault = faultOfIdentityPassword(text);
    if (fault === undefined) return text;
    throw new SecretError(
      `${arn} holds ${fault}, which the options of mlsrv17 may not carry. Fix: encrypt the key with another password`,
    );
  };
  const [pem, password] = await Promise.allSettled([
    fetchPem(),
    identityPasswordSecretArn === undefined ? undefined : fetchPassword(identityPasswordSecretArn),
  ]);
  if (pem.status === 'rejected' || password.status === 'rejected') throw together([pem, password]);
  return { port, pem: pem.value, password: password.value };
}

function isIdentity(text: string): boolean {
  const hasCertificate = /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text);
  return hasCertificate && /-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----[\s\S]+-----END \1-----/.test(text);
}

async function allOrEveryReason<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const values = results.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
  if (values.length < results.length) throw together(results);
  return values;
}

function together(results: readonly PromiseSettledResult<unknown>[]): SecretError {
  const reasons = results.flatMap((it) => (it.status === 'rejected' ? [it.reason] : []));
  const [only] = reasons;
  if (reasons.length === 1 && only instanceof SecretError) return only;
  const words = reasons.map((it) => (it instanceof Error ? it.message : String(it)));
  return new SecretError(words.join('\n'), { cause: only });
}
