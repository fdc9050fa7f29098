import { daysLeft } from '../certificates';
import type { Configuration } from '../configuration';
import { healthPort } from '../health-port';
import { metricFlush } from '../log/metric-flush';
import type { Output } from '../log/output';
import type { SecretSource } from '../secrets';
import { decide } from './decide';
import { endpointsOf } from './endpoints';
import { hands } from './hands';
import type { Observation } from './observation';
import { rememberingSecrets } from './secret-memory';
import { initialState, type State } from './state';
import type { Timing } from './timing';
import { wakeAt } from './wake';
import { whereabouts } from './whereabouts';

export interface LifeSettings {
  readonly configuration: Configuration;
  readonly secrets: SecretSource;
  readonly output: Output;
  readonly timing: Timing;
  /** At least 0 and less than 1. */
  readonly chance: () => number;
  readonly suffix: () => string;
}

/** The supervisor at work. */
export interface Life {
  terminate(signal: string): void;
  /** Kills the server, without which nobody may leave. */
  abandon(): void;
  readonly state: () => State;
  /** The code that the container ends with, once everything is said. */
  readonly ended: Promise<number>;
}

/** The longest delay of a timer; beyond it Node fires at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Keeps mlsrv17 on the primary until it is told to stop: observes, decides, carries out. */
export function live({ configuration, secrets, output, timing, chance, suffix }: LifeSettings): Life {
  const say = (saying: object) => output.say(JSON.stringify({ time: new Date().toISOString(), ...saying }));
  const sayTrouble = (error: Error) => say({ event: 'trouble', detail: error.message });
  let certificatesEnd: number | undefined;
  const metrics = metricFlush({
    metrics: configuration.metrics,
    periodMillis: configuration.periodicSeconds * 1_000,
    print: output.say,
    onUnknown: (name) => say({ event: 'unknown-metric', name }),
    gauges: (now) => daysLeft(certificatesEnd, now),
  });
  const workers = hands({
    configuration,
    secrets: rememberingSecrets(secrets, timing.fetchPatience, (arn, reason) =>
      say({ event: 'secret-remembered', arn, reason }),
    ),
    output,
    timing,
    health: healthPort(configuration.healthPort, sayTrouble),
    whereabouts: whereabouts({ endpoints: endpointsOf(configuration) }),
    suffix,
    log: { onLine: metrics.see, onTrouble: sayTrouble },
    observe,
    say,
    onStart: (provision) => {
      certificatesEnd = provision.certificatesEnd;
    },
  });
  const { promise: ended, resolve: end } = withResolver<number>();
  let decidedAt = performance.now();
  let state = initialState(decidedAt);
  let timer: NodeJS.Timeout | undefined;
  const waiting: Observation[] = [];
  let isDeciding = false;

  function observe(observation: Observation): void {
    waiting.push(observation);
    // Carrying an effect out may be observed at once; one decision after the other.
    if (isDeciding) return;
    isDeciding = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) take(next);
    } finally {
      isDeciding = false;
    }
    sleep();
  }

  function take(observation: Observation): void {
    decidedAt = performance.now();
    const decision = decide(state, observation, decidedAt, chance(), timing);
    state = decision.state;
    for (const effect of decision.effects) {
      if (effect.kind === 'end') void finish(effect.code);
      else workers.carryOut(effect);
    }
  }

  function sleep(): void {
    clearTimeout(timer);
    const at = wakeAt(state, decidedAt, timing);
    if (at === undefined) return;
    // Timers may be a fraction of a millisecond early.
    const delay = Math.max(0, Math.ceil(at - performance.now())) + 1;
    timer = setTimeout(() => observe({ kind: 'tick' }), Math.min(delay, LONGEST_DELAY));
  }

  async function finish(code: number): Promise<void> {
    await workers.finishLog(timing.logPatience);
    metrics.flush();
    await output.drained(timing.logPatience);
    end(code);
  }

  observe({ kind: 'tick' });
  return {
    terminate: (signal) => observe({ kind: 'terminate', signal }),
    abandon: workers.killServer,
    state: () => state,
    ended,
  };
}

function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((it) => {
    resolve = it;
  });
  return { promise, resolve };
}
