import { ServiceError } from './service';

export interface RequestRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Requests that an account may make: a bucket of tokens that fills with virtual time. */
export class RequestQuota {
  private tokens: number;
  private filledAt: number;

  constructor(
    private readonly rate: RequestRate,
    private readonly clock: { now(): number },
  ) {
    this.tokens = rate.burst;
    this.filledAt = clock.now();
  }

  /** Takes a token, or throws what Systems Manager answers when there is none. */
  public spend(): void {
    const now = this.clock.now();
    const { burst, perSecond } = this.rate;
    this.tokens = Math.min(burst, this.tokens + ((now - this.filledAt) / 1000) * perSecond);
    this.filledAt = now;
    if (this.tokens < 1) throw new ServiceError('ThrottlingException', 'Rate exceeded');
    this.tokens -= 1;
  }
}
