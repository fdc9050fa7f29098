// The arrows between the rooms of the house (docs/architecture.md): what may import what.

const FUNCTIONS = '(?!records/|door/|custom-resource/|one-off-task/)[^/]+';

/** What each folder of lib/ may import of its neighbours; all may import validation. */
const FLOORS = {
  validation: [],
  'secret-access': [],
  runbook: [],
  'bundled-function': [],
  network: [],
  'sql-anywhere': ['secret-access', 'network', 'runbook'],
  primary: ['consolidated', 'sql-anywhere', 'bundled-function', 'network'],
  consolidated: ['primary', 'sql-anywhere', 'secret-access', 'bundled-function', 'runbook'],
  farm: ['consolidated', 'primary', 'secret-access', 'bundled-function', 'network', 'runbook'],
  remotes: [
    'consolidated',
    'primary',
    'farm',
    'sql-anywhere',
    'secret-access',
    'bundled-function',
    'network',
    'runbook',
  ],
  operator: ['farm', 'primary', 'remotes'],
  monitoring: ['consolidated', 'primary', 'farm', 'remotes', 'sql-anywhere', 'runbook'],
};

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment:
        'Two modules that need each other are one module, or lack a third; a class and its parts may name each other’s types.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-missing-modules',
      comment: 'What is imported is in the repository or in package.json.',
      severity: 'error',
      from: { pathNot: '^examples/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'lib-knows-no-other-room',
      comment: 'The library names bundles and scripts by their path in the package; it imports none of their code.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { pathNot: '^lib/|node_modules/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'lib-needs-its-peers-only',
      comment: 'A consumer installs aws-cdk-lib and constructs, and nothing else.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(aws-cdk-lib|constructs)/' },
    },
    {
      name: 'lib-is-pure',
      comment: 'A synth reads the files that it is given, and nothing of the network, of processes or of the clock.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(fs|path|crypto|net)$' },
    },
    ...Object.entries(FLOORS).map(([floor, below]) => ({
      name: `lib-${floor}`,
      comment: `lib/${floor} may import ${[...below, 'validation'].join(', ')}.`,
      severity: 'error',
      from: { path: `^lib/${floor}/` },
      to: { path: '^lib/', pathNot: `^lib/(${[floor, 'validation', ...below].join('|')})/` },
    })),
    {
      name: 'examples-use-the-package',
      comment: 'An example is what a user can write.',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(bin|lib|lambda|image|cli|rehearsal|drill|test)/' },
    },
    {
      name: 'bin-uses-the-library',
      severity: 'error',
      from: { path: '^bin/' },
      to: { path: '^(?!bin/|lib/).*', pathNot: 'node_modules/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'a-function-is-alone',
      comment:
        'Functions share records, the door, the answer to a custom resource and how a task is run once; none imports another, nor the library.',
      severity: 'error',
      from: { path: `^lambda/(${FUNCTIONS})/` },
      to: {
        path: '^(lambda|lib|bin|image|cli|rehearsal|drill|test)/',
        pathNot: '^lambda/($1|records|door|custom-resource|one-off-task)/',
      },
    },
    {
      name: 'shared-rooms-know-no-function',
      severity: 'error',
      from: { path: '^lambda/(records|door|custom-resource|one-off-task)/' },
      to: {
        path: '^(lambda|lib|bin|image|cli|rehearsal|drill|test)/',
        pathNot: '^lambda/(records|door|custom-resource|one-off-task)/',
      },
    },
    {
      name: 'functions-start-no-process',
      severity: 'error',
      from: { path: '^lambda/' },
      to: { path: '^(node:)?(child_process|cluster|worker_threads)$' },
    },
    {
      name: 'the-image-is-alone',
      comment: 'The supervisor knows the library by environment variables only.',
      severity: 'error',
      from: { path: '^image/' },
      to: { path: '^(lib|bin|lambda|cli|rehearsal|drill|test)/' },
    },
    {
      name: 'the-command-reads-records',
      comment: 'The operator’s command shares the schemas of the records with the functions, and nothing else.',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^(lib|bin|lambda|image|rehearsal|drill|test)/', pathNot: '^lambda/records/' },
    },
    {
      name: 'the-rehearsal-knows-the-assembly',
      comment: 'What is rehearsed is what was synthesized, not what the code meant.',
      severity: 'error',
      from: { path: '^(rehearsal|drill)/' },
      to: { path: '^(lib|bin|lambda|image|cli|test)/' },
    },
    {
      name: 'no-way-in-but-the-index',
      comment: 'A floor of the library is entered from outside by lib/index.ts.',
      severity: 'error',
      from: { path: '^bin/' },
      to: { path: '^lib/', pathNot: '^lib/index\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Imports of types are arrows too.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // As TypeScript resolves them: some packages have no entry but for `import`.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
