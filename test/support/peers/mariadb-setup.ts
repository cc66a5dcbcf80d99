import type { TestProject } from 'vitest/node'
import { startMariadb } from './mariadb.ts'

declare module 'vitest' {
  interface ProvidedContext {
    mariadbSocket: string
  }
}

/** One server for all test files of a run; each makes databases of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startMariadb()
  project.provide('mariadbSocket', server.socketPath)
  return async () => await server[Symbol.asyncDispose]()
}
