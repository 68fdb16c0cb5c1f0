import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Suites in the order of the numbers in their names: the last ones share one cluster and end it. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const number = ({ moduleId }: TestSpecification) => Number(/(\d+)-[^/]*$/.exec(moduleId)?.[1] ?? 0)
    return files.toSorted((a, b) => number(a) - number(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          // One lab, shared: its suites run one after another.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      // Real packets in namespaces of its own. It needs root, and no lab.
      {
        extends: true,
        test: { name: 'kernel', include: ['test/kernel/**/*.test.ts'], fileParallelism: false },
      },
    ],
  },
})
