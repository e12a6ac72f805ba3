/** The arrows of the house point inward: apps → libs → contracts. */
export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'libs-not-to-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'no-cross-app',
      severity: 'error', // slipwayd hosts the services; it loads them by name.
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/slipwayd/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'drivers-know-not-each-other',
      severity: 'error', // What several of them use stands in a room of its own beside them.
      from: { path: '^apps/([^/]+)/src/drivers/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^apps/$1/src/drivers/', pathNot: '^apps/$1/src/drivers/$2/' },
    },
    {
      name: 'contracts-know-nobody',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(libs|apps)/', pathNot: '^libs/contracts/' },
    },
    {
      name: 'cli-knows-only-the-public-api',
      severity: 'error',
      from: { path: '^apps/cli/src' },
      to: { path: '^libs/', pathNot: '^libs/(client|contracts)/' },
    },
    {
      name: 'pure-code-does-no-io',
      severity: 'error',
      from: {
        path: '^(libs/solver/src|apps/orchestrator/src/(request|environment)/(request|environment)\\.ts$)',
        pathNot: '\\.spec\\.ts$',
      },
      to: { path: '(^node:(?!crypto)|@nestjs|event-store/src/(sqlite|kurrentdb)|^libs/(mesh|blobs|secrets)/)' },
    },
    {
      name: 'artefact-rules-do-no-io',
      severity: 'error',
      from: { path: '^libs/artefacts/src/(rules/|osgi/|place-artefact|jar/manifest|debian/control)', pathNot: '\\.spec\\.ts$' },
      to: { path: '(^node:|@nestjs|^libs/(?!(artefacts|contracts)/)|(zip|tar)/|(^|/)(yauzl|tar-stream|xz-decompress)(/|$))' },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    preserveSymlinks: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['development', 'import', 'node'] },
  },
};
