import * as v from 'valibot';
import { moment } from './names';

/** The one item by which collect tells every order that the account has too many commands waiting. */
export const PACE_ITEM = { runId: 'pace', item: 'commands' } as const;

export const paceSchema = v.object({ rateExceededAt: moment });
