import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { depConstraints } from './tools/checks/src/boundaries.mjs';

/** The rule on imports between packages, with these constraints. */
const boundaries = (constraints) => [
  'error',
  {
    allow: [],
    enforceBuildableLibDependency: false,
    allowCircularSelfDependency: false,
    depConstraints: constraints,
  },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/node_modules',
      '**/.nx',
      'runs',
      'models',
      '**/vite.config.*.timestamp*',
      '**/vitest.config.*.timestamp*',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ['*.ts', 'apps/*/*.config.ts', 'libs/*/*.config.ts', 'tools/*/*.config.ts'],
          maximumDefaultProjectFileMatchCount_THIS_WILL_SLOW_DOWN_LINTING: 40,
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(depConstraints),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Most messages contain numbers.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportAllDeclaration',
          message:
            'List the exported names: `export *` hides what a library offers and invites import cycles.',
        },
      ],
    },
  },
  {
    // Tests compare a library with others: the exporter with TensorFlow.js, a model with a runtime of one platform.
    files: ['libs/*/{test,scripts}/**/*.ts', '**/*.test.ts'],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(
        depConstraints
          .filter((constraint) => 'onlyDependOnLibsWithTags' in constraint)
          .map(({ sourceTag, onlyDependOnLibsWithTags }) => ({ sourceTag, onlyDependOnLibsWithTags })),
      ),
    },
  },
  {
    // Each vitest.config.ts imports the base configuration at the root, which belongs to no package.
    files: ['**/*.config.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  {
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  prettier,
);
