import type { decide } from '../../../image/supervisor/life/decide';
import type { Effect } from '../../../image/supervisor/life/effect';
import type { Connections, Ending, Observation } from '../../../image/supervisor/life/observation';
import { initialState } from '../../../image/supervisor/life/state';
import { TIMING } from '../../../image/supervisor/life/timing';
import { wakeAt } from '../../../image/supervisor/life/wake';
import type { ProbeResult } from '../../../image/supervisor/probe-result';
import { HOUR, type Outage, type Plan } from './plan';

export type Decide = typeof decide;

/** How things stood when an effect was decided. */
export interface Moment {
  readonly at: number;
  readonly effect: Effect;
  readonly lastProbe?: ProbeResult['kind'];
  readonly hasServer: boolean;
  /** Its connections are those of the database as it is. */
  readonly isConnected: boolean;
  readonly hasErred: boolean;
  readonly hasOldLogin: boolean;
  readonly isListening: boolean;
  readonly isTerminated: boolean;
  /** It was asked before the last server ended by itself. */
  readonly isProbeOld: boolean;
  /** Login and files were fetched since the last start. */
  readonly isProvided: boolean;
}

export interface Trace {
  readonly moments: readonly Moment[];
  /** When the database had begun to serve without a further outage, crash or rotation for a while, and how it was then with the server. */
  readonly recoveries: readonly { readonly at: number; readonly isBack: boolean }[];
  readonly endedAt?: number;
  readonly endCode?: number;
}

interface SimulatedServer {
  readonly id: number;
  readonly startedAt: number;
  readonly login: number;
  incarnation: number;
  place: number;
  isListening: boolean;
  isStopping: boolean;
  hasErred: boolean;
  hasIdle: boolean;
}

/** How long after the database serves again everything has to be back. */
const RECOVERY = 10_000;
const LAST_PLAN = HOUR / 2;

/** Runs the decisions through a plan, in simulated time. */
export function simulate(plan: Plan, decideWith: Decide): Trace {
  return new World(plan, decideWith).run();
}

