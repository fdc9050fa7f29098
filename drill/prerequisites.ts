import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Program or library, and the package of Debian that brings it. */
const NEEDED: readonly (readonly [string, string])[] = [
  ['/usr/sbin/mariadbd', 'mariadb-server'],
  ['/usr/bin/mariadb-install-db', 'mariadb-server'],
  ['/usr/bin/mariadb', 'mariadb-client'],
  ['/usr/bin/isql', 'unixodbc'],
  ['/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so', 'odbc-mariadb'],
  ['/usr/bin/unshare', 'util-linux'],
];

/** What this machine lacks, with the fix; none when the drill can begin. */
export function missing(): string[] {
  const absent = NEEDED.filter(([file]) => !existsSync(file));
  const problems: string[] = [];
  if (absent.length > 0) {
    const packages = [...new Set(absent.map(([, name]) => name))].join(' ');
    problems.push(
      `${absent.map(([file]) => file).join(', ')} missing. Fix: npm run test:packages, or apt-get install -y ${packages}`,
    );
  }
  if (!existsSync('assets/supervisor/index.js')) {
    problems.push('assets/supervisor/index.js is missing. Fix: npm run bundle, in the folder of the project');
  }
  const own = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  if (absent.length === 0 && spawnSync('unshare', ['--mount', ...own, 'true']).status !== 0) {
    problems.push(
      'this user may not have a mount namespace, in which the name of the database moves. Fix: run as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1)',
    );
  }
  return problems;
}
