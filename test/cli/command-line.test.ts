import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceError } from '../../rehearsal/cloud/service';
import { OperatorSite } from './operator-site';

let site: OperatorSite;
beforeAll(async () => {
  site = await OperatorSite.open();
});
afterAll(() => site.close());

describe('the command line', () => {
  it('explains itself with examples', async () => {
    for (const args of [[], ['--help'], ['status', '-h']]) {
      const { code, stdout } = await site.call(args);
      expect(stdout).toContain('Examples\n');
      expect(code).toBe(0);
    }
    expect((await site.call(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each<[string[], Record<string, string>, RegExp]>([
    [['nonsense'], {}, /There is no command 'nonsense'\. There are: status, doctor/],
    [['remotes'], {}, /There is no command 'remotes'/],
    [['status', '--nonsense'], {}, /Unknown option '--nonsense'/],
    [['run'], {}, /Usage: mobilink-ha run ID/],
    [['status', 'x'], {}, /Usage: mobilink-ha status/],
    [['runs', '--last', '0'], {}, /--last: must be a whole number from 1 to 1000, got '0'/],
    [['sync', 'store-1', 'a/b/c'], {}, /A remote is GROUP\/NAME, and store-1, a\/b\/c is none/],
    [['remotes', 'pause'], {}, /Which remotes\?/],
    [['remotes', 'pause', '--all', '--group', 'x'], {}, /Which remotes\?/],
    [['remotes', 'pause', '--group', '#x'], {}, /--group: #x is no name of a group/],
    [['status'], { MOBILINK_HA_STACK: '' }, /Which stack\?/],
    [['status', '--stack', 'None'], {}, /There is no stack None in this account and Region/],
    [['status', '--stack', 'Empty'], {}, /has no MobiLinkSystem/],
    [['status', '--system', 'Other'], {}, /--system: there is no Other in Shop\. There are: MobiLinkDirectory/],
    [['status'], { AWS_REGION: '' }, /There is no Region/],
  ])('%j %j is refused in words', async (args, env, message) => {
    const { code, stdout, stderr } = await site.call(args, env);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('AWS', () => {
  it.each([
    [
      new ServiceError('AccessDeniedException', 'not authorized to perform: dynamodb:GetItem', 403),
      /does not allow it: .*dynamodb:GetItem.*grantLook/,
    ],
    [new ServiceError('ExpiredTokenException', 'the token is expired', 403), /AWS does not know you: .*expired/],
  ])('that refuses is told with what to do: %s', async (error, message) => {
    site.door.fault = ({ headers }) => (headers['x-amz-target']?.startsWith('DynamoDB') ? error : undefined);
    const { code, stderr } = await site.call(['status']);
    site.door.fault = () => undefined;
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(3);
  });

  it('that throttles is asked again', async () => {
    let left = 3;
    site.door.fault = ({ headers }) =>
      headers['x-amz-target']?.startsWith('DynamoDB') && left-- > 0
        ? new ServiceError('ThrottlingException', 'Rate exceeded')
        : undefined;
    const { code, stdout } = await site.call(['status']);
    site.door.fault = () => undefined;
    expect(stdout).toContain('no primary has been seen yet');
    expect(code).toBe(1);
    expect(left).toBeLessThan(0);
  });

  it('that is not there is told', async () => {
    const { code, stderr } = await site.call(['status'], {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
    });
    expect(stderr).toMatch(/AWS cannot be reached: .*ECONNREFUSED/);
    expect(code).toBe(3);
  });

  it('without credentials is told', async () => {
    const { code, stderr } = await site.call(['status'], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    expect(stderr).toMatch(/AWS does not know you: .*Fix: log in/);
    expect(code).toBe(3);
  });

  it('is left at Ctrl-C, with 130', async () => {
    let refused = 0;
    site.door.fault = () => {
      refused++;
      return new ServiceError('ThrottlingException', 'Rate exceeded');
    };
    const child = site.start(['status']);
    await expect.poll(() => refused, { timeout: 20_000 }).toBeGreaterThan(0);
    const ended = new Promise((done) => child.once('exit', (code, signal) => done(code ?? signal)));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    site.door.fault = () => undefined;
  });
});
