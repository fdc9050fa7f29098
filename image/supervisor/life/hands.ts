import type { Configuration } from '../configuration';
import type { HealthPort } from '../health-port';
import type { Output } from '../log/output';
import { type ProbeResult, probe } from '../probe';
import { type Provision, provision } from '../provision';
import type { SecretSource } from '../secrets';
import { mlstop } from '../stop';
import type { Effect } from './effect';
import type { Observation } from './observation';
import { type RunningServer, startServer } from './running-server';
import type { Timing } from './timing';
import type { Whereabouts } from './whereabouts';

export interface HandsSettings {
  readonly configuration: Configuration;
  readonly secrets: SecretSource;
  readonly output: Output;
  readonly timing: Timing;
  readonly health: HealthPort;
  readonly whereabouts: Whereabouts;
  /** Six letters or digits, others each time. */
  readonly suffix: () => string;
  readonly log: Parameters<typeof startServer>[0]['log'];
  readonly observe: (observation: Observation) => void;
  readonly say: (saying: object) => void;
  readonly onStart: (provision: Provision) => void;
}

/** Carries effects out; what comes of them is observed. */
export interface Hands {
  carryOut(effect: Exclude<Effect, { readonly kind: 'end' }>): void;
  /** Whatever happens: no server without its supervisor. */
  killServer(): void;
  /** Until the last line of the last server is out, or the time is over. */
  finishLog(patienceMillis: number): Promise<void>;
}

export function hands(settings: HandsSettings): Hands {
  const { configuration, secrets, timing, health, observe, say } = settings;
  let provided: Provision | undefined;
  let probed: Provision | undefined;
  let server: RunningServer | undefined;
  let starts = 0;

  const lookAtDatabase = async (): Promise<Observation> => {
    if (provided === undefined) throw new Error('There is no login to probe with');
    const used = provided;
    probed = used;
    const settingsOfProbe = { engine: configuration.engine, provision: used, patienceMillis: timing.probePatience };
    const result = await probe(settingsOfProbe).catch(
      (error: unknown): ProbeResult => ({ kind: 'unreachable', detail: wordsOf(error) }),
    );
    probed = undefined;
    const pid = result.kind === 'serving' ? server?.livingPid() : undefined;
    const connections = pid === undefined ? undefined : await settings.whereabouts(pid);
    return { kind: 'probed', result, version: used.secretVersion, connections };
  };
  const provide = async (): Promise<Observation> => {
    starts++;
    const keep = [provided, probed, server?.provision].flatMap((it) => (it === undefined ? [] : [it.folder]));
    try {
      provided = await provision(configuration, secrets, starts, settings.suffix, { keep });
      return { kind: 'provisioned', version: provided.secretVersion };
    } catch (error) {
      return { kind: 'not-provisioned', detail: wordsOf(error) };
    }
  };
  const start = () => {
    if (provided === undefined) throw new Error('There is no login to start with');
    server = startServer({ ...settings, provision: provided });
    settings.onStart(provided);
  };
  const stop = async (graceMillis: number | undefined): Promise<void> => {
    if (server === undefined) return;
    const { environment, folder, name } = server.provision;
    const { installation } = configuration;
    const detail = await mlstop({ installation, environment, folder, name, graceMillis });
    if (detail !== undefined) observe({ kind: 'mlstop-failed', detail });
  };
  const lookAtSecret = async (): Promise<Observation> => {
    try {
      const { versionId } = await secrets.fetch(configuration.loginSecretArn);
      return { kind: 'secret-seen', version: versionId };
    } catch (error) {
      say({ event: 'secret-unseen', detail: wordsOf(error) });
      return { kind: 'secret-unseen' };
    }
  };
  return {
    carryOut(effect) {
      switch (effect.kind) {
        case 'probe':
          return void lookAtDatabase().then(observe);
        case 'provision':
          return void provide().then(observe);
        case 'start':
          return start();
        case 'mlstop':
          return void stop(effect.graceMillis);
        case 'signal':
          return effect.signal === 'SIGKILL' ? server?.killAll() : server?.signal(effect.signal);
        case 'look-at-secret':
          return void lookAtSecret().then(observe);
        case 'open-health':
          return health.open();
        case 'close-health':
          return health.close();
        case 'say':
          return say(effect.saying);
      }
    },
    killServer: () => server?.killAll(),
    finishLog: (patienceMillis) => server?.logFinished(patienceMillis) ?? Promise.resolve(),
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
