import { constants } from 'node:os'
import { FaultPlan, type FaultRule, type PlannedCall } from './fault-plan.ts'

/** A fault of a file system. */
export interface FileSystemFault extends FaultRule {
  /** The system's error code, or `kill`: the process dies at once, as by `kill -9`. `EIO` */
  readonly error?: string
  /** Whether the call is made all the same and then fails: `after`. `before` */
  readonly when?: 'before' | 'after'
}

/** A file system that fails when it is told to. */
export interface FaultyFileSystem<FileSystem> {
  /** To be used in place of the real one. */
  readonly fileSystem: FileSystem
  /** The calls so far, oldest first. */
  readonly calls: readonly PlannedCall[]
  /** Plans a fault. Answers the call that takes the plan back, and says whether it has struck. */
  fail(fault: FileSystemFault): () => boolean
}

/**
 * Wraps an object of functions like those of `node:fs/promises`; files that `open` answers are wrapped too, their calls
 * are named `file.write`, `file.sync` and so on. A `file.close` that fails has closed the file, so that none is left open.
 */
export function faultyFileSystem<FileSystem extends object>(
  real: FileSystem,
  faults: readonly FileSystemFault[] = [],
): FaultyFileSystem<FileSystem> {
  const plan = new FaultPlan<FileSystemFault>()
  const calls: PlannedCall[] = []
  for (const fault of faults) plan.add(fault)
  const run: Run = async (call, make) => {
    calls.push(call)
    const fault = plan.strike(call)
    if (fault === undefined) return make()
    if (fault.error === 'kill' && fault.when !== 'after') process.kill(process.pid, 'SIGKILL')
    if (fault.when === 'after' || call.name === 'file.close') await make()
    if (fault.error === 'kill') process.kill(process.pid, 'SIGKILL')
    throw systemError(fault.error ?? 'EIO', call)
  }
  return { fileSystem: watched(real, run, undefined), calls, fail: (fault) => plan.add(fault) }
}

/** An error as the system gives it. */
export function systemError(code: string, { name, path }: PlannedCall): NodeJS.ErrnoException {
  const errno = -(constants.errno[code as keyof typeof constants.errno] ?? 0)
  return Object.assign(new Error(`${code}: injected fault, ${name} '${path}'`), {
    code,
    errno,
    syscall: name,
    path,
  })
}

type Run = (call: PlannedCall, make: () => Promise<unknown>) => Promise<unknown>

/** The object with every function going through `run`; `openPath` where it is an open file. */
function watched<Target extends object>(target: Target, run: Run, openPath: string | undefined): Target {
  // An object below it, not the object itself: a proxy may not change what is frozen.
  return new Proxy<Target>(Object.create(target), {
    get(_below, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof key !== 'string' || typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const path = openPath ?? args.filter((arg) => typeof arg === 'string').join(' ')
        const call = { name: openPath === undefined ? key : `file.${key}`, path }
        return run(call, async () => {
          const result: unknown = await Reflect.apply(value, target, args)
          return key === 'open' && isObject(result) ? watched(result, run, path) : result
        })
      }
    },
  })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
