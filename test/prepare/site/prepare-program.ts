import { prepare } from '../../../image/supervisor/prepare';

/* The preparation as a process, with the pace that the test wants. */

const pace = JSON.parse(process.env.TEST_PACE ?? 'null') ?? undefined;
void prepare(process.env, pace).then((code) => process.exit(code));
