import { type HostReport, readHostReport } from '../records/host-report';

/** What Systems Manager says of one host in one command. */
export type HostView =
  /** Waiting, or at work. */
  | { readonly kind: 'open' }
  /** Not listed (yet). */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'ended';
      readonly exitCode: number;
      readonly report: HostReport | undefined;
      /** From the command's request to its start on the host. */
      readonly latencySeconds: number | undefined;
    }
  /** The command never ran there. */
  | { readonly kind: 'undelivered'; readonly status: string }
  /** The account had too many commands waiting; the command never ran there. */
  | { readonly kind: 'rate-exceeded' }
  /** It ran, or may have run, to no good end. */
  | { readonly kind: 'aborted'; readonly status: string };

export interface Invocation {
  readonly host: string;
  readonly status: string;
  readonly statusDetails: string;
  readonly requestedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly responseCode: number | undefined;
  readonly output: string | undefined;
}

/** Systems Manager User Guide, "Understanding command statuses". */
const OPEN = new Set(['pending', 'inprogress', 'delayed', 'cancelling']);
const UNDELIVERED = new Set(['deliverytimedout', 'undeliverable', 'terminated', 'notdelivered']);

export function viewOf(invocation: Invocation): HostView {
  const { status, statusDetails, requestedAt, startedAt, responseCode = -1, output } = invocation;
  const [coarse, fine] = [plain(status), plain(statusDetails)];
  if (isRateExceeded(statusDetails)) return { kind: 'rate-exceeded' };
  if (UNDELIVERED.has(fine)) return { kind: 'undelivered', status: statusDetails };
  if (OPEN.has(coarse)) return { kind: 'open' };
  if (coarse === 'success' || fine === 'failed') {
    const latency = requestedAt === undefined || startedAt === undefined ? undefined : (startedAt - requestedAt) / 1000;
    const exitCode = coarse === 'success' ? 0 : responseCode;
    return { kind: 'ended', exitCode, report: readHostReport(output), latencySeconds: latency };
  }
  return { kind: 'aborted', status: statusDetails || status };
}

/** The documents write it with and without a space, and the API knows it as `LimitExceeded`, too. */
export function isRateExceeded(status: string): boolean {
  return plain(status) === 'rateexceeded' || plain(status) === 'limitexceeded';
}

/** Whether nothing more will happen to a command. */
export function isOver(status: string): boolean {
  return !OPEN.has(plain(status));
}

function plain(status: string): string {
  return status.replaceAll(/[^a-z]/gi, '').toLowerCase();
}