class World {
  private now = 0;
  private readonly queue: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  private order = 0;
  private state = initialState(0);
  private server: SimulatedServer | undefined;
  private servers = 0;
  private outage: Outage | 'first' | undefined;
  private incarnation = 0;
  private place = 0;
  private login = 0;
  private secret = 0;
  private isProvided = false;
  private lastAskedAt = 0;
  private endedAt = 0;
  private fetched: number | undefined;
  private lastProbe: ProbeResult['kind'] | undefined;
  private isTerminated = false;
  private decisions = 0;
  private decidedAt = 0;
  private readonly moments: Moment[] = [];
  private readonly recoveries: { at: number; isBack: boolean }[] = [];
  private startedSince = 0;
  private disturbedAt = 0;
  private end: { at: number; code: number } | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly decideWith: Decide,
  ) {}

  run(): Trace {
    const { plan } = this;
    if (plan.isAwayAtFirst) {
      this.outage = 'first';
      this.at(15_000, () => this.comeBack(true));
    }
    for (const outage of plan.outages) {
      this.at(outage.at, () => this.goAway(outage));
      this.at(outage.at + outage.lasts, () => this.comeBack(!outage.isBlip));
    }
    for (const at of plan.rotations)
      this.at(at, () => {
        this.login++;
        this.secret = this.login;
      });
    for (const at of plan.brokenSecrets) this.at(at, () => this.secret--);
    for (const at of plan.crashes) this.at(at, () => this.endServer(this.server, { code: 9 }));
    if (plan.terminateAt !== undefined) {
      this.at(plan.terminateAt, () => {
        this.isTerminated = true;
        this.observe({ kind: 'terminate', signal: 'SIGTERM' });
      });
    }
    this.observe({ kind: 'tick' });
    while (this.end === undefined && this.now < LAST_PLAN) this.step();
    const { moments, recoveries } = this;
    return { moments, recoveries, endedAt: this.end?.at, endCode: this.end?.code };
  }

  private step(): void {
    const wake = wakeAt(this.state, this.decidedAt, TIMING) ?? LAST_PLAN;
    this.queue.sort((a, b) => a.at - b.at || a.order - b.order);
    const [next] = this.queue;
    if (next !== undefined && next.at <= wake) {
      this.queue.shift();
      this.now = next.at;
      next.run();
    } else {
      this.now = wake;
      this.observe({ kind: 'tick' });
    }
  }

  private at(at: number, run: () => void): void {
    this.queue.push({ at, order: this.order++, run });
  }

  private in(millis: number, run: () => void): void {
    this.at(this.now + millis, run);
  }

  private observe(observation: Observation): void {
    if (this.end !== undefined) return;
    if (observation.kind === 'probed') this.lastProbe = observation.result.kind;
    const chance = this.plan.chances[this.decisions++ % this.plan.chances.length] ?? 0;
    this.decidedAt = this.now;
    const decision = this.decideWith(this.state, observation, this.now, chance, TIMING);
    this.state = decision.state;
    for (const effect of decision.effects) {
      this.moments.push(this.momentOf(effect));
      this.carryOut(effect);
    }
  }

  private momentOf(effect: Effect): Moment {
    const { server } = this;
    return {
      at: this.now,
      effect,
      lastProbe: this.lastProbe,
      hasServer: server !== undefined,
      isConnected: server !== undefined && this.isConnected(server),
      hasErred: server?.hasErred ?? false,
      hasOldLogin: server !== undefined && server.login !== this.login,
      isListening: server?.isListening ?? false,
      isTerminated: this.isTerminated,
      isProbeOld: this.lastAskedAt < this.endedAt,
      isProvided: this.isProvided,
    };
  }

  private carryOut(effect: Effect): void {
    const { plan } = this;
    if (effect.kind === 'probe') this.probe();
    if (effect.kind === 'provision') {
      this.in(plan.secretMillis, () => {
        if (this.isSecretAway()) {
          this.observe({ kind: 'not-provisioned', detail: '' });
          return;
        }
        this.fetched = this.secret;
        this.isProvided = true;
        this.observe({ kind: 'provisioned', version: `${this.secret}` });
      });
    }
    if (effect.kind === 'look-at-secret') {
      this.in(plan.secretMillis, () =>
        this.observe(
          this.isSecretAway() ? { kind: 'secret-unseen' } : { kind: 'secret-seen', version: `${this.secret}` },
        ),
      );
    }
    if (effect.kind === 'start') this.start();
    if (effect.kind === 'mlstop') this.mlstop(effect.graceMillis);
    if (effect.kind === 'signal') this.signal(effect.signal);
    if (effect.kind === 'end') this.end = { at: this.now, code: effect.code };
  }

  private probe(): void {
    const login = this.fetched;
    const askedAt = this.now;
    const asked = this.look(login);
    const millis = asked.kind === 'hung' ? TIMING.probePatience : this.plan.probeMillis;
    this.in(millis, () => {
      // A probe that hung has been killed, whatever has become of the database in between.
      const isAsAsked = asked.kind === 'hung' || this.plan.probeSees === 'begin';
      const result = isAsAsked ? asked : this.look(login);
      this.lastAskedAt = askedAt;
      const connections = result.kind === 'serving' ? this.connections() : undefined;
      this.observe({ kind: 'probed', result, version: `${login}`, connections });
    });
  }

  private look(login: number | undefined): ProbeResult {
    const { outage } = this;
    if (outage === 'first') return { kind: 'unreachable', detail: '' };
    if (outage?.looksLike === 'hung') return { kind: 'hung' };
    if (outage !== undefined) return { kind: outage.looksLike, detail: '' };
    return login === this.login ? { kind: 'serving' } : { kind: 'login-failed', detail: '' };
  }

  private connections(): Connections | undefined {
    const { server } = this;
    if (server === undefined) return undefined;
    const { reaction } = this.plan;
    // The database closes them after a minute, and not just when it goes away.
    const isNext = this.plan.outages.some(({ at }) => at >= this.now - 5_000 && at <= this.now + 5_000);
    const isQuiet = !isNext && this.now > Math.max(server.startedAt, this.disturbedAt) + 60_000;
    server.hasIdle ||= isQuiet;
    const idleClosed = server.hasIdle ? this.plan.idleClosed : 0;
    if (this.isConnected(server)) return { current: 3, elsewhere: 0, closed: idleClosed };
    if (reaction === 'reconnects in part') return { current: 1, elsewhere: 0, closed: 2 + idleClosed };
    // One that has been moved away from keeps the connections open: nobody tells it.
    if (server.place !== this.place && reaction === 'hangs') return { current: 0, elsewhere: 3, closed: 0 };
    return { current: 0, elsewhere: 0, closed: 3 + idleClosed };
  }

  private isConnected({ incarnation }: SimulatedServer): boolean {
    return incarnation === this.incarnation;
  }

  private start(): void {
    const server: SimulatedServer = {
      id: ++this.servers,
      startedAt: this.now,
      login: this.fetched ?? -1,
      incarnation: this.incarnation,
      place: this.place,
      isListening: false,
      isStopping: false,
      hasErred: false,
      hasIdle: false,
    };
    this.server = server;
    this.isProvided = false;
    this.startedSince = this.now;
    this.in(1, () =>
      this.ifAlive(server, () => this.observe({ kind: 'started', pid: server.id, name: `ml-${server.id}` })),
    );
    this.in(1 + this.plan.listenMillis, () =>
      this.ifAlive(server, () => {
        server.isListening = true;
        this.observe({ kind: 'listening' });
      }),
    );
    if (this.plan.livesFor !== undefined) this.in(this.plan.livesFor, () => this.endServer(server, { code: 9 }));
    if (this.plan.errsEvery !== undefined) this.keepErring(server, this.plan.errsEvery);
    // It was started against a database that has gone meanwhile.
    if (this.outage !== undefined) this.react(server);
  }

  private keepErring(server: SimulatedServer, every: number): void {
    this.in(every, () =>
      this.ifAlive(server, () => {
        server.hasErred = true;
        this.observe({ kind: 'connection-error' });
        this.keepErring(server, every);
      }),
    );
  }

  private ifAlive(server: SimulatedServer, run: () => void): void {
    if (this.server === server) run();
  }

  private endServer(server: SimulatedServer | undefined, ending: Ending): void {
    if (server === undefined || this.server !== server) return;
    this.server = undefined;
    if (!server.isStopping) this.endedAt = this.now;
    this.observe({ kind: 'ended', ending });
  }

  private mlstop(graceMillis: number | undefined): void {
    const { server, plan } = this;
    if (server !== undefined) server.isStopping = true;
    if (plan.mlstop === 'fails') {
      this.in(20, () => this.observe({ kind: 'mlstop-failed', detail: '' }));
      return;
    }
    if (plan.mlstop === 'hangs' || server === undefined) return;
    this.in(Math.min(plan.softStopMillis, graceMillis ?? 100), () => this.endServer(server, { code: 0 }));
  }

  private signal(name: 'SIGHUP' | 'SIGKILL'): void {
    const { server } = this;
    if (server !== undefined) server.isStopping = true;
    if (this.plan.isUnkillable) return;
    if (name === 'SIGKILL') this.in(1, () => this.endServer(server, { signal: name }));
    else if (this.plan.hangUp === 'clean') this.in(300, () => this.endServer(server, { code: 0 }));
  }

  private goAway(outage: Outage): void {
    this.outage = outage;
    this.disturbedAt = this.now;
    if (outage.isBlip) return;
    this.incarnation++;
    if (outage.moves) this.place++;
    if (this.server !== undefined) this.react(this.server);
  }

  private react(server: SimulatedServer): void {
    const { reaction } = this.plan;
    if (reaction === 'exits') this.in(this.plan.exitMillis, () => this.endServer(server, { code: 1 }));
    if (reaction === 'reconnects' || reaction === 'errors') this.in(150, () => this.err(server));
  }

  /** Errors go on until it has reconnected. */
  private err(server: SimulatedServer): void {
    this.ifAlive(server, () => {
      if (this.isConnected(server)) return;
      if (this.plan.reaction === 'reconnects' && this.outage === undefined) {
        server.incarnation = this.incarnation;
        server.place = this.place;
        server.hasErred = false;
        return;
      }
      server.hasErred = true;
      this.observe({ kind: 'connection-error' });
      this.in(700, () => this.err(server));
    });
  }

  private comeBack(isNew: boolean): void {
    this.outage = undefined;
    this.disturbedAt = this.now;
    if (isNew && this.server === undefined) this.incarnation++;
    const at = this.now;
    if (this.isDisturbed(at)) return;
    this.at(at + RECOVERY, () => {
      const { server } = this;
      const isBack = server !== undefined && this.isConnected(server) && this.startedSince <= at + RECOVERY;
      this.recoveries.push({ at, isBack });
    });
  }

  private isSecretAway(): boolean {
    const { secretsAway } = this.plan;
    return secretsAway !== undefined && this.now >= secretsAway.at && this.now < secretsAway.at + secretsAway.lasts;
  }

  /** Something else falls into the recovery, so that nothing can be said of it. */
  private isDisturbed(at: number): boolean {
    const {
      outages,
      rotations,
      crashes,
      brokenSecrets,
      secretsAway,
      terminateAt = Number.POSITIVE_INFINITY,
    } = this.plan;
    const isNear = (it: number) => it > at - 180_000 && it < at + RECOVERY;
    const areSecretsAway =
      secretsAway !== undefined && secretsAway.at < at + RECOVERY && secretsAway.at + secretsAway.lasts > at - 15_000;
    return (
      [...rotations, ...crashes].some(isNear) ||
      brokenSecrets.length > 0 ||
      areSecretsAway ||
      terminateAt <= at + RECOVERY ||
      outages.some((it) => it.at >= at && it.at <= at + RECOVERY)
    );
  }
}
