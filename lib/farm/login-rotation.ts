import type { Duration } from 'aws-cdk-lib';
import { MobiLinkEngine } from '../consolidated/mobilink-engine';
import { known, type Problems } from '../validation/problems';

/** Secrets Manager takes 1 to 1000 days (API reference, RotationRulesType, AutomaticallyAfterDays). */
const MOST_DAYS = 1_000;

/** Those of which the image knows how a login changes its own password. */
const ROTATED: readonly MobiLinkEngine[] = [MobiLinkEngine.MYSQL];

/** When the login that mlsrv uses is given another password. */
export class LoginRotation {
  /**
   * Again and again, by Secrets Manager; the first time when the interval is over. The user stays: it owns the `ml_*` objects.
   *
   * @param interval 1 to 1000 whole days
   */
  public static every(interval: Duration): LoginRotation {
    return new LoginRotation(interval);
  }

  private constructor(
    /** Between two rotations. */
    public readonly interval: Duration,
  ) {}

  /**
   * Notes what is wrong with it over a database of this engine.
   * @internal
   */
  public _validate(problems: Problems, engine: MobiLinkEngine): void {
    const days = this.interval.isUnresolved() ? undefined : this.interval.toDays({ integral: false });
    problems.require(days === undefined || (Number.isInteger(days) && days >= 1 && days <= MOST_DAYS), {
      id: 'MobiLink:Farm:LoginRotation',
      prop: 'loginRotation',
      rule: `must be every 1 to ${MOST_DAYS} whole days`,
      value: days,
      fix: 'write LoginRotation.every(Duration.days(30))',
    });
    problems.require(known(engine) === undefined || ROTATED.includes(engine), {
      id: 'MobiLink:Farm:LoginRotationEngine',
      prop: 'loginRotation',
      rule: `is there for ${ROTATED.join(', ')} only`,
      value: engine,
      fix: 'leave it out, and change the password by hand as docs/rotation.md describes',
    });
  }
}
