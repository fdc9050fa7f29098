import type { Construct } from 'constructs';
import { requireSeconds, requireWhole } from '../validation/bounds';
import { known, Problems } from '../validation/problems';
import type { SyncDispatcherOptions } from './sync-dispatcher-props';

export const DEFAULT_TAG_KEY = 'mobilink-ha:system';
/** Amazon EC2 User Guide, "Tag restrictions". */
const TAG_KEY = /^(?!aws:)[\p{L}\p{N} _.:/=+\-@]{1,128}$/iu;
const TAG_VALUE = /^[\p{L}\p{N} _.:/=+\-@]{1,256}$/u;

/** Throws one error with everything that is wrong with the props of a dispatcher. */
export function validateDispatcher(dispatcher: Construct, props: SyncDispatcherOptions): void {
  const problems = new Problems(dispatcher);
  const { hostTagKey, hostTagValue } = props;
  problems.require(hostTagKey === undefined || (known(hostTagKey) !== undefined && TAG_KEY.test(hostTagKey)), {
    id: 'MobiLink:Dispatcher:HostTagKey',
    prop: 'hostTagKey',
    rule: 'must be a tag key that is known at synth, 1 to 128 letters, digits, spaces, _ . : / = + - @, not beginning with aws:',
    value: known(hostTagKey),
    fix: `leave it out for ${DEFAULT_TAG_KEY}`,
  });
  const value = known(hostTagValue);
  problems.require(value === undefined || TAG_VALUE.test(value), {
    id: 'MobiLink:Dispatcher:HostTagValue',
    prop: 'hostTagValue',
    rule: 'must be 1 to 256 letters, digits, spaces, _ . : / = + - @; in a policy * and ? would let other hosts in',
    value,
    fix: 'leave it out for the name of the stack',
  });
  requireSeconds(problems, props.deliveryTimeout, {
    id: 'MobiLink:Dispatcher:DeliveryTimeout',
    prop: 'deliveryTimeout',
    lowest: 30,
    highest: 2_592_000,
    why: 'that is the range of Systems Manager',
    fix: 'leave it out for 5 minutes',
  });
  for (const prop of ['maxConcurrentDispatches', 'maxConcurrentCollects'] as const) {
    requireWhole(problems, props[prop], {
      id: `MobiLink:Dispatcher:${prop.charAt(0).toUpperCase()}${prop.slice(1)}`,
      prop,
      lowest: 2,
      highest: 1000,
      why: 'that is the range of Lambda',
      fix: 'leave it out',
    });
  }
  problems.throwIfAny();
}
