import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { requireWhole } from '../validation/bounds';
import { knownSeconds, Problems } from '../validation/problems';

/** When the alarms of a system ring. */
export interface MonitoringThresholds {
  /**
   * For how long the consolidated database may be without a stable primary; whole minutes, up to an hour. Until then the failover holds back
   * what else would wake people.
   *
   * @default Duration.minutes(3): RDS takes 60 to 120 s (RDS User Guide, "Failing over a Multi-AZ DB instance"), and the tracker sees it within 10 s
   */
  readonly failoverLongerThan?: Duration;

  /**
   * For how long the primary tracker may not look, or get no answer; whole minutes, up to an hour.
   *
   * @default Duration.minutes(5), in which it looks 30 times. UNSOURCED
   */
  readonly trackerSilentFor?: Duration;

  /**
   * How many of the database's connections may be in use, in percent, for ten minutes.
   *
   * @default 85: the farm's own limit ends below what the database accepts, so more is used by somebody else. UNSOURCED
   */
  readonly connectionsPercent?: number;

  /**
   * For how long there may be fewer healthy servers than `minServers` of the farm; whole minutes, up to a day.
   *
   * @default Duration.minutes(5): ECS replaces a server in two or three. UNSOURCED
   */
  readonly farmBelowMinimumFor?: Duration;

  /**
   * How much synchronization work may wait in a server on average, for 15 minutes.
   *
   * @default 30, three times of what the farm is scaled by: more servers did not come, or did not help. UNSOURCED
   */
  readonly syncQueueLength?: number;

  /**
   * How much of a run must succeed, in percent of the remotes that were tried.
   *
   * @default 90 UNSOURCED
   */
  readonly successPercent?: number;

  /**
   * How many remotes of a run must fail before its success rate counts.
   *
   * @default 3: a shop that is closed wakes nobody. UNSOURCED
   */
  readonly failedAtLeast?: number;

  /**
   * How many days before its end a certificate must be replaced.
   *
   * @default 21: time to order one, and to give its root to the remotes if that is another one. UNSOURCED
   */
  readonly certificateDays?: number;

  /**
   * How much storage of the consolidated database on RDS must be free, in GiB.
   *
   * @default 10: below a tenth of the 100 GiB that the constructs begin with, where RDS should have enlarged it. UNSOURCED
   */
  readonly freeStorageGiB?: number;
}

/** All of them. */
export type KnownThresholds = { readonly [Name in keyof MonitoringThresholds]-?: MonitoringThresholds[Name] };

export function thresholdsOf(scope: Construct, given: MonitoringThresholds = {}): KnownThresholds {
  validate(scope, given);
  return {
    failoverLongerThan: given.failoverLongerThan ?? Duration.minutes(3),
    trackerSilentFor: given.trackerSilentFor ?? Duration.minutes(5),
    connectionsPercent: given.connectionsPercent ?? 85,
    farmBelowMinimumFor: given.farmBelowMinimumFor ?? Duration.minutes(5),
    syncQueueLength: given.syncQueueLength ?? 30,
    successPercent: given.successPercent ?? 90,
    failedAtLeast: given.failedAtLeast ?? 3,
    certificateDays: given.certificateDays ?? 21,
    freeStorageGiB: given.freeStorageGiB ?? 10,
  };
}

function validate(scope: Construct, given: MonitoringThresholds): void {
  const problems = new Problems(scope);
  const minutes = {
    failoverLongerThan: 60,
    trackerSilentFor: 60,
    // Amazon CloudWatch API Reference, PutMetricAlarm: periods below an hour, times their number, are a day at most.
    farmBelowMinimumFor: 1440,
  } as const;
  for (const [prop, highest] of Object.entries(minutes)) {
    const value = given[prop as keyof typeof minutes];
    problems.require(value === undefined || isWholeMinutes(value, highest), {
      id: 'MobiLink:Monitoring:Minutes',
      prop: `thresholds.${prop}`,
      rule: `must be a whole number of minutes from 1 to ${highest}, known at synth`,
      value: value?.isUnresolved() ? 'a token' : value?.toHumanString(),
      fix: 'write it with Duration.minutes, or leave it out',
    });
  }
  const numbers = {
    connectionsPercent: [1, 100],
    syncQueueLength: [1, 1_000_000],
    successPercent: [1, 100],
    failedAtLeast: [1, 1_000_000],
    certificateDays: [1, 365],
    freeStorageGiB: [1, 65_536],
  } as const;
  for (const [prop, [lowest, highest]] of Object.entries(numbers)) {
    requireWhole(problems, given[prop as keyof typeof numbers], {
      id: 'MobiLink:Monitoring:Threshold',
      prop: `thresholds.${prop}`,
      lowest,
      highest,
      fix: 'leave it out for its default',
    });
  }
  problems.throwIfAny();
}

function isWholeMinutes(value: Duration, highest: number): boolean {
  const minutes = (knownSeconds(value) ?? 0) / 60;
  return Number.isInteger(minutes) && minutes >= 1 && minutes <= highest;
}
